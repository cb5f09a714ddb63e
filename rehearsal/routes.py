"""Where a request for a host name ends, found out by following what is deployed.

Records of Route 53 lead to load balancers, their rules to target groups, and these to the ECS services that register
their tasks there.
"""

from __future__ import annotations

import fnmatch
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.aws import Aws, Place

_FRESH = 0.3  # seconds that what was read is used again: a test sends many requests a second


@dataclass(frozen=True)
class Backend:
    """An ECS service behind a target group."""

    cluster: str
    service: str
    container: Mapping[str, Any]  # the container definition that takes the requests
    definition: Mapping[str, Any]  # the task definition
    port: int  # of the container, as the service has it
    group: Mapping[str, Any]  # the target group
    desired: int
    place: Place


@dataclass
class Routes:
    """Looks at all places where services are deployed."""

    aws: Aws
    places: tuple[Place, ...]
    fresh: float = _FRESH
    _kept: dict[tuple[str, str], tuple[float, list[tuple[float, Backend]]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def pick(self, host: str, path: str, usable: Callable[[Backend], bool]) -> Backend | None:
        """One backend for a request, by the weights of the records; None where nothing usable is behind the name.

        A record of weight 0 answers only where no other leads to something usable, as with health checks on records.
        """
        found = [(weight, backend) for weight, backend in self.all(host, path) if usable(backend)]
        if not found:
            return None
        weights = [weight for weight, _ in found]
        return random.choices([backend for _, backend in found], weights if any(weights) else None)[0]

    def all(self, host: str, path: str) -> list[tuple[float, Backend]]:
        """Every backend that a host and path lead to, with its share of the weight of the record."""
        with self._lock:
            kept = self._kept.get((host, path))
            if kept and time.monotonic() - kept[0] < self.fresh:
                return kept[1]
            found = [item for place in self.places for item in self._at(place, host, path)]
            self._kept[host, path] = (time.monotonic(), found)
            return found

    def of_service(self, place: Place, cluster: str, service: str) -> Iterator[Backend]:
        """The backends that a service is, one for each of its target groups."""
        ecs = self.aws.client("ecs", place)
        for described in ecs.describe_services(cluster=cluster, services=[service])["services"]:
            yield from self._backends(place, described, None)

    def _at(self, place: Place, host: str, path: str) -> Iterator[tuple[float, Backend]]:
        balancers = {
            balancer["DNSName"].lower(): balancer
            for balancer in self.aws.client("elbv2", place).describe_load_balancers()["LoadBalancers"]
        }
        for weight, name in self._records(place, host):
            balancer = balancers.get(name.lower())
            if balancer is not None:
                for group, share in self._groups(place, balancer["LoadBalancerArn"], host, path):
                    yield from ((weight * share, backend) for backend in self._with_group(place, group))

    def _records(self, place: Place, host: str) -> Iterator[tuple[int, str]]:
        route53 = self.aws.client("route53", place)
        zones = [zone for page in route53.get_paginator("list_hosted_zones").paginate() for zone in page["HostedZones"]]
        held = [zone for zone in zones if f".{host}.".endswith(f".{zone['Name']}")]
        if not held:
            return
        zone = max(held, key=lambda zone: len(zone["Name"]))
        for page in route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone["Id"]):
            for record in page["ResourceRecordSets"]:
                if record["Name"].rstrip(".") == host and record["Type"] == "CNAME":
                    weight = int(record.get("Weight", 1))
                    yield from ((weight, value["Value"].rstrip(".")) for value in record["ResourceRecords"])

    def _groups(self, place: Place, balancer: str, host: str, path: str) -> Iterator[tuple[str, float]]:
        elb = self.aws.client("elbv2", place)
        listeners = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
        for listener in listeners:
            if listener["Port"] != 443:
                continue
            rules = elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
            rules.sort(key=lambda rule: (rule["Priority"] == "default", rule["Priority"].zfill(6)))
            first = next((rule for rule in rules if _fits(rule, host, path)), None)
            for action in first["Actions"] if first else []:
                yield from forwarded(action)

    def _with_group(self, place: Place, group: str) -> Iterator[Backend]:
        ecs = self.aws.client("ecs", place)
        for cluster in ecs.list_clusters()["clusterArns"]:
            pages = ecs.get_paginator("list_services").paginate(cluster=cluster)
            names = [name for page in pages for name in page["serviceArns"]]
            for start in range(0, len(names), 10):  # AWS: describe-services takes ten
                described = ecs.describe_services(cluster=cluster, services=names[start : start + 10])["services"]
                for service in described:
                    yield from self._backends(place, service, group)

    def _backends(self, place: Place, service: Mapping[str, Any], group: str | None) -> Iterator[Backend]:
        if service["status"] != "ACTIVE":
            return
        for entry in service["loadBalancers"]:
            if group in (None, entry["targetGroupArn"]):
                yield self._backend(place, service, entry)

    def _backend(self, place: Place, service: Mapping[str, Any], entry: Mapping[str, Any]) -> Backend:
        found = self.aws.client("ecs", place).describe_task_definition(taskDefinition=service["taskDefinition"])
        definition = found["taskDefinition"]
        containers = [c for c in definition["containerDefinitions"] if c["name"] == entry["containerName"]]
        groups = self.aws.client("elbv2", place).describe_target_groups(TargetGroupArns=[entry["targetGroupArn"]])
        return Backend(
            cluster=service["clusterArn"].rsplit("/", 1)[-1],
            service=service["serviceName"],
            container=containers[0] if containers else {},
            definition=definition,
            port=int(entry["containerPort"]),
            group=groups["TargetGroups"][0],
            desired=int(service["desiredCount"]),
            place=place,
        )


def _fits(rule: Mapping[str, Any], host: str, path: str) -> bool:
    given = {"host-header": host, "path-pattern": path}
    for condition in rule["Conditions"]:
        value = given.get(condition["Field"])
        if value is None or not any(fnmatch.fnmatchcase(value, pattern) for pattern in _values(condition)):
            return False
    return True


def _values(condition: Mapping[str, Any]) -> list[str]:
    name = {"host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig"}[condition["Field"]]
    found: list[str] = condition.get(name, {}).get("Values") or condition.get("Values", [])
    return found


def forwarded(action: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Target groups that requests go to, with each one's share of them."""
    groups = {group["TargetGroupArn"]: group.get("Weight", 1) for group in _target_groups(action)}
    if len(groups) > 1:
        yield from ((arn, weight / sum(groups.values())) for arn, weight in groups.items() if weight)
    elif groups or "TargetGroupArn" in action:
        yield next(iter(groups), action.get("TargetGroupArn", "")), 1.0


def _target_groups(action: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = action.get("ForwardConfig", {}).get("TargetGroups") or []
    return found
