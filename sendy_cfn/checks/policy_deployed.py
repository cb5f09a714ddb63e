"""All stacks of a platform, from the emitted templates and configurations, in the order in which they are deployed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sendy_cfn import stacks
from sendy_cfn.checks.action_templates import Library, section
from sendy_cfn.checks.policy_names import Place
from sendy_cfn.checks.policy_stacks import Stack
from sendy_cfn.names import logical
from sendy_cfn.wires import CLOUDFORMATION_ROLE_ARN, PIPELINE_ROLE_ARN, READER_ROLE_ARN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.policy_stacks import Store
    from sendy_cfn.config.model import Platform

ACCOUNT = "123456789012"  # where platform.yaml names none
PIPELINE = "AWS::CodePipeline::Pipeline"


def deployed(folder: Path, platform: Platform) -> list[Stack]:
    """The roots of environments and toolchain, and the service stacks that pipelines make.

    Args:
        folder: with the templates and config/.
        platform: what they were made of.

    Raises:
        TemplateError: a template can't be read.
        LookupError: one refers to what isn't there.
    """
    library: Library = Library(folder)
    stored: Store = {}
    roots = list(_environments(library, platform, stored))
    roots += _toolchain(library, platform, stored, _copied(platform, roots))
    return [*roots, *(stack for root in roots for stack in _services(library, root, stored))]


def _environments(library: Library, platform: Platform, stored: Store) -> Iterator[Stack]:
    home = platform.toolchain.account or ACCOUNT
    for name, environment in platform.environments.items():
        place = Place(environment.account or home, environment.region)
        file = stacks.environment_file(environment)
        values = _values(library, f"{name}/environment.json")
        root = Stack(library, file, f"{platform.platform}-{name}", place, values, stored)
        root.publish()
        yield root


def _copied(platform: Platform, environments: list[Stack]) -> dict[str, Any]:
    """What people copy from environments in other accounts and regions into toolchain.yaml: as it is now."""
    wires = (PIPELINE_ROLE_ARN, CLOUDFORMATION_ROLE_ARN, READER_ROLE_ARN)
    return {
        logical(name) + wire.name: environment.output(wire.name)
        for name, environment in zip(platform.environments, environments, strict=True)
        for wire in wires
        if wire.name in section(environment.root, "Outputs")
    }


def _toolchain(library: Library, platform: Platform, stored: Store, copied: dict[str, Any]) -> Iterator[Stack]:
    home = platform.toolchain
    for region in platform.regions[1:]:
        place = Place(home.account or ACCOUNT, region)
        values = _values(library, "toolchain.json")
        yield Stack(library, "artifacts.yaml", f"{platform.platform}-artifacts", place, values, stored)
    for cell in platform.cells:
        file = stacks.toolchain_file(cell)
        stem = file.removesuffix(".yaml")
        place = Place(home.account or ACCOUNT, home.region)
        values = _values(library, f"{stem}.json")
        values |= {name: value for name, value in copied.items() if name in values}
        root = Stack(library, file, f"{platform.platform}-{stem}", place, values, stored)
        root.publish()
        yield root


def _services(library: Library, root: Stack, stored: Store) -> Iterator[Stack]:
    seen = set()
    for stack in root.all():
        for action in actions(stack):
            given = action["Configuration"]
            if "TemplateConfiguration" in given and given["StackName"] not in seen:
                seen.add(given["StackName"])
                configuration = Path(given["TemplateConfiguration"].partition("::")[2])
                place = Place(action["RoleArn"].split(":")[4], action.get("Region", root.place.region))
                values = _values(library, f"{configuration.parent.name}/{configuration.name}")
                yield Stack(library, Path(given["TemplatePath"]).name, given["StackName"], place, values, stored)


def actions(stack: Stack) -> Iterator[dict[str, Any]]:
    """All actions of the pipelines in a stack."""
    for title in stack.of(PIPELINE):
        for stage in stack.properties(title)["Stages"]:
            yield from stage["Actions"]


def _values(library: Library, name: str) -> dict[str, Any]:
    content: dict[str, dict[str, Any]] = json.loads((library.folder / "config" / name).read_text(encoding="utf-8"))
    return content["Parameters"]
