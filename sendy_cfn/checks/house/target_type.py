"""Tasks with a network interface of their own (awsvpc) are targets by address.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.action_templates import section
from sendy_cfn.checks.house.rule import Found, Rule
from sendy_cfn.checks.house.values import alternatives, blocks, choices, items, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import Resource, View


def _find(view: View) -> Iterator[Found]:
    for service in view.of("AWS::ECS::Service"):
        mode = _mode(view, service)
        for entry in blocks(service.given.get("LoadBalancers")):
            for choice in choices(entry.get("TargetGroupArn")):
                group = view.one(target(choice), "AWS::ElasticLoadBalancingV2::TargetGroup")
                if group is None or "Fn::Transform" in group.given:
                    continue
                for kind, network in alternatives(group.given.get("TargetType", "instance"), mode):
                    if network == "awsvpc" and kind in ("instance", None):
                        message = f"target type instance, but the tasks of {service.id} have network mode awsvpc"
                        yield Found(group.at("TargetType"), group.id, message)


def _mode(view: View, service: Resource) -> object:
    """The network mode of a service's tasks, as far as its template tells."""
    if "AwsvpcConfiguration" in section(service.given, "NetworkConfiguration"):
        return "awsvpc"
    task = view.one(target(service.given.get("TaskDefinition")), "AWS::ECS::TaskDefinition")
    if task is None:
        return None
    if "FARGATE" in items(task.given.get("RequiresCompatibilities")):
        return "awsvpc"
    return task.given.get("NetworkMode")


RULE = Rule(
    "house-target-type",
    "A target group of tasks in network mode awsvpc has the target type ip; instance is the default",
    "ECS refuses the service: the target type is incompatible with the awsvpc network mode",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb.html",
    _find,
)
