"""Makes troposphere's objects in a third of the time; what they hold and refuse stays the same.

Its constructor asks each class anew which properties it has, and checks each value anew. Here both are asked once per
class and type of value. Anything that is not known to be right goes through troposphere's own check. Templates of a
service have two hundred such objects, so this is half of the time that building them takes.

Measured against troposphere 4.11; with another version its own constructor stays in place, until the test that
compares the two has been looked at and the version is entered here.
"""

from __future__ import annotations

import importlib
import sys
from types import FunctionType, ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands for a module until something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


if "troposphere" not in sys.modules:
    # Only its `to_yaml` needs this, which is not used here: half as much again as troposphere itself to import.
    sys.modules.setdefault("cfn_flip", _Later("cfn_flip"))

import troposphere
from troposphere import AWSHelperFn, BaseAWSObject, Tags

KNOWN = "4.11.1"

_ORIGINAL = BaseAWSObject.__init__
_ATTRIBUTES: list[str] = BaseAWSObject(None).attributes
# Names that are no properties to troposphere's __setattr__, whatever the class says.
_RESERVED = frozenset({*vars(BaseAWSObject(None)), *_ATTRIBUTES})


def install() -> bool:
    """Have objects made by `make` from now on; whether that is so."""
    if troposphere.__version__ == KNOWN and BaseAWSObject.__init__ is _ORIGINAL:
        type.__setattr__(BaseAWSObject, "__init__", make)
    return BaseAWSObject.__init__ is make


def remove() -> None:
    """Have objects made by troposphere's own constructor again."""
    type.__setattr__(BaseAWSObject, "__init__", _ORIGINAL)


class _Class:
    """What is the same for all objects of a class."""

    def __init__(self, kind: type[BaseAWSObject]) -> None:
        self.names = set(kind.props)
        self.dictname: str | None = getattr(kind, "dictname", None)
        self.type: str | None = getattr(kind, "resource_type", None)
        given = {name: getattr(kind, name, None) for name in kind.props}
        self.given = {name: value for name, value in given.items() if value is not None}
        self.properties = frozenset(kind.props) - _RESERVED
        # Those whose values are right or wrong by their type alone.
        self.typed = {name for name in self.properties if not isinstance(kind.props[name][0], FunctionType | list)}
        self.right: set[tuple[str, type]] = set()  # property and type of value, as they come up

    def passed(self, name: str, kind: type) -> None:
        """Remember a property's value that has passed troposphere's check, where others of its type do, too."""
        function = issubclass(kind, AWSHelperFn) and not issubclass(kind, Tags)
        if name in self.typed or (function and name in self.properties):
            self.right.add((name, kind))


class _Classes(dict[type[BaseAWSObject], _Class]):
    def __missing__(self, kind: type[BaseAWSObject]) -> _Class:
        self[kind] = _Class(kind)
        return self[kind]


_CLASSES = _Classes()


def make(
    self: BaseAWSObject,
    title: str | None,
    template: troposphere.Template | None = None,
    validation: bool = True,
    **kwargs: Any,
) -> None:
    """Fill a new object: BaseAWSObject.__init__ with its parameters, results and errors."""
    known = _CLASSES[type(self)]
    state = vars(self)
    state["title"] = title
    state["template"] = template
    state["do_validation"] = validation
    state["propnames"] = known.names
    state["attributes"] = _ATTRIBUTES
    if title:
        self.validate_title()
    properties: dict[str, Any] = {}
    resource: dict[str, Any] = {known.dictname: properties} if known.dictname else properties
    if known.type is not None:
        resource["Type"] = known.type
    state["properties"] = properties
    state["resource"] = resource
    state["_BaseAWSObject__initialized"] = True

    for name, value in known.given.items():
        if name not in kwargs:
            setattr(self, name, value)
    right = known.right
    for name, value in kwargs.items():
        kind = type(value)
        if (name, kind) in right:
            properties[name] = value
        else:
            setattr(self, name, value)
            known.passed(name, kind)
    self.add_to_template()
