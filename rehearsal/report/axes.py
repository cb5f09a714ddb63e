"""Where things are in a chart: one axis of time, and panels below each other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rehearsal.report.series import decades, moments, ticks
from rehearsal.report.text import Html, count, escape, offset, tag

WIDTH = 960.0
LEFT, RIGHT = 64.0, 936.0  # of the panels
ROW, GAP = 18.0, 16.0  # height of a line of keys, room between two
LONGEST = 300.0  # of a key's name
_NARROW, _BROAD = frozenset("fijlrtI.,:;'|!()[]/ -"), frozenset("mwMWQO@%…&<>")

Key = tuple[str, str]  # class of the line, name


@dataclass(frozen=True)
class Time:
    """The axis of time."""

    start: float
    end: float
    zero: float  # the time that is called 0:00

    def x(self, at: float) -> float:
        """Where the moment is; outside moments are at the border."""
        span = max(self.end - self.start, 1e-9)
        return round(LEFT + (RIGHT - LEFT) * min(max((at - self.start) / span, 0.0), 1.0), 1)

    def labels(self, y: float, top: float) -> Html:
        """The axis at height `y`, with lines up to `top`."""
        begin = self.start - self.zero
        step = moments(self.end - self.start)
        every = step[1] - step[0] if len(step) > 1 else max(self.end - self.start, 1.0)
        first = math.ceil(begin / every) * every
        places = [first + every * number for number in range(len(step) + 1)]
        parts = [line(LEFT, y, RIGHT, y, "axis")]
        for place in places:
            if place <= self.end - self.zero:
                x = self.x(place + self.zero)
                parts += [line(x, top, x, y + 4, "grid"), label(x, y + 18, offset(place), "middle")]
        return Html("".join(parts))


@dataclass(frozen=True)
class Panel:
    """A part of the chart with an axis of its own, from `top` down to `bottom`."""

    top: float
    bottom: float
    scale: Callable[[float], float]  # value to 0…1 from below
    ticks: Sequence[tuple[float, str]]

    def y(self, value: float) -> float:
        """How high the value is."""
        return round(self.bottom - (self.bottom - self.top) * min(max(self.scale(value), 0.0), 1.0), 1)

    def frame(self) -> Html:
        """Its lines and labels."""
        parts: list[Html] = []
        for value, text in self.ticks:
            y = self.y(value)
            parts += [line(LEFT, y, RIGHT, y, "grid"), label(LEFT - 6, y + 4, text, "end")]
        return Html("".join(parts))


def linear(top: float, bottom: float, highest: float, steps: int = 4) -> Panel:
    """A panel from 0 to a round value above `highest`."""
    values = ticks(highest, steps)
    return Panel(top, bottom, lambda value: value / values[-1], [(value, count(value)) for value in values])


def logarithmic(top: float, bottom: float, low: float, high: float) -> Panel:
    """A panel of milliseconds in powers of ten."""
    values = decades(low, high)
    first, last = math.log10(values[0]), math.log10(values[-1])
    names = [(value, f"{value / 1_000:g} s" if value >= 1_000 else f"{value:g} ms") for value in values]
    return Panel(top, bottom, lambda value: (math.log10(max(value, 1e-6)) - first) / (last - first), names)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Html:
    """A straight line."""
    return tag("line", x1=f"{x1:g}", y1=f"{y1:g}", x2=f"{x2:g}", y2=f"{y2:g}", class_=class_)


def label(x: float, y: float, text: str, anchor: str, class_: str = "label") -> Html:
    """A text."""
    return tag("text", escape(text), x=f"{x:g}", y=f"{y:g}", text_anchor=anchor, class_=class_)


def wide(text: str, bold: bool = False) -> float:
    """At most so many pixels wide in the fonts that browsers have for this page, of which Verdana is the widest."""
    return sum(_advance(each) for each in text) * (1.14 if bold else 1.0)


def _advance(character: str) -> float:
    if character in _NARROW:
        return 5.2
    if character in _BROAD or character > "\u2e80":
        return 12.6
    return 9.6 if character.isupper() else 8.0


def cut(text: str, room: float, bold: bool = False) -> str:
    """The text, shortened visibly where it is wider."""
    if wide(text, bold) <= room:
        return text
    while text and wide(f"{text}…", bold) > room:
        text = text[:-1]
    return f"{text}…"


def below(title: str, keys: Sequence[Key]) -> float:
    """How much the lines of keys below a title need; 0 where they have room beside it."""
    return ROW * len(_rows(title, keys)[1:])


def head(y: float, title: str, keys: Sequence[Key] = (), class_: str = "title") -> Html:
    """A panel's title and what its lines are; nothing covers anything, and all is legible over other lines.

    Args:
        y: Of the last line's letters; the title is `below(title, keys)` higher.
        title: At the left.
        keys: At the right where there is room beside the title, else in lines below it.
        class_: Of the title.
    """
    title = cut(title, RIGHT - LEFT, bold=True)
    first, *more = _rows(title, keys)
    y -= ROW * len(more)
    parts = [label(LEFT, y, title, "start", class_)]
    x = RIGHT - sum(_room(key) for key in first) + GAP
    for row in (first, *more):
        for key in row:
            line_class, name = key[0], cut(key[1], LONGEST)
            parts += [line(x, y - 4, x + 22, y - 4, f"line {line_class}"), label(x + 28, y, name, "start", "label key")]
            x += _room(key)
        x, y = LEFT, y + ROW
    return Html("".join(parts))


def _room(key: Key) -> float:
    return 28 + wide(cut(key[1], LONGEST)) + GAP


def _rows(title: str, keys: Sequence[Key]) -> list[list[Key]]:
    """The keys beside the title, then those of each line below it."""
    if wide(title, bold=True) + GAP + sum(map(_room, keys)) <= RIGHT - LEFT:
        return [list(keys)]
    rows: list[list[Key]] = [[], []]
    for key in keys:
        if rows[-1] and sum(map(_room, (*rows[-1], key))) > RIGHT - LEFT:
            rows.append([])
        rows[-1].append(key)
    return rows


def stairs(corners: Iterable[tuple[float, float, float]]) -> str:
    """A path along (from x, to x, y)."""
    parts: list[str] = []
    for begin, end, y in corners:
        parts.append(f"{'V' if parts else f'M{begin:g} '}{y:g}H{end:g}")
    return "".join(parts)
