"""Bars and pies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple
from xml.etree import ElementTree as ET

from sendy_cfn.pictures import lines, scale
from sendy_cfn.pictures.body import Widget
from sendy_cfn.pictures.chart import Entry, legend
from sendy_cfn.pictures.figures import value_of
from sendy_cfn.pictures.setting import Notes, Setting, empty, titled
from sendy_cfn.pictures.svg import FAINT, INK, SOFT, Area, add, line, number, rectangle, width, write

SIZE = 10.0


class Share(NamedTuple):
    """A bar, or a slice."""

    label: str
    value: float
    colour: str
    unit: str = ""


def draw_bars(parent: ET.Element, area: Area, widget: Widget, setting: Setting) -> Notes:
    """A metric widget with the view bar."""
    shares, notes = _shares(widget, setting)
    bars(parent, titled(parent, area, widget.properties.get("title", "")), shares)
    return notes


def draw_pie(parent: ET.Element, area: Area, widget: Widget, setting: Setting) -> Notes:
    """A metric widget with the view pie."""
    given = widget.properties
    shares, notes = _shares(widget, setting)
    right = given.get("legend", {}).get("position", "bottom") == "right"
    pie(
        parent,
        titled(parent, area, given.get("title", "")),
        shares,
        given.get("labels", {}).get("visible", False),
        right,
    )
    return notes


def _shares(widget: Widget, setting: Setting) -> tuple[list[Share], Notes]:
    given = widget.properties
    shown = lines.read(given, setting.between, setting.names)
    whole = given.get("setPeriodToTimeRange", False)
    values = [(each, value_of(each.series, whole)) for each in shown.lines]
    found = [Share(each.label, value, each.colour, each.series.unit) for each, value in values if value is not None]
    return found, shown.notes


def bars(parent: ET.Element, room: Area, shares: Sequence[Share]) -> None:
    """Horizontal bars with their names at the left and their values at the right."""
    if not shares:
        empty(parent, room, "No data")
        return
    most = max(int(room.height // 18), 1)
    shown = shares if len(shares) <= most else shares[: most - 1]
    beside = min(max(width(each.label, SIZE) for each in shown), room.width * 0.36)
    behind = max(width(scale.short(each.value, each.unit), SIZE) for each in shown) + 8
    plot = Area(room.x + beside + 8, room.y, room.width - beside - 8 - behind, room.height)
    axis = scale.axis([0.0, *(each.value for each in shown)], "", 4)
    high = min(plot.height / max(len(shown) + (len(shares) > len(shown)), 1), 44.0)
    zero = plot.x + plot.width * axis.share(0)
    for place, each in enumerate(shown):
        y = plot.y + place * high
        x = plot.x + plot.width * axis.share(each.value)
        rectangle(parent, Area(min(x, zero), y + high * 0.16, abs(x - zero), high * 0.68), each.colour, rx=1.5)
        write(parent, room.x + beside, y + high / 2 + 3.5, each.label, SIZE, room=beside, anchor="end", fill=SOFT)
        write(parent, max(x, zero) + 5, y + high / 2 + 3.5, scale.short(each.value, each.unit), SIZE, fill=INK)
    line(parent, zero, plot.y, zero, plot.y + high * len(shown), FAINT)
    if len(shares) > len(shown):
        more = f"and {len(shares) - len(shown)} more"
        write(parent, plot.x, plot.y + high * (len(shown) + 0.5) + 3.5, more, SIZE, room=plot.width, fill=FAINT)


def pie(parent: ET.Element, room: Area, shares: Sequence[Share], labels: bool, right: bool) -> None:
    """A ring with the sum in the middle, and what its parts are beside or below it."""
    total = sum(each.value for each in shares if each.value > 0)
    if not total:
        empty(parent, room, "No data")
        return
    texts = [f"{each.label} {scale.digits(100 * each.value / total)} %" if labels else each.label for each in shares]
    room = legend(parent, room, [Entry(text, each.colour) for text, each in zip(texts, shares, strict=True)], right)
    radius = min(room.width, room.height) / 2 - 2
    x, y = room.x + room.width / 2, room.y + room.height / 2
    begin = 0.0
    for each in shares:
        if each.value <= 0:
            continue
        end = begin + each.value / total
        add(parent, "path", d=_slice(x, y, radius, begin, end), fill=each.colour, stroke="#ffffff", stroke_width=1.5)
        begin = end
    size = min(radius * 0.3, 16.0)
    write(
        parent,
        x,
        y + size * 0.35,
        scale.short(total, shares[0].unit),
        round(size, 1),
        room=radius * 1.1,
        anchor="middle",
        bold=True,
    )


def _slice(x: float, y: float, radius: float, begin: float, end: float) -> str:
    inner = radius * 0.58
    end = min(end, begin + 0.9999)  # an arc from a point to itself is none

    def at(distance: float, share: float) -> str:
        angle = 2 * math.pi * share
        return f"{number(x + distance * math.sin(angle))} {number(y - distance * math.cos(angle))}"

    large = int(end - begin > 0.5)
    outer, back = f"A{number(radius)} {number(radius)} 0 {large} 1", f"A{number(inner)} {number(inner)} 0 {large} 0"
    return f"M{at(radius, begin)}{outer} {at(radius, end)}L{at(inner, end)}{back} {at(inner, begin)}z"
