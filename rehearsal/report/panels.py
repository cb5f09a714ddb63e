"""The panels of a chart: requests by version with failures, latency, and values that stay until they change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rehearsal.report.axes import LEFT, RIGHT, Panel, Time, head, line, linear, logarithmic, stairs
from rehearsal.report.model import UNKNOWN, Second, Steps
from rehearsal.report.series import runs
from rehearsal.report.text import Html, count, tag

COLOURS = 6  # of the style sheet, for versions; more versions begin again
SMALLEST = 4.0  # height of a single failure
PERCENTILES = ("p99", "p95", "p50")  # the last is drawn on top
ABOVE = 8.0  # a panel's title is so far above it
SIDES = {"blue": "s0", "green": "s1"}  # names that are colours have them


@dataclass(frozen=True)
class Drawn:
    """A panel, and its title, which is to be above everything else."""

    body: Html
    head: Html


def colour(version: str, versions: Sequence[str]) -> str:
    """The class with the version's colour, the same in every chart."""
    known = [each for each in versions if each != UNKNOWN]
    return f"v{known.index(version) % COLOURS}" if version in known else "vx"


def failures(points: Sequence[Second], width: int, time: Time, top: float, bottom: float) -> Drawn:
    """A lane in which a single failure is visible."""
    most = max((point.failed for point in points), default=0)
    title = "Failed requests" + (f", at most {count(most)} in {_seconds(width)}" if most else ": none")
    parts = [line(LEFT, bottom, RIGHT, bottom, "axis")]
    for point in points:
        if point.failed:
            high = SMALLEST + (bottom - top - SMALLEST) * point.failed / most
            parts.append(_bar(time.x(point.at), time.x(point.at + width), bottom - high, bottom))
    return Drawn(Html("".join(parts)), head(top - ABOVE, title, (), "title bad" if most else "title"))


def requests(
    points: Sequence[Second], width: int, time: Time, versions: Sequence[str], top: float, bottom: float
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
    for point, low in zip(points, below, strict=True):
        if point.failed:
            y = panel.y(low)
            high = max(y - panel.y(low + point.failed / width), SMALLEST)
            parts.append(_bar(time.x(point.at), time.x(point.at + width), max(y - high, top - SMALLEST), y))
    return Drawn(Html("".join(parts)), head(top - ABOVE, "Requests per second, by the version that answered"))


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
    return Drawn(
        Html("".join(parts)), head(top - ABOVE, "Latency, logarithmic: median, 95th and 99th percentile", keys)
    )


def steps(given: Steps, time: Time, top: float, bottom: float) -> Drawn:
    """Lines that stay until the value changes."""
    shown = [(name, _during(points, time)) for name, points in given.series.items()]
    panel = linear(top, bottom, max((value for _, points in shown for _, value in points), default=1), 2)
    parts = [panel.frame()]
    keys = [(SIDES.get(name, f"s{number % COLOURS}"), name) for number, name in enumerate(given.series)]
    for (class_, _), (_, points) in zip(keys, shown, strict=True):
        if points:
            ends = [at for at, _ in points[1:]] + [time.end]
            corners = [(time.x(at), time.x(end), panel.y(value)) for (at, value), end in zip(points, ends, strict=True)]
            parts.append(tag("path", d=stairs(corners), class_=f"line {class_}"))
    title = f"{given.title} ({given.unit})" if given.unit else given.title
    return Drawn(Html("".join(parts)), head(top - ABOVE, title, keys))


def _during(points: Sequence[tuple[float, float]], time: Time) -> list[tuple[float, float]]:
    """The points inside, with the value that holds at the start."""
    ordered = sorted(points)
    before = [value for at, value in ordered if at <= time.start]
    inside = [(at, value) for at, value in ordered if time.start < at < time.end]
    return [(time.start, before[-1]), *inside] if before else inside


def _area(
    points: Sequence[Second], width: int, time: Time, panel: Panel, below: list[float], above: list[float], class_: str
) -> Html:
    edges = [(time.x(point.at), time.x(point.at + width)) for point in points]
    there = stairs((begin, end, panel.y(value)) for (begin, end), value in zip(edges, above, strict=True))
    back = "".join(
        f"V{panel.y(value):g}H{begin:g}" for (begin, _), value in zip(reversed(edges), reversed(below), strict=True)
    )
    return tag("path", d=f"{there}{back}Z", class_=f"area {class_}")


def _bar(begin: float, end: float, top: float, bottom: float) -> Html:
    wide = max(end - begin, 1.5)
    return tag(
        "rect", x=f"{begin:g}", y=f"{top:.1f}", width=f"{wide:.1f}", height=f"{bottom - top:.1f}", class_="failed"
    )


def _seconds(width: int) -> str:
    return "a second" if width == 1 else f"{width} seconds"
