"""What the Route 53 API says the hosted zones hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rehearsal.events import Events

# AWS: an alias record to a load balancer has a TTL of 60 seconds, as the load balancer's own name.
ALIAS_TTL = 60
_OTHER_ROUTING = {"Region": "latency", "GeoLocation": "geolocation", "CidrRoutingConfig": "IP-based"}
_OTHER_ROUTING |= {"GeoProximityLocation": "geoproximity"}


@dataclass(frozen=True)
class Record:
    """A record set; names are in lower case without the last dot."""

    name: str
    kind: str
    ttl: int
    values: tuple[str, ...]
    alias: str = ""
    identifier: str = ""
    weight: int | None = None
    failover: str = ""  # PRIMARY or SECONDARY
    check: str = ""  # the health check's id


@dataclass(frozen=True)
class Zone:
    """A hosted zone, or several of the same name as one."""

    name: str
    records: tuple[Record, ...]

    def sets(self, name: str, kind: str) -> list[Record]:
        """The record sets of a name and type; more than one only where their identifiers tell them apart."""
        return [record for record in self.records if record.name == name and record.kind == kind]

    def holds(self, name: str) -> bool:
        """Whether there is anything at or below the name."""
        return any(record.name == name or record.name.endswith(f".{name}") for record in self.records)


@dataclass(frozen=True)
class CheckConfig:
    """A Route 53 health check."""

    id: str
    kind: str
    host: str
    address: str
    port: int
    path: str
    interval: int  # seconds
    threshold: int
    sni: bool
    inverted: bool
    search: str
    disabled: bool


def plain(name: str) -> str:
    r"""A name in lower case without the last dot; the API writes a wildcard as \052."""
    return name.lower().rstrip(".").replace("\\052", "*")


def zone_of(zones: Sequence[Zone], name: str) -> Zone | None:
    """The hosted zone that answers for a name: the longest that matches, delegated or not."""
    matching = [zone for zone in zones if name == zone.name or name.endswith(f".{zone.name}")]
    return max(matching, key=lambda zone: len(zone.name), default=None)


def read_zones(clients: Sequence[Any], events: Events) -> tuple[Zone, ...]:
    """Every hosted zone, public or private.

    Args:
        clients: route53 clients, one for each account.
        events: told about records that cannot be answered.
    """
    found: dict[str, tuple[Record, ...]] = {}
    for client in clients:
        for zone in _pages(client, "list_hosted_zones", "HostedZones"):
            name = plain(zone["Name"])
            records = tuple(_records(client, zone["Id"], events))
            if name in found:
                events.not_rehearsed(f"two hosted zones {name}", "they are answered as one")
            found[name] = (*found.get(name, ()), *records)
    return tuple(Zone(name, records) for name, records in found.items())


def _records(client: Any, zone: str, events: Events) -> Iterator[Record]:
    for item in _pages(client, "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone):
        name, kind = plain(item["Name"]), item["Type"]
        other = [routing for key, routing in _OTHER_ROUTING.items() if key in item]
        if other:
            events.not_rehearsed(f"{other[0]} routing of {name} {kind}", "its records are left out")
            continue
        alias = item.get("AliasTarget", {})
        if alias.get("EvaluateTargetHealth"):
            events.not_rehearsed(f"EvaluateTargetHealth of {name} {kind}", "the record counts as healthy")
        yield Record(
            name,
            kind,
            int(item.get("TTL", ALIAS_TTL)),
            tuple(value["Value"] for value in item.get("ResourceRecords", ())),
            plain(alias.get("DNSName", "")),
            item.get("SetIdentifier", ""),
            int(item["Weight"]) if "Weight" in item else None,
            item.get("Failover", ""),
            item.get("HealthCheckId", ""),
        )


def read_check(clients: Sequence[Any], check: str) -> CheckConfig | None:
    """A health check; None if no account has it."""
    for client in clients:
        client.meta.events.register("before-parse.route53.GetHealthCheck", _lower_booleans, unique_id="booleans")
        try:
            config = client.get_health_check(HealthCheckId=check)["HealthCheck"]["HealthCheckConfig"]
        except client.exceptions.NoSuchHealthCheck:
            continue
        return check_config(check, config)
    return None


def check_config(check: str, config: Mapping[str, Any]) -> CheckConfig:
    """A health check as the API describes it."""
    kind = config["Type"]
    return CheckConfig(
        check,
        kind,
        plain(config.get("FullyQualifiedDomainName", "")),
        config.get("IPAddress", ""),
        int(config.get("Port", 443 if kind.startswith("HTTPS") else 80)),
        config.get("ResourcePath") or "/",
        int(config.get("RequestInterval", 30)),
        int(config.get("FailureThreshold", 3)),
        # AWS: on by default for HTTPS.
        bool(config.get("EnableSNI", True)),
        bool(config.get("Inverted", False)),
        config.get("SearchString", ""),
        bool(config.get("Disabled", False)),
    )


def _lower_booleans(response_dict: dict[str, Any], **_: Any) -> None:
    """The emulator writes True and False, which botocore reads as false."""
    body = response_dict["body"]
    response_dict["body"] = body.replace(b">True<", b">true<").replace(b">False<", b">false<")


def _pages(client: Any, operation: str, key: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator(operation).paginate(**parameters):
        yield from page[key]
