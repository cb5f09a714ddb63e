"""The rules of a rolling update, without threads and without an API: which tasks start, which stop, when it has failed.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["IN_PROGRESS", "COMPLETED", "FAILED"]


@dataclass(frozen=True)
class LoadBalancer:
    """Where the tasks of a service are registered."""

    target_group_arn: str
    container: str
    port: int


@dataclass(frozen=True)
class Revision:
    """What a deployment rolls out: a change of any of it starts a new deployment, a change of the count does not."""

    task_definition: str  # ARN
    load_balancers: tuple[LoadBalancer, ...]
    network: str  # the network configuration as JSON


@dataclass(frozen=True)
class Breaker:
    """The deployment circuit breaker of a service."""

    enabled: bool = False
    rollback: bool = False
    kind: str = "BOUNDED_PERCENT"
    value: int = 50
    reset_on_healthy_task: bool = True

    @classmethod
    def read(cls, configuration: Mapping[str, Any]) -> Breaker:
        """From `deploymentCircuitBreaker` as `describe-services` returns it."""
        threshold = configuration.get("thresholdConfiguration") or {}
        return cls(
            enabled=bool(configuration.get("enable", False)),
            rollback=bool(configuration.get("rollback", False)),
            kind=threshold.get("type", "BOUNDED_PERCENT"),
            value=int(threshold.get("value", 50)),
            reset_on_healthy_task=bool(configuration.get("resetOnHealthyTask", True)),
        )

    def threshold(self, desired: int) -> int:
        """How many failed tasks make the deployment fail."""
        if self.kind == "COUNT":
            return max(1, self.value)
        share = math.ceil(desired * self.value / 100)
        return max(1, share) if self.kind == "UNBOUNDED_PERCENT" else min(200, max(3, share))

    def trips(self, failed: int, desired: int) -> bool:
        """The deployment has failed after `failed` tasks."""
        return self.enabled and failed >= self.threshold(desired)


@dataclass(frozen=True)
class Deployment:
    """How a deployment went or goes."""

    task_definition: str  # ARN
    status: Status
    reason: str
    failed_tasks: int
    started: float  # seconds since 1970
    ended: float | None
    rolled_back_to: str | None = None  # ARN of a task definition


@dataclass(frozen=True)
class Member:
    """A task of a service that nobody has told to stop."""

    id: str
    healthy: bool
    started: float  # seconds since 1970


@dataclass(frozen=True)
class Limits:
    """How many tasks a service may and must have while a deployment runs."""

    desired: int
    minimum_percent: int
    maximum_percent: int

    @property
    def upper(self) -> int:
        """At most so many tasks run or start at a time."""
        return self.desired * self.maximum_percent // 100

    @property
    def lower(self) -> int:
        """At least so many tasks stay healthy."""
        return math.ceil(self.desired * self.minimum_percent / 100)


@dataclass(frozen=True)
class Plan:
    """What the scheduler does next."""

    start: int
    stop: tuple[str, ...]


def plan(
    limits: Limits,
    current: Sequence[Member],
    others: Sequence[Member],
    *,
    source: Collection[str] = (),
    may_start: bool = True,
) -> Plan:
    """The next step from `current` (tasks of the revision that is rolled out) and `others` (all other tasks).

    Tasks beyond the desired count go at once, those that are not healthy first. Healthy tasks of other revisions go
    only while at least `limits.lower` healthy ones stay, and those of `source`, the last completed deployment, are not
    given up before that either. Without `may_start` nothing new is begun: a failed deployment keeps what others left.
    """
    if limits.desired == 0:
        return Plan(0, tuple(task.id for task in (*current, *others)))
    excess = sorted(current, key=lambda task: (task.healthy, -task.started))[: max(0, len(current) - limits.desired)]
    going = {task.id for task in excess}
    if not may_start:
        return Plan(0, tuple(going))
    healthy = sum(task.healthy for task in (*current, *others) if task.id not in going)
    spare = max(0, healthy - limits.lower)
    old = sorted((task for task in others if task.healthy), key=lambda task: task.started)[:spare]
    going |= {task.id for task in old}
    enough = healthy >= limits.lower
    going |= {task.id for task in others if not task.healthy and (enough or task.id not in source)}
    staying = len(current) + len(others) - len(going)
    return Plan(max(0, min(limits.desired - len(current), limits.upper - staying)), tuple(going))
