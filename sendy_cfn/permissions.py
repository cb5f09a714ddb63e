"""docs/permissions.md: every role of the platform in params/, who takes it on, and what it may: `make schemas`.

It is read off the templates as they are built, so that it tells what is deployed. Roles of services that differ in the
service's name only are one entry.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sendy_cfn import config, stacks
from sendy_cfn.blocks import unlimited
from sendy_cfn.config.values import Configuration
from sendy_cfn.stacks.interface import Interface

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sendy_cfn.config.model import Platform

FILE, PARAMS = Path("docs/permissions.md"), Path("params")
HEAD = """\
# Permissions

<!-- Made by `make schemas` from params/ and the templates' code; edit there. -->

Every role that the templates of `params/` make, who takes it on and what it may do. The policies follow from what is
declared: those of the CloudFormation role from the resource types in the service templates, by the IAM actions that the
registry's schemas list for each handler; those of pipelines from the actions of their stages; those of builds from the
commands in their build specifications; those of tasks from the task definition and `permissions` in `platform.yaml`.
What is added there adds to a policy, what goes takes its part along, and what nobody has said the needs of stops the
generation.

`*` stands only where AWS has nothing narrower. `allow()` in `sendy_cfn/blocks/iam.py` makes no other statement; both
tables are in `sendy_cfn/blocks/unlimited.py`. Such a statement is bound to the region that it is for, except
for global services. Keys, buckets, topics and queues have policies of their own, in which `*` is the resource that has
the policy; they are in the templates.

"""
ACTIONS = """\
## Actions that AWS does not limit to resources

| action | why |
|---|---|
"""
KINDS = """\

## Resources without a name

Statements that name a kind of resource in the account and region, but none of them:

| service and kind | why |
|---|---|
"""


def text(params: Path = PARAMS) -> str:
    """The page."""
    return "".join(
        (
            HEAD,
            ACTIONS,
            *(f"| `{action}` | {_link(reason)} |\n" for action, reason in sorted(unlimited.ACTIONS.items())),
            KINDS,
            *(f"| `{kind}` | {_link(reason)} |\n" for kind, reason in sorted(unlimited.KINDS.items())),
            "\n## Roles\n",
            *_roles(params),
        )
    )


def _link(reason: unlimited.Reason) -> str:
    return f"[{reason.why}]({reason.page})"


def _roles(params: Path) -> Iterator[str]:
    """Each entry under the templates that have it."""
    found: dict[str, list[str]] = {}
    for file, template, service in _templates(params):
        for name, entry in _entries(template):
            told = entry.replace(service, "<service>") if service else entry
            found.setdefault(f"{name}\n{told}", []).append(file)
    for entry, files in found.items():
        name, _, told = entry.partition("\n")
        yield f"\n### {name}\n\nIn {', '.join(f'`{file}`' for file in files)}. {told}"


def _templates(params: Path) -> Iterator[tuple[str, dict[str, Any], str]]:
    """File, template, and the service whose name its policies have."""
    platform: Platform = config.load(params)
    configuration = Configuration(params, platform)
    services = platform.services.values()
    worst = {service.name: configuration.worst_cases(service) for service in services}
    watch = {service.name: configuration.watch(service) for service in services}
    interfaces: dict[str, Interface] = {}
    for unit in stacks.units(platform, worst, watch):
        template = unit.build(interfaces)
        interfaces[unit.file] = Interface.of(template)
        stem = unit.file.removesuffix(".yaml")
        names = [name for name in platform.services if name in stem.split("-", 1)[-1]]
        yield unit.file, json.loads(template.to_json()), max(names, key=len, default="")


def _entries(template: dict[str, Any]) -> Iterator[tuple[str, str]]:
    resources = template["Resources"]
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::Role":
            policies = [
                (title, other["Properties"]["PolicyDocument"]["Statement"])
                for title, other in resources.items()
                if other["Type"] == "AWS::IAM::ManagedPolicy" and {"Ref": name} in other["Properties"].get("Roles", ())
            ]
            yield name, _entry(resource["Properties"], policies)


def _entry(role: dict[str, Any], policies: list[tuple[str, list[dict[str, Any]]]]) -> str:
    lines = [f"{role['Description']}. At most what its boundary allows: `{_value(role['PermissionsBoundary'])}`.\n\n"]
    for statement in role["AssumeRolePolicyDocument"]["Statement"]:
        (principals,) = statement["Principal"].values()
        who = ", ".join(f"`{_value(one)}`" for one in _listed(principals))
        condition = _conditions(statement)
        lines.append(f"Taken on by {who}{f' where {condition}' if condition else ''}.\n\n")
    if not policies:
        return "".join((*lines, "It may do nothing.\n"))
    lines.append("| statement | actions | resources | where | why not narrower |\n|---|---|---|---|---|\n")
    for title, statements in policies:
        for one in statements:
            actions, resources = _listed(one["Action"]), [_value(resource) for resource in _listed(one["Resource"])]
            cells = (
                f"{title}<br>{one['Sid']}",
                "<br>".join(f"`{action}`" for action in actions),
                "<br>".join(f"`{resource}`" for resource in resources),
                _conditions(one),
                "<br>".join(_why(one["Sid"], actions, resources)),
            )
            lines.append(f"| {' | '.join(cells)} |\n")
    return "".join(lines)


def _why(sid: str, actions: list[str], resources: Iterable[str]) -> list[str]:
    try:
        reasons = [reason for resource in resources for reason in unlimited.reasons(actions, resource)]
    except LookupError:  # people's own
        return [f"{sid} is in `platform.yaml`"]
    return list(dict.fromkeys(map(_link, reasons)))


def _conditions(statement: dict[str, Any]) -> str:
    return " and ".join(
        f"{operator} `{key}` " + ", ".join(f"`{_value(value)}`" for value in _listed(values))
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _value(value: Any) -> str:
    """A text in which references stand as in Fn::Sub."""
    if not isinstance(value, dict):
        return str(value)
    ((function, argument),) = value.items()
    if function == "Fn::Sub":
        return str(argument)
    if argument == "AWS::NoValue":
        return "none"
    if function == "Fn::If":
        return " or ".join(_value(branch) for branch in argument[1:])
    return f"${{{argument if function == 'Ref' else '.'.join(argument)}}}"


def main() -> None:
    """Write the page if it changed."""
    page = text()
    if not FILE.exists() or FILE.read_text(encoding="utf-8") != page:
        FILE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
