"""One service: its deployments, and the tasks that they start and stop."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from rehearsal.full.deployments import Deployment, Revision, Status, plan
from rehearsal.full.scheduler_parts import Clients, Order, World
from rehearsal.full.scheduler_reading import Service, short
from rehearsal.full.tasks import Task

_BACK_OFF = 1.0  # seconds from a task that never became healthy to the next


class Rollout:
    """A deployment under way or over."""

    def __init__(self, service: Service, now: float) -> None:
        """It begins now."""
        self.revision = service.revision
        self.container = service.container
        self.status: Status = "IN_PROGRESS"
        self.reason = ""
        self.failed = 0
        self.last_failure = ""
        self.started = now
        self.ended: float | None = None
        self.rolled_back_to: str | None = None

    def view(self) -> Deployment:
        """What others may know of it."""
        about = (self.status, self.reason, self.failed, self.started, self.ended, self.rolled_back_to)
        return Deployment(self.revision.task_definition, *about)


@dataclass
class _Placed:
    task: Task
    rollout: Rollout
    counted: bool = False  # its failure
    reset: bool = False  # it set the failures back


class ServiceRunner:
    """Executes one service; `step` and `gone` are called by one thread only."""

    def __init__(self, clients: Clients, world: World, address: Callable[[], str]) -> None:
        """Nothing runs yet; `address` returns one that no task has."""
        self._clients = clients
        self._world = world
        self._address = address
        self._placed: list[_Placed] = []
        self._seen: tuple[Revision, str] | None = None
        self._target: Rollout | None = None
        self._completed: Rollout | None = None
        self._owed = 0  # tasks of the last completed deployment that died while the next one is under way
        self._retry_at = 0.0
        self._dead = False
        self.service: Service | None = None
        self.history: list[Rollout] = []

    @property
    def tasks(self) -> list[Task]:
        """All tasks of which something is left, oldest first."""
        return [placed.task for placed in list(self._placed)]

    @property
    def target(self) -> Rollout | None:
        """What the service is to run: the latest deployment, or the one it went back to."""
        return self._target

    @property
    def steady(self) -> bool:
        """As many healthy tasks as desired, all of the target, no others left, not even ones that stop."""
        target, service = self._target, self.service
        if target is None or service is None or target.status != "COMPLETED":
            return False
        placed = list(self._placed)
        good = [one for one in placed if one.rollout is target and one.task.healthy and one.task.alive]
        return len(good) == len(placed) == service.limits.desired

    def step(self, service: Service, *, dead: bool = False) -> None:
        """One look at what the API says and at the tasks, and what follows from it; `dead`: the whole cluster is."""
        self.service = service
        self._dead = dead
        what = f"service {service.name} on {service.cluster}"
        if service.not_rehearsed:
            self._world.events.not_rehearsed(what, service.not_rehearsed)
            self._stop_all("Service is not executed any more")
            self._reap(service)
            return
        if service.not_watched:
            self._world.events.not_rehearsed(f"{what}: {service.not_watched}", "the rest of the service is executed")
        self._notice(service)
        self._reap(service)
        if not dead:
            self._reconcile(service)
            self._finish(service)

    def gone(self) -> bool:
        """The service was deleted: its tasks stop; true when none is left."""
        self._seen = self._target = self._completed = None
        self._stop_all("Service deleted")
        self._placed = [placed for placed in self._placed if not placed.task.ended]
        return not self._placed

    def die(self) -> None:
        """Kill everything at once."""
        self._dead = True
        killers = [threading.Thread(target=_kill, args=(task,), daemon=True) for task in self.tasks]
        for killer in killers:
            killer.start()
        for killer in killers:
            killer.join()

    def _notice(self, service: Service) -> None:
        seen = (service.revision, service.primary)
        if seen == self._seen:
            return
        self._seen = seen
        now = self._world.clock()
        if self._target is not None and self._target.status == "IN_PROGRESS":
            self._close(self._target, "FAILED", "a newer deployment replaced it", now)
        self._target = Rollout(service, now)
        self._owed, self._retry_at = 0, 0.0
        self.history.append(self._target)
        self._say(self._target, "began")
        if service.refused:
            self._fail(self._target, service, f"InvalidParameterException: {service.refused}", rollback=True)

    def _reap(self, service: Service) -> None:
        for placed in list(self._placed):
            ended = placed.task.ended  # before the rest, so that no failure is missed
            self._forgive(placed, service)
            if placed.task.failed and not placed.counted:
                placed.counted = True
                self._count(placed, service)
            if ended:
                self._placed.remove(placed)

    def _forgive(self, placed: _Placed, service: Service) -> None:
        if placed.task.proven and not placed.reset:
            placed.reset = True
            if placed.rollout.status == "IN_PROGRESS" and service.breaker.reset_on_healthy_task:
                placed.rollout.failed = 0

    def _count(self, placed: _Placed, service: Service) -> None:
        if self._dead:
            return
        task, rollout = placed.task, placed.rollout
        self._retry_at = self._world.clock() + (0 if task.proven else _BACK_OFF)
        if self._target is None or self._target.status != "IN_PROGRESS":
            return
        if rollout is self._target:
            rollout.failed += 1
            rollout.last_failure = task.reason
            if service.breaker.trips(rollout.failed, service.limits.desired):
                text = f"ECS deployment circuit breaker: {rollout.failed} tasks failed, the last one: {task.reason}"
                self._fail(rollout, service, text, rollback=service.breaker.rollback)
        elif rollout is self._completed:
            self._owed += 1

    def _fail(self, rollout: Rollout, service: Service, reason: str, *, rollback: bool) -> None:
        back = self._completed if rollback else None
        if back is not None:
            rollout.rolled_back_to = back.revision.task_definition
            reason = f"{reason}; rolling back to {short(back.revision.task_definition)}"
        self._close(rollout, "FAILED", reason, self._world.clock())
        if back is not None:
            self._target, self._retry_at = back, 0.0
            self._write_back(service, back.revision)

    def _write_back(self, service: Service, revision: Revision) -> None:
        """ECS rolls the service itself back, so the API says so from now on."""
        changes: dict[str, Any] = {"taskDefinition": revision.task_definition}
        if revision.network != service.revision.network:
            changes["networkConfiguration"] = json.loads(revision.network)
        if revision.load_balancers != service.revision.load_balancers:
            changes["loadBalancers"] = [
                {"targetGroupArn": one.target_group_arn, "containerName": one.container, "containerPort": one.port}
                for one in revision.load_balancers
            ]
        where = {"cluster": service.cluster_arn, "service": service.arn}
        try:
            answer = self._clients.ecs.update_service(**where, **changes)["service"]
        except (ClientError, BotoCoreError):  # deleted meanwhile: the next look tells
            return
        primary = next((one["id"] for one in answer["deployments"] if one["status"] == "PRIMARY"), "")
        self._seen = (revision, primary)

    def _reconcile(self, service: Service) -> None:
        target = self._target
        if target is None:
            return
        alive = [placed for placed in self._placed if placed.task.alive]
        current = [placed.task.member() for placed in alive if placed.rollout is target]
        others = [placed.task.member() for placed in alive if placed.rollout is not target]
        source = {placed.task.order.id for placed in alive if placed.rollout is self._completed}
        step = plan(service.limits, current, others, source=source, may_start=target.status != "FAILED")
        for placed in alive:
            if placed.task.order.id in step.stop:
                placed.task.stop("Scaling activity initiated by the service")
        if self._world.clock() < self._retry_at:
            return
        for _ in range(step.start):
            self._start(service, target)
        if target.status == "IN_PROGRESS":
            healthy = sum(task.healthy for task in current)
            room = service.limits.upper - len(alive) + len(step.stop) - step.start
            self._replace_source(service, min(room, service.limits.lower - len(source) - healthy))

    def _replace_source(self, service: Service, at_most: int) -> None:
        """Old tasks that died are replaced by such of the same revision: the new one has proven nothing yet."""
        for _ in range(min(self._owed, at_most)):
            if self._completed is not None:
                self._owed -= 1
                self._start(service, self._completed)

    def _start(self, service: Service, rollout: Rollout) -> None:
        order = Order(
            id=uuid.uuid4().hex[:6],
            cluster=service.cluster,
            service=service.name,
            address=self._address(),
            task_definition=rollout.revision.task_definition,
            container=rollout.container,
            load_balancers=rollout.revision.load_balancers,
            grace=self._grace,
        )
        self._placed.append(_Placed(Task(order, self._clients, self._world), rollout))

    def _grace(self) -> float:
        return self.service.grace if self.service else 0

    def _finish(self, service: Service) -> None:
        target = self._target
        if target is None or target.status != "IN_PROGRESS":
            return
        mine = [placed.task for placed in self._placed if placed.rollout is target and placed.task.alive]
        others = [placed for placed in self._placed if placed.rollout is not target]
        if not others and len(mine) == service.limits.desired and all(task.healthy for task in mine):
            self._close(target, "COMPLETED", "ECS deployment completed.", self._world.clock())
            self._completed = target

    def _stop_all(self, reason: str) -> None:
        for task in self.tasks:
            task.stop(reason)

    def _close(self, rollout: Rollout, status: Status, reason: str, now: float) -> None:
        rollout.status, rollout.reason, rollout.ended = status, reason, now
        self._say(rollout, status, f" ({reason})" if status == "FAILED" else "")

    def _say(self, rollout: Rollout, what: str, more: str = "") -> None:
        service = self.service
        if service is None:
            return
        where = f"{service.name} on {service.cluster}"
        self._world.events.add(
            "deployment",
            f"deployment of {short(rollout.revision.task_definition)} to {where}: {what}{more}",
            cluster=service.cluster,
            service=service.name,
            task_definition=rollout.revision.task_definition,
            status=rollout.status,
            reason=rollout.reason,
            failed_tasks=rollout.failed,
        )


def _kill(task: Task) -> None:
    task.abandon("Everything in the cluster died")
