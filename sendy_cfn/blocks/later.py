"""Modules that are imported by others and seldom used."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands for a module until something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def import_later(name: str, **known: object) -> None:
    """Have the module imported when something of it is used, unless it is imported already.

    `known` are names that are asked for before that, and what stands for them till then; `from … import` asks for
    `__path__`. (The standard library's LazyLoader does not help: to it, Python 3.11's `import` statement is a use.)
    """
    if name not in sys.modules:
        module = sys.modules[name] = _Later(name)
        vars(module).update(known)
