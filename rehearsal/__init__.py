"""The rehearsal: the delivery workflow executed on this machine, from git push to answers under the service's name.

The emulator holds what the templates deploy; this package executes it. Nothing here is part of the product.
"""
