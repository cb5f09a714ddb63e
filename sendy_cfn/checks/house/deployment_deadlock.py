"""A rolling deployment may either stop a task first or start one first.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.action_templates import Block, is_intrinsic
from sendy_cfn.checks.house.rule import Found, Rule
from sendy_cfn.checks.house.values import alternatives, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View

DEFAULTS = {"REPLICA": (100, 200), "DAEMON": (0, 100)}


def _find(view: View) -> Iterator[Found]:
    for service in view.of("AWS::ECS::Service"):
        given = service.given
        keys = ("DeploymentConfiguration", "DeploymentController", "SchedulingStrategy")
        for configuration, controller, scheduling in alternatives(*(given.get(key) for key in keys)):
            if not _is_rolling(configuration, controller) or (scheduling or "REPLICA") not in tuple(DEFAULTS):
                continue
            least, most = DEFAULTS[scheduling or "REPLICA"]
            minimum = number(configuration.get("MinimumHealthyPercent", least))
            maximum = number(configuration.get("MaximumPercent", most))
            if minimum is not None and maximum is not None and minimum >= 100 >= maximum:
                message = (
                    f"MinimumHealthyPercent {minimum} and MaximumPercent {maximum}: no task may stop, none may start"
                )
                yield Found(service.at("DeploymentConfiguration"), service.id, message)


def _is_rolling(configuration: object, controller: object) -> bool:
    if not isinstance(configuration, Block) or is_intrinsic(configuration) or "Fn::Transform" in configuration:
        return False
    kind = controller.get("Type", "ECS") if isinstance(controller, Block) else "ECS"
    return kind == "ECS" and configuration.get("Strategy", "ROLLING") == "ROLLING"


RULE = Rule(
    "house-deployment-deadlock",
    "A rolling deployment leaves room: MinimumHealthyPercent below 100 or MaximumPercent above",
    "no update ever finishes: ECS is unable to stop or start tasks because of the deployment configuration",
    "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html",
    _find,
)
