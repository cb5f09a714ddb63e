"""The subnets of a load balancer are in different availability zones.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sendy_cfn.checks.house.rule import Found, Rule
from sendy_cfn.checks.house.values import alternatives, blocks, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import Resource, View


def _find(view: View) -> Iterator[Found]:
    for balancer in view.of("AWS::ElasticLoadBalancingV2::LoadBalancer"):
        for plain, mapped in alternatives(balancer.given.get("Subnets"), balancer.given.get("SubnetMappings")):
            key, given = ("Subnets", plain) if plain else ("SubnetMappings", mapped)
            listed = [item.get("SubnetId") for item in blocks(given)] if key == "SubnetMappings" else given
            seen: dict[str, Resource] = {}
            for item in listed if isinstance(listed, list) else ():
                subnet = view.one(target(item), "AWS::EC2::Subnet")
                zone = subnet and subnet.given.get("AvailabilityZone", subnet.given.get("AvailabilityZoneId"))
                if subnet is None or zone is None:
                    continue
                first = seen.setdefault(json.dumps(zone, sort_keys=True, default=str), subnet)
                if first is not subnet:
                    message = f"subnets {first.id} and {subnet.id} are in one availability zone"
                    yield Found(balancer.at(key), balancer.id, message)


RULE = Rule(
    "house-load-balancer-zones",
    "The subnets of a load balancer are in different availability zones",
    "the load balancer is refused: it takes one subnet of each zone, an application load balancer from two zones",
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html",
    _find,
)
