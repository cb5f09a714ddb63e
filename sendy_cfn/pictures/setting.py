"""What drawing a widget needs to know of its dashboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

from sendy_cfn.pictures.body import Widget
from sendy_cfn.pictures.lines import Names
from sendy_cfn.pictures.svg import FAINT, INK, Area, width, write

PAD = 10.0  # between a widget's border and what is in it
TITLE = 22.0  # height of a title


@dataclass(frozen=True)
class Alarm:
    """What a template says of an alarm."""

    name: str
    metrics: Sequence[Any] = ()  # as a widget would have them
    threshold: float | None = None
    says: str = ""  # the condition, for people
    stat: str = "Average"
    period: int = 300


@dataclass(frozen=True)
class Setting:
    """A dashboard's times, words and alarms."""

    between: tuple[int, int]
    names: Names = field(default_factory=Names)
    alarms: Mapping[str, Alarm] = field(default_factory=dict)  # by ARN


Notes = Sequence[str]
Draw = Callable[[ET.Element, Area, Widget, Setting], Notes]


def titled(parent: ET.Element, area: Area, title: str) -> Area:
    """Write a widget's title; what room is left, without the border."""
    inner = area.inset(PAD, PAD)
    if not title:
        return inner
    size = min(12.0, max(10.0, 12.0 * inner.width / width(title, 12, bold=True) - 0.05))
    write(parent, inner.x, inner.y + 10, title, round(size, 1), room=inner.width, bold=True, fill=INK)
    return inner.inset(0, TITLE, 0, 0)


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
