"""Where things are in a chart: one axis of time, and panels below each other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rehearsal.report.series import decades, moments, ticks
from rehearsal.report.text import Html, count, escape, offset, tag

WIDTH = 960.0
LEFT, RIGHT = 64.0, 936.0  # of the panels
CHARACTER = 7.0  # about as wide as one is


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


def head(y: float, title: str, keys: Sequence[tuple[str, str]] = (), class_: str = "title") -> Html:
    """A panel's title at the left and what its lines are, (class, name), at the right; legible over other lines."""
    parts = [label(LEFT, y, title, "start", class_)]
    x = RIGHT
    for line_class, name in reversed(keys):
        parts.append(label(x, y, name, "end", "label key"))
        x -= CHARACTER * len(name) + 6
        parts.append(line(x - 22, y - 4, x, y - 4, f"line {line_class}"))
        x -= 38
    return Html("".join(parts))


def stairs(corners: Iterable[tuple[float, float, float]]) -> str:
    """A path along (from x, to x, y)."""
    parts: list[str] = []
    for begin, end, y in corners:
        parts.append(f"{'V' if parts else f'M{begin:g} '}{y:g}H{end:g}")
    return "".join(parts)
