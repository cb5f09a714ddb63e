"""One task from its start to its end, in a thread of its own.

PROVISIONING, PENDING (secrets, image), ACTIVATING (the container runs and is registered), RUNNING, DEACTIVATING
(deregistered, requests in flight end), STOPPING (SIGTERM, SIGKILL after the stop timeout), STOPPED.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
"""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from rehearsal.events import RehearsalError
from rehearsal.full.deployments import Member
from rehearsal.full.scheduler_checks import Check, CheckDefinition
from rehearsal.full.scheduler_parts import Clients, Container, Order, TaskFailedError, TaskView, World
from rehearsal.full.scheduler_targets import Targets
from rehearsal.task_secrets import secrets

_STOP_TIMEOUT = 30  # seconds, https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
_ALIVE = ("PROVISIONING", "PENDING", "ACTIVATING", "RUNNING")


class Task:
    """A task under way."""

    def __init__(self, order: Order, clients: Clients, world: World) -> None:
        """Start it."""
        self.order = order
        self._clients = clients
        self._world = world
        self._targets = Targets(order.address, order.load_balancers, clients.elbv2, world)
        self._container: Container | None = None
        self._registered = False
        self._stopping = threading.Event()
        self._quick = threading.Event()  # no draining, no SIGTERM
        self.state = "PROVISIONING"
        self.healthy = False
        self.proven = False  # it was healthy once
        self.failed = False  # it ended, or must end, without having been told to
        self.reason = ""
        self.log = ""  # the end of what its container wrote, once it has stopped
        self.started = world.clock()
        self._say("PROVISIONING")
        self.thread = threading.Thread(target=self._guarded, name=f"task-{order.id}", daemon=True)
        self.thread.start()

    @property
    def alive(self) -> bool:
        """It starts or runs, and is not on its way out."""
        return self.state in _ALIVE and not self._stopping.is_set() and not self.failed

    @property
    def ended(self) -> bool:
        """Nothing of it is left."""
        return not self.thread.is_alive()

    def member(self) -> Member:
        """What a plan needs to know of it."""
        return Member(self.order.id, self.healthy, self.started)

    def view(self) -> TaskView:
        """What others may know of it."""
        order = self.order
        who = (order.id, order.cluster, order.service, order.address, order.task_definition, order.version)
        return TaskView(*who, self.state, self.healthy, self.reason)

    def stop(self, reason: str) -> None:
        """Begin to stop it the way ECS does; returns at once."""
        if not self._stopping.is_set():
            self.reason = self.reason or reason
            self._stopping.set()

    def abandon(self, reason: str) -> None:
        """Stop it with SIGKILL and without draining; `ended` says when it is gone."""
        self._quick.set()
        self.stop(reason)
        container = self._container
        if container is not None and not self.ended:
            with contextlib.suppress(RehearsalError):  # removed just now; else the task's own thread says what is wrong
                container.kill()

    def kill(self) -> None:
        """Kill its container as if it had died by itself.

        Raises:
            RehearsalError: it has none.
        """
        container = self._container
        if container is None or self.state not in _ALIVE:
            raise RehearsalError(f"task {self.order.id} of {self.order.service} has no running container to kill")
        container.kill()

    def _guarded(self) -> None:
        try:
            self._live()
        except Exception as error:  # whatever it is, the rehearsal must hear of it
            self.failed = True
            self._world.broken(error)
        finally:
            self.healthy = False
            self.state = "STOPPED"

    def _live(self) -> None:
        failure = ""
        try:
            container = self._begin()
            failure = self._watch(container) if container else ""
        except TaskFailedError as error:
            failure = str(error)
        finally:
            if failure and not self._stopping.is_set():
                self.reason, self.failed = failure, True
            self._end()

    def _begin(self) -> Container | None:
        """Up to the registered container; None when it was told to stop before there was one."""
        order, clients, engine = self.order, self._clients, self._world.engine
        self._enter("PENDING")
        environment = secrets(order.container.get("secrets") or (), clients.ssm, clients.secretsmanager)
        try:
            engine.pull(str(order.container["image"]))
        except RehearsalError as error:
            raise TaskFailedError(f"CannotPullContainerError: {error}") from error
        if self._stopping.is_set():
            return None
        try:
            self._container = engine.run(order.name, order.address, order.container, environment)
        except RehearsalError as error:
            raise TaskFailedError(f"CannotStartContainerError: {error}") from error
        if self._stopping.is_set():
            return self._container
        self._enter("ACTIVATING")
        self._registered = True
        self._targets.register()
        self.started = self._world.clock()
        self._enter("RUNNING")
        return self._container

    def _watch(self, container: Container) -> str:
        """Until it is told to stop (empty text) or fails (the reason)."""
        definition = CheckDefinition.read(self.order.container)
        check = Check(definition, container.execute, self._world.clock()) if definition else None
        while not self._stopping.is_set():
            status, code = container.state()
            if status == "exited":
                return f"Essential container in task exited (exit code {code})"
            problem = self._look(check)
            if problem and self._world.clock() - self.started > self.order.grace():
                return problem
            self._world.sleep(self._world.interval)
        return ""

    def _look(self, check: Check | None) -> str:
        """Set `healthy`; what is wrong, or an empty text."""
        states = self._targets.states()
        checked = check.step(self._world.clock()) if check else "HEALTHY"
        red = [group for group, state in states.items() if state == "unhealthy"]
        problem = f"Task failed ELB health checks in (target-group {red[0]})" if red else ""
        if checked == "UNHEALTHY":
            problem = "Task failed container health checks"
        passed = checked == "HEALTHY" and all(state == "healthy" for state in states.values())
        # What was healthy stays so until a check says otherwise: no answer yet is no bad answer.
        healthy = (passed or self.healthy) and not problem
        self._found(healthy or not self._world.wait_for_health)
        return problem

    def _found(self, healthy: bool) -> None:
        if healthy != self.healthy:
            self.healthy = healthy
            self.proven = self.proven or healthy
            self._say("healthy" if healthy else "unhealthy")

    def _end(self) -> None:
        self.healthy = False
        container = self._container
        exited = container is None or container.state()[0] == "exited"
        try:
            if self._registered:
                self._enter("DEACTIVATING")
                self._targets.leave(drain=not exited, hurry=self._quick.is_set)
        finally:
            if container is not None:
                self._dispose(container, exited=exited)
        self._enter("STOPPED", log=self.log)

    def _dispose(self, container: Container, *, exited: bool) -> None:
        self._enter("STOPPING")
        if self._quick.is_set():
            container.kill()
        elif not exited:
            container.stop(self.order.container.get("stopTimeout", _STOP_TIMEOUT))
        self.log = container.log_tail()
        container.remove()

    def _enter(self, state: str, **more: Any) -> None:
        self.state = state
        self._say(state, **more)

    def _say(self, what: str, **more: Any) -> None:
        order = self.order
        why = f" ({self.reason})" if self.reason and what not in ("healthy", "unhealthy") else ""
        self._world.events.add(
            "task",
            f"{order.service} {order.id} on {order.cluster}: {what}{why}",
            cluster=order.cluster,
            service=order.service,
            task=order.id,
            version=order.version,
            state=self.state,
            healthy=self.healthy,
            address=order.address,
            task_definition=order.task_definition,
            reason=self.reason,
            **more,
        )
