"""Listener rules: which requests reach a service, and in which order the load balancer looks.

A rule's priority is a physical identity: it must not move when another service comes or goes. It is therefore computed
from the service alone: a band by how specific its paths are, and inside the band a checksum of its name. Clashes are
errors that name a free number.
"""

from __future__ import annotations

import itertools
import zlib
from typing import TYPE_CHECKING

from sendy_cfn.config.model import Service

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# AWS: priorities 1 to 50000, the lowest matching number wins. First number and size of each band, by path depth.
_BANDS = {3: (1, 2_999), 2: (3_000, 5_000), 1: (8_000, 12_000), 0: (20_000, 30_001)}


def prefix(pattern: str) -> str:
    """What a path pattern fixes, up to its first wildcard: '/orders/*' -> '/orders/'."""
    return pattern.replace("?", "*").split("*", 1)[0]


def depth(service: Service) -> int:
    """Path segments that the least specific of the service's paths fixes, at most 3; 0 for a whole host."""
    return min((min(3, len([part for part in prefix(p).split("/") if part])) for p in service.paths), default=0)


def priority(service: Service) -> int:
    """The number the service asked for, or the one its name and paths give."""
    if service.priority is not None:
        return service.priority
    first, size = _BANDS[depth(service)]
    return first + zlib.crc32(service.name.encode()) % size


def free_priority(service: Service, taken: set[int]) -> int:
    """The next number not taken in the service's band, for an error message; a band has more than a cell's services."""
    first, size = _BANDS[depth(service)]
    start = priority(service) - first
    return next(n for n in (first + (start + i) % size for i in range(size)) if n not in taken)


def conflicts(services: Iterable[Service]) -> Iterator[tuple[Service, str]]:
    """Pairs that share a listener and can't: the later service and what is wrong with it."""
    by_cell: dict[int, list[Service]] = {}
    for service in services:
        by_cell.setdefault(service.cell, []).append(service)
    for members in by_cell.values():
        yield from _same_number(members)
        yield from _same_requests(members)


def _same_number(members: list[Service]) -> Iterator[tuple[Service, str]]:
    owners: dict[int, Service] = {}
    taken = {priority(service) for service in members}
    for service in members:
        number = priority(service)
        if number in owners:
            yield (
                service,
                f"listener rule priority {number} is also that of '{owners[number].name}'; "
                f"set 'priority' here, for example {free_priority(service, taken)}",
            )
        owners.setdefault(number, service)


def _same_requests(members: list[Service]) -> Iterator[tuple[Service, str]]:
    by_host: dict[str | None, list[Service]] = {}
    for service in members:
        by_host.setdefault(service.host, []).append(service)
    for sharing in by_host.values():
        for one, other in itertools.combinations(sharing, 2):
            yield from _overlap(one, other)


def _overlap(one: Service, other: Service) -> Iterator[tuple[Service, str]]:
    host = f"host '{one.host}'"
    for a, b in itertools.product(one.paths or ("/*",), other.paths or ("/*",)):
        if a == b:
            yield other, f"{host} with path '{a}' already reaches '{one.name}'"
            continue
        narrow, wide, general = (one, other, b) if prefix(a).startswith(prefix(b)) else (other, one, a)
        special = a if narrow is one else b
        hides = "*" in general and prefix(special) != prefix(general) and prefix(special).startswith(prefix(general))
        if hides and priority(narrow) > priority(wide):
            first = f"'{general}' of '{wide.name}' on the same host is looked at first"
            yield narrow, f"path '{special}' is never reached: {first}; set 'priority' below {priority(wide)}"
