"""Texts of the page: everything that comes from outside goes through here."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NewType

Html = NewType("Html", str)  # safe to put into the page


def escape(value: object) -> Html:
    """The value as text, in element content or in a quoted attribute; control characters are shown, not sent."""
    shown = "".join(each if each.isprintable() or each in "\n\t" else f"\\x{ord(each):02x}" for each in str(value))
    return Html(html.escape(shown, quote=True))


def tag(name: str, *content: Html, **attributes: object) -> Html:
    """An element; its content is Html already, its attributes are escaped here.

    Attribute names: `class_` is class, other underscores are hyphens; None and False leave the attribute out, True
    leaves its value out.
    """
    given = [(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items()]
    written = "".join(
        f" {key}" if value is True else f' {key}="{escape(value)}"'
        for key, value in given
        if value is not None and value is not False
    )
    return Html(f"<{name}{written}>{''.join(content)}</{name}>")


def join(parts: Iterable[Html], between: str = "\n") -> Html:
    """The parts one after the other."""
    return Html(between.join(parts))


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[Html]], numbers: frozenset[int] = frozenset()
) -> Html:
    """A table that scrolls by itself on a narrow screen; the first cell of a row is its head."""
    first = tag(
        "tr", *(tag("th", escape(head), scope="col", class_=_number(at, numbers)) for at, head in enumerate(heads))
    )
    lines = [
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            *(tag("td", cell, class_=_number(at, numbers)) for at, cell in enumerate(row[1:], 1)),
        )
        for row in rows
    ]
    body = tag("table", tag("caption", escape(caption)), tag("thead", first), tag("tbody", *lines))
    return tag("div", body, class_="scroll", tabindex=0, role="region", aria_label=caption)


def section(title: str, content: Html, id_: str) -> Html:
    """A part of the page with a heading."""
    return tag("section", tag("h2", escape(title)), content, id=id_)


def _number(at: int, numbers: frozenset[int]) -> str | None:
    return "number" if at in numbers else None


def count(number: float) -> str:
    """12,345, or 12.3 below ten where it is not whole."""
    return f"{number:,.0f}" if number >= 10 or number == round(number) else f"{number:.1f}"


def milliseconds(value: float | None) -> str:
    """The value with three digits or so, and its unit."""
    if value is None:
        return "n/a"
    if value >= 1_000:
        return f"{value / 1_000:.2f} s"
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"


def duration(seconds: float) -> str:
    """1 h 02 min, 3 min 05 s, 12 s or 0.4 s."""
    if seconds < 10 and seconds != round(seconds):
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60:02d} min"


def offset(seconds: float) -> str:
    """Time since the beginning: 3:05, or 1:02:05."""
    sign, whole = ("-" if seconds < 0 else ""), abs(int(seconds))
    hours, rest = divmod(whole, 3_600)
    return sign + (f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}")


def moment(started: str) -> str:
    """The ISO time to the minute; as it is where it is not one."""
    try:
        return f"{datetime.fromisoformat(started):%Y-%m-%d %H:%M %Z}".strip()
    except ValueError:
        return started


def start_of(started: str, otherwise: float) -> float:
    """The ISO time in seconds since 1970."""
    try:
        return datetime.fromisoformat(started).timestamp()
    except ValueError:
        return otherwise


def plural(number: int, one: str, many: str | None = None) -> str:
    """1 request, 2 requests, no requests."""
    return f"{count(number) if number else 'no'} {one if number == 1 else many or one + 's'}"
