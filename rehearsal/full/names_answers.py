"""What Route 53 answers: which of several records, and where aliases and load balancers' names lead."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rehearsal.full.names_zones import ALIAS_TTL, Record, Zone, zone_of

_CHAIN = 8  # names; AWS: chains of CNAME records are followed as far as its own zones know


@dataclass(frozen=True)
class Line:
    """One resource record of an answer."""

    name: str
    kind: str
    ttl: int
    value: str


@dataclass(frozen=True)
class Answer:
    """What a query gets; `soa` says how long a missing name may be remembered."""

    lines: tuple[Line, ...]
    exists: bool = True
    soa: Line | None = None


@dataclass(frozen=True)
class Answers:
    """Answers from one state of all hosted zones."""

    zones: Sequence[Zone]
    balancers: Mapping[str, str]  # the address of each load balancer, by DNS name in lower case
    healthy: Callable[[str], bool]  # by id of the health check
    pick: random.Random

    def answer(self, name: str, kind: str) -> Answer:
        """The answer to a query for a name (lower case, no last dot) and a type."""
        lines: list[Line] = []
        exists = True
        for _ in range(_CHAIN):
            found, exists = self._step(name, kind)
            lines += found
            if len(found) != 1 or found[0].kind != "CNAME" or kind == "CNAME":
                break
            name = found[0].value.lower().rstrip(".")
            if not self._known(name):
                break  # the resolver asks whoever knows it
        ended = bool(lines) and (lines[-1].kind != "CNAME" or kind == "CNAME" or not self._known(name))
        return Answer(tuple(lines), exists, None if ended else self._soa(name))

    def address(self, name: str) -> str | None:
        """The first IPv4 address of a name."""
        found = [line.value for line in self.answer(name, "A").lines if line.kind == "A"]
        return found[0] if found else None

    def live(self, name: str, kind: str) -> dict[str, int]:
        """What a weighted name answers now: each record's weight, or 0.

        A record of weight 0 has 1 while it answers for want of others.
        """
        records = self._sets(name, kind)
        chosen = answering(records, self.healthy)
        return {record.identifier: (record.weight or 1) if record in chosen else 0 for record in records}

    def _step(self, name: str, kind: str) -> tuple[list[Line], bool]:
        """The records of exactly this name, and whether the name exists."""
        if address := self.balancers.get(_balancer(name)):
            return ([Line(name, "A", ALIAS_TTL, address)] if kind == "A" else []), True
        for asked in dict.fromkeys((kind, "CNAME")):
            if records := self._sets(name, asked):
                chosen = choose(records, self.healthy, self.pick)
                return self._lines(name, kind, chosen), True
        zone = zone_of(self.zones, name)
        return [], bool(zone and zone.holds(name))

    def _lines(self, name: str, kind: str, record: Record) -> list[Line]:
        if not record.alias:
            return [Line(name, record.kind, record.ttl, value) for value in record.values]
        # An alias answers under its own name, with what its target has.
        return [
            Line(name, line.kind, line.ttl, line.value)
            for line in self.answer(record.alias, kind).lines
            if line.kind == kind
        ]

    def _sets(self, name: str, kind: str) -> list[Record]:
        zone = zone_of(self.zones, name)
        if not zone:
            return []
        if zone.holds(name):
            return zone.sets(name, kind)
        labels = name.split(".")
        above = [".".join(labels[count:]) for count in range(1, len(labels))]
        # The closest name above that exists decides, whether it has a wildcard or not.
        closest = next((parent for parent in above if zone.holds(parent)), zone.name)
        return zone.sets(f"*.{closest}", kind)

    def _known(self, name: str) -> bool:
        return _balancer(name) in self.balancers or zone_of(self.zones, name) is not None

    def _soa(self, name: str) -> Line:
        zone = zone_of(self.zones, name)
        found = zone.sets(zone.name, "SOA") if zone else []
        if found:
            # RFC 2308: a missing name is remembered for the lesser of the record's TTL and its last number.
            ttl = min(found[0].ttl, int(found[0].values[0].split()[-1]))
            return Line(found[0].name, "SOA", ttl, found[0].values[0])
        return Line("", "SOA", 5, "nowhere. nobody. 1 7200 900 1209600 5")


def choose(records: Sequence[Record], healthy: Callable[[str], bool], pick: random.Random) -> Record:
    """One of the records that answer, by weight."""
    chosen = answering(records, healthy)
    weights = [1 if record.weight is None else record.weight for record in chosen]
    return pick.choices(chosen, weights if any(weights) else None)[0]


def answering(records: Sequence[Record], healthy: Callable[[str], bool]) -> list[Record]:
    """The records that can answer.

    Of weighted records: the healthy ones with a weight, else the healthy ones of weight 0, else all with a weight.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
    """
    fine = [record for record in records if not record.check or healthy(record.check)]
    if any(record.failover for record in records):
        primary = [record for record in records if record.failover == "PRIMARY"]
        return [record for record in fine if record in primary] or fine or primary
    weighted = [record for record in records if record.weight != 0]
    return [record for record in fine if record in weighted] or fine or weighted or list(records)


def _balancer(name: str) -> str:
    # AWS: the same load balancer with IPv6 addresses, if it has them.
    return name.removeprefix("dualstack.")
