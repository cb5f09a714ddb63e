"""Annotations of charts: thresholds, moments, and stretches of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

from sendy_cfn.pictures import moments
from sendy_cfn.pictures.alarms import Alarm
from sendy_cfn.pictures.moments import Range
from sendy_cfn.pictures.scale import Axis
from sendy_cfn.pictures.svg import Area, add, line, rectangle, width, write

COLOUR = "#d13212"
SIZE = 10.0
HIGH = 12.0  # of a label


@dataclass(frozen=True)
class Plot:
    """Where data points are."""

    area: Area
    axes: Mapping[bool, Axis]  # True is the right one
    over: Range
    taken: list[Area] = field(default_factory=list)  # by labels
    drawn: list[tuple[float, float]] = field(default_factory=list)  # data points

    def x(self, at: float) -> float:
        """Where a time is; outside ones are at the border."""
        share = (at - self.over.start) / (self.over.end - self.over.start)
        return self.area.x + self.area.width * min(max(share, 0.0), 1.0)

    def y(self, value: float, right: bool) -> float:
        """How high a value is."""
        axis = self.axes.get(right) or next(iter(self.axes.values()))
        return self.area.bottom - self.area.height * axis.share(value)

    def at(self, at: int, value: float, right: bool) -> tuple[float, float]:
        """Where a data point is: in the middle of the time that it stands for."""
        return self.x(at + self.over.step / 2), self.y(value, right)


@dataclass(frozen=True)
class Level:
    """A horizontal annotation; of two values a band."""

    values: tuple[float, ...]
    label: str = ""
    colour: str = COLOUR
    fill: str = ""
    right: bool = False


@dataclass(frozen=True)
class Instant:
    """A vertical annotation; of two times a stretch."""

    times: tuple[int, ...]
    label: str = ""
    colour: str = COLOUR
    fill: str = ""


def of_alarm(alarm: Alarm) -> Level:
    """The threshold of an alarm."""
    return Level((alarm.threshold or 0.0,), alarm.says)


def levels(annotations: Mapping[str, Any]) -> list[Level]:
    """The horizontal annotations of a widget."""
    found = []
    for edges in _edges(annotations.get("horizontal", [])):
        first = edges[0]
        label = first.get("label") or (edges[-1].get("label", "") if len(edges) > 1 else "")
        values = tuple(float(edge["value"]) for edge in edges if "value" in edge)
        right = first.get("yAxis") == "right"
        found.append(Level(values, label, first.get("color", COLOUR), first.get("fill", ""), right))
    return found


def moments_of(annotations: Mapping[str, Any]) -> list[Instant]:
    """The vertical annotations of a widget."""
    found = []
    for edges in _edges(annotations.get("vertical", [])):
        first = edges[0]
        times = tuple(moments.span(edge["value"])[0] for edge in edges if "value" in edge)
        found.append(Instant(times, first.get("label", ""), first.get("color", COLOUR), first.get("fill", "")))
    return found


def _edges(given: Iterable[Any]) -> Iterator[list[dict[str, Any]]]:
    """Each visible annotation as its edges: one, or two of a band."""
    for each in given:
        edges = each if isinstance(each, list) else [each]
        if edges[0].get("visible", True):
            yield edges


def shade(parent: ET.Element, plot: Plot, horizontal: Sequence[Level], vertical: Sequence[Instant]) -> None:
    """Draw them, behind the data: areas and lines."""
    area = plot.area
    for level in horizontal:
        ys = [plot.y(value, level.right) for value in level.values]
        if len(ys) == 2 or level.fill in ("above", "below"):
            top = min(ys) if len(ys) == 2 else area.y if level.fill == "above" else ys[0]
            bottom = max(ys) if len(ys) == 2 else ys[0] if level.fill == "above" else area.bottom
            rectangle(parent, Area(area.x, top, area.width, bottom - top), level.colour, fill_opacity=0.1)
        for y in ys:
            line(parent, area.x, y, area.right, y, level.colour, stroke_width=1.2, stroke_dasharray="5 3")
    for instant in _inside(plot, vertical):
        xs = [plot.x(at) for at in instant.times]
        if len(xs) == 2 or instant.fill in ("before", "after"):
            left = min(xs) if len(xs) == 2 else area.x if instant.fill == "before" else xs[0]
            right = max(xs) if len(xs) == 2 else xs[0] if instant.fill == "before" else area.right
            rectangle(parent, Area(left, area.y, right - left, area.height), instant.colour, fill_opacity=0.1)
        for x in xs:
            line(parent, x, area.y, x, area.bottom, instant.colour, stroke_width=1.2)


def _inside(plot: Plot, vertical: Sequence[Instant]) -> list[Instant]:
    return [each for each in vertical if any(plot.over.start <= at <= plot.over.end for at in each.times)]


def write_labels(parent: ET.Element, plot: Plot, horizontal: Sequence[Level], vertical: Sequence[Instant]) -> None:
    """Write what they mean over the data, each where no other label is; one without room is left out."""
    area = plot.area
    for level in horizontal:
        wide = min(width(level.label, SIZE), area.width - 8)
        y = min(plot.y(value, level.right) for value in level.values)
        places = [(x, top) for top in (y - HIGH - 1, y + 2) for x in (area.right - wide - 4, area.x + 4)]
        _label(parent, plot, level.label, level.colour, wide, places)
    for instant in _inside(plot, vertical):
        x = plot.x(max(instant.times))
        wide = min(width(instant.label, SIZE), area.width - 8)
        tops = [area.y + 2 + HIGH * row for row in range(3)]
        _label(
            parent,
            plot,
            instant.label,
            instant.colour,
            wide,
            [(at, top) for top in tops for at in (x + 4, x - wide - 4)],
        )


def _label(
    parent: ET.Element, plot: Plot, text: str, colour: str, wide: float, places: Sequence[tuple[float, float]]
) -> None:
    area = plot.area
    rooms = [Area(x, y, wide, HIGH) for x, y in places]
    inside = [
        room
        for room in rooms
        if area.x <= room.x
        and room.right <= area.right + 1
        and area.y - 2 <= room.y
        and room.bottom <= area.bottom + 1
        and not any(_meets(room, other) for other in plot.taken)
    ]
    if not text or not inside:
        return
    here = min(inside, key=lambda room: sum(_holds(room, *point) for point in plot.drawn))  # the first of the best
    plot.taken.append(here)
    add(parent, "rect", x=here.x - 1, y=here.y, width=wide + 2, height=HIGH, fill="#ffffff", fill_opacity=0.75)
    write(parent, here.x, here.y + 9.5, text, SIZE, room=wide, fill=colour)


def _holds(room: Area, x: float, y: float) -> bool:
    return room.x - 3 <= x <= room.right + 3 and room.y - 2 <= y <= room.bottom + 2


def _meets(one: Area, other: Area) -> bool:
    return one.x < other.right and other.x < one.right and one.y < other.bottom and other.y < one.bottom
