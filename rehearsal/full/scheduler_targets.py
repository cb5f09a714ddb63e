"""A task in the target groups of its service: registered, deregistered, drained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from rehearsal.full.deployments import LoadBalancer
from rehearsal.full.scheduler_parts import Target, TaskFailedError, World

_DEREGISTRATION_DELAY = 300  # seconds, the default of a target group
_NOTICED = 15.0  # seconds in which the load balancer must follow a deregistration
_TRIES = 10  # of a call that must not get lost
_SERVER_ERROR = 500


@dataclass(frozen=True)
class Targets:
    """One task's targets, one per load balancer entry of its service."""

    address: str
    load_balancers: tuple[LoadBalancer, ...]
    elbv2: Any
    world: World

    def register(self) -> None:
        """Register all of them.

        Raises:
            TaskFailedError: the API refuses one.
        """
        for balancer in self.load_balancers:
            group = balancer.target_group_arn
            try:
                self.elbv2.register_targets(TargetGroupArn=group, Targets=[self._described(balancer)])
            except (ClientError, BotoCoreError) as error:
                raise TaskFailedError(f"failed to register targets in (target-group {group}): {error}") from error

    def states(self) -> dict[str, str]:
        """What the load balancer says of the target in each target group; initial where it does not know it yet."""
        health = self.world.health.health
        groups = {balancer.target_group_arn: self._target(balancer) for balancer in self.load_balancers}
        return {group: health(group).get(target, "initial") for group, target in groups.items()}

    def leave(self, *, drain: bool, hurry: Callable[[], bool]) -> None:
        """Deregister all of them, and wait until the load balancer has drained them unless `hurry` says otherwise."""
        left = [balancer for balancer in self.load_balancers if self._deregister(balancer)]
        if drain:
            for balancer in left:
                self._drain(balancer, hurry)

    def _deregister(self, balancer: LoadBalancer) -> bool:
        """False when the target group is gone, with all its targets."""
        group, described = balancer.target_group_arn, [self._described(balancer)]
        return self._insist(lambda: self.elbv2.deregister_targets(TargetGroupArn=group, Targets=described)) is not None

    def _drain(self, balancer: LoadBalancer, hurry: Callable[[], bool]) -> None:
        """Until nothing is in flight or the delay is over, counted from when the load balancer knows.

        Before it knows, it may send another request to a target on which nothing is in flight.
        """
        world, group, target = self.world, balancer.target_group_arn, self._target(balancer)
        self._wait(_NOTICED, hurry, lambda: world.health.health(group).get(target, "unused") in ("draining", "unused"))
        self._wait(self._delay(group), hurry, lambda: world.health.in_flight(group, target) == 0)

    def _wait(self, seconds: float, hurry: Callable[[], bool], until: Callable[[], bool]) -> None:
        end = self.world.clock() + seconds
        while not hurry() and self.world.clock() < end and not until():
            self.world.sleep(self.world.interval)

    def _delay(self, group: str) -> float:
        found = self._insist(lambda: self.elbv2.describe_target_group_attributes(TargetGroupArn=group))
        values = {entry["Key"]: entry["Value"] for entry in (found or {}).get("Attributes", [])}
        return float(values.get("deregistration_delay.timeout_seconds", _DEREGISTRATION_DELAY))

    def _insist(self, call: Callable[[], Any]) -> Any:
        """The answer, or None when the API says no: what the call is about is gone."""
        for attempt in range(1, _TRIES + 1):
            try:
                return call()
            except (ClientError, BotoCoreError) as error:
                refused = isinstance(error, ClientError) and _status(error) < _SERVER_ERROR
                if refused:
                    return None
                if attempt == _TRIES:
                    raise
            self.world.sleep(self.world.interval)
        return None

    def _described(self, balancer: LoadBalancer) -> dict[str, Any]:
        return {"Id": self.address, "Port": balancer.port}

    def _target(self, balancer: LoadBalancer) -> Target:
        return self.address, balancer.port


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
