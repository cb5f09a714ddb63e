"""What `package` and `deploy` act on: the roots of an environment or of the toolchain, by name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from sendy_cfn import config, generator, stacks
from sendy_cfn.aws import RefusedError
from sendy_cfn.errors import nearest
from sendy_cfn.fresh import Memory
from sendy_cfn.write import FolderWriter

if TYPE_CHECKING:
    from pathlib import Path

    from sendy_cfn.config.model import Platform

TOOLCHAIN = "toolchain"


@dataclass(frozen=True, slots=True)
class Target:
    """A root stack."""

    place: str  # what people call it: an environment's name, or "toolchain"
    stack: str
    region: str
    account: str | None  # the only one it may be deployed to; None where platform.yaml names none
    template: str  # file in templates/
    configuration: str  # file in templates/config/
    keeps_data: str  # nested stack that no update should delete or replace; "" for none
    protected: bool  # against deletion


def find(platform: Platform, place: str) -> tuple[Target, ...]:
    """The roots of an environment (always one) or of the toolchain, in the order they are deployed in.

    Raises:
        RefusedError: there is no such environment.
    """
    if place == TOOLCHAIN:
        return _toolchain(platform)
    environment = platform.environments.get(place)
    if environment is None:
        known = [*platform.environments, TOOLCHAIN]
        hint = nearest(place, known) or f", known are {', '.join(known)}"
        raise RefusedError(f"'{place}' is no environment{hint}")
    root = Target(
        place=place,
        stack=f"{platform.platform}-{place}",
        region=environment.region,
        account=environment.account or platform.toolchain.account,
        template=stacks.environment_file(environment),
        configuration=f"{place}/environment.json",
        keeps_data="Network",
        protected=not environment.throwaway,
    )
    return (root,)


def _toolchain(platform: Platform) -> tuple[Target, ...]:
    here = platform.toolchain
    found = []
    # Pipelines keep artifacts in each region they deploy to; outside their own, these buckets are roots of their own.
    for region in platform.regions[1:]:
        name = f"{platform.platform}-artifacts"
        found.append(
            Target(TOOLCHAIN, name, region, here.account, "artifacts.yaml", "toolchain.json", "", protected=True)
        )
    for cell in platform.cells:
        file = stacks.toolchain_file(cell)
        stem = file.removesuffix(".yaml")
        name = f"{platform.platform}-{stem}"
        data = "Artifacts" if cell == platform.cells[0] else ""
        found.append(Target(TOOLCHAIN, name, here.region, here.account, file, f"{stem}.json", data, protected=True))
    return tuple(found)


def load(params: Path, templates: Path, cache: Path) -> Platform:
    """The platform, once its templates are known to be what its input gives.

    Raises:
        ConfigError: with every problem of the input.
        RefusedError: the templates are stale.
    """
    platform = config.load(params)
    memory = Memory(cache, params, templates)
    if memory.unchanged() is None:
        with FolderWriter(templates, dry=True) as writer:
            generator.generate(params, writer, memory)
            stale = sorted({*writer.changed, *writer.stale()})
        if stale:
            raise RefusedError(f"{templates}/{stale[0]} and what else is stale: run make templates first")
    return platform


def parameters(target: Target, templates: Path) -> dict[str, str]:
    """The values for the root's parameters, as the template configuration has them; the rest is the template's default.

    Artifacts of other regions share the toolchain's configuration and have fewer parameters.
    """
    given: dict[str, str] = _configuration(target, templates)["Parameters"]
    taken = _parameters_of(templates / target.template)
    return {name: value for name, value in given.items() if name in taken}


def tags(target: Target, templates: Path) -> dict[str, str]:
    """The root's tags, which CloudFormation hands on to all that takes tags."""
    found: dict[str, str] = _configuration(target, templates)["Tags"]
    return found


def _configuration(target: Target, templates: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((templates / "config" / target.configuration).read_text(encoding="utf-8"))
    return found


def _parameters_of(template: Path) -> set[str]:
    return set((yaml.load(template.read_text(encoding="utf-8"), _Plain).get("Parameters") or {}).keys())


class _Plain(yaml.SafeLoader):
    """Reads templates for what is not a function call; those become None."""


_Plain.add_multi_constructor("!", lambda _loader, _tag, _node: None)
