"""The ECS scheduler of a rehearsal: what the ECS API says is to run, runs.

It reads clusters, services and task definitions over and over, starts and stops tasks, registers them with the target
groups, and gives deployments up or back as the deployment circuit breaker says.
"""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from rehearsal.events import Events, NotRehearsedError, RehearsalError
from rehearsal.full.deployments import Deployment
from rehearsal.full.scheduler_parts import Clients, Engine, Health, TaskView, World
from rehearsal.full.scheduler_reading import Lost, Reader, Service, short
from rehearsal.full.scheduler_service import Rollout, ServiceRunner
from rehearsal.full.tasks import Task
from rehearsal.runtime import DeploymentFailedError

__all__ = ["Clients", "Engine", "Health", "Scheduler", "TaskView"]

_API_LIMIT = 60.0  # seconds in which the API must answer again
_END_LIMIT = 60.0  # seconds in which killed tasks must have ended


@dataclass
class _Place:
    """One account and region."""

    name: str
    clients: Clients
    reader: Reader
    runners: dict[str, ServiceRunner] = field(default_factory=dict)  # by service ARN
    failing_since: float | None = None


class Scheduler:
    """Runs the services of all places; `start` it, and `stop` it at the end."""

    def __init__(
        self,
        clients: Mapping[str, Clients],
        engine: Engine,
        health: Health,
        events: Events,
        addresses: Iterator[str],
        *,
        lost: Lost | None = None,
        wait_for_health: bool = True,
        interval: float = 0.2,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        machine: str = platform.machine(),
    ) -> None:
        """Nothing runs yet.

        Args:
            clients: by a name of the place, which is for messages only.
            engine: runs the containers.
            health: the load balancer's view of targets.
            events: where every change is said.
            addresses: one for each task, never twice.
            lost: CloudFormation properties of a service (cluster ARN, name) that fill in what the API leaves out.
            wait_for_health: False makes a task count as healthy as soon as it runs.
            interval: seconds between two looks, by `clock`.
            clock: seconds since 1970.
            sleep: waits so many seconds of `clock`.
            machine: this one's architecture as Python calls it.
        """
        self._world = World(engine, health, events, clock, sleep, interval, wait_for_health, self._broke)
        self._addresses = addresses
        self._places = [_Place(name, some, Reader(some.ecs, machine, lost)) for name, some in clients.items()]
        self._lock = threading.RLock()
        self._dead: set[str] = set()  # names of clusters
        self._error: BaseException | None = None
        self._ending = False
        self._begun = self._done = 0  # looks
        self._thread = threading.Thread(target=self._loop, name="scheduler", daemon=True)

    def count_healthy_at_once(self, at_once: bool) -> None:
        """Whether a task counts as healthy as soon as it runs; that is the control of waiting for health."""
        self._world.wait_for_health = not at_once

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and kill all tasks; returns when nothing is left of them.

        Raises:
            RehearsalError: tasks are left.
        """
        self._ending = True
        if self._thread.is_alive():
            self._thread.join(_END_LIMIT)
        tasks = self._all_tasks()
        killers = [threading.Thread(target=task.abandon, args=("The rehearsal ends",), daemon=True) for task in tasks]
        for killer in killers:
            killer.start()
        deadline = time.monotonic() + _END_LIMIT
        for waited in (*killers, *(task.thread for task in tasks)):
            waited.join(max(0, deadline - time.monotonic()))
        if left := [task.order.name for task in tasks if not task.ended]:
            raise RehearsalError(f"tasks did not end within {_END_LIMIT:.0f} s: {', '.join(left)}")

    def check(self) -> None:
        """Raise what went wrong in a thread.

        Raises:
            RehearsalError: the scheduler or a task broke in a way that is no part of the rehearsal.
        """
        if self._error is not None:
            kind = type(self._error).__name__
            raise RehearsalError(f"the ECS scheduler broke: {kind}: {self._error}") from self._error

    def deployment(self, cluster: str, service: str) -> Deployment:
        """The latest deployment of a service, also when the service has gone back from it since.

        `cluster` is a name or an ARN; `service` a name.

        Raises:
            NotRehearsedError: the service cannot be executed.
            RehearsalError: there is no such service.
        """
        return self.deployments(cluster, service)[-1]

    def deployments(self, cluster: str, service: str) -> list[Deployment]:
        """All deployments of a service, oldest first; raises as `deployment` does."""
        with self._lock:
            return [rollout.view() for rollout in self._known(cluster, service).history]

    def wait_steady(self, cluster: str, service: str, task_definition: str | None, limit_seconds: float) -> None:
        """Return when a service runs as many healthy tasks as desired, all of `task_definition`, and no others.

        Args:
            cluster: a name or an ARN.
            service: a name.
            task_definition: an ARN or FAMILY:REVISION; None for whichever the service has now.
            limit_seconds: by the scheduler's clock.

        Raises:
            DeploymentFailedError: the deployment of this task definition failed.
            NotRehearsedError: the service cannot be executed.
            RehearsalError: it is not steady in time, or the scheduler broke.
        """
        clock = self._world.clock
        deadline = clock() + limit_seconds
        wanted = short(task_definition) if task_definition else None
        # What the API says now must have been seen: a look that began before this call may not know it.
        first = self._begun + 1
        while not (self._done >= first and self._is_steady(cluster, service, wanted)):
            self.check()
            if clock() > deadline:
                raise RehearsalError(self._unsteady(cluster, service, wanted, limit_seconds))
            self._world.sleep(self._world.interval / 2)
        self.check()

    def tasks(self, cluster: str, service: str) -> list[TaskView]:
        """The tasks of a service of which something is left, oldest first; raises as `deployment` does."""
        with self._lock:
            return [task.view() for task in self._known(cluster, service).tasks]

    def kill_task(self, task_id: str) -> None:
        """Kill a task's container, as if it had died by itself.

        Raises:
            RehearsalError: there is no such task, or it has no container.
        """
        found = [task for task in self._all_tasks() if task.order.id == task_id]
        if not found:
            raise RehearsalError(f"no task {task_id}")
        found[0].kill()

    def kill_cluster(self, cluster: str) -> None:
        """Kill all tasks of a cluster (name or ARN) at once; nothing starts there until `revive`."""
        with self._lock:
            self._dead.add(short(cluster))
            runners = [runner for runner in self._runners() if self._cluster(runner) == short(cluster)]
        for runner in runners:
            runner.die()

    def revive(self, cluster: str) -> None:
        """Tasks start again in a cluster that was killed."""
        with self._lock:
            self._dead.discard(short(cluster))

    def _loop(self) -> None:
        try:
            while not self._ending:
                self._look()
                self._world.sleep(self._world.interval)
        except Exception as error:  # whatever it is, the rehearsal must hear of it
            self._broke(error)

    def _look(self) -> None:
        self._begun += 1
        complete = [self._look_at(place) for place in self._places]
        if all(complete):
            self._done = self._begun

    def _look_at(self, place: _Place) -> bool:
        """False when the API did not answer: a stack may be changing under it."""
        try:
            services = place.reader.services()
        except (ClientError, BotoCoreError) as error:
            now = self._world.clock()
            place.failing_since = place.failing_since or now
            if now - place.failing_since > _API_LIMIT:
                raise RehearsalError(f"the ECS API of {place.name} has not answered for {_API_LIMIT:.0f} s") from error
            return False
        place.failing_since = None
        with self._lock:
            self._step(place, services)
        return True

    def _step(self, place: _Place, services: list[Service]) -> None:
        if self._ending:
            return
        for service in services:
            if service.arn not in place.runners:
                place.runners[service.arn] = ServiceRunner(place.clients, self._world, self._address)
            place.runners[service.arn].step(service, dead=service.cluster in self._dead)
        for arn in place.runners.keys() - {service.arn for service in services}:
            if place.runners[arn].gone():
                del place.runners[arn]

    def _address(self) -> str:
        found = next(self._addresses, None)
        if found is None:
            raise RehearsalError("no address is left for another task")
        return found

    def _broke(self, error: BaseException) -> None:
        # At the end containers are killed under their tasks.
        if self._error is None and not self._ending:
            self._error = error

    def _runners(self) -> list[ServiceRunner]:
        return [runner for place in self._places for runner in place.runners.values()]

    def _all_tasks(self) -> list[Task]:
        with self._lock:
            return [task for runner in self._runners() for task in runner.tasks]

    def _cluster(self, runner: ServiceRunner) -> str:
        return runner.service.cluster if runner.service else ""

    def _find(self, cluster: str, service: str) -> ServiceRunner | None:
        found = [
            runner
            for runner in self._runners()
            if runner.service is not None
            and runner.service.name == short(service)
            and cluster in (runner.service.cluster, runner.service.cluster_arn)
        ]
        if len(found) > 1:
            raise RehearsalError(f"service {service} on {cluster} is in more than one place: name the cluster by ARN")
        return found[0] if found else None

    def _known(self, cluster: str, service: str) -> ServiceRunner:
        found = self._find(cluster, service)
        if found is None or found.service is None:
            raise RehearsalError(f"no service {service} on {cluster}")
        if found.service.not_rehearsed:
            raise NotRehearsedError(f"service {service} on {cluster}: {found.service.not_rehearsed}")
        if not found.history:
            raise RehearsalError(f"no deployment of service {service} on {cluster} yet")
        return found

    def _is_steady(self, cluster: str, service: str, wanted: str | None) -> bool:
        with self._lock:
            runner = self._known(cluster, service)
            target, latest = runner.target, _latest(runner, wanted)
            is_target = target is not None and wanted in (None, short(target.revision.task_definition))
            if latest is not None and latest.status == "FAILED" and (target is latest or not is_target):
                raise DeploymentFailedError(f"{_name(latest)} to {service} on {cluster} failed: {latest.reason}")
            return is_target and runner.steady

    def _unsteady(self, cluster: str, service: str, wanted: str | None, limit: float) -> str:
        runner = self._find(cluster, service)
        target = runner.target if runner else None
        tasks = [task.view() for task in runner.tasks] if runner else []
        states = ", ".join(f"{t.id} {t.state}{' healthy' if t.healthy else ''} {t.reason}".strip() for t in tasks)
        what = f"{_name(target)}: {target.status} {target.last_failure or target.reason}" if target else "no deployment"
        goal = f" at {wanted}" if wanted else ""
        return (
            f"service {service} on {cluster} is not steady{goal} after {limit:.0f} s; {what}; tasks: {states or 'none'}"
        )


def _name(rollout: Rollout) -> str:
    return f"deployment of {short(rollout.revision.task_definition)}"


def _latest(runner: ServiceRunner, wanted: str | None) -> Rollout | None:
    """The latest deployment of a task definition."""
    matching = [one for one in runner.history if wanted in (None, short(one.revision.task_definition))]
    return matching[-1] if matching else None
