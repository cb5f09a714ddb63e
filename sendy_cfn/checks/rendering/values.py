"""Computes what is certain of a value when some parameters are known; the rest stays as it was written.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

import functools
import ipaddress
import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Literal = str | int | float | bool | list[Any]

NO_VALUE = {"Ref": "AWS::NoValue"}
GAP = re.compile(r"\$\{([^}]*)\}")
IPV4_BITS = 32


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known where a value stands."""

    parameters: Mapping[str, Literal]
    # Known, but left as references: to name a resource of an account in a template is a defect of its own.
    kept: frozenset[str] = frozenset()
    # Only conditions ask for these: that a template names no region or account itself is a rule of its own.
    pseudo: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, object] = field(default_factory=dict)  # by name; what it says
    mappings: Mapping[str, Any] = field(default_factory=dict)
    output: Callable[[str, str], Literal | None] = lambda _child, _name: None  # of nested stacks


def is_known(value: object) -> bool:
    """Whether nothing in it is left to compute."""
    if isinstance(value, dict):
        return False
    return all(map(is_known, value)) if isinstance(value, list) else value is not None


def settle(value: Any, scope: Scope) -> Any:
    """The value with all that is known put in; AWS::NoValue takes its key or item away."""
    if isinstance(value, list):
        return [settled for item in value if (settled := settle(item, scope)) != NO_VALUE]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((name, given),) = value.items()
        if name in _FUNCTIONS:
            return _FUNCTIONS[name](given, scope)
    return {key: settled for key, item in value.items() if (settled := settle(item, scope)) != NO_VALUE}


def holds(condition: object, scope: Scope) -> bool | None:
    """Whether a condition is true; None where that depends on what isn't known.

    Args:
        condition: The name of one, or what stands behind a name.
        scope: What is known.
    """
    if isinstance(condition, str):
        return holds(scope.conditions[condition], scope) if condition in scope.conditions else None
    if not isinstance(condition, dict) or len(condition) != 1:
        return None
    ((name, given),) = condition.items()
    if name == "Condition":
        return holds(given, scope)
    return _TESTS[name](given, scope) if name in _TESTS else None


def _equals(given: Any, scope: Scope) -> bool | None:
    left, right = (_operand(side, scope) for side in given)
    return text_of(left) == text_of(right) if is_known(left) and is_known(right) else None


def _contains(given: Any, scope: Scope) -> bool | None:
    values, wanted = (_operand(side, scope) for side in given)
    return text_of(wanted) in map(text_of, values) if is_known(values) and is_known(wanted) else None


def _operand(value: Any, scope: Scope) -> Any:
    name = str(value.get("Ref")) if isinstance(value, dict) and len(value) == 1 else ""
    known = scope.pseudo if name in scope.pseudo else scope.parameters
    return known[name] if name in known else settle(value, scope)


def _and(given: Any, scope: Scope) -> bool | None:
    outcomes = [holds(part, scope) for part in given]
    if False in outcomes:
        return False
    return None if None in outcomes else True


def _or(given: Any, scope: Scope) -> bool | None:
    outcomes = [holds(part, scope) for part in given]
    if True in outcomes:
        return True
    return None if None in outcomes else False


def _not(given: Any, scope: Scope) -> bool | None:
    outcome = holds(given[0], scope)
    return None if outcome is None else not outcome


_TESTS: dict[str, Callable[[Any, Scope], bool | None]] = {
    "Fn::Equals": _equals,
    "Fn::Contains": _contains,
    "Fn::And": _and,
    "Fn::Or": _or,
    "Fn::Not": _not,
}


def text_of(value: object) -> str:
    """A literal as CloudFormation writes it into a text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _ref(given: Any, scope: Scope) -> Any:
    return {"Ref": given} if given in scope.kept else scope.parameters.get(given, {"Ref": given})


def _get_att(given: Any, scope: Scope) -> Any:
    child, _, name = (given if isinstance(given, str) else ".".join(map(str, given))).partition(".Outputs.")
    found = scope.output(child, name) if name else None
    return {"Fn::GetAtt": given} if found is None else found


def _if(given: Any, scope: Scope) -> Any:
    name, yes, no = given
    outcome = holds(name, scope)
    if outcome is not None:
        return settle(yes if outcome else no, scope)
    return {"Fn::If": [name, settle(yes, scope), settle(no, scope)]}


def _sub(given: Any, scope: Scope) -> Any:
    text, own = given if isinstance(given, list) else (given, {})
    named = {name: settle(value, scope) for name, value in own.items()}

    def known(name: str) -> Any:
        if name in named:
            return named[name]
        return _get_att(name, scope) if "." in name else _ref(name, scope)

    parts = GAP.split(text)
    found = {name: value for name in parts[1::2] if is_known(value := known(name)) and not isinstance(value, list)}
    open_names = [name for name in parts[1::2] if name not in found and not name.startswith("!")]
    if not open_names and any(name.startswith("!") for name in parts[1::2]):
        return {"Fn::Sub": given}  # as a plain text, what is escaped would read like a forgotten Fn::Sub
    # What is put in is not looked at again, also where the rest is left to AWS.
    mark = "${!" if open_names else "${"
    result = "".join(
        part if place % 2 == 0 else text_of(found[part]).replace("${", mark) if part in found else f"${{{part}}}"
        for place, part in enumerate(parts)
    )
    if not open_names:
        return result
    rest = {name: value for name, value in named.items() if name in open_names}
    return {"Fn::Sub": [result, rest] if rest else result}


def _join(given: Any, scope: Scope) -> Any:
    separator, parts = settle(given[0], scope), settle(given[1], scope)
    if is_known(separator) and is_known(parts) and isinstance(parts, list):
        return text_of(separator).join(map(text_of, parts))
    return {"Fn::Join": [separator, parts]}


def _select(given: Any, scope: Scope) -> Any:
    place, items = settle(given[0], scope), settle(given[1], scope)
    # Without what AWS::NoValue took away, places would be others.
    whole = isinstance(items, list) and isinstance(given[1], list) and len(items) == len(given[1])
    if is_known(place) and isinstance(items, list) and (whole or is_known(items)) and 0 <= int(place) < len(items):
        return items[int(place)]
    return {"Fn::Select": [place, items]}


def _split(given: Any, scope: Scope) -> Any:
    separator, text = settle(given[0], scope), settle(given[1], scope)
    return text.split(separator) if isinstance(text, str) else {"Fn::Split": [separator, text]}


def _cidr(given: Any, scope: Scope) -> Any:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-cidr.html."""
    settled = [settle(part, scope) for part in given]
    if not is_known(settled) or len(settled) < 3 or ":" in str(settled[0]):
        return {"Fn::Cidr": settled}
    try:
        block = ipaddress.IPv4Network(settled[0], strict=False)
        blocks = block.subnets(new_prefix=IPV4_BITS - int(settled[2]))
        return [str(part) for part in itertools.islice(blocks, int(settled[1]))]
    except ValueError:
        return {"Fn::Cidr": settled}  # AWS refuses it, and linters may tell


def _find_in_map(given: Any, scope: Scope) -> Any:
    keys = [settle(key, scope) for key in given[:3]]
    found: Any = scope.mappings
    for key in keys:
        found = found.get(text_of(key)) if is_known(key) and isinstance(found, dict) else None
    return {"Fn::FindInMap": [*keys, *settle(given[3:], scope)]} if found is None else found


def _inside(name: str, given: Any, scope: Scope) -> Any:
    """A function that is left to AWS, with what is known inside."""
    return {name: settle(given, scope)}


_FUNCTIONS: dict[str, Callable[[Any, Scope], Any]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Cidr": _cidr,
    "Fn::FindInMap": _find_in_map,
    **{name: functools.partial(_inside, name) for name in ("Fn::Base64", "Fn::GetAZs", "Fn::Length")},
}
