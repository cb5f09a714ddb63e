"""Rolling: old tasks leave when new ones are healthy; the circuit breaker and alarms go back on failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import ecs

from sendy_cfn import wires
from sendy_cfn.blocks import release_alarms
from sendy_cfn.blocks import web as pieces
from sendy_cfn.blocks.scaling import scaling
from sendy_cfn.blocks.web import BLUE, Arrangement
from sendy_cfn.knobs import release as knobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSObject

    from sendy_cfn.blocks.web import Web


def build(web: Web) -> Arrangement:
    """One target group behind one rule, and a service whose tasks are replaced in place."""
    group = pieces.target_group(web, "TargetGroup")
    rule = pieces.listener_rule(web, "ListenerRule", wires.LISTENER_ARN.look_up(web.template), pieces.forward(group))
    of = release_alarms.watched(web, BLUE, group)
    alarms = release_alarms.release_alarms(web, of)
    service = pieces.ecs_service(web, BLUE, [str(rule.title)], pieces.load_balancer(web, group))
    service.DeploymentConfiguration = deployment(web, alarms)
    service.AvailabilityZoneRebalancing = "ENABLED"
    resources = [group, rule, *alarms, service, *scaling(web, BLUE, service, [group]), *pieces.records(web, BLUE)]
    return Arrangement(resources, {}, of, alarms)


def deployment(web: Web, alarms: Sequence[AWSObject] = ()) -> ecs.DeploymentConfiguration:
    """Full capacity throughout: never fewer healthy tasks than desired, at most twice as many.

    The circuit breaker counts failed tasks, whatever the service's size: its default (half of the desired count, 3 to
    200) lets a large service fail for hours. A healthy task does not set the count back, or a release of which every
    second task fails would never be decided.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html

    No BakeTimeInMinutes: with it CloudFormation waits for up to 36 hours.
    """
    threshold = ecs.ThresholdConfiguration(Type="COUNT", Value=knobs.FAILED_TASKS.take(web.template))
    found = ecs.DeploymentConfiguration(
        Strategy="ROLLING",
        MinimumHealthyPercent=100,
        MaximumPercent=200,
        DeploymentCircuitBreaker=ecs.DeploymentCircuitBreaker(
            Enable=True, Rollback=True, ResetOnHealthyTask=False, ThresholdConfiguration=threshold
        ),
    )
    if alarms:
        found.Alarms = watched(alarms)
    return found


def watched(alarms: Sequence[AWSObject]) -> ecs.DeploymentAlarms:
    """ECS goes back when one of these alarms goes off during a deployment."""
    return ecs.DeploymentAlarms(AlarmNames=[alarm.ref() for alarm in alarms], Enable=True, Rollback=True)
