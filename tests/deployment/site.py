"""A platform's stacks in an account of their own, whatever accounts it names, through boto3."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator import Emulator, Resolved
from emulator.driver import Stacks
from sendy_cfn import targets
from sendy_cfn.config import releases
from sendy_cfn.config.model import Platform
from tests.generated import Generated

_ACCOUNTS = itertools.count(400000000000)

Parameters = Mapping[str, object]


def digest(letter: str) -> str:
    return f"sha256:{letter * 64}"


class Site:
    """An account, empty at first."""

    def __init__(self, emulator: Emulator, made: Generated) -> None:
        self.made = made
        self.platform: Platform = made.platform
        self.folder = made.folder
        account, regions = str(next(_ACCOUNTS)), made.platform.regions
        self._stacks = {region: Stacks(emulator, account, region) for region in regions}
        self.stacks = self._stacks[made.platform.toolchain.region]

    def at(self, place: str) -> Stacks:
        """The region of an environment; the toolchain's for all else."""
        environment = self.platform.environments.get(place)
        return self._stacks[environment.region] if environment else self.stacks

    def client(self, service: str, place: str = "") -> Any:
        return self.at(place).client(service)

    def resolved(self, stack: str) -> dict[str, Resolved]:
        return self.at(self._place(stack)).resolved(stack)

    def _place(self, stack: str) -> str:
        return stack.removeprefix(f"{self.platform.platform}-").partition("-")[0]

    def create(self, place: str, **changed: object) -> str:
        """Create the roots of an environment or the toolchain; the last one's status."""
        return self._apply(place, Stacks.create, changed)

    def update(self, place: str, **changed: object) -> str:
        return self._apply(place, Stacks.update, changed)

    def _apply(self, place: str, operation: Any, changed: Parameters) -> str:
        status = ""
        for target in targets.find(self.platform, place):
            stacks = self._stacks[target.region]
            body = stacks.package(self.folder / target.template)
            values = {**targets.parameters(target, self.folder), **changed}
            status = operation(stacks, target.stack, body, values, Tags=_tags(targets.tags(target, self.folder)))
        return status

    def template(self, service: str, place: str) -> Path:
        """The template with which the service is released there."""
        of, environment = self.platform.services[service], self.platform.environments[place]
        return self.folder / releases.service_file(of, releases.variant(of, environment))

    def stack(self, service: str, place: str) -> str:
        return f"{self.platform.platform}-{place}-{service}"

    def image(self, service: str, image: str) -> str:
        registry = f"{self.stacks.account}.dkr.ecr.{self.stacks.region}.amazonaws.com"
        return f"{registry}/{self.platform.platform}/{service}@{image}"

    def release(self, service: str, place: str, image: str, **changed: object) -> str:
        """Create the service's stack, or update it where it is there: CREATE_UPDATE."""
        return self.release_text(self.template(service, place).read_text(), service, place, image, changed)

    def release_text(self, body: str, service: str, place: str, image: str, changed: Parameters | None = None) -> str:
        values = {"Image": self.image(service, image), "Version": image[-7:], **(changed or {})}
        return self.apply(body, service, place, values)

    def switch(self, service: str, place: str, images: tuple[str, str], live: str, idle_tasks: int) -> str:
        """A step of a release by cluster switch: an image for blue and one for green."""
        values: dict[str, object] = {"LiveCluster": live, "IdleTasks": idle_tasks}
        for side, image in zip(("Blue", "Green"), images, strict=True):
            values |= {f"{side}Image": self.image(service, image), f"{side}Version": image[-7:]}
        return self.apply(self.template(service, place).read_text(), service, place, values)

    def apply(self, body: str, service: str, place: str, values: Parameters) -> str:
        stack, stacks = self.stack(service, place), self.at(place)
        configuration = self.made.configurations[f"{place}/service-{service}.json"]
        operation = stacks.update if stack in stacks.statuses() else stacks.create
        return operation(
            stack,
            body,
            {**configuration["Parameters"], **values},
            Tags=_tags(configuration["Tags"]),
            Capabilities=["CAPABILITY_IAM"],
        )

    def task_definition(self, stack: str) -> dict[str, Any]:
        """What ECS says the service runs."""
        ecs = self.client("ecs", self._place(stack))
        definition = self.service(stack)["taskDefinition"]
        found: dict[str, Any] = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
        return found

    def service(self, stack: str) -> dict[str, Any]:
        [resource] = [found for found in self.resolved(stack).values() if found.type == "AWS::ECS::Service"]
        found: dict[str, Any] = self.client("ecs", self._place(stack)).describe_services(
            cluster=resource.properties["Cluster"], services=[resource.physical_id]
        )["services"][0]
        return found


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
