"""Kinds of metrics, by their names, and what those of a kind look like.

Only sums, products and quotients are used, whose results are the same on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sendy_cfn.pictures.moments import DAY

EVENTS = 2  # a day, of releases and the like
SPARSE = 6 * 3600  # seconds; in a shorter period most often nothing happens
_BAD_SHARE = 0.12  # of releases


@dataclass(frozen=True)
class Moment:
    """What a data point depends on."""

    load: float  # 0 to 1, of the busiest hour
    noise: float  # -1 to 1
    trouble: float  # 0 to 1
    luck: float  # 0 to 1
    step: int  # seconds
    scale: float  # of this metric, about 1


@dataclass(frozen=True)
class Kind:
    """Metrics that look alike."""

    unit: str  # CloudWatch's name of it
    value: Callable[[Moment], float | None]
    counted: bool = False  # whether the value is the sum over the period
    samples: Callable[[Moment], float | None] = lambda at: at.step / 60  # how many values are behind a data point
    most: float = float("inf")
    seldom: bool = False  # whether most periods are without it


def _traffic(at: Moment) -> float:
    return round(at.scale * 22 * (0.1 + 0.9 * at.load) * (1 + 0.06 * at.noise) * at.step)


def _errors(at: Moment) -> float:
    return round(_traffic(at) * (0.0004 * (1 + at.noise) + 0.05 * at.trouble))


def _event(at: Moment) -> float | None:
    expected = at.step / DAY * EVENTS * at.scale
    if at.step >= SPARSE:
        return round(expected * (0.4 + 1.2 * at.luck))
    return 1 if at.luck < expected else None


def _failed(at: Moment) -> float | None:
    if at.step >= SPARSE:
        return int(at.step / DAY * EVENTS * _BAD_SHARE + at.luck + at.trouble)
    return 1 if at.trouble > 0.9 else None


def _found(at: Moment) -> float | None:
    return int(2.4 * at.luck * at.luck) if at.step >= SPARSE else None


def _tests(at: Moment) -> float | None:
    runs = _event(at)
    return runs and round(runs * (118 + 6 * at.luck))


def _duration(base: float) -> Callable[[Moment], float | None]:
    return lambda at: base * at.scale * (0.85 + 0.25 * at.load + 0.07 * at.noise + 1.6 * at.trouble)


def _of_events(unit: str, base: float) -> Kind:
    """Durations of what happens now and then: there is a value only where something ended."""

    def value(at: Moment) -> float | None:
        return base * at.scale * (0.6 + 0.8 * at.luck + 1.2 * at.trouble) if _event(at) else None

    return Kind(unit, value, samples=lambda at: _event(at) or None, seldom=True)


TRAFFIC = Kind("Count", _traffic, counted=True)
ERRORS = Kind("Count", _errors, counted=True)
EVENT = Kind("Count", _event, counted=True, seldom=True)
FAILED = Kind("Count", _failed, counted=True, seldom=True)
USED = Kind("Percent", lambda at: at.scale * (18 + 34 * at.load) + 3 * at.noise + 22 * at.trouble, most=100)
GOOD = Kind("Percent", lambda at: 99.98 - 0.02 * at.luck - 2.4 * at.trouble, most=100)
BAD = Kind("Percent", lambda at: 0.12 * (1 + at.noise) + 4.5 * at.trouble, most=100)
LEVEL = Kind("No unit", lambda at: at.scale * (30 + 25 * at.load + 3 * at.noise))

# The first that fits namespace and name. Words of failure come before words of what has failed.
_WORK = r"(Pipeline|Release|Deploy|Build|Stage|Stack|Action|Execution|Approval)"
KINDS: tuple[tuple[re.Pattern[str], Kind], ...] = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"(Deployment|TaskSet)Count", Kind("Count", lambda _at: 1)),
        (r"Tasks OutOfMemory", Kind("Count", lambda at: 1 if at.trouble > 0.9 else None, counted=True)),
        (r"Tasks Failed", Kind("Count", lambda at: round(2.4 * at.trouble) or None, counted=True)),
        (r"Tasks Deployments", EVENT),
        (r"error-lines", Kind("Count", lambda at: round(0.7 * at.luck + 8 * at.trouble), counted=True)),
        (r"Drop", Kind("Count", lambda at: round(300 * at.trouble), counted=True)),
        (r"PortAllocation", Kind("Count", lambda _at: 0, counted=True)),
        (r"DaysTo", Kind("Count", lambda at: 100 + round(100 * at.scale))),
        (r"UnHealthy|DeadLetter|Throttle|Rejected|Abandoned", Kind("Count", lambda at: round(2.4 * at.trouble))),
        (r"FailureRate|FailedShare|ChangeFailure", Kind("Percent", lambda at: 9 + 7 * at.noise, most=100)),
        (r"Availability|Success\w*(Rate|Percent|Share)", GOOD),
        (r"(Error|Fault|5XX)\w*(Rate|Percent|Share)", BAD),
        (r"Findings", Kind("Count", _found, counted=True, seldom=True)),
        (r"TestsPassed", Kind("Count", _tests, counted=True, seldom=True)),
        (rf"{_WORK}\w*(Fail|Roll|Superseded|Stopped)|Failed{_WORK}|RolledBack|TestsFailed|Delivery Failed", FAILED),
        (r"Minutes|Hours", _of_events("Minutes", 14)),
        (r"Restore|Recovery", _of_events("Seconds", 2_400)),
        (r"LeadTime", _of_events("Seconds", 5_400)),
        (r"Queued\w*(Duration|Time|Seconds)", _of_events("Seconds", 18)),
        (rf"{_WORK}\w* ?(Duration|Time|Seconds)| Duration$", _of_events("Seconds", 420)),
        (r"Milliseconds|Latency|DurationMs", Kind("Milliseconds", _duration(64))),
        (r"ResponseTime|Duration|Seconds|Age|ElapsedTime", Kind("Seconds", _duration(0.064))),
        (r"5XX|Error|Fault|Fail|Unhealthy", ERRORS),
        (r"4XX", Kind("Count", lambda at: round(_traffic(at) * 0.011 * (1 + 0.4 * at.noise)), counted=True)),
        (r"Percent|Utili[sz]ation|Reservation|Ratio|Rate|Share", USED),
        (r"Healthy|Task|Desired|Running|Pending|Instance|Capacity", Kind("Count", lambda at: round(2 + 5 * at.load))),
        (r"Bytes|Size|Storage|Memory", Kind("Bytes", lambda at: 3.2e8 * at.scale * (0.7 + 0.3 * at.load))),
        (r"MessagesVisible|Depth|Backlog|Waiting", Kind("Count", lambda at: round(80 * at.trouble))),
        (rf"{_WORK}|Released|Succeed|Started|Frequency", EVENT),
        (r"Request|Count|Invocation|Message|Connection|Calls|Published|Delivered", TRAFFIC),
    )
)
