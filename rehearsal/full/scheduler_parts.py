"""What the scheduler works with: the parts that others make, and what a task is.

`Engine` and `Health` are protocols: the real ones run containers and ask the load balancer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rehearsal.events import Events, RehearsalError
from rehearsal.full.deployments import LoadBalancer

Target = tuple[str, int]  # address and port

VERSION_LABEL = "org.opencontainers.image.revision"


class TaskFailedError(RehearsalError):
    """A task did not start or did not stay; the message is what ECS gives as its stopped reason."""


class Container(Protocol):
    """A running container."""

    def state(self) -> tuple[str, int | None]:
        """`("running", None)` or `("exited", code)`."""

    def stop(self, timeout_seconds: float) -> None:
        """SIGTERM, and SIGKILL after the timeout; returns when it has ended."""

    def kill(self) -> None:
        """SIGKILL; no error when it has ended."""

    def execute(self, command: Sequence[str]) -> bool:
        """Run a command in it; whether that ended with 0."""

    def remove(self) -> None:
        """Nothing of it is left."""

    def log_tail(self) -> str:
        """The end of what it wrote."""


class Engine(Protocol):
    """Runs containers; a RehearsalError of `pull` and `run` makes the task fail, any other ends the rehearsal."""

    def pull(self, image: str) -> None:
        """Bring an image here."""

    def run(
        self, name: str, address: str, container_definition: Mapping[str, Any], environment: Mapping[str, str]
    ) -> Container:
        """Start a container; `environment` goes on top of what the definition says."""


class Health(Protocol):
    """The load balancer's view of targets."""

    def health(self, target_group_arn: str) -> Mapping[Target, str]:
        """initial, healthy, unhealthy or draining for each target that it knows; nothing for an unknown group."""

    def in_flight(self, target_group_arn: str, target: Target) -> int:
        """Requests under way there."""


@dataclass(frozen=True)
class Clients:
    """Boto3 clients of one account and region."""

    ecs: Any
    elbv2: Any
    ssm: Any
    secretsmanager: Any


@dataclass
class World:
    """What tasks and services work with."""

    engine: Engine
    health: Health
    events: Events
    clock: Callable[[], float]  # seconds since 1970
    sleep: Callable[[float], None]
    interval: float  # seconds between two looks
    wait_for_health: bool  # may change while tasks run
    broken: Callable[[BaseException], None]  # told what nobody expected


@dataclass(frozen=True)
class Order:
    """What a task is to be."""

    id: str
    cluster: str
    service: str
    address: str
    task_definition: str  # ARN
    container: Mapping[str, Any]
    load_balancers: tuple[LoadBalancer, ...]
    grace: Callable[[], float]  # seconds in which failing health checks do not count, from its start

    @property
    def name(self) -> str:
        """Of its container."""
        return f"{self.cluster}-{self.service}-{self.id}"

    @property
    def version(self) -> str:
        """The commit that the image was built from, as the task definition labels it."""
        return str((self.container.get("dockerLabels") or {}).get(VERSION_LABEL, ""))


@dataclass(frozen=True)
class TaskView:
    """A task as it is now."""

    id: str
    cluster: str
    service: str
    address: str
    task_definition: str  # ARN
    version: str
    state: str  # ECS's lastStatus
    healthy: bool
    reason: str  # why it stopped or stops
