"""What full scenarios measure: requests of their customers, and how long something takes."""

from __future__ import annotations

import time
from collections.abc import Callable

from rehearsal.events import RehearsalError
from rehearsal.full.stage import Load, Stage
from rehearsal.full.traffic_requests import Measured
from rehearsal.scenarios import Row

SESSION = 15.0  # seconds after which no customer of the load generator keeps a connection that it began before
HEALTH = 15.0  # seconds that health checks may add, by the values of the rehearsal
RECOVERY = 180.0  # seconds until a service has to answer again after a loss


def rows(name: str, load: Load) -> list[Row]:
    """What the report says of a load."""
    found: Measured = load.measured()
    return [
        (f"requests, {name}", str(found.requests), ""),
        (f"failed, {name}", str(found.failed), ""),
        (f"95 % within, {name}", f"{found.latency.p95:.0f}", "ms"),
    ]


def forgotten(stage: Stage) -> float:
    """Seconds after a change of records until no customer comes by the old answer."""
    cap = stage.director.waits.resolver
    return (60.0 if cap is None else float(cap)) + SESSION + HEALTH


def last_of_old(stage: Stage, load: Load, execution: str, commit: str) -> float:
    """Seconds from the switch until the last answer of another version."""
    at = stage.moment(execution, "Switch", "Succeeded")
    found = load.measured().by_version
    return max([share.last - at for version, share in found.items() if version not in ("", commit)], default=0.0)


def last_failure(load: Load, since: float) -> float:
    """Seconds from a moment until the last second with a failed request; 0 without one."""
    load.traffic.requests.update()
    bad = [second.at for second in load.traffic.requests.seconds(since) if second.failed]
    return max(0.0, max(bad, default=since) + 1 - since) if bad else 0.0


def quiet_for(load: Load, seconds: float) -> bool:
    """Whether requests came in the last seconds, and none failed."""
    now = load.measured(time.time() - seconds)
    return now.requests > 0 and now.failed == 0


def live_tasks(stage: Stage, cluster: str) -> list[str]:
    """The ids of the healthy tasks of the last environment's live side."""
    service = str(stage.director.world.describe(stage.director.last)["ServiceName"])
    name = service.rsplit("/", 1)[-1]
    return [task.id for task in stage.parts.scheduler.tasks(cluster, name) if task.healthy and task.state == "RUNNING"]


def minimum(stage: Stage) -> int:
    """How many tasks the live side has at least."""
    return int(stage.director.world.describe(stage.director.last)["MinTasks"])


def until(done: Callable[[], bool]) -> float:
    """Seconds until something is so.

    Raises:
        RehearsalError: it does not get so.
    """
    start = time.monotonic()
    while not done():
        if time.monotonic() - start > RECOVERY:
            raise RehearsalError(f"not within {RECOVERY:.0f} s")
        time.sleep(0.2)
    return time.monotonic() - start
