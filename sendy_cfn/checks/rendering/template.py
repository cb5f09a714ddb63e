"""One template with the values of one stack put in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sendy_cfn.checks.rendering.values import GAP, Literal, Scope, holds, settle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Document = dict[str, Any]
LIST = re.compile(r"CommaDelimitedList|List<.+>")
# The value of such a parameter is a name; what is behind it, only AWS knows.
LOOKED_UP = "AWS::SSM::Parameter::Value<"
WHOLE_NUMBER = re.compile(r"-?[0-9]+")


def known_parameters(declared: Mapping[str, Any], given: Mapping[str, object]) -> dict[str, Literal]:
    """The parameters whose value is certain, in the form that a property gets.

    Args:
        declared: The template's Parameters.
        given: Values that the stack gets; a parameter that is not among them has its default.
    """
    found = {}
    for name, parameter in declared.items():
        kind = str(parameter.get("Type"))
        value = given.get(name, parameter.get("Default"))
        if value is None or isinstance(value, dict) or kind.startswith(LOOKED_UP):
            continue
        found[name] = _typed(kind, value)
    return found


def _typed(kind: str, value: Any) -> Literal:
    if LIST.fullmatch(kind):
        items = value if isinstance(value, list) else str(value).split(",")
        return [str(item).strip() for item in items if str(item).strip()]
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return int(text) if kind == "Number" and WHOLE_NUMBER.fullmatch(text) else text


def render(template: Document, scope: Scope) -> Document:
    """The template without what is decided: parameters, conditions, resources and outputs whose condition is false.

    Metadata and rules are left out: they are about parameters, or about the text.
    """
    resources = _section(template, "Resources", scope)
    for resource in resources.values():
        resource.pop("Metadata", None)
        _depend(resource, set(resources))
    outputs = _section(template, "Outputs", scope)
    rendered = {
        key: template[key] for key in ("AWSTemplateFormatVersion", "Transform", "Description") if key in template
    }
    conditions = _needed(template.get("Conditions", {}), [resources, outputs], scope)
    used = set(_mentions([resources, outputs, conditions]))
    sections = {
        "Parameters": {name: p for name, p in template.get("Parameters", {}).items() if name in used},
        "Mappings": {name: m for name, m in template.get("Mappings", {}).items() if name in used},
        "Conditions": conditions,
        "Resources": resources,
        "Outputs": outputs,
    }
    return rendered | {name: content for name, content in sections.items() if content}


def _section(template: Document, name: str, scope: Scope) -> dict[str, Any]:
    """Resources or outputs that there are, or that may be."""
    found = {}
    for key, item in template.get(name, {}).items():
        outcome = holds(item["Condition"], scope) if "Condition" in item else True
        if outcome is not False:
            decided = {part: value for part, value in item.items() if part != "Condition" or outcome is None}
            found[key] = settle(decided, scope)
    return found


def _depend(resource: Document, names: set[str]) -> None:
    """Take out of DependsOn what is not there."""
    given = resource.get("DependsOn", [])
    wanted = [name for name in (given if isinstance(given, list) else [given]) if name in names]
    resource.pop("DependsOn", None)
    if wanted:
        resource["DependsOn"] = wanted


def _needed(conditions: Mapping[str, Any], places: list[Any], scope: Scope) -> dict[str, Any]:
    """The conditions that are not decided and still asked for, directly or by another one."""
    todo = [name for place in places for name in _conditions(place)]
    found: dict[str, Any] = {}
    while todo:
        name = todo.pop()
        if name not in found and name in conditions:
            found[name] = settle(conditions[name], scope)
            todo += _conditions(found[name])
    return {name: found[name] for name in conditions if name in found}


def _conditions(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _conditions(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "Condition" and isinstance(item, str):
                yield item
            elif key == "Fn::If":
                yield item[0]
            yield from _conditions(item)


def _mentions(value: Any) -> Iterator[str]:
    """Every name that occurs in a reference; one that is no parameter does no harm."""
    if isinstance(value, list):
        for item in value:
            yield from _mentions(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in ("Ref", "Fn::FindInMap"):
                yield str(item[0] if isinstance(item, list) else item)
            elif key == "Fn::Sub":
                yield from GAP.findall(item[0] if isinstance(item, list) else item)
            yield from _mentions(item)
