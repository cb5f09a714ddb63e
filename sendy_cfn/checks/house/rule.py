"""What a rule is: how it is called, what it looks for, and what AWS does to those who don't."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from sendy_cfn.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sendy_cfn.checks.house.view import View

    Find: TypeAlias = Callable[[View], Iterator["Found"]]


class Found(NamedTuple):
    """A defect, before it is known in which file."""

    line: int
    resource: str  # logical id
    message: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; the docstring of its module names AWS's page."""

    id: str
    wants: str  # what templates have to do
    outcome: str  # what happens on AWS otherwise; every message ends with it
    page: str
    find: Find


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """What to say of a name that AWS does not have."""
    return f"{what} {name!r} is none of AWS's{nearest(name, sorted(known))}"
