"""Measurements of what generation costs: `make bench`."""
