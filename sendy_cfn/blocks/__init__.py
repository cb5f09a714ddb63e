"""Small functions that return resources and never touch a template."""
