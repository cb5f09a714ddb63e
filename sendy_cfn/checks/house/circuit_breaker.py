"""A circuit breaker is for services that ECS itself deploys.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentCircuitBreaker.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.action_templates import section
from sendy_cfn.checks.house.rule import Found, Rule
from sendy_cfn.checks.house.values import alternatives, is_true

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View

OTHERS = ("CODE_DEPLOY", "EXTERNAL")


def _find(view: View) -> Iterator[Found]:
    for service in view.of("AWS::ECS::Service"):
        given = service.given
        pairs = alternatives(given.get("DeploymentController"), given.get("DeploymentConfiguration"))
        for controller, configuration in pairs:
            kind = controller.get("Type") if isinstance(controller, dict) else None
            if kind in OTHERS and is_true(section(configuration, "DeploymentCircuitBreaker").get("Enable")):
                line = service.at("DeploymentConfiguration", "DeploymentCircuitBreaker")
                yield Found(line, service.id, f"DeploymentCircuitBreaker with the deployment controller {kind}")


RULE = Rule(
    "house-circuit-breaker",
    "Only services with the deployment controller ECS have a circuit breaker",
    "ECS refuses the service (InvalidParameterException)",
    "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentCircuitBreaker.html",
    _find,
)
