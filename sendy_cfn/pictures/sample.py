"""Sample data: what a metric with such a name might show. It is made up from the name alone, the same each time.

A service with daily traffic, a release that goes wrong at two thirds of the time that is shown, and its way back.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from sendy_cfn.pictures.kinds import KINDS, LEVEL, Kind, Moment
from sendy_cfn.pictures.metrics import Metric
from sendy_cfn.pictures.moments import Range

# Share of the busiest hour's traffic, by the hour of the day.
_HOURS = (18, 14, 12, 11, 12, 16, 26, 42, 63, 80, 91, 97, 100, 98, 96, 94, 92, 90, 86, 78, 64, 48, 34, 24)
_WEEKEND = 0.55
# Of the time shown: when the bad release begins, is worst, and is over.
TROUBLE = (0.62, 0.66, 0.72)

# How much more than the average a statistic is, for what varies a lot and for what doesn't.
_SPREAD = {"Minimum": (0.4, 0.9), "p50": (0.8, 0.98), "p90": (1.6, 1.1), "p95": (2.0, 1.15), "p99": (3.2, 1.25)}
_SPREAD["Maximum"] = (5.0, 1.35)


def kind(metric: Metric) -> Kind:
    """What the metric's name says that it is."""
    return next((each for pattern, each in KINDS if pattern.search(f"{metric.namespace} {metric.name}")), LEVEL)


def unit(metric: Metric) -> str:
    """CloudWatch's name of its unit."""
    return "Count" if metric.stat == "SampleCount" else kind(metric).unit


def values(metric: Metric, over: Range, quiet: bool = False) -> tuple[float | None, ...]:
    """Data points of the metric, None where it has none.

    Args:
        metric: Its namespace, name, dimensions, statistic and period count.
        over: The data points' times.
        quiet: As they are expected: without noise and without the bad release.
    """
    of, seed = kind(metric), "/".join((metric.namespace, metric.name, *metric.dimensions.values()))
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
        found.append(_point(of, metric.stat, Moment(_load(at, period), noise, trouble, luck, period, scale)))
    return tuple(found)


def _point(of: Kind, stat: str, at: Moment) -> float | None:
    """The statistic of a period."""
    value = of.value(at)
    if value is None or of.counted:
        return value
    samples = of.samples(at) or 0.0
    if stat == "SampleCount":
        return samples
    value = min(max(value * _spread(stat, of), 0.0), of.most)
    return value * samples if stat == "Sum" else value


def _spread(stat: str, of: Kind) -> float:
    if stat not in _SPREAD:
        return 1.0
    return _SPREAD[stat][0 if "econd" in of.unit or of.unit == "Minutes" else 1]


def _chance(seed: str) -> float:
    """0 to 1, evenly spread, from a text."""
    return int.from_bytes(blake2b(seed.encode(), digest_size=4).digest(), "big") / 0xFFFFFFFF


def _load(at: int, step: int) -> float:
    """The mean of a period, an hour at a time."""
    first = datetime.fromtimestamp(at, UTC)
    hours = max(step // 3600, 1)
    return sum(_share(first + timedelta(hours=hour)) for hour in range(hours)) / hours


def _share(when: datetime) -> float:
    before, after = _HOURS[when.hour], _HOURS[(when.hour + 1) % 24]
    share = (before + (after - before) * when.minute / 60) / 100
    return share * (_WEEKEND if when.weekday() > 4 else 1.0)


def _trouble(phase: float) -> float:
    begin, worst, end = TROUBLE
    if begin <= phase < worst:
        return (phase - begin) / (worst - begin)
    return (end - phase) / (end - worst) if worst <= phase < end else 0.0
