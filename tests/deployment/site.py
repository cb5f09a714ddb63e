"""The shipped platform's stacks in an account of their own, through boto3."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from emulator import Emulator, Resolved
from emulator.driver import Stacks
from sendy_cfn import targets
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
        self.stacks = Stacks(emulator, str(next(_ACCOUNTS)), made.platform.toolchain.region)

    def client(self, service: str) -> Any:
        return self.stacks.client(service)

    def resolved(self, stack: str) -> dict[str, Resolved]:
        return self.stacks.resolved(stack)

    def create(self, place: str, **changed: object) -> str:
        """Create the roots of an environment or the toolchain; the last one's status."""
        return self._apply(place, self.stacks.create, changed)

    def update(self, place: str, **changed: object) -> str:
        return self._apply(place, self.stacks.update, changed)

    def _apply(self, place: str, operation: Any, changed: Parameters) -> str:
        status = ""
        for target in targets.find(self.platform, place):
            body = self.stacks.package(self.folder / target.template)
            values = {**targets.parameters(target, self.folder), **changed}
            status = operation(target.stack, body, values, Tags=_tags(targets.tags(target, self.folder)))
        return status

    def release(self, service: str, place: str, image: str, **changed: object) -> str:
        """Create the service's stack, or update it where it is there: CREATE_UPDATE."""
        return self.release_text((self.folder / f"service-{service}.yaml").read_text(), service, place, image, changed)

    def release_text(self, body: str, service: str, place: str, image: str, changed: Parameters | None = None) -> str:
        stack = f"{self.platform.platform}-{place}-{service}"
        configuration = self.made.configurations[f"{place}/service-{service}.json"]
        address = f"{self.stacks.account}.dkr.ecr.{self.stacks.region}.amazonaws.com/courier/{service}@{image}"
        values = {**configuration["Parameters"], "Image": address, "Version": image[-7:], **(changed or {})}
        operation = self.stacks.update if stack in self.stacks.statuses() else self.stacks.create
        return operation(stack, body, values, Tags=_tags(configuration["Tags"]), Capabilities=["CAPABILITY_IAM"])

    def task_definition(self, stack: str) -> dict[str, Any]:
        """What ECS says the service runs."""
        ecs = self.client("ecs")
        definition = self.service(stack)["taskDefinition"]
        found: dict[str, Any] = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
        return found

    def service(self, stack: str) -> dict[str, Any]:
        resource = self.resolved(stack)["Service"]
        found: dict[str, Any] = self.client("ecs").describe_services(
            cluster=resource.properties["Cluster"], services=[resource.physical_id]
        )["services"][0]
        return found


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
