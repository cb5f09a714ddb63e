"""The deployed pipelines: their stages, and the variables that hand values from one action to the next.

A pipeline is recorded only, so its steps are read from its resolved properties, and what runs before its deploy stages
(source, build) is made up.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.walk_shell import StepError
from emulator.walk_world import World
from sendy_cfn.config.model import Service
from sendy_cfn.names import logical
from sendy_cfn.targets import Target

Action = Mapping[str, Any]
_VARIABLE = re.compile(r"#\{([\w-]+)\.([\w-]+)\}")


@dataclass(frozen=True)
class Stage:
    """A stage that releases a service in an environment."""

    pipeline: Mapping[str, Any]  # its resolved properties
    properties: Mapping[str, Any]
    service: Service
    place: Target
    root: Target  # the toolchain's

    @property
    def actions(self) -> list[Action]:
        """In the order in which they run."""
        return sorted(self.properties["Actions"], key=lambda action: int(action.get("RunOrder", 1)))

    @property
    def title(self) -> str:
        """As the console shows it."""
        return f"{self.pipeline['Name']}, stage {self.properties['Name']}"

    @property
    def stack(self) -> str:
        """The stack that it deploys."""
        return f"{self.place.stack}-{self.service.name}"


def stages(world: World) -> Iterator[Stage]:
    """The stages that deploy a service's stack, by service, then in promotion order."""
    for root in world.toolchain:
        resolved = world.emulator.resolved(root.stack, world.account(root), root.region)
        for service in world.platform.services.values():
            pipeline = resolved.get(f"{logical(f'pipeline-{service.name}')}/Pipeline")
            if pipeline is None:
                continue
            for properties in pipeline.properties["Stages"]:
                stacks = {action.get("Configuration", {}).get("StackName") for action in properties["Actions"]}
                for place in world.environments:
                    if f"{place.stack}-{service.name}" in stacks:
                        yield Stage(pipeline.properties, properties, service, place, root)


class Variables:
    """Values by namespace and key; source actions know the commit under every key."""

    def __init__(self, world: World, stage: Stage, commit: str) -> None:
        """What the source and the build would have said of `commit`; its image's digest is made up from it."""
        name = f"{world.platform.platform}/{stage.service.name}"
        found = world.client(stage.root, "ecr").describe_repositories(repositoryNames=[name])
        actions = [action for part in stage.pipeline["Stages"] for action in part["Actions"]]
        self.commit = commit
        self.digest = f"sha256:{hashlib.sha256(commit.encode()).hexdigest()}"
        self._sources = {
            action.get("Namespace") for action in actions if action["ActionTypeId"]["Category"] == "Source"
        }
        self._values: dict[str, Mapping[str, str]] = {
            "Build": {
                "IMAGE_URI": f"{found['repositories'][0]['repositoryUri']}@{self.digest}",
                "IMAGE_DIGEST": self.digest,
                "IMAGE_TAG": commit,
            }
        }

    def add(self, namespace: str | None, values: Mapping[str, str]) -> None:
        """What an action gives to those after it; nothing without a namespace."""
        if namespace:
            self._values[namespace] = values

    def fill(self, text: str) -> str:
        """The text with its references replaced.

        Raises:
            StepError: one leads nowhere; CodePipeline fails the action then.
        """
        return _VARIABLE.sub(lambda found: self._value(found[1], found[2]), text)

    def _value(self, namespace: str, key: str) -> str:
        if namespace in self._sources:
            return self.commit
        value = self._values.get(namespace, {}).get(key)
        if value is None:
            raise StepError(f"no earlier action has given #{{{namespace}.{key}}} a value")
        return value
