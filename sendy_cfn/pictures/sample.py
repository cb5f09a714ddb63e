"""Sample data: what a metric with such a name might show. It is made up from the name alone, the same each time.

A service with daily traffic, a release that goes wrong at two thirds of the time that is shown, and its way back.
Only sums, products and quotients are used, whose results are the same on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

from sendy_cfn.pictures.metrics import Metric
from sendy_cfn.pictures.moments import DAY, Range

# Share of the busiest hour's traffic, by the hour of the day.
_HOURS = (18, 14, 12, 11, 12, 16, 26, 42, 63, 80, 91, 97, 100, 98, 96, 94, 92, 90, 86, 78, 64, 48, 34, 24)
_WEEKEND = 0.55
# Of the time shown: when the bad release begins, is worst, and is over.
TROUBLE = (0.62, 0.66, 0.72)
EVENTS = 5  # a day, of releases and the like
SPARSE = 6 * 3600  # seconds; in a shorter period most often nothing happens


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
    counted: bool = False  # whether the value is of the whole period
    least: float = 0
    most: float = float("inf")


def _traffic(at: Moment) -> float:
    return at.scale * 22 * (0.1 + 0.9 * at.load) * (1 + 0.06 * at.noise) * at.step


def _errors(at: Moment) -> float:
    return round(_traffic(at) * (0.0004 * (1 + at.noise) + 0.05 * at.trouble))


def _event(at: Moment) -> float | None:
    expected = at.step / DAY * EVENTS * at.scale
    if at.step >= SPARSE:
        return round(expected * (0.4 + 1.2 * at.luck))
    return 1 if at.luck < expected else None


def _failed(at: Moment) -> float | None:
    if at.step >= SPARSE:
        return 1 if at.trouble > 0.5 or at.luck < 0.1 else 0
    return 1 if at.trouble > 0.9 else None


def _duration(base: float, per_event: bool = False) -> Callable[[Moment], float | None]:
    def value(at: Moment) -> float | None:
        if per_event and at.step < SPARSE and at.luck >= at.step / DAY * EVENTS * 3:
            return None
        return base * at.scale * (0.85 + 0.25 * at.load + 0.07 * at.noise + 1.6 * at.trouble)

    return value


TRAFFIC = Kind("Count", lambda at: round(_traffic(at)), counted=True)
ERRORS = Kind("Count", _errors, counted=True)
EVENT = Kind("Count", _event, counted=True)
FAILED = Kind("Count", _failed, counted=True)
USED = Kind("Percent", lambda at: at.scale * (18 + 34 * at.load) + 3 * at.noise + 22 * at.trouble, most=100)
GOOD = Kind("Percent", lambda at: 99.98 - 0.02 * at.luck - 2.4 * at.trouble, most=100)
BAD = Kind("Percent", lambda at: 0.12 * (1 + at.noise) + 4.5 * at.trouble, most=100)
LEVEL = Kind("No unit", lambda at: at.scale * (30 + 25 * at.load + 3 * at.noise))

# The first that fits namespace and name. Words of failure come before words of what has failed.
_WORK = r"(Pipeline|Release|Deploy|Build|Stage|Stack|Action|Execution|Approval)"
KINDS: tuple[tuple[re.Pattern[str], Kind], ...] = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"UnHealthy|DeadLetter|Throttle|Rejected|Abandoned", Kind("Count", lambda at: round(2.4 * at.trouble))),
        (r"FailureRate|FailedShare|ChangeFailure", Kind("Percent", lambda at: 9 + 7 * at.noise, most=100)),
        (r"Availability|Success\w*(Rate|Percent|Share)", GOOD),
        (r"(Error|Fault|5XX)\w*(Rate|Percent|Share)", BAD),
        (r"Findings", Kind("Count", lambda at: round(3 * at.luck) if at.luck > 0.5 else None)),
        (r"TestsPassed", Kind("Count", lambda at: round(118 + 6 * at.load) if at.luck < 0.4 else None, counted=True)),
        (rf"{_WORK}\w*(Fail|Roll|Superseded|Stopped)|Failed{_WORK}|RolledBack|TestsFailed|Delivery Failed", FAILED),
        (r"Minutes|Hours", Kind("Minutes", _duration(14, per_event=True))),
        (r"LeadTime|Restore|Recovery", Kind("Seconds", _duration(2_700, per_event=True))),
        (rf"{_WORK}\w*(Duration|Time|Seconds)| Duration$", Kind("Seconds", _duration(420, per_event=True))),
        (r"Milliseconds|Latency|DurationMs", Kind("Milliseconds", _duration(64))),
        (r"ResponseTime|Duration|Seconds|Age|ElapsedTime", Kind("Seconds", _duration(0.064))),
        (r"5XX|Error|Fault|Fail|Unhealthy", ERRORS),
        (r"4XX", Kind("Count", lambda at: round(_traffic(at) * 0.011 * (1 + 0.4 * at.noise)), counted=True)),
        (r"Percent|Utili[sz]ation|Ratio|Rate|Share", USED),
        (r"Healthy|Task|Desired|Running|Pending|Instances|Capacity", Kind("Count", lambda at: round(2 + 5 * at.load))),
        (r"Bytes|Size|Storage|Memory", Kind("Bytes", lambda at: 3.2e8 * at.scale * (0.7 + 0.3 * at.load))),
        (r"MessagesVisible|Depth|Backlog|Waiting", Kind("Count", lambda at: round(2 + 2 * at.noise + 80 * at.trouble))),
        (rf"{_WORK}|Released|Succeed|Started|Frequency", EVENT),
        (r"Request|Count|Invocation|Message|Connection|Calls|Published|Delivered", TRAFFIC),
    )
)

# How much more than the average a statistic is, for what varies a lot and for what doesn't.
_SPREAD = {"Minimum": (0.4, 0.9), "p50": (0.8, 0.98), "p90": (1.6, 1.1), "p95": (2.0, 1.15), "p99": (3.2, 1.25)}
_SPREAD["Maximum"] = (5.0, 1.35)


def kind(metric: Metric) -> Kind:
    """What the metric's name says that it is."""
    found = next((each for pattern, each in KINDS if pattern.search(f"{metric.namespace} {metric.name}")), LEVEL)
    return TRAFFIC if metric.stat == "SampleCount" and not found.counted else found


def values(metric: Metric, over: Range, quiet: bool = False) -> tuple[float | None, ...]:
    """Data points of the metric, None where it has none.

    Args:
        metric: Its namespace, name, dimensions, statistic and period count.
        over: The data points' times.
        quiet: As they are expected: without noise and without the bad release.
    """
    of, seed = kind(metric), "/".join((metric.namespace, metric.name, *metric.dimensions.values()))
    spread = _spread(metric.stat, of)
    scale = 0.7 + 0.6 * _chance(seed)
    period = max(metric.period // over.step, 1) * over.step
    found: list[float | None] = []
    for at in over.times:
        if (at - over.start) % period:
            found.append(None)
            continue
        luck = _chance(f"{seed}@{at}")
        noise = 0.0 if quiet else 2 * _chance(f"{seed}~{at}") - 1
        trouble = 0.0 if quiet else _trouble((at - over.start) / over.span)
        value = of.value(Moment(_load(at), noise, trouble, luck, period, scale))
        found.append(None if value is None else min(max(value * spread, of.least), of.most))
    return tuple(found)


def _spread(stat: str, of: Kind) -> float:
    if of.counted or stat not in _SPREAD:
        return 1.0
    return _SPREAD[stat][0 if "econd" in of.unit or of.unit == "Minutes" else 1]


def _chance(seed: str) -> float:
    """0 to 1, evenly spread, from a text."""
    return int.from_bytes(blake2b(seed.encode(), digest_size=4).digest(), "big") / 0xFFFFFFFF


def _load(at: int) -> float:
    when = datetime.fromtimestamp(at, UTC)
    before, after = _HOURS[when.hour], _HOURS[(when.hour + 1) % 24]
    share = (before + (after - before) * when.minute / 60) / 100
    return share * (_WEEKEND if when.weekday() > 4 else 1.0)


def _trouble(phase: float) -> float:
    begin, worst, end = TROUBLE
    if begin <= phase < worst:
        return (phase - begin) / (worst - begin)
    return (end - phase) / (end - worst) if worst <= phase < end else 0.0
