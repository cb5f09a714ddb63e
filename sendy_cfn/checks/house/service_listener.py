"""A service is made after a listener, or a rule of one, leads to its target group.

ECS refuses target groups that no load balancer leads to, and only DependsOn says that a service needs the listener.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.house.rule import Found, Rule
from sendy_cfn.checks.house.values import blocks, choices, mentions, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View

LISTENERS = ("AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule")


def _find(view: View) -> Iterator[Found]:
    for service in view.of("AWS::ECS::Service"):
        before = view.before(service)
        for entry in blocks(service.given.get("LoadBalancers")):
            for choice in choices(entry.get("TargetGroupArn")):
                group = view.one(target(choice), "AWS::ElasticLoadBalancingV2::TargetGroup")
                leading = [other.id for other in view.of(*LISTENERS) if group and group.id in mentions(other.given)]
                if group and leading and not before & set(leading):
                    message = f"no DependsOn {' or '.join(leading)}, which leads to {group.id}"
                    yield Found(service.line, service.id, message)


RULE = Rule(
    "house-service-listener",
    "A service depends on the listener or listener rule that leads to its target group",
    "whichever is made first decides: ECS refuses a service whose target group has no load balancer yet",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html",
    _find,
)
