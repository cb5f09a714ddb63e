"""Makes troposphere's objects in a third of the time; what they hold and refuse stays the same.

Its constructor asks each class anew which properties it has, and checks each value anew. Here both are asked once per
class and type of value. Anything that is not known to be right goes through troposphere's own check. Templates of a
service have two hundred such objects, so this is half of the time that building them takes.

Measured against troposphere 4.11; with another version its own constructor stays in place, until the test that
compares the two has been looked at and the version is entered here.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

import troposphere
from troposphere import AWSHelperFn, AWSProperty, BaseAWSObject, Tags

KNOWN = "4.11.1"

_ORIGINALS = {kind: vars(kind)["__init__"] for kind in (BaseAWSObject, AWSProperty)}
_ATTRIBUTES: list[str] = BaseAWSObject(None).attributes
# Names that are no properties to troposphere's __setattr__, whatever the class says.
_RESERVED = frozenset({*vars(BaseAWSObject(None)), *_ATTRIBUTES})


def install() -> bool:
    """Have objects made by `make` from now on; whether that is so."""
    if troposphere.__version__ == KNOWN and not installed():
        type.__setattr__(BaseAWSObject, "__init__", make)
        type.__setattr__(AWSProperty, "__init__", make_property)
    return installed()


def installed() -> bool:
    """Whether objects are made by `make`."""
    return vars(BaseAWSObject)["__init__"] is make


def remove() -> None:
    """Have objects made by troposphere's own constructor again."""
    for kind, original in _ORIGINALS.items():
        type.__setattr__(kind, "__init__", original)


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
        """Remember the type of a value that has passed troposphere's check, where all others of its type do, too."""
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
    """BaseAWSObject.__init__, with its parameters, results and errors."""
    _fill(self, title, template, validation, kwargs)


def make_property(self: AWSProperty, title: str | None = None, **kwargs: Any) -> None:
    """AWSProperty.__init__, with its parameters, results and errors."""
    _fill(self, title, kwargs.pop("template", None), kwargs.pop("validation", True), kwargs)


def _fill(
    self: BaseAWSObject,
    title: str | None,
    template: troposphere.Template | None,
    validation: bool,
    values: dict[str, Any],
) -> None:
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
        if name not in values:
            setattr(self, name, value)
    right = known.right
    for name, value in values.items():
        kind = type(value)
        if (name, kind) in right:
            properties[name] = value
        else:
            setattr(self, name, value)
            known.passed(name, kind)
    if template is not None:
        self.add_to_template()
