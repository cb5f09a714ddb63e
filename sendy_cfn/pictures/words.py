"""Text widgets: the Markdown that CloudWatch shows.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/add_remove_text_dashboard.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from xml.etree import ElementTree as ET

from sendy_cfn.pictures.body import Widget
from sendy_cfn.pictures.setting import Notes, Setting
from sendy_cfn.pictures.svg import INK, LINE, SOFT, Area, line, rectangle, width, write

SIZES = {1: 19.0, 2: 16.0, 3: 13.5, 4: 12.0, 5: 12.0, 6: 12.0}
SIZE = 11.5
LINK, BUTTON, MARKED, SCROLL = "#0073bb", "#ec7211", "#f2f3f3", "#aab7b8"
INDENT = 14.0
_INLINE = re.compile(
    r"\[button:(?:primary:)?(?P<button>[^\]]+)\]\([^)]*\)|!?\[(?P<link>[^\]]*)\]\([^)]*\)"
    r"|\*\*(?P<bold>.+?)\*\*|__(?P<strong>.+?)__|`(?P<code>[^`]+)`|(?<!\w)[*_](?P<slant>[^*_]+)[*_](?!\w)"
)
_ITEM = re.compile(r"\s*(?:[-*+]|\d+\.)\s+(.*)")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*")
_RULE = re.compile(r"\s*(?:-{3,}|\*{3,}|_{3,})\s*")
_BORDER = re.compile(r"\s*\|?[\s:|-]*-[\s:|-]*\|?\s*")


class Run(NamedTuple):
    """A stretch of text that looks the same."""

    text: str
    bold: bool = False
    fill: str = INK
    code: bool = False


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading, an item of a list; or a row of a table, or a rule."""

    runs: tuple[Run, ...] = ()
    size: float = SIZE
    item: bool = False
    cells: tuple[tuple[Run, ...], ...] = ()
    rule: bool = False


def draw(parent: ET.Element, area: Area, widget: Widget, _setting: Setting) -> Notes:
    """A text widget."""
    given = widget.properties
    flat = area.height < 60
    room = area.inset(10, 5 if flat else 9)
    blocks = list(read(given["markdown"]))
    y = room.y
    if flat and len(blocks) == 1:
        y += max((room.height - _height(blocks[0])) / 2, 0)
    columns = _columns(blocks, room.width)
    for number, block in enumerate(blocks):
        end = _block(parent, room, y, block, columns)
        if end is None:
            _bar(parent, area, number / len(blocks))
            left = len(blocks) - number
            return [
                f"widget {widget.number} is too low for its text: {left} of {len(blocks)} blocks are left out or cut"
            ]
        y = end
    return []


def _bar(parent: ET.Element, area: Area, share: float) -> None:
    """A scroll bar, as the console has it then."""
    rectangle(parent, Area(area.right - 6, area.y + 3, 3.5, area.height - 6), MARKED, rx=1.5)
    rectangle(parent, Area(area.right - 6, area.y + 3, 3.5, (area.height - 6) * max(share, 0.3)), SCROLL, rx=1.5)


def read(markdown: str) -> Iterator[Block]:
    """The blocks of a text."""
    lines = markdown.splitlines()
    paragraph: list[str] = []
    for place, text in enumerate(lines):
        heading, item = _HEADING.fullmatch(text.strip()), _ITEM.fullmatch(text)
        row = text.strip().startswith("|")
        starts = heading or item or row or _RULE.fullmatch(text) or not text.strip()
        if starts and paragraph:
            yield Block(tuple(inline(" ".join(paragraph))))
            paragraph = []
        if heading:
            yield Block(tuple(inline(heading[2], bold=True)), SIZES[len(heading[1])])
        elif row:
            if not _BORDER.fullmatch(text):
                head = place + 1 < len(lines) and bool(_BORDER.fullmatch(lines[place + 1]))
                cells = text.strip().strip("|").split("|")
                yield Block(cells=tuple(tuple(inline(cell.strip(), bold=head)) for cell in cells))
        elif _RULE.fullmatch(text):
            yield Block(rule=True)
        elif item:
            yield Block(tuple(inline(item[1])), item=True)
        elif text.strip():
            paragraph.append(text.strip())
    if paragraph:
        yield Block(tuple(inline(" ".join(paragraph))))


def inline(text: str, bold: bool = False) -> Iterator[Run]:
    """The runs of a line."""
    at = 0
    for found in _INLINE.finditer(text):
        if found.start() > at:
            yield Run(text[at : found.start()], bold)
        kind, inner = found.lastgroup, found[found.lastgroup or 0]
        if kind in ("link", "button"):
            yield Run(inner, bold or kind == "button", BUTTON if kind == "button" else LINK)
        elif kind == "code":
            yield Run(inner, bold, SOFT, code=True)
        else:
            yield Run(inner, bold or kind in ("bold", "strong"))
        at = found.end()
    if at < len(text):
        yield Run(text[at:], bold)


def _height(block: Block) -> float:
    return 9.0 if block.rule else block.size * 1.42


def _block(parent: ET.Element, room: Area, y: float, block: Block, columns: Sequence[float]) -> float | None:
    """Draw it from `y`; where it ends, or None if there was no room for all of it."""
    high = _height(block)
    if y + high > room.bottom + 3:
        return None
    if block.rule:
        line(parent, room.x, y + 4, room.right, y + 4, LINE)
        return y + high
    if block.cells:
        x = room.x
        for cell, wide in zip(block.cells, columns, strict=False):
            _line(parent, x + 5, y + high - 5, list(cell), wide - 10, block.size)
            x += wide
        line(parent, room.x, y + high, x, y + high, LINE)
        return y + high + 1
    left = room.x + (INDENT if block.item else 0)
    if block.item:
        write(parent, room.x + 4, y + block.size, "•", block.size)
    for row in wrapped(block.runs, room.right - left, block.size):
        if y + high > room.bottom + 3:
            return None
        _line(parent, left, y + block.size, row, room.right - left, block.size)
        y += high
    return y + (0 if block.item else 4)


def wrapped(runs: Sequence[Run], room: float, size: float) -> list[list[Run]]:
    """The runs in lines that are no wider than the room; a word that is wider has a line of its own."""
    rows: list[list[Run]] = [[]]
    used = 0.0
    for run in runs:
        for word in re.findall(r"\s+|\S+", run.text):
            wide = width(word, size, run.bold)
            if used + wide > room and rows[-1] and word.strip():
                rows.append([])
                used = 0.0
            if word.strip() or rows[-1]:
                rows[-1].append(run._replace(text=word))
                used += wide
    return [_joined(row) for row in rows if row]


def _joined(row: Sequence[Run]) -> list[Run]:
    found: list[Run] = []
    for run in row:
        if found and found[-1][1:] == run[1:]:
            found[-1] = run._replace(text=found[-1].text + run.text)
        else:
            found.append(run)
    return found


def _line(parent: ET.Element, x: float, y: float, runs: Sequence[Run], room: float, size: float) -> None:
    end = x + room
    for run in runs:
        wide = width(run.text, size, run.bold)
        if run.code:
            rectangle(parent, Area(x - 1, y - size * 0.85, min(wide, end - x) + 2, size * 1.15), MARKED, rx=2)
        text = run.text.lstrip()
        shift = wide - width(text, size, run.bold)
        write(parent, x + shift, y, text.rstrip(), size, room=end - x - shift, bold=run.bold, fill=run.fill)
        x += wide


def _columns(blocks: Sequence[Block], room: float) -> list[float]:
    """Widths of a table's columns: what they need, or their share where that is too much."""
    rows = [block.cells for block in blocks if block.cells]
    wanted = [
        max(sum(width(run.text, SIZE, run.bold) for run in row[column]) if column < len(row) else 0 for row in rows)
        + 14
        for column in range(max(map(len, rows), default=0))
    ]
    total = sum(wanted)
    return wanted if total <= room else [wide * room / total for wide in wanted]
