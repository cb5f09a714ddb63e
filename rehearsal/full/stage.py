"""Where full scenarios play: the director, the parts that run, and customers who use the service meanwhile."""

from __future__ import annotations

import contextlib
import itertools
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rehearsal.director import Director
from rehearsal.events import RehearsalError
from rehearsal.full.runtime import FullRuntime
from rehearsal.full.traffic import Traffic
from rehearsal.full.traffic_requests import Measured
from rehearsal.live import Live


@dataclass
class Load:
    """Customers of one environment, from one moment to another."""

    environment: str
    traffic: Traffic
    start: float
    end: float = 0.0

    def measured(self, start: float | None = None, end: float | None = None) -> Measured:
        """All requests, or those between two moments."""
        self.traffic.requests.update()
        return self.traffic.requests.between(start or self.start, end or self.end or time.time())


@dataclass
class Stage:
    """What a full scenario works with."""

    director: Director
    parts: FullRuntime
    folder: Path
    rate: float  # requests per second of each load
    shown: Live | None = None
    loads: list[Load] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    @contextlib.contextmanager
    def load(self, environment: str, *, users: int = 12, patience: float = 10.0) -> Iterator[Load]:
        """Customers use the service while the block runs.

        Args:
            environment: whose service they use.
            users: how many there are; together they send the stage's rate of requests.
            patience: seconds that a customer waits for an answer; what takes longer has failed.

        Raises:
            RehearsalError: the load generator ended, or a part did.
        """
        folder = self.folder / f"traffic-{next(self._numbers)}"
        folder.mkdir(parents=True)
        url, ca = self.director.url(environment), self.parts.certificate.ca
        traffic = Traffic(folder, url, ca, users, self.rate, Path(sys.executable), timeout=patience)
        traffic.start()
        load = Load(environment, traffic, time.time())
        self.loads.append(load)
        if self.shown:
            self.shown.requests = traffic.requests
        try:
            yield load
            traffic.check()
            self.parts.check()
        finally:
            load.end = time.time()
            traffic.stop()

    def mark(self, text: str, mark: str) -> float:
        """Say what is done to the service now, with a mark in the charts; the moment."""
        self.director.events.add("note", text, mark=mark)
        return time.time()

    def keep(self, seconds: float) -> None:
        """Let customers go on for a while.

        Raises:
            RehearsalError: a part ended meanwhile.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.parts.check()
            time.sleep(min(0.5, max(0.0, end - time.monotonic())))

    def moment(self, execution: str, action: str, state: str) -> float:
        """When an action of an execution got into a state.

        Raises:
            RehearsalError: it did not.
        """
        for event in self.director.events.all:
            data = event.data
            if event.kind == "action" and (data["execution"], data["action"], data["state"]) == (
                execution,
                action,
                state,
            ):
                return event.at
        raise RehearsalError(f"the action {action} did not get to {state}")

    def cluster(self, colour: str) -> str:
        """The name of a side's cluster."""
        return str(self.director.world.describe(self.director.last)[f"{colour.title()}ClusterName"])
