"""params/platform.yaml -> Platform."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from sendy_cfn import yamlfile
from sendy_cfn.config import rules
from sendy_cfn.config.fields import Reader
from sendy_cfn.config.model import Platform
from sendy_cfn.errors import ConfigError, Problem

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM_FILE = "platform.yaml"


def load(params: Path) -> Platform:
    """The platform that `params`/platform.yaml describes, checked, with names and defaults filled in.

    Raises:
        ConfigError: with every problem of the file.
    """
    name = f"{params}/{PLATFORM_FILE}"
    return read(yamlfile.load(params / PLATFORM_FILE, name), name)


def problem(params: Path, path: str, message: str) -> Problem:
    """A mistake that shows only when templates are built, at the line of what it comes from in platform.yaml."""
    name = f"{params}/{PLATFORM_FILE}"
    return Problem(name, _at(yamlfile.load(params / PLATFORM_FILE, name), path).line, path, message)


def read(tree: yamlfile.Node, name: str) -> Platform:
    """As `load`, from a tree.

    Raises:
        ConfigError: with every problem of the file.
    """
    reader = Reader(name)
    platform = reader.record(Platform, tree, "")
    if platform is None:
        raise ConfigError(reader.problems)
    named = _named(platform)
    places = _at(tree, "environments").value
    for path, message in rules.broken(named, places if isinstance(places, dict) else ()):
        reader.problem(_at(tree, path), path, message)
    if reader.problems:
        raise ConfigError(reader.problems)
    return named


def _named(platform: Platform) -> Platform:
    environments = {
        name: dataclasses.replace(
            environment,
            name=name,
            domain=environment.domain or (f"{name}.{platform.domain}" if platform.domain else None),
        )
        for name, environment in platform.environments.items()
    }
    services = {
        name: dataclasses.replace(service, name=name, host=service.host or (name if platform.domain else None))
        for name, service in platform.services.items()
    }
    return dataclasses.replace(platform, environments=environments, services=services)


def _at(tree: yamlfile.Node, path: str) -> yamlfile.Node:
    """The deepest node on a dotted path: where an editor should open the file."""
    node = tree
    for part in path.replace("[", ".").replace("]", "").split("."):
        if isinstance(node.value, dict) and part in node.value:
            node = node.value[part]
        elif isinstance(node.value, list) and part.isdigit():
            node = node.value[int(part)]
        else:
            break
    return node
