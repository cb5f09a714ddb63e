"""Which services are on which page of the dashboard of an environment.

A page is a dashboard in a template of its own. Each cell begins one, and has more where its services don't fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sendy_cfn.config.words import Alarms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sendy_cfn.config.model import Service

    # A service, services whose names have all words of its name, and whether it has all alarms.
    Row = tuple[str, tuple[str, ...], bool]

# Of rows, in about the bytes that they take of a template's 51,200. The widgets are fewer than the 500 that AWS allows.
MOST = 28_500
MOST_MISTAKABLE = 8  # AWS: at most 1,024 characters in a search


class Page(NamedTuple):
    """A page of a dashboard."""

    cell: int  # whose clusters it has, beside services; 0 for none
    rows: tuple[Row, ...]


def of(services: Sequence[Service]) -> tuple[Page, ...]:
    """The pages of the dashboard of an environment; at least one. `services` are all of the platform."""
    found: list[Page] = []
    names = sorted(service.name for service in services)
    for cell in sorted({service.cell for service in services}):
        members = sorted((one for one in services if one.cell == cell), key=lambda one: one.name)
        rows = [_row(service, names) for service in members]
        found += [Page(0 if number else cell, page) for number, page in enumerate(_packed(rows))]
    return tuple(found)


def _packed(rows: Sequence[Row]) -> Iterator[tuple[Row, ...]]:
    page: list[Row] = []
    for row in rows:
        if page and sum(map(_bytes, [*page, row])) > MOST:
            yield tuple(page)
            page = []
        page.append(row)
    yield tuple(page)


def _bytes(row: Row) -> int:
    """About what a row takes: its name is in it eleven times."""
    service, others, _ = row
    return 190 + 11 * len(service) + sum(50 + len(other) for other in others)


def _row(service: Service, names: Sequence[str]) -> Row:
    words = set(service.name.split("-"))
    others = tuple(name for name in names if words < set(name.split("-")))[:MOST_MISTAKABLE]
    return service.name, others, service.alarms is Alarms.ALL
