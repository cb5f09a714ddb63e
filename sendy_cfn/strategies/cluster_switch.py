"""Cluster switch: the service runs in two clusters, and DNS says which of them customers reach.

The stack's own parameters are the state of its releases: an image for each side, which side is live, and how many tasks
the other one has. Each step of a release is an update of these parameters, and doing one again changes nothing:

    prepare   the new image on the idle side, with as many tasks as the live one has
    verify    tests on the idle side's own URL
    switch    the weights of both DNS records change places
    verify    longer than the records live in caches: tests on the service's URL, alarms
    settle    the idle side shrinks; or the weights change back first

Between releases Route 53 looks at both sides: when the live one is dead, it answers with the other one, although its
record has no weight. https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-complex-configs.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Equals, If, NoValue, Sub, route53
from troposphere import applicationautoscaling as scale

from sendy_cfn import wires
from sendy_cfn.blocks import release_alarms
from sendy_cfn.blocks import web as pieces
from sendy_cfn.blocks.release_alarms import Watched
from sendy_cfn.blocks.scaling import scaling
from sendy_cfn.blocks.tags import tags
from sendy_cfn.blocks.web import BLUE, BLUE_IS_LIVE, GREEN, Arrangement, Side
from sendy_cfn.config.releases import side_host
from sendy_cfn.config.words import Colour
from sendy_cfn.knobs import release as knobs
from sendy_cfn.knobs import service as sizes
from sendy_cfn.strategies.rolling import deployment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn, AWSObject, cloudwatch, ecs

    from sendy_cfn.blocks.web import Outputs, Value, Web

KEEPS_IDLE_TASKS = "KeepsIdleTasks"
CHECK_SECONDS = 10  # AWS: 10 or 30
FAILED_CHECKS = 3  # AWS: 1 to 10; in a row, then a side counts as dead


def build(web: Web) -> Arrangement:
    """Both sides and the records between them."""
    template = web.template
    template.add_condition(BLUE_IS_LIVE, Equals(knobs.LIVE_CLUSTER.take(template), str(Colour.BLUE)))
    idle = knobs.IDLE_TASKS.take(template)
    template.add_condition(KEEPS_IDLE_TASKS, Equals(idle, str(knobs.AS_MANY_AS_THERE_ARE)))
    resources: list[AWSObject] = []
    services: dict[Colour, ecs.Service] = {}
    sides: list[Watched] = []
    for side in (BLUE, GREEN):
        made, services[side.colour], of = _side(web, side)
        resources += made
        sides.append(of)
    of = _live_one(*sides)
    alarms = release_alarms.release_alarms(web, of)
    return Arrangement([*resources, *alarms], _outputs(web, services, alarms), of, alarms)


def _live_one(blue: Watched, green: Watched) -> Watched:
    """What the live side has. Alarms follow a switch with the stack update that makes it.

    Alarms for each side would be twice as many, and those of the idle one could only speak of health checks.
    """
    (of_blue,), (of_green,) = blue.groups, green.groups
    group: dict[str, Value] = {key: If(BLUE_IS_LIVE, of_blue[key], of_green[key]) for key in of_blue}
    return Watched((group,), If(BLUE_IS_LIVE, blue.cluster, green.cluster))


def _live(side: Side, live: AWSHelperFn | str | int, idle: AWSHelperFn | str | int) -> If:
    """One of two values, by whether this side is the live one."""
    return If(BLUE_IS_LIVE, live, idle) if side is BLUE else If(BLUE_IS_LIVE, idle, live)


def _side(web: Web, side: Side) -> tuple[list[AWSObject], ecs.Service, Watched]:
    template = web.template
    host = side_host(web.service, side.colour)
    group = pieces.target_group(web, f"{side.prefix}TargetGroup")
    listener = side.look_up(template, wires.LISTENER_ARN)
    rule = pieces.listener_rule(web, f"{side.prefix}ListenerRule", listener, pieces.forward(group), (host,))
    service = pieces.ecs_service(web, side, [str(rule.title)], pieces.load_balancer(web, group))
    # Scaling owns the count of the live side, the release that of the idle one. A side that is being left still has
    # most customers: it keeps what it has.
    kept = If(KEEPS_IDLE_TASKS, NoValue, knobs.IDLE_TASKS.take(template))
    service.DesiredCount = _live(side, NoValue, kept)
    service.DeploymentConfiguration = deployment(web)
    service.AvailabilityZoneRebalancing = "ENABLED"
    # The idle side may grow, as it takes all customers when the live one dies, but nothing shrinks it.
    limits = (_live(side, sizes.MIN_TASKS.take(template), 0), sizes.MAX_TASKS.take(template))
    scaled = scaling(web, side, service, [group], limits)
    scaled[0].SuspendedState = scale.SuspendedState(DynamicScalingInSuspended=_live(side, False, True))
    check = _health_check(web, side, host)
    # The first side's identifier is that of a service with one cluster, which may get a second one later.
    identifier = f"{web.service.name}-{side.colour}" if side.prefix else web.service.name
    records = [
        pieces.record(web, f"{side.prefix}SideRecord", host, side),
        pieces.record(
            web,
            f"{side.prefix}Record",
            str(web.service.host),
            side,
            SetIdentifier=identifier,
            Weight=_live(side, 100, 0),
            HealthCheckId=check.ref(),
        ),
    ]
    return (
        [group, rule, service, *scaled, check, *records],
        service,
        release_alarms.watched(web, side, group),
    )


def _health_check(web: Web, side: Side, host: str) -> route53.HealthCheck:
    """Route 53 asks the side by its own name, from several places in the world."""
    return route53.HealthCheck(
        f"{side.prefix}HealthCheck",
        HealthCheckConfig=route53.HealthCheckConfig(
            Type="HTTPS",
            FullyQualifiedDomainName=Sub(f"{host}.${{DomainName}}"),
            Port=443,
            ResourcePath=web.service.health_path,
            EnableSNI=True,
            RequestInterval=CHECK_SECONDS,
            FailureThreshold=FAILED_CHECKS,
        ),
        HealthCheckTags=tags(Sub(f"${{AWS::StackName}}-{side.colour}")),
    )


def _outputs(web: Web, services: dict[Colour, ecs.Service], alarms: Sequence[cloudwatch.Alarm]) -> Outputs:
    template = web.template
    found: Outputs = {
        "LiveCluster": ("Cluster that customers reach", knobs.LIVE_CLUSTER.take(template)),
        "BakeMinutes": ("Minutes that a switch is watched", knobs.BAKE_MINUTES.take(template)),
        "StandbyTasks": ("Tasks of the idle side between releases", knobs.STANDBY_TASKS.take(template)),
        "LiveAlarms": ("Alarms of the live side", Sub(",".join(f"${{{alarm.title}}}" for alarm in alarms))),
    }
    for side in (BLUE, GREEN):
        name = str(side.colour).capitalize()
        cluster = side.look_up(template, wires.CLUSTER_NAME)
        found[f"{name}Url"] = (f"Where the {side.colour} side answers", pieces.side_url(web, side))
        found[f"{name}ClusterName"] = (f"ECS cluster of the {side.colour} side", cluster)
        found[f"{name}ServiceName"] = (
            f"ECS service of the {side.colour} side",
            services[side.colour].get_att("Name"),
        )
    return found
