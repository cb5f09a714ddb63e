"""Functions of metric math.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sendy_cfn.pictures.moments import Range

Point = float | None  # None: there is none


class NotEvaluatedError(Exception):
    """What an expression asks for and this doesn't compute."""


@dataclass(frozen=True)
class Series:
    """Data points, one for each time of a range."""

    values: tuple[Point, ...]
    label: str = ""
    unit: str = ""
    period: int = 60  # seconds
    metric: object = None  # that it is of, unless it is computed
    band: bool = False  # a border of what is expected

    def but(self, values: Iterable[Point]) -> Series:
        """With other data points, which are no metric's any more and so have no unit."""
        return replace(self, values=tuple(values), metric=None, unit="")

    @property
    def points(self) -> list[float]:
        """Those that there are."""
        return [point for point in self.values if point is not None]


Value = float | Series | list[Series]
Argument = Value | str


def several(value: Argument) -> list[Series]:
    """An array of series; a series is one of one."""
    if isinstance(value, list):
        return value
    if isinstance(value, Series):
        return [value]
    raise NotEvaluatedError("a number in the place of a series")


def _each(change: Callable[[float], Point]) -> Callable[..., Value]:
    """A function of data points."""

    def function(_over: Range, given: Argument) -> Value:
        changed = [
            series.but(None if point is None else change(point) for point in series.values) for series in several(given)
        ]
        return changed if isinstance(given, list) else changed[0]

    return function


def _log(base: Callable[[float], float]) -> Callable[[float], Point]:
    return lambda point: base(point) if point > 0 else None


def _summary(of_points: Callable[[list[float]], float], zeros: bool = False) -> Callable[..., Value]:
    """A number of one series; of several a series, where `zeros` says whether one that lacks a point counts as 0."""

    def function(_over: Range, given: Argument) -> Value:
        if isinstance(given, Series):
            return float(of_points(given.points)) if given.points else 0.0
        array = several(given)
        if not array:
            raise NotEvaluatedError("a summary of no series")
        return array[0].but(_at(points) for points in zip(*(series.values for series in array), strict=True))

    def _at(points: tuple[Point, ...]) -> Point:
        found = [point for point in points if point is not None]
        if not found:
            return None
        return of_points([point or 0.0 for point in points] if zeros else found)

    return function


def mean(points: list[float]) -> float:
    """Their average."""
    return sum(points) / len(points)


def deviation(points: list[float]) -> float:
    """Their standard deviation."""
    middle = mean(points)
    return math.sqrt(sum((point - middle) * (point - middle) for point in points) / len(points))


def _steps(change: Callable[[float, int], Point]) -> Callable[..., Value]:
    """A function of the difference to the data point before, and of the seconds since then."""

    def one(over: Range, series: Series) -> Series:
        found: list[Point] = []
        last: tuple[float, int] | None = None
        for at, point in zip(over.times, series.values, strict=True):
            found.append(None if last is None or point is None else change(point - last[0], at - last[1]))
            last = last if point is None else (point, at)
        return series.but(found)

    def function(over: Range, given: Argument) -> Value:
        changed = [one(over, series) for series in several(given)]
        return changed if isinstance(given, list) else changed[0]

    return function


def _running(_over: Range, given: Argument) -> Value:
    def one(series: Series) -> Series:
        total, found = 0.0, []
        for point in series.values:
            total += point or 0.0
            found.append(total)
        return series.but(found)

    changed = [one(series) for series in several(given)]
    return changed if isinstance(given, list) else changed[0]


def _fill(_over: Range, given: Argument, by: Argument) -> Value:
    changed = [_filled(series, by) for series in several(given)]
    return changed if isinstance(given, list) else changed[0]


def _filled(series: Series, by: Argument) -> Series:
    if isinstance(by, Series):
        return series.but(b if a is None else a for a, b in zip(series.values, by.values, strict=True))
    if by == "REPEAT":
        found: list[Point] = []
        for point in series.values:
            found.append(found[-1] if point is None and found else point)
        return series.but(found)
    if by == "LINEAR":
        return series.but(_between(series.values, place) for place in range(len(series.values)))
    if isinstance(by, float):
        return series.but(by if point is None else point for point in series.values)
    raise NotEvaluatedError(f"FILL by {by!r}")


def _between(points: tuple[Point, ...], place: int) -> Point:
    if points[place] is not None:
        return points[place]
    before = next((n for n in range(place, -1, -1) if points[n] is not None), None)
    after = next((n for n in range(place, len(points)) if points[n] is not None), None)
    if before is None or after is None:
        return None
    first, last = points[before] or 0.0, points[after] or 0.0
    return first + (last - first) * (place - before) / (after - before)


def _if(over: Range, condition: Argument, then: Argument, otherwise: Argument | None = None) -> Value:
    if isinstance(condition, float):
        chosen = then if condition else otherwise
        if isinstance(chosen, list | str):
            raise NotEvaluatedError("IF between these")
        return chosen if isinstance(chosen, float | Series) else _constant(over, None)
    if not isinstance(condition, Series) or not isinstance(then, float | Series):
        raise NotEvaluatedError("IF with several series")
    yes = then.values if isinstance(then, Series) else (then,) * over.count
    no: tuple[Point, ...] = (otherwise,) * over.count if isinstance(otherwise, float) else (None,) * over.count
    no = otherwise.values if isinstance(otherwise, Series) else no
    like = next((each for each in (then, otherwise) if isinstance(each, Series)), condition)
    points = zip(condition.values, yes, no, strict=True)
    return like.but(None if test is None else (a or 0.0) if test else b for test, a, b in points)


def _constant(over: Range, value: Point) -> Series:
    return Series((value,) * over.count, period=over.step)


def _moments(part: Callable[[datetime], float]) -> Callable[..., Value]:
    def function(over: Range, given: Argument) -> Value:
        if not isinstance(given, Series):
            raise NotEvaluatedError("a part of the time of several series")
        return given.but(float(part(datetime.fromtimestamp(at, UTC))) for at in over.times)

    return function


SORTED_BY: dict[str, Callable[[list[float]], float]] = {"AVG": mean, "MIN": min, "MAX": max, "SUM": sum}


def _sort(_over: Range, given: Argument, by: Argument, order: Argument, limit: Argument = math.inf) -> Value:
    if by not in ("AVG", "MIN", "MAX", "SUM") or order not in ("ASC", "DESC") or not isinstance(limit, float):
        raise NotEvaluatedError("SORT with these arguments")
    key = SORTED_BY[str(by)]
    array = sorted(several(given), key=lambda s: key(s.points) if s.points else 0.0, reverse=order == "DESC")
    return array if limit == math.inf else array[: int(limit)]


def _slice(_over: Range, given: Argument, start: Argument, end: Argument | None = None) -> Value:
    if not isinstance(start, float) or not isinstance(end, float | None):
        raise NotEvaluatedError("SLICE with these arguments")
    return several(given)[int(start) : None if end is None else int(end)]


def _first(_over: Range, given: Argument) -> Value:
    return _some(given)[0]


def _last(_over: Range, given: Argument) -> Value:
    return _some(given)[-1]


def _some(given: Argument) -> list[Series]:
    array = several(given)
    if not array:
        raise NotEvaluatedError("the first or last of no series")
    return array


def _count(_over: Range, given: Argument) -> Value:
    return float(len(several(given)))


def _not_empty(_over: Range, given: Argument) -> Value:
    return [series for series in several(given) if series.points]


def _time_series(over: Range, given: Argument) -> Value:
    if not isinstance(given, float):
        raise NotEvaluatedError("TIME_SERIES of what is no number")
    return _constant(over, None if math.isnan(given) else given)


OF: dict[str, Callable[..., Value]] = {
    "ABS": _each(abs),
    "CEIL": _each(lambda point: float(math.ceil(point))),
    "FLOOR": _each(lambda point: float(math.floor(point))),
    "LOG": _each(_log(math.log)),
    "LOG10": _each(_log(math.log10)),
    "AVG": _summary(mean, zeros=True),
    "MAX": _summary(max),
    "MIN": _summary(min),
    "SUM": _summary(sum),
    "STDDEV": _summary(deviation),
    "DATAPOINT_COUNT": _summary(lambda points: float(len(points))),
    "DIFF": _steps(lambda difference, _seconds: difference),
    "DIFF_TIME": _steps(lambda _difference, seconds: float(seconds)),
    "RATE": _steps(lambda difference, seconds: difference / seconds),
    "RUNNING_SUM": _running,
    "FILL": _fill,
    "IF": _if,
    "SORT": _sort,
    "SLICE": _slice,
    "FIRST": _first,
    "LAST": _last,
    "METRIC_COUNT": _count,
    "REMOVE_EMPTY": _not_empty,
    "TIME_SERIES": _time_series,
    "MINUTE": _moments(lambda at: at.minute),
    "HOUR": _moments(lambda at: at.hour),
    "DAY": _moments(lambda at: at.isoweekday()),
    "DATE": _moments(lambda at: at.day),
    "MONTH": _moments(lambda at: at.month),
    "YEAR": _moments(lambda at: at.year),
    "EPOCH": _moments(lambda at: at.timestamp()),
}
