"""Reading nodes into frozen dataclasses by their field declarations.

One declaration per key serves three readers: this module (checks), `schema` (editors) and people (`doc`).
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import re
import types
import typing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sendy_cfn.errors import Problem, nearest
from sendy_cfn.yamlfile import Node

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS = {str: "text", int: "a whole number", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class Spec:
    """What a key may hold, beyond its Python type."""

    doc: str
    pattern: str = ""  # of the value, of each item, or of each value of a mapping
    allowed: str = ""  # the pattern in words
    choices: tuple[str, ...] = ()  # the only values; for short lists an Enum is better
    key_pattern: str = ""  # of the keys of a mapping
    key_allowed: str = ""
    minimum: int | None = None
    maximum: int | None = None
    min_items: int = 0
    max_items: int | None = None
    unique: bool = True  # items of a list


def key(doc: str, *, default: Any = dataclasses.MISSING, **spec: Any) -> Any:
    """A dataclass field with its Spec; without `default` the key is required."""
    metadata = {"spec": Spec(doc, **spec)}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


def spec_of(item: dataclasses.Field[Any]) -> Spec:
    """The Spec of a field made by `key`."""
    spec = item.metadata["spec"]
    assert isinstance(spec, Spec)
    return spec


@functools.cache
def hints(cls: Any) -> dict[str, Any]:
    """Resolved types of a dataclass's fields."""
    return typing.get_type_hints(cls)


@functools.cache
def declared(cls: Any) -> dict[str, dataclasses.Field[Any]]:
    """The fields made by `key`, by name; others are filled in after reading."""
    return {item.name: item for item in dataclasses.fields(cls) if "spec" in item.metadata}


def _not_offered(cls: Any) -> Mapping[str, str]:
    """Keys that one might expect of the dataclass, and why it has none of them: its NOT_OFFERED."""
    return getattr(cls, "NOT_OFFERED", {})


@functools.cache
def _required(cls: Any) -> tuple[str, ...]:
    missing = dataclasses.MISSING
    return tuple(n for n, f in declared(cls).items() if f.default is missing and f.default_factory is missing)


@functools.cache
def _shape(hint: Any) -> tuple[type, Any]:
    """How values of a type are read, and the type of what is inside: of items, of a mapping's values, or itself."""
    origin = typing.get_origin(hint)
    if origin is types.UnionType:  # X | None: absent is None, but an empty value is a mistake
        return _shape(typing.get_args(hint)[0])
    if origin is tuple or origin is dict:
        return origin, typing.get_args(hint)[origin is dict]
    if dataclasses.is_dataclass(hint):
        return object, hint
    return (enum.Enum if issubclass(hint, enum.Enum) else str), hint


class Reader:
    """Reads one file's tree; collects problems instead of stopping at the first."""

    def __init__(self, file: str) -> None:
        """`file` is how problems call it."""
        self.file = file
        self.problems: list[Problem] = []
        self._lost = 0  # mistakes by which a value is missing; an unknown key is none of them

    def problem(self, node: Node, path: str, message: str, *, lost: bool = True) -> None:
        """Record a mistake at the node's line."""
        self.problems.append(Problem(self.file, node.line, path, message))
        self._lost += lost

    def record(self, cls: Any, node: Node, path: str) -> Any:
        """An instance of the dataclass, or None where a value in it is."""
        if not isinstance(node.value, dict):
            self.problem(node, path, f"{shown(node)}, expected a mapping with keys {_listing(declared(cls))}")
            return None
        before = self._lost
        fields, types_of = declared(cls), hints(cls)
        arguments: dict[str, Any] = {}
        for name, child in node.value.items():
            below = f"{path}.{name}" if path else name
            if name not in fields:
                hint = nearest(name, list(fields)) or f", known are {_listing(fields)}"
                why = _not_offered(cls).get(name)
                self.problem(child, below, f"not offered: {why}" if why else f"unknown key{hint}", lost=False)
                continue
            arguments[name] = self.value(types_of[name], spec_of(fields[name]), child, below)
        for name in _required(cls):
            if name not in node.value:
                self.problem(node, path or name, f"missing key '{name}' ({spec_of(fields[name]).doc})")
        return cls(**arguments) if self._lost == before else None

    def value(self, hint: Any, spec: Spec, node: Node, path: str) -> Any:
        """A value of the type `hint`; on a mistake a problem is recorded and None comes back."""
        shape, inner = _shape(hint)
        if shape is tuple:
            return self._items(inner, spec, node, path)
        if shape is dict:
            return self._entries(inner, spec, node, path)
        if shape is enum.Enum:
            return self._choice(inner, node, path)
        if shape is object:
            return self.record(inner, node, path)
        return self._scalar(inner, spec, node, path)

    def _items(self, hint: Any, spec: Spec, node: Node, path: str) -> Any:
        if not isinstance(node.value, list):
            self.problem(node, path, f"{shown(node)}, expected a list")
            return ()
        if len(node.value) < spec.min_items:
            self.problem(node, path, f"{len(node.value)} items, expected at least {spec.min_items}")
        if spec.max_items is not None and len(node.value) > spec.max_items:
            self.problem(node, path, f"{len(node.value)} items, expected at most {spec.max_items}")
            return ()
        found: list[Any] = []
        seen: set[Any] = set()
        for index, child in enumerate(node.value):
            item = self.value(hint, spec, child, f"{path}[{index}]")
            if spec.unique and item is not None and item in seen:
                self.problem(child, f"{path}[{index}]", f"{shown(child)} is listed twice")
            found.append(item)
            seen.add(item)
        return tuple(found)

    def _entries(self, hint: Any, spec: Spec, node: Node, path: str) -> Any:
        if not isinstance(node.value, dict):
            self.problem(node, path, f"{shown(node)}, expected a mapping")
            return {}
        if len(node.value) < spec.min_items:
            self.problem(node, path, f"{len(node.value)} entries, expected at least {spec.min_items}")
        if spec.max_items is not None and len(node.value) > spec.max_items:
            self.problem(node, path, f"{len(node.value)} entries, expected at most {spec.max_items}")
            return {}
        found = {}
        for name, child in node.value.items():
            below, before = f"{path}.{name}", self._lost
            if spec.key_pattern and not re.fullmatch(spec.key_pattern, name):
                self.problem(child, below, f"the name '{name}' is not {spec.key_allowed}")
            found[name] = self.value(hint, spec, child, below)
            if self._lost > before and dataclasses.is_dataclass(hint):
                # Left out, so that the rules over several keys can still tell what is wrong with the others.
                del found[name]
                self._lost = before
        return found

    def _choice(self, hint: type[enum.Enum], node: Node, path: str) -> Any:
        known = [str(member.value) for member in hint]
        if isinstance(node.value, str) and node.value in known:
            return hint(node.value)
        self.problem(node, path, f"{shown(node)}, expected {' | '.join(known)}{nearest(str(node.value), known)}")
        return None

    def _scalar(self, hint: type, spec: Spec, node: Node, path: str) -> Any:
        value = node.value
        if type(value) is not hint:  # not isinstance: True is an int to Python
            quote = "; quote it" if hint is str and isinstance(value, int | float) else ""
            self.problem(node, path, f"{shown(node)}, expected {spec.allowed or _KINDS[hint]}{quote}")
            return None
        if isinstance(value, str):
            if "{{resolve:" in value:
                # CloudFormation would put the secret's text into the template's place: readable in every console.
                self.problem(node, path, f"{shown(node)}: a dynamic reference; 'secrets' hands over secrets")
            elif spec.choices and value not in spec.choices:
                self.problem(node, path, f"{shown(node)} is not {spec.allowed}{nearest(value, list(spec.choices))}")
            elif spec.pattern and not re.fullmatch(spec.pattern, value):
                self.problem(node, path, f"{shown(node)}, expected {spec.allowed}")
        elif isinstance(value, int) and not _within(value, spec):
            self.problem(node, path, f"{value}, expected {spec.minimum} to {spec.maximum}")
        return value


def _within(value: int, spec: Spec) -> bool:
    return (spec.minimum is None or value >= spec.minimum) and (spec.maximum is None or value <= spec.maximum)


def _listing(names: Any) -> str:
    return ", ".join(f"'{name}'" for name in names)


def shown(node: Node) -> str:
    """A value as a person would recognise it in the file, shortened."""
    value = node.value
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value) if not isinstance(value, str) else f"'{value}'"
    return text if len(text) <= 60 else f"{text[:57]}…{text[-1]}"
