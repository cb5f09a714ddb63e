"""The timeline: what happened when, the outline at once and the rest behind a filter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rehearsal.report.model import Entry, Result
from rehearsal.report.text import Html, count, escape, join, offset, section, tag

OUTLINE = ("scenario", "stage", "pipeline", "deployment", "record", "note")  # kinds that are shown without being asked
LATER = ("action", "health", "build", "stack", "task", "target")  # those of which more is left out come later
MOST = 5_000  # entries on the page
LONGEST = 600  # characters of an entry


def timeline(result: Result, zero: float) -> Html:
    """What happened, with a filter by kind."""
    if not result.timeline:
        return Html("")
    entries = kept(result.timeline)
    kinds = Counter(entry.kind for entry in entries)
    outline = [kind for kind in kinds if kind in OUTLINE] or list(kinds)
    boxes = [
        tag("label", _box(kind, kind in outline), escape(f" {kind} ({count(kinds[kind])})"))
        for kind in sorted(kinds, key=lambda kind: (_rank(kind), kind))
    ]
    choice = tag("fieldset", tag("legend", Html("Show")), *boxes, class_="filter", hidden=True)  # shown by the script
    items = [_item(entry, zero, entry.kind in outline) for entry in entries]
    parts = [_missing(result.timeline, kinds), choice, tag("ol", *items, class_="timeline")]
    return section("Timeline", join(part for part in parts if part), "timeline")


def kept(timeline: Sequence[Entry], most: int = MOST) -> list[Entry]:
    """The entries in order; if there are too many, without the last ones of the kinds that matter least."""
    ordered = sorted(timeline, key=lambda entry: entry.at)
    if len(ordered) <= most:
        return ordered
    return sorted(sorted(ordered, key=lambda entry: _rank(entry.kind))[:most], key=lambda entry: entry.at)


def _rank(kind: str) -> int:
    order = (*OUTLINE, *LATER)
    return order.index(kind) if kind in order else len(OUTLINE)


def _box(kind: str, checked: bool) -> Html:
    return Html(f'<input type="checkbox"{" checked" if checked else ""} value="{escape(kind)}">')


def _item(entry: Entry, zero: float, shown: bool) -> Html:
    text = entry.text if len(entry.text) <= LONGEST else f"{entry.text[:LONGEST]}…"
    return tag(
        "li",
        tag("span", escape(offset(entry.at - zero)), class_="at"),
        tag("span", escape(entry.kind), class_="kind"),
        tag("span", escape(text)),
        data_kind=entry.kind,
        hidden=not shown,
    )


def _missing(everything: Sequence[Entry], kinds: Counter[str]) -> Html:
    left = Counter(entry.kind for entry in everything) - kinds
    if not left:
        return Html("")
    named = ", ".join(f"{count(number)} {kind}" for kind, number in left.most_common())
    numbers = f"{count(left.total())} of {count(len(everything))} entries"
    return tag("p", escape(f"{numbers} are only in the JSON file: {named}."))
