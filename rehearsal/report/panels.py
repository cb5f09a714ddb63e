"""The panels of a chart: failures, requests by version, latency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rehearsal.report.axes import LEFT, RIGHT, Panel, Time, head, line, linear, logarithmic, stairs
from rehearsal.report.model import UNKNOWN, Second
from rehearsal.report.series import runs
from rehearsal.report.text import Html, count, tag

COLOURS = 6  # of the style sheet, for versions; more versions begin again
SMALLEST = 4.0  # height of a single failure
PERCENTILES = ("p99", "p95", "p50")  # the last is drawn on top
ABOVE = 8.0  # a panel's title is so far above it


@dataclass(frozen=True)
class Drawn:
    """A panel, and its title, which is to be above everything else."""

    body: Html
    head: Html
    bottom: float  # of the panel


def colour(version: str, versions: Sequence[str]) -> str:
    """The class with the version's colour, the same in every chart."""
    known = [each for each in versions if each != UNKNOWN]
    return f"v{known.index(version) % COLOURS}" if version in known else "vx"


def failures(
    points: Sequence[Second], lost: Sequence[float], width: int, time: Time, top: float, bottom: float
) -> Drawn:
    """A lane in which a single failure is visible; `lost` are those of each point that were not on purpose."""
    most = max((point.failed for point in points), default=0)
    title = f"Failed requests: {_failed(sum(point.failed for point in points), sum(lost))}"
    title += f"; at most {count(most)} in {_seconds(width)}" if most else ""
    parts = [line(LEFT, bottom, RIGHT, bottom, "axis")]
    for point, bad in zip(points, lost, strict=True):
        if point.failed:
            high = SMALLEST + (bottom - top - SMALLEST) * point.failed / most
            parts.append(_bar(time.x(point.at), time.x(point.at + width), bottom - high, bottom, bad > 0))
    return Drawn(Html("".join(parts)), head(top - ABOVE, title, (), "title bad" if any(lost) else "title"), bottom)


def _failed(failed: float, lost: float) -> str:
    planned = f"{count(failed - lost)} on purpose" if failed > lost else ""
    return f"{count(lost)}, and {planned}" if lost and planned else planned or (count(lost) if lost else "none")


def requests(
    points: Sequence[Second],
    lost: Sequence[float],
    width: int,
    time: Time,
    versions: Sequence[str],
    top: float,
    bottom: float,
) -> Drawn:
    """Requests per second, a version on the other, failures on top of all."""
    sums = [sum(point.by_version.values()) + point.failed / width for point in points]
    panel = linear(top, bottom, max(sums, default=0))
    parts = [panel.frame()]
    below = [0.0] * len(points)
    for version in sorted(versions, key=lambda each: each != UNKNOWN):  # what names no version lies at the bottom
        above = [low + point.by_version.get(version, 0) for low, point in zip(below, points, strict=True)]
        if any(point.by_version.get(version) for point in points):
            parts.append(_area(points, width, time, panel, below, above, colour(version, versions)))
        below = above
    for point, low, bad in zip(points, below, lost, strict=True):
        if point.failed:
            y = panel.y(low)
            high = max(y - panel.y(low + point.failed / width), SMALLEST)
            parts.append(_bar(time.x(point.at), time.x(point.at + width), max(y - high, top - SMALLEST), y, bad > 0))
    title = "Requests per second, by the version that answered"
    return Drawn(Html("".join(parts)), head(top - ABOVE, title), bottom)


def latencies(points: Sequence[Second], width: int, time: Time, top: float, bottom: float) -> Drawn:
    """The percentiles on a logarithmic axis; a gap where nothing was answered."""
    values = [value for point in points for value in (point.p50, point.p95, point.p99) if value is not None]
    panel = logarithmic(top, bottom, min(values, default=1), max(values, default=1))
    parts = [panel.frame()]
    for name in PERCENTILES:
        for run in runs([getattr(point, name) for point in points]):
            corners = [(time.x(points[at].at), time.x(points[at].at + width), panel.y(value)) for at, value in run]
            parts.append(tag("path", d=stairs(corners), class_=f"line {name}"))
    keys = [(name, name) for name in reversed(PERCENTILES)]
    title = "Latency, logarithmic: median, 95th and 99th percentile"
    return Drawn(Html("".join(parts)), head(top - ABOVE, title, keys), bottom)


def _area(
    points: Sequence[Second], width: int, time: Time, panel: Panel, below: list[float], above: list[float], class_: str
) -> Html:
    edges = [(time.x(point.at), time.x(point.at + width)) for point in points]
    there = stairs((begin, end, panel.y(value)) for (begin, end), value in zip(edges, above, strict=True))
    back = "".join(
        f"V{panel.y(value):g}H{begin:g}" for (begin, _), value in zip(reversed(edges), reversed(below), strict=True)
    )
    return tag("path", d=f"{there}{back}Z", class_=f"area {class_}")


def _bar(begin: float, end: float, top: float, bottom: float, lost: bool) -> Html:
    wide, class_ = max(end - begin, 1.5), "failed" if lost else "failed planned"
    return tag("rect", x=f"{begin:g}", y=f"{top:.1f}", width=f"{wide:.1f}", height=f"{bottom - top:.1f}", class_=class_)


def _seconds(width: int) -> str:
    return "a second" if width == 1 else f"{width} seconds"
