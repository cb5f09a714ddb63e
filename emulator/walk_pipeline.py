"""The deployed pipelines: their stages that release services, and what those before them (source, build) would say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.walk_world import World
from rehearsal import variables
from rehearsal.actions import Action
from sendy_cfn.config.model import Service
from sendy_cfn.targets import Target


@dataclass(frozen=True)
class Stage:
    """A stage that releases a service in an environment."""

    pipeline: Mapping[str, Any]  # as CodePipeline describes it
    properties: Mapping[str, Any]  # the stage's part of that
    service: Service
    place: Target
    root: Target  # the toolchain's

    @property
    def actions(self) -> list[Action]:
        """In the order in which they run."""
        return sorted(self.properties["actions"], key=lambda action: int(action.get("runOrder", 1)))

    @property
    def title(self) -> str:
        """As the console shows it."""
        return f"{self.pipeline['name']}, stage {self.properties['name']}"

    @property
    def stack(self) -> str:
        """The stack that it deploys."""
        return f"{self.place.stack}-{self.service.name}"


def stages(world: World) -> Iterator[Stage]:
    """The stages that deploy a service's stack, by service, then in promotion order."""
    for root in world.toolchain:
        client = world.client(root, "codepipeline")
        pages = client.get_paginator("list_pipelines").paginate()
        held = {pipeline["name"] for page in pages for pipeline in page["pipelines"]}
        for service in world.platform.services.values():
            name = f"{world.platform.platform}-{service.name}"
            if name not in held:
                continue
            pipeline = client.get_pipeline(name=name)["pipeline"]
            for properties in pipeline["stages"]:
                stacks = {action.get("configuration", {}).get("StackName") for action in properties["actions"]}
                for place in world.environments:
                    if f"{place.stack}-{service.name}" in stacks:
                        yield Stage(pipeline, properties, service, place, root)


class Variables(variables.Variables):
    """What the source and the build would have said of a commit; its image's digest is made up from it."""

    def __init__(self, world: World, stage: Stage, commit: str) -> None:
        """Sources know the commit under every key."""
        self.commit = commit
        self.digest = f"sha256:{hashlib.sha256(commit.encode()).hexdigest()}"
        name = f"{world.platform.platform}/{stage.service.name}"
        found = world.client(stage.root, "ecr").describe_repositories(repositoryNames=[name])
        image = {
            "IMAGE_URI": f"{found['repositories'][0]['repositoryUri']}@{self.digest}",
            "IMAGE_DIGEST": self.digest,
            "IMAGE_TAG": commit,
        }
        actions = [action for part in stage.pipeline["stages"] for action in part["actions"]]
        sources = [action for action in actions if action["actionTypeId"]["category"] == "Source"]
        super().__init__({"Build": image}, {action.get("namespace", ""): commit for action in sources})
