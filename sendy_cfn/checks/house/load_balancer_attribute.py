"""Attributes of load balancers and target groups have names that Elastic Load Balancing knows.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.house import known
from sendy_cfn.checks.house.rule import Found, Rule, unknown
from sendy_cfn.checks.house.values import blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View

KINDS = (
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerAttributes", known.LOAD_BALANCER_ATTRIBUTES),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupAttributes", known.TARGET_GROUP_ATTRIBUTES),
)


def _find(view: View) -> Iterator[Found]:
    for kind, key, names in KINDS:
        for resource in view.of(kind):
            for attribute in blocks(resource.given.get(key)):
                for name in view.texts(attribute.get("Key")):
                    if name not in names:
                        yield Found(attribute.lines["Key"], resource.id, unknown("attribute", name, names))


RULE = Rule(
    "house-load-balancer-attribute",
    "Attributes of load balancers and target groups have names that Elastic Load Balancing knows",
    "the resource is refused: attribute key not recognized (ValidationError)",
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html",
    _find,
)
