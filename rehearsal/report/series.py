"""Numbers for charts: gaps filled, long runs made shorter, ticks for axes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from rehearsal.report.model import Second

LIMIT = 600  # points of a chart
_SIZES = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600)  # seconds of a point


def size(seconds: float, limit: int = LIMIT) -> int:
    """How many seconds one point stands for, so that there are at most `limit`."""
    least = max(math.ceil(seconds / limit), 1)
    return next((each for each in _SIZES if each >= least), least)


def points(seconds: Sequence[Second], start: float, end: float, limit: int = LIMIT) -> tuple[list[Second], int]:
    """The time from `start` to `end` in equal points, and the seconds that each stands for.

    A point's requests by version are the mean per second; its failures are their number, and its percentiles those of
    its worst second, so that nothing bad is averaged away. Seconds without requests are points with zeros, not gaps.
    The last point's seconds may go beyond `end`.
    """
    first = math.floor(start)
    width = size(math.ceil(end) - first, limit)
    groups: list[list[Second]] = [[] for _ in range(max(math.ceil((end - first) / width), 0))]
    for second in seconds:
        place = math.floor((second.at - first) // width)
        if 0 <= place < len(groups):
            groups[place].append(second)
    return [_merged(group, first + place * width, width) for place, group in enumerate(groups)], width


def _merged(group: Iterable[Second], at: float, width: int) -> Second:
    members = list(group)
    total: dict[str, float] = {}
    for second in members:
        for version, count in second.by_version.items():
            total[version] = total.get(version, 0) + count
    return Second(
        at,
        {version: count / width for version, count in total.items()},
        sum(second.failed for second in members),
        _worst(second.p50 for second in members),
        _worst(second.p95 for second in members),
        _worst(second.p99 for second in members),
    )


def _worst(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def ticks(top: float, count: int = 4) -> list[float]:
    """Round values from 0 to at least `top`, about `count` steps."""
    if top <= 0:
        return [0.0, 1.0]
    rough = top / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.9999)
    return [step * number for number in range(math.ceil(top / step - 1e-9) + 1)]


def decades(low: float, high: float) -> list[float]:
    """Powers of ten around the values, for a logarithmic axis; at least two."""
    first = math.floor(math.log10(max(low, 0.1)) + 1e-9)
    last = max(math.ceil(math.log10(max(high, 0.1)) - 1e-9), first + 1)
    return [10.0**power for power in range(first, last + 1)]


def moments(seconds: float, count: int = 8) -> list[int]:
    """Round offsets (seconds) for an axis of time that long."""
    step = next((each for each in _SIZES if seconds / each <= count), 7_200)
    return list(range(0, math.floor(seconds) + 1, step))


def runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """The stretches without a gap, as (index, value)."""
    found: list[list[tuple[int, float]]] = [[]]
    for index, value in enumerate(values):
        if value is not None:
            found[-1].append((index, value))
        elif found[-1]:
            found.append([])
    return [each for each in found if each]
