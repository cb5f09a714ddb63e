"""What CloudFormation refuses in a template before it touches anything, and ministack lets through."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from emulator import names, references

Template = Mapping[str, Any]
Conditions = Mapping[str, bool]
_SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
_LIST = re.compile(r"List<(.+)>")


def install() -> None:
    """Put the checks in front of ministack's own, for stacks and for change sets."""
    engine = names.load("cloudformation.engine")
    support: Callable[..., None] = engine.validate_template_support
    resolve: Callable[..., dict[str, Any]] = engine._resolve_parameters

    def validate(template: Template, conditions: Conditions, params: Any = None) -> None:
        support(template, conditions, params=params)
        if params is not None:
            check_references(template, conditions)

    def parameters(
        template: Template, given: list[dict[str, Any]], previous: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        unknown = [item["Key"] for item in given if item["Key"] not in (template.get("Parameters") or {})]
        if unknown:
            raise ValueError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
        found = resolve(template, given, previous)
        _check_values(found)
        return found

    for module in ("engine", "handlers", "changesets"):
        target: Any = names.load(f"cloudformation.{module}")
        target.validate_template_support = validate
        target._resolve_parameters = parameters


def check_references(template: Template, conditions: Conditions) -> None:
    """Every Ref, GetAtt, Sub, DependsOn and condition must lead somewhere that exists under these conditions.

    Raises:
        ValueError: one does not, in CloudFormation's words.
    """
    resources: Mapping[str, Any] = template.get("Resources") or {}
    known = set(template.get("Parameters") or {}) | {
        name for name, item in resources.items() if _is_active(item, conditions)
    }
    for block, parts in (("Resources", resources), ("Outputs", template.get("Outputs") or {})):
        for item in parts.values():
            if not isinstance(item, Mapping) or not _is_active(item, conditions):
                continue
            missing = sorted({name for name in _named(item, conditions) if name not in known})
            if missing:
                raise ValueError(
                    f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] "
                    f"in the {block} block of the template"
                )
            _check_depends_on(item, resources)


def _check_depends_on(item: Mapping[str, Any], resources: Mapping[str, Any]) -> None:
    wanted = item.get("DependsOn") or []
    missing = sorted({wanted} - set(resources) if isinstance(wanted, str) else set(wanted) - set(resources))
    if missing:
        raise ValueError(
            f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] "
            "in the Resources block of the template"
        )


def _check_values(found: Mapping[str, Mapping[str, Any]]) -> None:
    for name, parameter in found.items():
        kind = str(parameter.get("Type", "String"))
        wrapped = _SSM_VALUE.fullmatch(kind)
        kind = wrapped[1] if wrapped else kind
        several = _LIST.fullmatch(kind)
        values = str(parameter["Value"]).split(",") if several else [str(parameter["Value"])]
        for value in values:
            if not references.parameter_exists(several[1] if several else kind, value.strip()):
                raise ValueError(
                    f"Parameter validation failed: parameter value {value} for parameter name {name} does not exist"
                )


def _is_active(item: Any, conditions: Conditions) -> bool:
    condition = item.get("Condition") if isinstance(item, Mapping) else None
    return condition is None or _holds(condition, conditions)


def _holds(condition: str, conditions: Conditions) -> bool:
    if condition not in conditions:
        raise ValueError(f"Template format error: Unresolved condition dependency {condition}")
    return conditions[condition]


def _named(value: Any, conditions: Conditions) -> Iterator[str]:
    """The logical ids and parameters that a value leads to, in the branches that are taken."""
    if isinstance(value, list):
        for item in value:
            yield from _named(item, conditions)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key == "Fn::If" and isinstance(item, list) and len(item) == 3:
                yield from _named(item[1] if _holds(str(item[0]), conditions) else item[2], conditions)
            elif key in _LEADS:
                yield from (name for name in _LEADS[key](item) if not name.startswith("AWS::"))
                yield from _named(item[1:] if key == "Fn::Sub" and isinstance(item, list) else [], conditions)
            else:
                yield from _named(item, conditions)


def _get_att(argument: Any) -> list[str]:
    return [argument.split(".")[0] if isinstance(argument, str) else str(argument[0])]


def _sub(argument: Any) -> list[str]:
    text, own = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])
    found = re.findall(r"\$\{([^!}][^}]*)\}", text)
    return [name.split(".")[0].strip() for name in found if name not in own]


_LEADS: dict[str, Callable[[Any], list[str]]] = {
    "Ref": lambda argument: [str(argument)],
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
}
