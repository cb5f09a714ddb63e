"""Single values, with or without a line below, and gauges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from sendy_cfn.pictures import lines, marks, scale
from sendy_cfn.pictures.body import Widget
from sendy_cfn.pictures.functions import Series, mean
from sendy_cfn.pictures.lines import Line
from sendy_cfn.pictures.metrics import Metric
from sendy_cfn.pictures.setting import Notes, Setting, empty, titled
from sendy_cfn.pictures.svg import FAINT, SOFT, Area, add, number, path, width, write

BIGGEST, SMALLEST = 26.0, 12.0  # letters of a value
NARROWEST, LOWEST = 40.0, 32.0  # of a value with its label
_ADDED = ("Sum", "SampleCount")


def value_of(series: Series, whole: bool) -> float | None:
    """The last data point, or that of the whole time: what is counted is added up, of others it is the mean."""
    points = series.points
    if not points:
        return None
    if not whole:
        return points[-1]
    added = isinstance(series.metric, Metric) and series.metric.stat in _ADDED
    return sum(points) if added else mean(points)


def draw(parent: ET.Element, area: Area, widget: Widget, setting: Setting) -> Notes:
    """A metric widget with the view singleValue."""
    given = widget.properties
    shown = lines.read(given, setting.between, setting.names)
    room = titled(parent, area, given.get("title", ""))
    if not shown.lines:
        empty(parent, room, "No data")
    fitting = shown.lines[: max(int(room.width // NARROWEST), 1) * max(int(room.height // LOWEST), 1)]
    for each, cell in zip(fitting, cells(room, len(fitting)), strict=True):
        _value(parent, cell, each, given)
    left_out = len(shown.lines) - len(fitting)
    return [*shown.notes, *([f"{left_out} values of widget {widget.number} have no room"] if left_out else [])]


def cells(room: Area, count: int, shape: float = 1.9) -> list[Area]:
    """The room in equal parts, whose width is about `shape` times their height."""

    def unlike(columns: int) -> float:
        rows = -(-count // columns)
        ratio = (room.width / columns) / (room.height / rows)
        return max(ratio / shape, shape / ratio) + (columns * rows - count) / 10

    columns = min(range(1, count + 1), key=unlike, default=1)
    rows = -(-count // columns)
    wide, high = room.width / columns, room.height / max(rows, 1)
    return [Area(room.x + n % columns * wide, room.y + n // columns * high, wide, high) for n in range(count)]


def _value(parent: ET.Element, cell: Area, each: Line, given: Mapping[str, Any]) -> None:
    value = value_of(each.series, given.get("setPeriodToTimeRange", False))
    full = given.get("singleValueFullPrecision", False)
    text = scale.NOTHING if value is None else _full(value) if full else scale.short(value, each.series.unit)
    room = cell.inset(4, 2)
    sparkline = given.get("sparkline", False) and len(each.series.points) > 1 and room.height > 50
    height = room.height - (room.height * 0.38 if sparkline else 0)
    size = min(BIGGEST, height - 18, BIGGEST * room.width / max(width(text, BIGGEST, True), 1))
    size = max(size * 0.98, SMALLEST)
    y = room.y + (height - size - 16) / 2 + size * 0.85
    middle = room.x + room.width / 2
    write(parent, middle, y, text, round(size, 1), room=room.width, anchor="middle", bold=True)
    label = each.label + (_trend(each.series) if given.get("trend", False) else "")
    write(parent, middle, y + 15, label, 10.5, room=room.width, anchor="middle", fill=SOFT)
    if sparkline:
        _spark(parent, Area(room.x, room.y + height + 2, room.width, room.height - height - 2), each)


def _full(value: float) -> str:
    return f"{value:,.10f}".rstrip("0").rstrip(".")


def _trend(series: Series) -> str:
    points = series.points
    if len(points) < 2 or points[-1] == points[-2]:
        return ""
    return " ▲" if points[-1] > points[-2] else " ▼"


def _spark(parent: ET.Element, room: Area, each: Line) -> None:
    points = each.series.points
    axis = scale.axis(points, "", 2)
    step = room.width / (len(points) - 1)
    places = [(room.x + n * step, room.bottom - room.height * axis.share(point)) for n, point in enumerate(points)]
    below = [(room.right, room.bottom), (room.x, room.bottom)]
    add(parent, "path", d=f"{path([*places, *below])}z", fill=each.colour, fill_opacity=0.15)
    add(parent, "path", d=path(places), fill="none", stroke=each.colour, stroke_width=1.4)


def draw_gauge(parent: ET.Element, area: Area, widget: Widget, setting: Setting) -> Notes:
    """A metric widget with the view gauge."""
    given = widget.properties
    shown = lines.read(given, setting.between, setting.names)
    room = titled(parent, area, given.get("title", ""))
    says = given["yAxis"]["left"]
    levels = marks.levels(given.get("annotations", {}))
    for each, cell in zip(shown.lines, cells(room, len(shown.lines), 1.5), strict=True):
        value = value_of(each.series, given.get("setPeriodToTimeRange", False))
        _gauge(parent, cell.inset(6, 2), each, value, (says["min"], says["max"]), levels)
    return shown.notes


def _gauge(
    parent: ET.Element,
    room: Area,
    each: Line,
    value: float | None,
    limits: tuple[float, float],
    levels: Sequence[marks.Level],
) -> None:
    low, high = limits
    radius = min(room.width / 2 - 4, room.height - 40)
    middle, base = room.x + room.width / 2, room.y + (room.height + radius - 26) / 2
    thick = radius * 0.22

    def share(of: float) -> float:
        return min(max((of - low) / (high - low), 0.0), 1.0)

    def ring(begin: float, end: float, distance: float, wide: float, colour: str) -> None:
        if end > begin:
            data = arc(middle, base, distance, begin, end)
            add(parent, "path", d=data, fill="none", stroke=colour, stroke_width=wide)

    ring(0, 1, radius - thick / 2, thick, "#e9ebed")
    ring(0, 0 if value is None else share(value), radius - thick / 2, thick, each.colour)
    for level in levels:
        at = sorted(share(edge) for edge in level.values)
        begin, end = (at[0], at[-1]) if len(at) > 1 else (at[0], 1.0) if level.fill == "above" else (0.0, at[0])
        ring(begin, end, radius + 2.5, 3, level.colour)
    text = scale.NOTHING if value is None else scale.short(value, each.series.unit)
    size = round(min(22.0, radius * 0.42), 1)
    write(parent, middle, base - 2, text, size, room=2 * (radius - thick) - 4, anchor="middle", bold=True)
    for limit, x in ((low, middle - radius + thick / 2), (high, middle + radius - thick / 2)):
        text = scale.short(limit, each.series.unit)
        write(parent, x, base + 12, text, 9.5, anchor="middle", room=radius * 0.7, fill=FAINT)
    write(parent, middle, base + 25, each.label, 10.5, room=room.width, anchor="middle", fill=SOFT)


def arc(x: float, y: float, radius: float, begin: float, end: float) -> str:
    """Path data of a part of the upper half of a circle, from the left (0) to the right (1)."""
    points = [
        (x - radius * math.cos(math.pi * share), y - radius * math.sin(math.pi * share)) for share in (begin, end)
    ]
    (x1, y1), (x2, y2) = points
    return f"M{number(x1)} {number(y1)}A{number(radius)} {number(radius)} 0 0 1 {number(x2)} {number(y2)}"
