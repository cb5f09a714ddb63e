"""SVG elements, and texts that take the room that was computed for them, whatever font a reader has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.etree import ElementTree as ET

FONT = 'Helvetica, Arial, "Liberation Sans", sans-serif'
INK, SOFT, FAINT, LINE, CARD, PAGE = "#16191f", "#545b64", "#687078", "#d5dbdb", "#ffffff", "#f2f3f3"
# Advance widths in thousandths of the size, for " " to "~": Helvetica, with which Arial and Liberation Sans agree.
# https://learn.microsoft.com/en-us/typography/font-list/arial
_ASCII = (
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278),
    *(556,) * 10,
    *(278, 278, 584, 584, 584, 556, 1015),
    *(667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667),
    *(944, 667, 667, 611, 278, 278, 278, 469, 556, 333),
    *(556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500),
    *(722, 500, 500, 500, 334, 260, 334, 584),
)
_SIGNS = {"•": 350, "…": 1000, "·": 278, "°": 400, "µ": 576, "▲": 770, "▼": 770, "→": 1000}
_OTHER, _WIDE = 556, 1000  # other letters; those of East Asia, and pictures
_BOLD = 1.08


class Area(NamedTuple):
    """A rectangle in the picture's units, from its left upper corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right side."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Its lower side."""
        return self.y + self.height

    def inset(self, left: float, top: float, right: float | None = None, bottom: float | None = None) -> Area:
        """A smaller one inside; the right and lower margins are those on the other side unless given."""
        right, bottom = left if right is None else right, top if bottom is None else bottom
        return Area(self.x + left, self.y + top, self.width - left - right, self.height - top - bottom)


def number(value: float) -> str:
    """A coordinate; a tenth of a unit is less than anybody sees, and the same on every machine."""
    return f"{round(value, 1):g}"


def width(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is drawn."""
    units = sum(_SIGNS.get(character) or _advance(ord(character)) for character in text)
    return units * size / 1000 * (_BOLD if bold else 1.0)


def _advance(code: int) -> int:
    if 0 <= code - ord(" ") < len(_ASCII):
        return _ASCII[code - ord(" ")]
    return _OTHER if code < 0x2E80 else _WIDE


def cut(text: str, room: float, size: float, bold: bool = False) -> str:
    """The text, visibly shortened where it is wider than the room; nothing where not even that fits."""
    if width(text, size, bold) <= room:
        return text
    while text and width(f"{text.rstrip()}…", size, bold) > room:
        text = text[:-1]
    return f"{text.rstrip()}…" if text else ""


def cut_inside(text: str, room: float, size: float, bold: bool = False) -> str:
    """The text, shortened in its middle where it is wider than the room: of names, the end tells them apart."""
    if width(text, size, bold) <= room:
        return text
    for kept in range(len(text) - 1, 0, -1):
        shown = f"{text[: kept // 3]}…{text[len(text) - kept + kept // 3 :]}"
        if width(shown, size, bold) <= room:
            return shown
    return ""


def wrap(text: str, room: float, size: float, bold: bool = False) -> list[str]:
    """The text in lines of whole words, none wider than the room unless it is one word."""
    rows: list[str] = []
    for word in text.split():
        if rows and width(f"{rows[-1]} {word}", size, bold) <= room:
            rows[-1] += f" {word}"
        else:
            rows.append(word)
    return rows or [""]


def add(parent: ET.Element, name: str, /, **attributes: object) -> ET.Element:
    """A new last child. Names: `class_` is class, other underscores are hyphens; numbers are rounded, None left out."""
    given: Mapping[str, str] = {
        key.rstrip("_").replace("_", "-"): number(value) if isinstance(value, int | float) else str(value)
        for key, value in attributes.items()
        if value is not None
    }
    return ET.SubElement(parent, name, dict(given))


def write(
    parent: ET.Element,
    x: float,
    y: float,
    text: str,
    size: float = 11,
    *,
    room: float | None = None,
    anchor: str = "start",
    bold: bool = False,
    fill: str = INK,
) -> float:
    """A line of text with its baseline at `y`; how wide it is.

    Args:
        parent: What it becomes a part of.
        x: Where it starts, is in the middle or ends, by `anchor`.
        y: Of the baseline.
        text: Shortened to `room`, if that is given.
        size: Of the font.
        room: Units that it may take.
        anchor: "start", "middle" or "end".
        bold: Whether in bold letters.
        fill: Its colour.
    """
    shown = "".join(each if each.isprintable() else "\ufffd" for each in text)
    shown = shown if room is None else cut(shown, room, size, bold)
    if not shown.strip():
        return 0.0
    wide = width(shown, size, bold)
    element = add(
        parent,
        "text",
        x=x,
        y=y,
        font_size=size,
        text_anchor=None if anchor == "start" else anchor,
        font_weight="bold" if bold else None,
        fill=None if fill == INK else fill,
        textLength=number(wide),
        lengthAdjust="spacingAndGlyphs",
    )
    element.text = shown
    return wide


def line(parent: ET.Element, x1: float, y1: float, x2: float, y2: float, stroke: str = LINE, **more: object) -> None:
    """A straight line."""
    add(parent, "line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, **more)


def rectangle(parent: ET.Element, area: Area, fill: str, **more: object) -> None:
    """A filled rectangle."""
    add(parent, "rect", x=area.x, y=area.y, width=area.width, height=area.height, fill=fill, **more)


def path(points: Sequence[tuple[float, float]]) -> str:
    """A polyline as path data, in tenths of a unit and relative, which takes half the bytes."""
    (x, y), *rest = ((round(px * 10), round(py * 10)) for px, py in points)
    parts = [f"M{number(x / 10)} {number(y / 10)}"]
    if rest:
        parts.append("l")
    for px, py in rest:
        parts.append(f"{number((px - x) / 10)} {number((py - y) / 10)}")
        x, y = px, py
    return parts[0] + (parts[1] + " ".join(parts[2:]) if rest else "")
