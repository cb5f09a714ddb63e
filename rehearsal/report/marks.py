"""Marks of what happened, across the panels of a chart, and their list below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rehearsal.report.axes import Time, label, line
from rehearsal.report.model import Entry
from rehearsal.report.text import Html, escape, offset, tag

ROOM = 36.0  # a badge needs this much of the axis
SHORT = 12  # entries that are shown without being asked for


@dataclass(frozen=True)
class Group:
    """Marks so close that they share a badge."""

    xs: tuple[float, ...]
    first: int  # number of the first mark, from 1
    last: int

    @property
    def text(self) -> str:
        """What the badge says."""
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"  # noqa: RUF001 - a range


def within(timeline: Sequence[Entry], start: float, end: float) -> list[Entry]:
    """The entries with a mark, at or after `start` and before `end`, in order."""
    return sorted((each for each in timeline if each.mark and start <= each.at < end), key=lambda each: each.at)


def groups(xs: Sequence[float]) -> list[Group]:
    """The marks at these ascending places, gathered so that badges do not cover each other."""
    found: list[list[float]] = []
    for x in xs:
        if found and x - found[-1][0] < ROOM:
            found[-1].append(x)
        else:
            found.append([x])
    result, number = [], 1
    for members in found:
        result.append(Group(tuple(members), number, number + len(members) - 1))
        number += len(members)
    return result


def draw(entries: Sequence[Entry], time: Time, top: float, bottom: float) -> Html:
    """Lines from `top` to `bottom` with numbered badges above."""
    parts: list[Html] = []
    for group in groups([time.x(entry.at) for entry in entries]):
        parts += [line(x, top, x, bottom, "mark") for x in group.xs]
        middle = (group.xs[0] + group.xs[-1]) / 2
        half = 5 + 3.4 * len(group.text)
        parts.append(
            tag(
                "rect",
                x=f"{middle - half:g}",
                y=f"{top - 18:g}",
                width=f"{2 * half:g}",
                height=17,
                rx=8,
                class_="badge",
            )
        )
        parts.append(label(middle, top - 5.5, group.text, "middle", "number"))
    return Html("".join(parts))


def listed(entries: Sequence[Entry], time: Time) -> Html:
    """What the badges' numbers mean."""
    if not entries:
        return Html("")
    items = [
        tag(
            "li",
            tag("span", escape(offset(entry.at - time.zero)), class_="at"),
            tag("b", escape(entry.mark)),
            Html(" "),
            escape(entry.text),
        )
        for entry in entries
    ]
    named = f"{len(entries)} marks" if len(entries) > 1 else "1 mark"
    return tag("details", tag("summary", escape(named)), tag("ol", *items), class_="marks", open=len(items) <= SHORT)
