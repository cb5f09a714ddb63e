"""Marks of what happened, across the panels of a chart, and their list below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rehearsal.report.axes import Time, label, line
from rehearsal.report.model import Entry
from rehearsal.report.text import Html, escape, offset, tag

COMMON = ("deployment", "weights")  # marks that are left out where there are many, in this order
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

    @property
    def middle(self) -> float:
        """Where the badge is."""
        return (self.xs[0] + self.xs[-1]) / 2

    @property
    def half(self) -> float:
        """Half of the badge's width."""
        return 5 + 3.9 * len(self.text)

    def meets(self, other: Group) -> bool:
        """Whether the next group's badge would touch this one's."""
        return self.middle + self.half + 1 > other.middle - other.half


def within(timeline: Sequence[Entry], start: float, end: float, most: int) -> list[Entry]:
    """The entries with a mark, from `start` to before `end`, in order; of more than `most` not the common ones."""
    found = sorted((each for each in timeline if each.mark and start <= each.at < end), key=lambda each: each.at)
    for common in COMMON:
        if len(found) > most:
            found = [each for each in found if each.mark != common]
    return found


def groups(xs: Sequence[float]) -> list[Group]:
    """The marks at these ascending places, gathered so that badges do not cover each other."""
    found: list[Group] = []
    for number, x in enumerate(xs, 1):
        last = Group((x,), number, number)
        while found and found[-1].meets(last):
            before = found.pop()
            last = Group(before.xs + last.xs, before.first, last.last)
        found.append(last)
    return found


def draw(entries: Sequence[Entry], time: Time, top: float, bottom: float) -> Html:
    """Lines from `top` to `bottom` with numbered badges above."""
    parts: list[Html] = []
    for group in groups([time.x(entry.at) for entry in entries]):
        parts += [line(x, top, x, bottom, "mark") for x in group.xs]
        parts.append(
            tag(
                "rect",
                x=f"{group.middle - group.half:g}",
                y=f"{top - 18:g}",
                width=f"{2 * group.half:g}",
                height=17,
                rx=8,
                class_="badge",
            )
        )
        parts.append(label(group.middle, top - 5.5, group.text, "middle", "number"))
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
