"""Times: of dashboards, and of the data points in a picture."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

# A Thursday afternoon; a picture of the same dashboard is the same on every day.
NOW = int(datetime(2026, 1, 15, 15, 0, tzinfo=UTC).timestamp())
DEFAULT = 3 * 3600  # seconds that a dashboard shows unless it or its reader says otherwise
POINTS = 72  # of a series at most; more are not seen in a picture
DAY = 86_400
_DURATION = re.compile(r"-P(?=.)(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_SECONDS = (30 * DAY, 7 * DAY, DAY, 3600, 60, 1)


def readable(text: str) -> bool:
    """Whether it is a time of a dashboard."""
    try:
        _seconds_back(text)
    except ValueError:
        return False
    return True


def _seconds_back(text: str) -> int:
    """From then to now; for "-PT6H" and for "2026-01-15T09:00:00Z" it is 21600."""
    if found := _DURATION.fullmatch(text):
        return sum(int(part or 0) * size for part, size in zip(found.groups(), _SECONDS, strict=True))
    return NOW - int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Range:
    """Data points: one each `step` seconds."""

    start: int  # seconds since 1970, of the first one
    step: int
    count: int

    @property
    def times(self) -> list[int]:
        """Of the data points; each stands for the `step` seconds that follow."""
        return [self.start + number * self.step for number in range(self.count)]

    @property
    def end(self) -> int:
        """Of the last data point."""
        return self.start + self.step * self.count

    @property
    def span(self) -> int:
        """How many seconds there are."""
        return self.step * self.count


def span(start: str, end: str = "") -> tuple[int, int]:
    """The seconds since 1970 between which a dashboard or a widget shows data."""
    last = NOW - _seconds_back(end) if end else NOW
    first = NOW - _seconds_back(start) if start else last - DEFAULT
    return (first, last) if first < last else (last - DEFAULT, last)


def over(between: tuple[int, int], period: int) -> Range:
    """Data points of that period, or of a multiple where there would be too many; a whole number of them."""
    first, last = between
    factor = max(-(-(last - first) // (period * POINTS)), 1)
    step = period * factor
    count = max((last - first) // step, 2)
    begin = last // step * step - count * step
    return Range(begin, step, count)


def clock(at: int) -> str:
    """15:04."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M}"


def date(at: int) -> str:
    """01/15."""
    return f"{datetime.fromtimestamp(at, UTC):%m/%d}"


def duration(seconds: int) -> str:
    """3 h, 7 d, 90 min."""
    for size, unit in ((DAY, "d"), (3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
