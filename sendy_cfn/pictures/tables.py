"""Tables: of metrics, and of what a query finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from xml.etree import ElementTree as ET

from sendy_cfn.pictures import lines, marks, moments, scale
from sendy_cfn.pictures.body import Widget
from sendy_cfn.pictures.functions import Series, mean
from sendy_cfn.pictures.setting import Notes, Setting, empty, titled
from sendy_cfn.pictures.svg import FAINT, INK, LINE, SOFT, Area, line, rectangle, width, write

SIZE, ROW = 10.5, 20.0
BETWEEN = 14.0  # two columns
LONGEST = 0.4  # of a column's share of the room, but for the last one
SUMMARIES: dict[str, Callable[[list[float]], float]] = {"MIN": min, "MAX": max, "SUM": sum, "AVG": mean}
_NUMBER = re.compile(rf"(-?[0-9][0-9.,]*[kMGT]?( \S{{1,3}})?|{scale.NOTHING})?")
Cells = Sequence[tuple[str, str]]  # a row: text and colour


def draw(parent: ET.Element, area: Area, widget: Widget, setting: Setting) -> Notes:
    """A metric widget with the view table: a row for each series, or a column."""
    given = widget.properties
    shown = lines.read(given, setting.between, setting.names)
    room = titled(parent, area, given.get("title", ""))
    says = given.get("table", {})
    summaries = says.get("summaryColumns", list(SUMMARIES))
    times = shown.over.times[-1:-7:-1] if says.get("showTimeSeriesData", True) else []
    name = moments.clock if shown.over.span <= moments.DAY else moments.date
    heads = ["Label", *(summary.capitalize() for summary in summaries), *map(name, times)]
    levels = marks.levels(given.get("annotations", {}))
    rows: list[Cells] = []
    for each in shown.lines:
        points = [SUMMARIES[summary](each.series.points) if each.series.points else None for summary in summaries]
        points += list(each.series.values[-1:-7:-1]) if times else []
        rows.append([(each.label, INK), *(_cell(point, each.series, levels) for point in points)])
    if says.get("layout") == "vertical":
        turned = list(zip(*([(head, SOFT) for head in heads], *rows), strict=True))
        heads, rows = [text for text, _ in turned[0]], turned[1:]
    table(parent, room, heads, rows)
    return shown.notes


def _cell(point: float | None, series: Series, levels: Sequence[marks.Level]) -> tuple[str, str]:
    if point is None:
        return scale.NOTHING, FAINT
    inside = [level.colour for level in levels if _within(point, level)]
    return scale.short(point, series.unit), inside[0] if inside else INK


def _within(point: float, level: marks.Level) -> bool:
    if len(level.values) == 2:
        return min(level.values) <= point <= max(level.values)
    return point > level.values[0] if level.fill == "above" else level.fill == "below" and point < level.values[0]


def table(parent: ET.Element, room: Area, heads: Sequence[str], rows: Sequence[Cells]) -> None:
    """As many columns and rows as there is room for; the first column and numbers' columns are never squeezed."""
    if not rows:
        empty(parent, room, "No data")
        return
    widths = _widths(room, heads, rows)
    most = max(int((room.height - ROW) // ROW), 1)
    shown = rows[:most]
    x = room.x
    rectangle(parent, Area(room.x, room.y, room.width, ROW), "#fafafa")
    for column, wide in enumerate(widths):
        numbers = column > 0 and all(_is_number(row[column][0]) for row in shown)
        last = column == len(widths) - 1
        place = x + wide if numbers else x
        anchor = "end" if numbers else "start"
        write(
            parent,
            place + (0 if numbers else 6),
            room.y + 14,
            heads[column],
            SIZE,
            room=wide - 6,
            anchor=anchor,
            bold=True,
            fill=SOFT,
        )
        for number, row in enumerate(shown):
            text, colour = row[column]
            y = room.y + ROW * (number + 1) + 14
            write(parent, place + (0 if numbers else 6), y, text, SIZE, room=wide - 6, anchor=anchor, fill=colour)
        x += wide + (0 if last else BETWEEN)
    for number in range(len(shown) + 1):
        y = room.y + ROW * (number + 1)
        line(parent, room.x, y, room.right, y, LINE)


def _widths(room: Area, heads: Sequence[str], rows: Sequence[Cells]) -> list[float]:
    """Of the columns that fit; the last one gets what is left."""
    wanted = [
        max(width(head, SIZE, True), *(width(row[column][0], SIZE) for row in rows)) + 8
        for column, head in enumerate(heads)
    ]
    found: list[float] = []
    left = room.width
    for column, wide in enumerate(wanted):
        most = room.width * LONGEST if column < len(wanted) - 1 else left
        wide = min(wide, most)
        if found and wide > left:
            break
        found.append(min(wide, left))
        left -= found[-1] + BETWEEN
    spare = max(left + BETWEEN, 0.0)
    if len(found) == len(wanted) and wanted[-1] > found[-1]:
        found[-1] += spare
    elif len(found) > 1:
        found = [wide + spare / (len(found) - 1) if column else wide for column, wide in enumerate(found)]
    return found


def _is_number(text: str) -> bool:
    """As `scale.short` writes them; also where there is none."""
    return bool(_NUMBER.fullmatch(text))
