"""Which services are on which page of the dashboard of which environments.

A page is a dashboard in a template of its own. Each cell begins one, and has more where its services don't fit.
Environments of equal structure share a root, and so its templates. Where a service is switched between two clusters in
one of them and not in another, a page has a version for each; the first one, which has most beside services, has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sendy_cfn.config import releases
from sendy_cfn.config.words import Strategy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sendy_cfn.config.model import Environment, Service

    # A service, its cluster's colour where it is in two, and services whose names have all words of its name.
    Row = tuple[str, str, tuple[str, ...]]
    Versions = tuple[tuple[tuple[str, ...], tuple[Row, ...]], ...]  # environments, and the rows that these have

# Of rows, in about the bytes that they take of a template's 51,200. The widgets are fewer than the 500 that AWS allows.
MOST = 28_500
VERSION = 3_000  # what each version takes beside its rows
MOST_MISTAKABLE = 8  # AWS: at most 1,024 characters in a search


class Page(NamedTuple):
    """A page of a dashboard."""

    cell: int  # whose clusters it has, beside services; 0 for none
    versions: Versions


def of(services: Sequence[Service], places: Sequence[Environment]) -> tuple[Page, ...]:
    """The pages of the dashboard of environments that share a root; at least one.

    Args:
        services: all of the platform.
        places: the environments.
    """
    found: list[Page] = []
    names = sorted(service.name for service in services)
    for cell in sorted({service.cell for service in services}):
        members = sorted((one for one in services if one.cell == cell), key=lambda one: one.name)
        for number, versions in enumerate(_packed(members, places, names, first=not found)):
            found.append(Page(0 if number else cell, versions))
    return tuple(found)


def _packed(
    services: Sequence[Service], places: Sequence[Environment], names: Sequence[str], *, first: bool
) -> Iterator[Versions]:
    page: list[Service] = []
    if first and len(_versions(services, places, names)) > 1:
        yield _versions((), places, names)
    for service in services:
        if page and _size(_versions([*page, service], places, names)) > MOST:
            yield _versions(page, places, names)
            page = []
        page.append(service)
    yield _versions(page, places, names)


def _size(versions: Versions) -> int:
    return sum(VERSION + sum(map(_bytes, rows)) for _, rows in versions) - VERSION


def _bytes(row: Row) -> int:
    """About what a row takes: its name is in it eleven times."""
    service, mark, others = row
    return 190 + 11 * len(service + mark) + (80 if mark else 0) + sum(50 + len(other) for other in others)


def _versions(services: Sequence[Service], places: Sequence[Environment], names: Sequence[str]) -> Versions:
    by_rows: dict[tuple[Row, ...], list[str]] = {}
    for place in places:
        rows = tuple(row for service in services for row in _rows(service, place, names))
        by_rows.setdefault(rows, []).append(place.name)
    return tuple((tuple(found), rows) for rows, found in by_rows.items())


def _rows(service: Service, place: Environment, names: Sequence[str]) -> tuple[Row, ...]:
    """One row, or one for each cluster where releases switch between two."""
    words = set(service.name.split("-"))
    others = tuple(name for name in names if words < set(name.split("-")))[:MOST_MISTAKABLE]
    if releases.variant(service, place).strategy is not Strategy.CLUSTER_SWITCH:
        return ((service.name, "", others),)
    return tuple((service.name, str(colour), others) for colour in place.clusters)
