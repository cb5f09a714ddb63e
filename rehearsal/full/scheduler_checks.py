"""The health check of a container definition, run as Docker runs it.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rehearsal.events import RehearsalError

Status = Literal["UNKNOWN", "HEALTHY", "UNHEALTHY"]


@dataclass(frozen=True)
class CheckDefinition:
    """What is run in a container, and how often; ECS's defaults."""

    command: tuple[str, ...]
    interval: float = 30  # seconds
    timeout: float = 5  # seconds
    retries: int = 3
    start_period: float = 0  # seconds

    @classmethod
    def read(cls, container: Mapping[str, Any]) -> CheckDefinition | None:
        """From a container definition; None without a health check.

        Raises:
            ValueError: the command begins with neither CMD nor CMD-SHELL.
        """
        found = container.get("healthCheck") or {}
        kind, *words = found.get("command") or ["NONE"]
        if kind == "NONE":
            return None
        if kind not in ("CMD", "CMD-SHELL"):
            raise ValueError(f"health check command begins with {kind}, not with CMD or CMD-SHELL")
        command = ("/bin/sh", "-c", " ".join(words)) if kind == "CMD-SHELL" else tuple(words)
        names = {"interval": "interval", "timeout": "timeout", "retries": "retries", "start_period": "startPeriod"}
        return cls(command, **{mine: found[name] for mine, name in names.items() if found.get(name) is not None})


class _Run:
    """One run of the command, in a thread of its own: a command that hangs holds up nobody."""

    def __init__(self, execute: Callable[[Sequence[str]], bool], command: Sequence[str], began: float) -> None:
        self.began = began
        self.passed: bool | None = None
        self.counted = False
        self.thread = threading.Thread(target=self._run, args=(execute, command), daemon=True)
        self.thread.start()

    def _run(self, execute: Callable[[Sequence[str]], bool], command: Sequence[str]) -> None:
        try:
            self.passed = execute(command)
        except RehearsalError:  # the container is gone, or the command is not in the image
            self.passed = False


class Check:
    """A health check under way; `step` it often."""

    def __init__(self, definition: CheckDefinition, execute: Callable[[Sequence[str]], bool], now: float) -> None:
        """`execute` runs a command in the container that started `now`, and says whether it ended with 0."""
        self._definition = definition
        self._execute = execute
        self._started = now
        self._next = now + definition.interval
        self._failed = 0
        self._passed_once = False
        self._run: _Run | None = None
        self.status: Status = "UNKNOWN"

    @property
    def running(self) -> bool:
        """The command runs."""
        return self._run is not None and self._run.thread.is_alive()

    def step(self, now: float) -> Status:
        """Begin a run when it is time, count one that ended or took too long; where the check stands."""
        run = self._run
        if run is not None and not run.counted:
            self._count(run, now)
        if now >= self._next and (run is None or (run.counted and not run.thread.is_alive())):
            self._run = _Run(self._execute, self._definition.command, now)
            self._next = now + self._definition.interval
        return self.status

    def _count(self, run: _Run, now: float) -> None:
        late = now - run.began > self._definition.timeout
        if run.thread.is_alive() and not late:
            return
        run.counted = True
        # The interval counts from the end of a run to the next.
        self._next = now + self._definition.interval
        if run.passed and not run.thread.is_alive():
            self._failed, self._passed_once, self.status = 0, True, "HEALTHY"
            return
        # Failures while the container starts do not count, until a check has passed.
        if self._passed_once or run.began - self._started >= self._definition.start_period:
            self._failed += 1
            if self._failed >= self._definition.retries:
                self.status = "UNHEALTHY"
