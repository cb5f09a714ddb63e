"""What drawing a widget needs to know of its dashboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree import ElementTree as ET

from sendy_cfn.pictures import alarm_states, signs
from sendy_cfn.pictures.alarms import Alarm
from sendy_cfn.pictures.body import Widget
from sendy_cfn.pictures.names import Names
from sendy_cfn.pictures.svg import FAINT, INK, Area, width, wrap, write

PAD = 10.0  # between a widget's border and what is in it
TITLE, TITLE_ROW = 22.0, 14.0  # height of a title, and of each further line of it
BELOW = 70.0  # height of a small chart
WORD = 10.0  # size of a state's word
SIZES = (12.0, 11.0, 9.0, 8.0)  # of its letters: smaller ones where a word has no room in larger ones


@dataclass(frozen=True)
class Setting:
    """A dashboard's times, words and alarms."""

    between: tuple[int, int]
    names: Names = field(default_factory=Names)
    alarms: Mapping[str, Alarm] = field(default_factory=dict)  # by ARN
    known: dict[str, str] = field(default_factory=dict)  # states of them that were computed already

    def state(self, arn: str) -> str:
        """The state of an alarm; of one that is not there nobody knows it."""
        if arn not in self.alarms:
            return alarm_states.UNKNOWN
        if arn not in self.known:
            self.known[arn] = alarm_states.state(self.alarms[arn], self.alarms, self.between, self.names)
        return self.known[arn]


Notes = Sequence[str]
Draw = Callable[[ET.Element, Area, Widget, Setting], Notes]


class Title(NamedTuple):
    """A title as it is written: in smaller letters, or on several lines, before it is cut off."""

    rows: tuple[str, ...]
    size: float
    whole: bool


def title(text: str, wide: float, high: float) -> Title:
    """How a title fits into a room, most of which is for what is below it."""
    longest = max(text.split(), key=len, default="")
    whole = width(text, SIZES[0], bold=True) <= wide
    smaller = (size for size in SIZES[1:] if width(longest, size, bold=True) <= wide)
    size = SIZES[0] if whole else next(smaller, SIZES[-1])
    rows = wrap(text, wide, size, bold=True)
    most = max(int((high - BELOW) / TITLE_ROW), 1)
    if len(rows) > most:
        rows = [*rows[: most - 1], " ".join(rows[most - 1 :])]
    return Title(tuple(rows), size, all(width(row, size, bold=True) <= wide for row in rows))


def titled(parent: ET.Element, area: Area, text: str, state: str = "") -> Area:
    """Write a widget's title, and the state of its alarm before it; what room is left, without the border."""
    inner = area.inset(PAD, PAD)
    if not text:
        return inner
    mark = signs.WIDE if state else 0.0
    found = title(text, inner.width - mark, inner.height)
    if state:
        signs.sign(parent, inner.x + 5, inner.y + 6, state)
        left = inner.width - mark - width(found.rows[0], found.size, bold=True) - 8
        word = signs.WORDS[state]
        if left >= width(word, WORD):
            write(parent, inner.right, inner.y + 10, word, WORD, anchor="end", fill=signs.COLOURS[state])
    for number, row in enumerate(found.rows):
        y = inner.y + 10 + number * TITLE_ROW
        write(parent, inner.x + mark, y, row, found.size, room=inner.width - mark, bold=True, fill=INK)
    return inner.inset(0, TITLE + (len(found.rows) - 1) * TITLE_ROW, 0, 0)


def empty(parent: ET.Element, area: Area, text: str) -> None:
    """Say in the middle why nothing is drawn."""
    write(
        parent,
        area.x + area.width / 2,
        area.y + area.height / 2 + 4,
        text,
        11,
        room=area.width,
        anchor="middle",
        fill=FAINT,
    )
