"""A local stand-in for AWS: ministack, made to take every stack of this repository.

`running` starts it in a process of its own; nothing here is part of the product.
"""

from emulator.client import DEFAULT_ACCOUNT, DEFAULT_REGION, Emulator, StartError, running
from emulator.state import Resolved

__all__ = ["DEFAULT_ACCOUNT", "DEFAULT_REGION", "Emulator", "Resolved", "StartError", "running"]
