"""The users, for Locust (`locust -f`): everything but pacing and the clean end is in traffic_client.py."""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path
from typing import Any

import gevent
from locust import User, events

from rehearsal.full import traffic_client, traffic_plan

FLUSH = 0.1  # seconds

PLAN = traffic_plan.load(Path(os.environ[traffic_plan.VARIABLE]))
TLS = traffic_client.context(PLAN)
OUTPUT = Path(PLAN.output).open("a", encoding="utf-8", buffering=1 << 16)  # noqa: SIM115 - for as long as the process lives
WEIGHTS = [ask.weight for ask in PLAN.asks]


def record(line: dict[str, Any]) -> None:
    """Write the request down, and tell Locust."""
    OUTPUT.write(json.dumps(line, separators=(",", ":")) + "\n")
    method, _, path = line["name"].partition(" ")
    error = RuntimeError(line["error"]) if line["error"] else None
    events.request.fire(
        request_type=method, name=path, response_time=line["ms"], response_length=0, exception=error, context={}
    )


def _flush() -> None:
    while True:
        gevent.sleep(FLUSH)
        OUTPUT.flush()


def _start(**_: Any) -> None:
    gevent.spawn(_flush)


def _end(**_: Any) -> None:
    OUTPUT.flush()


events.init.add_listener(_start)
events.quit.add_listener(_end)


class Visitor(User):  # type: ignore[misc] # Locust is not in the environment of the checks
    """One user, at a steady pace."""

    def on_start(self) -> None:
        """A new user has no connection, and does not begin in step with the others."""
        chance = random.Random()
        self.chance = chance
        self.began = time.monotonic()
        self.visitor = traffic_client.Client(PLAN, TLS, record, chance)
        gevent.sleep(chance.uniform(0, PLAN.users / PLAN.rate))

    def wait_time(self) -> float:
        """Seconds until the next request: the pace give or take a fifth, so that users do not fall into step."""
        pace = PLAN.users / PLAN.rate * self.chance.uniform(0.8, 1.2)
        return float(max(0.0, self.began + pace - time.monotonic()))

    def visit(self) -> None:
        """One request of the mix, to its end.

        In a greenlet of its own: Locust kills a waiting user, and the user may have begun a request by then.
        """
        self.began = time.monotonic()
        request = gevent.spawn(self.visitor.ask, self.chance.choices(PLAN.asks, WEIGHTS)[0])
        try:
            request.join()
        except gevent.GreenletExit:
            request.join()
            raise

    tasks = (visit,)

    def on_stop(self) -> None:
        """Close the connection, as a browser that is closed."""
        self.visitor.close()
