"""Opens troposphere and awacs objects one level at a time, without building the dictionary of a whole template.

What ``unwrap`` returns is what ``troposphere.encode_to_dict`` would return on this level, after the same validation.
"""

from __future__ import annotations

from operator import attrgetter, methodcaller
from typing import TYPE_CHECKING, Any

from troposphere import AWSHelperFn, BaseAWSObject, Tags

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

YAML_TYPES = frozenset({dict, list, str, int, float, bool, type(None)})

_POLICY = ("Version", "Id", "Statement")
_STATEMENT = (
    *("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"),
)
_SUBCLASSES: tuple[tuple[type[Any], Callable[[Any], Any]], ...] = (
    *((tuple, list), (list, list), (dict, dict)),
    *((str, str.__str__), (int, int), (float, float)),  # members of enums, too
)


_MOST_CLASSES = 1000  # more than a program that makes templates uses


def unwrap(value: Any) -> Any:
    """Open a value until it is one of the types that YAML knows; what is inside it stays wrapped.

    Raises:
        ValueError: A required property is missing, or a validation of troposphere or awacs fails.
        TypeError: The value is of a type that YAML has no form for.
    """
    kind: type[object] = type(value)
    while kind not in YAML_TYPES:
        value = OPENERS[kind](value)
        kind = type(value)
    return value


def in_order(value: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    """Bring the named keys to the front, in this order."""
    ordered = {name: value[name] for name in order if name in value}
    if len(ordered) != len(value):
        ordered.update((name, item) for name, item in value.items() if name not in ordered)
    return ordered


class _Openers(dict[type[Any], "Callable[[Any], Any]"]):
    """Class -> the function that opens its objects by one level; filled on demand.

    Raises:
        TypeError: YAML has no form for objects of this class.
    """

    def __missing__(self, kind: type[Any]) -> Callable[[Any], Any]:
        if len(self) >= _MOST_CLASSES:
            self.clear()
        self[kind] = _opener(kind)
        return self[kind]


OPENERS = _Openers()


def _opener(kind: type[Any]) -> Callable[[Any], Any]:
    """Return the function that opens objects of this class; the precedence is that of troposphere.encode_to_dict."""
    if hasattr(kind, "to_dict"):
        if issubclass(kind, BaseAWSObject) and kind.to_dict is BaseAWSObject.to_dict:
            return _object_opener(kind)
        if issubclass(kind, AWSHelperFn) and kind.to_dict is AWSHelperFn.to_dict:
            return attrgetter("data")
        return attrgetter("tags") if kind.to_dict is Tags.to_dict else methodcaller("to_dict")
    for base, convert in _SUBCLASSES:
        if issubclass(kind, base):
            return convert
    if hasattr(kind, "JSONrepr"):
        return _awacs_opener(kind)
    raise TypeError(f"{kind.__module__}.{kind.__qualname__} has no form in a template")


def _object_opener(kind: type[BaseAWSObject]) -> Callable[[BaseAWSObject], dict[str, Any]]:
    """Return what BaseAWSObject.to_dict does before it descends: validation and the choice of the keys."""
    required = frozenset(name for name, (_, needed) in kind.props.items() if needed)
    own_check = kind._validate_props is not BaseAWSObject._validate_props
    own_validate = kind.validate is not BaseAWSObject.validate
    typed = hasattr(kind, "resource_type")

    def open_object(item: BaseAWSObject) -> dict[str, Any]:
        properties = item.properties
        if item.do_validation:
            if own_check or not required.issubset(properties):
                item._validate_props()
            if own_validate:
                item.validate()
        if properties:
            return item.resource
        return {name: part for name, part in item.resource.items() if name != "Properties"} if typed else {}

    return open_object


def _awacs_opener(kind: type[Any]) -> Callable[[Any], Any]:
    """Return the function that opens awacs objects; policies and statements get their customary order."""
    props = getattr(kind, "props", {})
    order = _STATEMENT if "Effect" in props else _POLICY if "Statement" in props else ()
    if not order:
        return methodcaller("JSONrepr")
    return lambda item: in_order(item.JSONrepr(), order)
