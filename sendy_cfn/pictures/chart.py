"""Charts over time: lines, and areas on top of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from sendy_cfn.pictures import alarm_states, lines, marks, moments, scale, signs
from sendy_cfn.pictures.alarms import in_widget
from sendy_cfn.pictures.body import Widget
from sendy_cfn.pictures.functions import Point, Series
from sendy_cfn.pictures.lines import Line, Shown
from sendy_cfn.pictures.marks import Plot
from sendy_cfn.pictures.scale import Axis
from sendy_cfn.pictures.setting import Notes, Setting, empty, titled
from sendy_cfn.pictures.svg import FAINT, SOFT, Area, add, line, path, rectangle, width, write

SIZE = 10.0  # of axes' and legends' letters
ROW = 15.0  # of a legend
KEY = 14.0  # a legend's colour, and the room to its text
BETWEEN = 12.0  # two entries of a legend
UNIT = 20.0  # height of the line with the units
TIMES = 16.0  # height of the axis of time


def draw(parent: ET.Element, area: Area, widget: Widget, setting: Setting) -> Notes:
    """A metric widget with the view timeSeries; with an alarm, its threshold or band and the state that it is in."""
    given = widget.properties
    arn = next(iter(given.get("annotations", {}).get("alarms", [])), "")
    alarm = setting.alarms.get(arn)
    given = in_widget(given, alarm)
    shown = lines.read(given, setting.between, setting.names)
    if alarm and alarm.rule is None and not widget.properties.get("metrics") and "start" not in given:
        setting.known.setdefault(arn, alarm_states.of_data(alarm, shown))
    state = setting.state(arn) if alarm else ""
    if state == alarm_states.ALARM:
        rectangle(parent, area, "none", stroke=signs.COLOURS[state], stroke_width=1.6, rx=2)
    room = titled(parent, area, given.get("title", alarm.name if alarm else ""), state)
    limits = [marks.of_alarm(alarm)] if alarm and alarm.threshold is not None else []
    over_time(parent, room, shown, given, limits)
    notes = [] if alarm or not arn else [f"there is no alarm {arn.rpartition(':')[2]}"]
    return [*notes, *shown.notes]


def over_time(
    parent: ET.Element, room: Area, shown: Shown, given: Mapping[str, Any], limits: Sequence[marks.Level] = ()
) -> None:
    """Axes, lines, annotations and legend of a chart.

    Args:
        parent: What they become parts of.
        room: For all of them.
        shown: The series.
        given: Properties of the widget: stacked, yAxis, legend, annotations.
        limits: Thresholds of alarms.
    """
    if not any(line.series.points for line in shown.lines):
        empty(parent, room, "No data")
        return
    stacked = stack(shown.lines) if given.get("stacked") else None
    levels = [*marks.levels(given.get("annotations", {})), *limits]
    room = _legend(parent, room, shown.lines, given.get("legend", {}).get("position", "bottom"))
    axes = _axes(room, shown.lines, stacked, levels, given.get("yAxis", {}))
    plot = _frame(parent, room, axes, given.get("yAxis", {}), shown)
    marks.shade(parent, plot, levels, marks.moments_of(given.get("annotations", {})))
    if stacked:
        _areas(parent, plot, shown.lines, stacked)
    else:
        for each in sorted(shown.lines, key=lambda each: each.lower is None):  # bands are behind
            _line(parent, plot, each)
    marks.write_labels(parent, plot, levels, marks.moments_of(given.get("annotations", {})))


def stack(drawn: Sequence[Line]) -> list[list[float]]:
    """Upper borders of the areas, of the first one lowest; a data point that isn't there adds nothing."""
    total = [0.0] * max((len(each.series.values) for each in drawn), default=0)
    found = []
    for each in drawn:
        total = [sum_ + (point or 0.0) for sum_, point in zip(total, each.series.values, strict=True)]
        found.append(total)
    return found


def _axes(
    room: Area,
    drawn: Sequence[Line],
    stacked: list[list[float]] | None,
    levels: Sequence[marks.Level],
    given: Mapping[str, Any],
) -> dict[bool, Axis]:
    """The axis of each side that has a series; True is the right one."""
    steps = max(int((room.height - UNIT - TIMES) // 30), 1)
    found = {}
    for right in (False, True):
        mine = [each for each in drawn if each.right == right]
        if not mine:
            continue
        values = [point for each in mine for series in _both(each) for point in series.points]
        if stacked:
            values = [0.0, *(border for borders in stacked for border in borders)]
        values += [value for level in levels if level.right == right for value in level.values]
        says = given.get("right" if right else "left", {})
        units = {each.series.unit for each in mine if each.series.unit} or {"No unit"}
        unit = units.pop() if len(units) == 1 else "Various units"
        found[right] = scale.axis(values, unit, steps, says.get("min"), says.get("max"))
    return found


def _both(each: Line) -> Iterator[Series]:
    yield each.series
    if each.lower:
        yield each.lower


def _frame(parent: ET.Element, room: Area, axes: Mapping[bool, Axis], given: Mapping[str, Any], shown: Shown) -> Plot:
    """Draw the axes; the plot between them."""
    beside = {right: max(width(text, SIZE) for text in axis.labels()) + 6 for right, axis in axes.items()}
    inner = room.inset(beside.get(False, 8.0), UNIT, beside.get(True, 8.0), TIMES)
    plot = Plot(inner, axes, shown.over)
    halves = 2 if len(axes) == 2 else 1
    for right, axis in axes.items():
        says = given.get("right" if right else "left", {})
        unit = axis.unit if says.get("showUnits", True) else ""
        text = says.get("label") or unit
        x = room.right if right else room.x
        write(
            parent,
            x,
            room.y + 9,
            text,
            SIZE,
            room=room.width / halves - 4,
            anchor="end" if right else "start",
            fill=SOFT,
        )
        for tick, label in zip(axis.ticks, axis.labels(), strict=True):
            y = plot.y(tick, right)
            if not right or False not in axes:
                line(parent, inner.x, y, inner.right, y)
            at = inner.right + 6 if right else inner.x - 6
            write(parent, at, y + 3.5, label, SIZE, anchor="start" if right else "end", fill=SOFT)
    line(parent, inner.x, inner.bottom, inner.right, inner.bottom, FAINT)
    _times(parent, plot)
    return plot


def _times(parent: ET.Element, plot: Plot) -> None:
    between = (plot.over.start, plot.over.end)
    name = moments.clock if between[1] - between[0] <= moments.DAY else moments.date
    wide = width(name(between[0]), SIZE)
    most = max(int(plot.area.width // (wide + 18)), 1)
    last = None
    for at in ticks_of_time(*between, most):
        x = plot.x(at)
        line(parent, x, plot.area.bottom, x, plot.area.bottom + 3, FAINT)
        start = min(max(x - wide / 2, plot.area.x - 6), plot.area.right - wide + 6)
        if last is None or start >= last + 4:
            write(parent, start, plot.area.bottom + 13, name(at), SIZE, fill=SOFT)
            last = start + wide


def ticks_of_time(start: int, end: int, most: int) -> list[int]:
    """Round moments in between, at most so many."""
    steps = (
        300,
        600,
        900,
        1800,
        3600,
        7200,
        10_800,
        21_600,
        43_200,
        *(moments.DAY * n for n in (1, 2, 7, 14, 28, 91, 182)),
    )
    step = next((each for each in steps if (end - start) // each + 1 <= most), steps[-1])
    return list(range(-(-start // step) * step, end + 1, step))


def runs(series: Series, over: moments.Range) -> list[list[tuple[int, float]]]:
    """Stretches whose data points follow each other at the series' own period, as (time, value)."""
    found: list[list[tuple[int, float]]] = []
    for at, point in zip(over.times, series.values, strict=True):
        if point is None:
            continue
        if found and at - found[-1][-1][0] <= max(series.period, over.step):
            found[-1].append((at, point))
        else:
            found.append([(at, point)])
    return found


def _line(parent: ET.Element, plot: Plot, each: Line) -> None:
    if each.lower:
        up = [plot.at(at, point, each.right) for at, point in _known(plot, each.series.values)]
        down = [plot.at(at, point, each.right) for at, point in _known(plot, each.lower.values)]
        if up and down:
            add(parent, "path", d=f"{path([*up, *reversed(down)])}z", fill=each.colour, fill_opacity=0.3)
        return
    parts = [[plot.at(at, point, each.right) for at, point in run] for run in runs(each.series, plot.over)]
    plot.drawn.extend(place for part in parts for place in part)
    data = "".join(path(part) for part in parts if len(part) > 1)
    if data:
        add(parent, "path", d=data, fill="none", stroke=each.colour, stroke_width=1.6, stroke_linejoin="round")
    for part in parts:
        if len(part) == 1:
            add(parent, "circle", cx=part[0][0], cy=part[0][1], r=2.2, fill=each.colour)


def _known(plot: Plot, values: Sequence[Point]) -> Iterator[tuple[int, float]]:
    return ((at, point) for at, point in zip(plot.over.times, values, strict=True) if point is not None)


def _areas(parent: ET.Element, plot: Plot, drawn: Sequence[Line], borders: Sequence[Sequence[float]]) -> None:
    """The lowest one last: where one adds nothing, its border would hide that of the one below."""
    times = plot.over.times
    lower = [[0.0] * len(times), *borders[:-1]]
    for each, border, below in list(zip(drawn, borders, lower, strict=True))[::-1]:
        up = [plot.at(at, value, each.right) for at, value in zip(times, border, strict=True)]
        down = [plot.at(at, value, each.right) for at, value in zip(times, below, strict=True)]
        add(parent, "path", d=f"{path([*up, *reversed(down)])}z", fill=each.colour, fill_opacity=0.55)
        add(parent, "path", d=path(up), fill="none", stroke=each.colour, stroke_width=1.2)
        plot.drawn.extend(up)


@dataclass(frozen=True)
class Entry:
    """A legend's line."""

    label: str
    colour: str

    @property
    def wide(self) -> float:
        """Its room, with that to the next one."""
        return KEY + width(self.label, SIZE) + BETWEEN


def _legend(parent: ET.Element, room: Area, drawn: Sequence[Line], position: str) -> Area:
    if position == "hidden":
        return room
    return legend(parent, room, [Entry(each.label, each.colour) for each in drawn], position == "right")


def legend(parent: ET.Element, room: Area, entries: Sequence[Entry], right: bool = False) -> Area:
    """Draw what the colours mean, below or at the right; the room that is left."""
    most = max(int(room.height * 0.3 // ROW), 1)
    if right:
        column = min(max(each.wide for each in entries), room.width * 0.4)
        side = Area(room.right - column, room.y, column, room.height)
        _rows(parent, side, [[each] for each in entries], max(int(room.height // ROW), 1))
        return replace_width(room, room.width - column - 10)
    rows: list[list[Entry]] = [[]]
    for each in entries:
        if rows[-1] and sum(e.wide for e in rows[-1]) + each.wide - BETWEEN > room.width:
            rows.append([])
        rows[-1].append(each)
    used = min(len(rows), most) * ROW + 4
    _rows(parent, Area(room.x, room.bottom - used + 4, room.width, used), rows, most)
    return Area(room.x, room.y, room.width, room.height - used)


def replace_width(area: Area, wide: float) -> Area:
    """The same area, less wide."""
    return area._replace(width=wide)


def _rows(parent: ET.Element, area: Area, rows: Sequence[Sequence[Entry]], most: int) -> None:
    shown = rows if len(rows) <= most else rows[: most - 1]
    left_out = sum(map(len, rows)) - sum(map(len, shown))
    for place, row in enumerate(shown):
        x, y = area.x, area.y + place * ROW
        for each in row:
            rectangle(parent, Area(x, y + 2, 9, 9), each.colour, rx=1.5)
            write(parent, x + KEY, y + 10, each.label, SIZE, room=area.right - x - KEY, fill=SOFT)
            x += each.wide
    if left_out:
        write(parent, area.x, area.y + (most - 1) * ROW + 10, f"and {left_out} more", SIZE, room=area.width, fill=FAINT)
