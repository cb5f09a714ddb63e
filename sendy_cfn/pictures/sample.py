"""Sample data: what a metric with such a name might show. It is made up from the name alone, the same each time.

A service with daily traffic, a release that goes wrong at two thirds of the time that is shown, and its way back.
"""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta

from sendy_cfn.pictures import history
from sendy_cfn.pictures.chance import chance
from sendy_cfn.pictures.kinds import KINDS, LEVEL, Kind, Moment
from sendy_cfn.pictures.metrics import Metric
from sendy_cfn.pictures.moments import Range
from sendy_cfn.pictures.names import Names

# Share of the busiest hour's traffic, by the hour of the day.
_HOURS = (18, 14, 12, 11, 12, 16, 26, 42, 63, 80, 91, 97, 100, 98, 96, 94, 92, 90, 86, 78, 64, 48, 34, 24)
_WEEKEND = 0.55
# Of the time shown: when the bad release begins, is worst, and is over.
TROUBLE = (0.62, 0.66, 0.72)

_NOBODY = Names()

# How much more than the average a statistic is, for what varies a lot and for what doesn't.
_SPREAD = {"Minimum": (0.4, 0.9), "p50": (0.8, 0.98), "p90": (1.6, 1.1), "p95": (2.0, 1.15), "p99": (3.2, 1.25)}
_SPREAD["Maximum"] = (5.0, 1.35)


def kind(metric: Metric) -> Kind:
    """What the metric's name says that it is."""
    return next((each for pattern, each in KINDS if pattern.search(f"{metric.namespace} {metric.name}")), LEVEL)


def unit(metric: Metric) -> str:
    """CloudWatch's name of its unit."""
    if history.is_told(metric.namespace, metric.name):
        return "Count" if metric.stat == "SampleCount" else history.UNITS.get(metric.name, "Count")
    return "Count" if metric.stat == "SampleCount" else kind(metric).unit


def stands_for(metric: Metric, over: Range) -> int:
    """Seconds that a data point is of.

    Where a picture has room for some data points only, each is that of its own period: next to the threshold of an
    alarm, what is counted has to be as high as CloudWatch shows it. What happens now and then would be missed so.
    """
    period = max(metric.period // over.step, 1) * over.step
    seldom = kind(metric).seldom or history.is_told(metric.namespace, metric.name)
    return period if seldom else min(period, metric.period)


def values(metric: Metric, over: Range, names: Names = _NOBODY, *, quiet: bool = False) -> tuple[float | None, ...]:
    """Data points of the metric, None where it has none.

    Args:
        metric: Its namespace, name, dimensions, statistic and period count.
        over: The data points' times.
        names: Whose releases there are: what is measured of delivery comes from a history of them.
        quiet: As they are expected: without noise and without the bad release.
    """
    if history.is_told(metric.namespace, metric.name):
        return _told(metric, over, names)
    of, seed = kind(metric), "/".join((metric.namespace, metric.name, *metric.dimensions.values()))
    scale = 0.7 + 0.6 * chance(seed)
    period = max(metric.period // over.step, 1) * over.step
    length = stands_for(metric, over)
    found: list[float | None] = []
    for at in over.times:
        if (at - over.start) % period:
            found.append(None)
            continue
        luck = chance(f"{seed}@{at}")
        noise = 0.0 if quiet else 2 * chance(f"{seed}~{at}") - 1
        trouble = 0.0 if quiet else _trouble((at - over.start) / over.span)
        found.append(_point(of, metric.stat, Moment(_load(at, period), noise, trouble, luck, length, scale)))
    return tuple(found)


def _told(metric: Metric, over: Range, names: Names) -> tuple[float | None, ...]:
    period = max(metric.period // over.step, 1) * over.step
    found: list[float | None] = []
    for at in over.times:
        if (at - over.start) % period:
            found.append(None)
            continue
        given = history.numbers(names, metric.name, metric.dimensions, (at, at + period))
        point = history.summary(given, metric.stat)
        nothing = 0.0 if metric.name in history.ZERO and not metric.dimensions else None
        found.append(nothing if point is None else point)
    return tuple(found)


def _point(of: Kind, stat: str, at: Moment) -> float | None:
    """The statistic of a period."""
    value = of.value(at)
    if value is None or (of.counted and (of.seldom or stat != "SampleCount")):
        return value
    samples = of.samples(at) or 0.0
    if stat == "SampleCount":
        return samples
    value = min(max(value * _spread(stat, of), 0.0), of.most)
    if of.unit == "Count" and stat in ("Minimum", "Maximum"):
        value = round(value)  # there are no parts of a task
    return value * samples if stat == "Sum" else value


def _spread(stat: str, of: Kind) -> float:
    if stat not in _SPREAD:
        return 1.0
    return _SPREAD[stat][0 if "econd" in of.unit or of.unit == "Minutes" else 1]


@functools.cache
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
