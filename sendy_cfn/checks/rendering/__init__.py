"""Templates as they are deployed: each environment's values in the place of parameters.

Checks that compare resources with one another, or a value with what AWS takes, see literals only. Here a template and
the values that a stack gets become a template in which all that is decided is spelt out, and the rest is left alone.
"""
