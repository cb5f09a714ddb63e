"""A chart of a stretch of time with everything that is known about it, as one picture."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rehearsal.report import lanes, marks, panels
from rehearsal.report.axes import LEFT, RIGHT, WIDTH, Time
from rehearsal.report.model import UNKNOWN, Result, Second
from rehearsal.report.series import points
from rehearsal.report.text import Html, count, escape, milliseconds, offset, plural, tag

TOP = 24.0  # room for the badges
TITLE = 30.0  # room for a panel's title
LANE = 26.0  # height of failures
STACK, LATENCY = (190.0, 160.0), (120.0, 84.0)  # heights for a scenario, and for the whole run
NAMED = 12  # versions in the legend
MARKS = (30, 12)  # so many, the common ones among them, for a scenario and for the whole run


def figure(result: Result, start: float, end: float, zero: float, title: str, whole: bool = False) -> Html:
    """The time from `start` to `end`; `zero` is the moment called 0:00.

    It can be read without scripts; with them it says the numbers below the pointer, or at the cursor that the arrow
    keys move. That of the whole run shows the scenarios, and fewer marks.
    """
    row, width = points(result.seconds, start, end)
    time = Time(float(int(start)), max((point.at + width for point in row), default=end), zero)
    lost = [point.failed for point in points(_lost(result), start, end)[0]]
    versions = [each for each in result.versions if any(point.by_version.get(each) for point in row)]
    drawn = _panels(result, row, lost, width, time, whole)
    bottom = drawn[-1].bottom if drawn else TOP
    entries = marks.within(result.timeline, start, end, MARKS[whole])
    frame = [time.labels(bottom, TOP + 8), *(each.body for each in drawn), marks.draw(entries, time, TOP, bottom)]
    frame += [each.head for each in drawn]
    cursor = tag("line", x1=0, y1=TOP, x2=0, y2=f"{bottom:g}", class_="cursor")
    picture = tag(
        "svg",
        tag("title", escape(title)),
        tag("desc", escape(_words(row, width, versions))),
        *frame,
        cursor,
        viewBox=f"0 0 {WIDTH:g} {bottom + 26:g}",
        role="img",
        tabindex=0,
    )
    return tag(
        "figure",
        tag("figcaption", escape(title)),
        _legend(row, lost, versions, result.versions) if any(versions) or any(lost) else Html(""),
        tag("div", picture, class_="scroll"),
        tag("output", class_="tip", aria_live="polite"),
        marks.listed(entries, time),
        class_="chart",
        data_points=_data(row, width, time, versions),
    )


def _lost(result: Result) -> list[Second]:
    """The seconds in which a request failed that had to be answered."""
    return [second for second in result.seconds if second.failed and not result.planned(second.at)]


def _panels(
    result: Result, row: Sequence[Second], lost: Sequence[float], width: int, time: Time, whole: bool
) -> list[panels.Drawn]:
    drawn: list[panels.Drawn] = []
    y = TOP
    if whole and result.scenarios:
        drawn.append(lanes.scenarios(result.scenarios, time, y))
        y = drawn[-1].bottom
    if any(point.by_version or point.failed for point in row):
        drawn.append(panels.failures(row, lost, width, time, (y := y + TITLE), (y := y + LANE)))
        drawn.append(
            panels.requests(row, lost, width, time, result.versions, (y := y + TITLE), (y := y + STACK[whole]))
        )
        drawn.append(panels.latencies(row, width, time, (y := y + TITLE), (y := y + LATENCY[whole])))
    for each in result.steps:
        if panel := lanes.steps(each, time, y):
            drawn.append(panel)
            y = panel.bottom
    return drawn


def short(version: str) -> str:
    """A version for people: a commit's id is cut."""
    return "version not named" if version == UNKNOWN else version if len(version) <= 14 else f"{version[:10]}…"


def _legend(row: Sequence[Second], lost: Sequence[float], versions: Sequence[str], everything: Sequence[str]) -> Html:
    items = [
        tag("li", _swatch(f"area {panels.colour(version, everything)}"), escape(short(version)), title=version or None)
        for version in versions[:NAMED]
    ]
    if len(versions) > NAMED:
        items.append(tag("li", escape(f"and {len(versions) - NAMED} more versions in the same colours")))
    if any(point.failed > bad for point, bad in zip(row, lost, strict=True)):
        items.append(tag("li", _swatch("failed planned"), Html("failed on purpose")))
    return tag("ul", *items, tag("li", _swatch("failed"), Html("failed")), class_="legend")


def _swatch(class_: str) -> Html:
    square = tag("rect", width=12, height=12, rx=2, class_=class_)
    return tag("svg", square, class_="swatch", viewBox="0 0 12 12", aria_hidden="true")


def _words(row: Sequence[Second], width: int, versions: Sequence[str]) -> str:
    """The picture for people who do not see it."""
    if not row:
        return "No requests were made."
    total = round(sum(sum(point.by_version.values()) * width + point.failed for point in row))
    failed = round(sum(point.failed for point in row))
    worst = max((point.p99 for point in row if point.p99 is not None), default=None)
    answered = ", ".join(
        f"{short(version)} from {offset(seen[0] - row[0].at)} to {offset(seen[-1] + width - row[0].at)}"
        for version in versions
        if (seen := [point.at for point in row if point.by_version.get(version)])
    )
    return (
        f"{plural(total, 'request')} in {count(len(row) * width)} seconds, {plural(failed, 'failure')}. "
        f"Answered by {answered or 'nobody'}. Highest 99th percentile {milliseconds(worst)}."
    )


def _data(row: Sequence[Second], width: int, time: Time, versions: Sequence[str]) -> str:
    rows = [
        [
            *(round(point.by_version.get(version, 0), 1) for version in versions),
            point.failed,
            point.p50,
            point.p95,
            point.p99,
        ]
        for point in row
    ]
    document = {
        "start": time.start - time.zero,
        "span": time.end - time.start,
        "width": width,
        "left": LEFT,
        "right": RIGHT,
        "of": WIDTH,
        "names": [short(version) for version in versions],
        "rows": rows,
    }
    return json.dumps(document, separators=(",", ":"))
