"""The page that lists all pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

NAME = "README.md"
HEAD = """\
# Dashboards

<!-- Made by `make pictures` from the templates. -->

The dashboards of the toolchain and of the last environment as CloudWatch lays them out, with sample data: what there is
to see, and where, not how a service does. What a picture could not compute is said in its last line.
"""


class Entry(NamedTuple):
    """A picture."""

    file: str
    name: str  # of the dashboard
    template: str
    place: str
    words: str  # for people who don't see it


def text(entries: Sequence[Entry]) -> str:
    """The page."""
    return "\n".join([HEAD, *map(_part, entries)])


def _part(entry: Entry) -> str:
    alternative = entry.words.replace("[", "(").replace("]", ")")
    return (
        f"## {entry.name}\n\n`templates/{entry.template}`, with the values of {entry.place}.\n\n"
        f"![{alternative}]({entry.file})\n"
    )
