"""A whole dashboard as one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from sendy_cfn.pictures import chart, figures, grid, logs, moments, shares, signs, states, tables, words
from sendy_cfn.pictures.alarms import Alarm
from sendy_cfn.pictures.body import Body, Variable, Widget
from sendy_cfn.pictures.names import Names
from sendy_cfn.pictures.setting import PAD, Draw, Notes, Setting, title, titled
from sendy_cfn.pictures.svg import (
    CARD,
    FAINT,
    FONT,
    INK,
    LINE,
    PAGE,
    SOFT,
    Area,
    add,
    cut,
    number,
    rectangle,
    width,
    write,
)

FIELD = 38.0  # width and height of a field of the grid; a picture is then about as wide as a README
GAP = 8.0  # between widgets, and around all
HEAD, CHOICES = 38.0, 26.0  # heights of the name, and of the variables
NOTE = 14.0  # a line below
SAID = 24  # rows of widgets that are told to people who do not see them
SAMPLE = "SAMPLE DATA"
_SAID = "Layout, titles, labels, thresholds and time range are the template's; every number is made up."


@dataclass(frozen=True)
class Subject:
    """A dashboard, and what is known about it."""

    name: str
    body: Body
    origin: str  # template and environment, for people
    names: Names = field(default_factory=Names)
    alarms: Mapping[str, Alarm] = field(default_factory=dict)


def draw(subject: Subject) -> str:
    """The dashboard as SVG: the same text from the same dashboard, on every machine."""
    wide = grid.COLUMNS * FIELD + 2 * GAP
    top = HEAD + (CHOICES if subject.body.variables else 0)
    below = top + grid.rows([widget.cell for widget in subject.body.widgets]) * FIELD + GAP
    root = ET.Element(
        "svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img", "aria-labelledby": "title description"}
    )
    title = add(root, "title", id="title")
    title.text = f"Dashboard {subject.name}, with sample data"
    description = add(root, "desc", id="description")
    description.text = words_for(subject.body)
    page = add(root, "rect", width=wide, fill=PAGE, stroke=LINE, rx=6)
    between = moments.span(subject.body.start, subject.body.end)
    _head(root, wide, subject, between)
    _choices(root, Area(GAP * 1.5, HEAD, wide - GAP * 3, CHOICES), subject.body.variables)
    setting = Setting(between, subject.names, subject.alarms)
    notes: list[str] = []
    for widget in subject.body.widgets:
        notes += _widget(root, widget, area(widget.cell, top), setting)
    high = below + _foot(root, Area(GAP, below, wide - 2 * GAP, 0), list(dict.fromkeys(notes)))
    page.set("height", number(high))
    for name, value in {
        "viewBox": f"0 0 {number(wide)} {number(high)}",
        "width": number(wide),
        "height": number(high),
    }.items():
        root.set(name, value)
    root.set("font-family", FONT)
    root.set("fill", INK)
    ET.indent(root, " ")
    return ET.tostring(root, encoding="unicode") + "\n"


def area(cell: grid.Cell, top: float = HEAD) -> Area:
    """Where a cell of the grid is in the picture, below its head."""
    x, y = GAP + cell.x * FIELD, top + cell.y * FIELD
    return Area(x + GAP / 2, y + GAP / 2, cell.width * FIELD - GAP, cell.height * FIELD - GAP)


def _head(root: ET.Element, wide: float, subject: Subject, between: tuple[int, int]) -> None:
    inner = Area(GAP * 1.5, 0, wide - GAP * 3, HEAD)
    badge = width(SAMPLE, 10, True) + 14
    rectangle(root, Area(inner.right - badge, 10, badge, 18), "#fff3d6", stroke="#b7791f", stroke_width=0.8, rx=3)
    write(root, inner.right - badge / 2, 22.5, SAMPLE, 10, anchor="middle", bold=True, fill="#7a4d05")
    shown = (
        f"last {moments.duration(between[1] - between[0])}"
        if not subject.body.end
        else f"{moments.date(between[0])} to {moments.date(between[1])}"
    )
    room = inner.width - badge - 16
    name = cut(subject.name, room * 0.6, 15, True)
    used = write(root, inner.x, 24, name, 15, bold=True)
    write(root, inner.x + used + 12, 24, f"{subject.origin} · {shown}", 11, room=room - used - 12, fill=SOFT)


def _choices(root: ET.Element, room: Area, variables: Sequence[Variable]) -> None:
    """The variables with their first values, as many as there is room for."""
    x = room.x
    for each in variables:
        sign = "" if each.free else "  ▼"
        text = f"{each.value}{sign}"
        label, box = width(each.label, 11) + 8, max(width(text, 11), 40.0) + 16
        if x + label + box > room.right:
            return
        write(root, x, room.y + 15, each.label, 11, fill=SOFT)
        rectangle(root, Area(x + label, room.y + 1, box, 20), CARD, stroke=LINE, rx=2)
        write(root, x + label + 8, room.y + 15, text, 11)
        x += label + box + 20


def _widget(root: ET.Element, widget: Widget, place: Area, setting: Setting) -> Notes:
    group = add(root, "g", class_="widget", data_widget=widget.number)
    if widget.properties.get("background") != "transparent":
        rectangle(group, place, CARD, stroke=LINE, stroke_width=0.8, rx=2)
    kind = (widget.type, widget.properties.get("view", "timeSeries") if widget.type == "metric" else "")
    columns, rows = LEAST.get(kind, SMALLEST)
    if widget.cell.width < columns or widget.cell.height < rows:
        titled(group, place, widget.properties.get("title", ""))
        return [f"widget {widget.number} is too small to be legible here: less than {columns} by {rows} fields"]
    return [*_untitled(widget, place, setting), *DRAW[kind](group, place, widget, setting)]


def _untitled(widget: Widget, place: Area, setting: Setting) -> Notes:
    """Say so if there is no room for the title, with the sign of an alarm before it."""
    inner = place.inset(PAD, PAD)
    arns = widget.properties.get("annotations", {}).get("alarms", [])
    alarm = setting.alarms.get(next(iter(arns), ""))
    text = widget.properties.get("title", alarm.name if alarm else "")
    whole = title(text, inner.width - (signs.WIDE if alarm else 0.0), inner.height).whole
    return [] if whole else [f"the title of widget {widget.number} is cut off"]


# Type, and of metrics the view.
DRAW: dict[tuple[str, str], Draw] = {
    ("metric", "timeSeries"): chart.draw,
    ("metric", "singleValue"): figures.draw,
    ("metric", "gauge"): figures.draw_gauge,
    ("metric", "bar"): shares.draw_bars,
    ("metric", "pie"): shares.draw_pie,
    ("metric", "table"): tables.draw,
    ("log", ""): logs.draw,
    ("text", ""): words.draw,
    ("alarm", ""): states.draw,
}
SMALLEST = (3, 3)  # columns and rows that what is in a widget needs
LEAST = {("text", ""): (1, 1), ("metric", "singleValue"): (2, 2), ("alarm", ""): (3, 2)}


def _foot(root: ET.Element, below: Area, notes: Sequence[str]) -> float:
    """Say what is not as it would be; how high that is."""
    said = f"Sample data. {_SAID}" + (f" Not computed: {'; '.join(notes)}." if notes else "")
    rows = words.wrapped(list(words.inline(said)), below.width - 8, 10)
    for place, row in enumerate(rows):
        write(root, below.x + 4, below.y + NOTE * place + 8, "".join(run.text for run in row).strip(), 10, fill=FAINT)
    return NOTE * len(rows) + GAP / 2


def words_for(dashboard: Body) -> str:
    """The dashboard for people who don't see it: its rows from the top, and in them what is there."""
    rows: dict[int, list[str]] = {}
    for widget in sorted(dashboard.widgets, key=lambda each: (each.cell.y, each.cell.x)):
        rows.setdefault(widget.cell.y, []).append(_said(widget))
    said = ["; ".join(row) for row in rows.values()]
    more = [f"{len(said) - SAID} more rows"] if len(said) > SAID else []
    return f"{len(dashboard.widgets)} widgets. " + ". ".join([*said[:SAID], *more]) + "."


def _said(widget: Widget) -> str:
    if widget.type == "text":
        blocks = [block for block in words.read(widget.properties["markdown"]) if block.runs]
        first = "".join(run.text for run in blocks[0].runs).partition(". ")[0] if blocks else ""
        return f"text: {first.rstrip('.')}" if first else "text"
    kind = widget.properties.get("view", "timeSeries" if widget.type == "metric" else widget.type)
    names = {"timeSeries": "chart", "singleValue": "values", "log": "table", "alarm": "alarms", "bar": "bars"}
    title = widget.properties.get("title", "")
    return f"{names.get(kind, kind)}{f': {title}' if title else ''}"
