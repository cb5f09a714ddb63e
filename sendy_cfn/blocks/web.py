"""The pieces of a service that answers HTTP, from which each release strategy builds its own arrangement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from troposphere import If, Ref, Sub, ec2, ecs, route53
from troposphere import elasticloadbalancingv2 as elb

from sendy_cfn import wires
from sendy_cfn.blocks.suppress import suppress
from sendy_cfn.config import routing
from sendy_cfn.config.releases import side_host
from sendy_cfn.config.words import Capacity, Colour, Strategy
from sendy_cfn.knobs import common
from sendy_cfn.knobs import service as knobs
from sendy_cfn.knobs.release import RECORD_TTL

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, AWSObject, Template, cloudwatch, logs

    from sendy_cfn.blocks.release_alarms import Watched
    from sendy_cfn.config.model import Platform, Service
    from sendy_cfn.config.releases import Variant
    from sendy_cfn.wires import Wire

    Value = AWSHelperFn | str
    Outputs = dict[str, tuple[str, Value]]  # name -> description, value


class Side(NamedTuple):
    """A cluster that the service runs in, and how names of it begin."""

    colour: Colour
    prefix: str  # of logical ids, and of parameters with the cluster's values

    def look_up(self, template: Template, wire: Wire) -> Ref:
        """The parameter with a value of this side's cluster."""
        return (wires.of_green(wire) if self.prefix and wire.per_cluster else wire).look_up(template)


BLUE_IS_LIVE = "BlueIsLive"  # condition of templates with both sides
ALLOWS_COMMANDS = "AllowsCommands"  # condition of templates of services with ECS Exec

# Unmarked, so that a service that gets its second side later keeps its first one as it is.
BLUE, GREEN = Side(Colour.BLUE, ""), Side(Colour.GREEN, "Green")


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """What every strategy builds with."""

    template: Template  # parameters and conditions are declared in it; resources are added by whoever called
    platform: Platform
    service: Service
    variant: Variant
    group: ec2.SecurityGroup  # of the tasks
    definitions: dict[Colour, ecs.TaskDefinition]  # one per side
    log_group: logs.LogGroup  # of all tasks


class Arrangement(NamedTuple):
    """What a strategy makes of a service."""

    resources: list[AWSObject]  # in the order they are emitted
    outputs: Outputs
    watched: Watched  # what its alarms look at
    alarms: list[cloudwatch.Alarm]  # those that stop a release


def target_group(web: Web, title: str) -> elb.TargetGroup:
    """A group of tasks that the load balancer checks and sends requests to."""
    template = web.template
    return elb.TargetGroup(
        title,
        VpcId=wires.VPC_ID.look_up(template),
        TargetType="ip",
        Protocol="HTTP",
        Port=80,  # never used, as ECS registers each task with its own; a changed one would make a new, empty group
        HealthCheckEnabled=True,
        HealthCheckProtocol="HTTP",
        HealthCheckPath=web.service.health_path,
        HealthCheckIntervalSeconds=knobs.HEALTH_INTERVAL.take(template),
        HealthCheckTimeoutSeconds=knobs.HEALTH_TIMEOUT.take(template),
        HealthyThresholdCount=knobs.HEALTHY_CHECKS.take(template),
        UnhealthyThresholdCount=knobs.UNHEALTHY_CHECKS.take(template),
        Matcher=elb.Matcher(HttpCode="200"),
        TargetGroupAttributes=[
            elb.TargetGroupAttribute(
                Key="deregistration_delay.timeout_seconds", Value=knobs.DEREGISTRATION_DELAY.take(template)
            ),
            elb.TargetGroupAttribute(Key="load_balancing.algorithm.type", Value="least_outstanding_requests"),
        ],
    )


def listener_rule(
    web: Web, title: str, listener: Ref, action: elb.ListenerRuleAction, more_hosts: tuple[str, ...] = ()
) -> elb.ListenerRule:
    """The rule by which requests for the service's host and paths reach it; `more_hosts` are names beside it."""
    service, conditions = web.service, []
    if web.platform.has_domain:
        domain = common.DOMAIN_NAME.take(web.template).data["Ref"]
        hosts: list[Any] = [Sub(f"{host}.${{{domain}}}") for host in (str(service.host), *more_hosts)]
        conditions.append(elb.Condition(Field="host-header", HostHeaderConfig=elb.HostHeaderConfig(Values=hosts)))
    if service.paths:
        conditions.append(
            elb.Condition(Field="path-pattern", PathPatternConfig=elb.PathPatternConfig(Values=list(service.paths)))
        )
    return elb.ListenerRule(
        title, ListenerArn=listener, Priority=routing.priority(service), Conditions=conditions, Actions=[action]
    )


def forward(group: elb.TargetGroup) -> elb.ListenerRuleAction:
    """Send requests to the group."""
    return elb.ListenerRuleAction(Type="forward", TargetGroupArn=group.ref())


def forward_to_first(first: elb.TargetGroup, second: elb.TargetGroup) -> elb.ListenerRuleAction:
    """Send requests to the first group. Both have to be there before ECS or CodeDeploy moves weights between them."""
    tuples = [
        elb.TargetGroupTuple(TargetGroupArn=group.ref(), Weight=weight) for group, weight in ((first, 1), (second, 0))
    ]
    return elb.ListenerRuleAction(Type="forward", ForwardConfig=elb.ForwardConfig(TargetGroups=tuples))


def frozen(rule: elb.ListenerRule, mover: str) -> elb.ListenerRule:
    """Say in the template that something else than CloudFormation changes the rule's weights.

    A template change of the rule writes its first weights back, which can send all requests to an empty group.
    https://github.com/aws/aws-cdk/issues/36649
    """
    rule.Metadata = {
        "Frozen": f"{mover} moves the weights of this rule. A changed host, path or priority writes the first ones "
        "back, which can send customers to no task: release the service under another name and host instead.",
        **rule.resource.get("Metadata", {}),
    }
    return rule


def ecs_service(
    web: Web, side: Side, after: list[str], balancer: ecs.LoadBalancer, title: str = "Service", grace_seconds: int = 0
) -> ecs.Service:
    """The ECS service, for which the strategy has to say how it is deployed.

    No DesiredCount: scaling owns it. CloudFormation starts one task and keeps what is there on updates.
    `grace_seconds` fixes what is a parameter otherwise.
    """
    template, service = web.template, web.service
    found = ecs.Service(
        f"{side.prefix}{title}",
        DependsOn=after,  # ECS refuses a target group that no listener uses yet
        Cluster=side.look_up(template, wires.CLUSTER_NAME),
        TaskDefinition=web.definitions[side.colour].ref(),
        HealthCheckGracePeriodSeconds=grace_seconds or knobs.GRACE_PERIOD.take(template),
        LoadBalancers=[balancer],
        NetworkConfiguration=ecs.NetworkConfiguration(
            AwsvpcConfiguration=ecs.AwsvpcConfiguration(
                AssignPublicIp="DISABLED",
                Subnets=wires.PRIVATE_SUBNET_IDS.look_up(template),
                SecurityGroups=[web.group.get_att("GroupId")],
            )
        ),
        EnableECSManagedTags=True,
        EnableExecuteCommand=If(ALLOWS_COMMANDS, True, False) if service.exec else False,
        PropagateTags="SERVICE",
    )
    if web.variant.strategy is Strategy.CODEDEPLOY:
        found.LaunchType = "FARGATE"  # CodeDeploy starts tasks with a launch type
    else:
        found.CapacityProviderStrategy = _capacity(web, side)
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
    suppress(found, "W9003", "CloudFormation makes a list of the parameter before it reaches Subnets")
    if service.capacity is Capacity.EC2:
        found.PlacementStrategies = [
            ecs.PlacementStrategy(Type="spread", Field="attribute:ecs.availability-zone"),
            ecs.PlacementStrategy(Type="binpack", Field="MEMORY"),
        ]
    return found


def service_name(web: Web, mark: str) -> Sub:
    """A name for the ECS service, where an alarm has to know it before the service is there.

    `mark` tells apart services that are there at once while the strategy changes.
    """
    return Sub(f"{web.platform.platform}-${{Environment}}-{web.service.name}-{mark}")


def load_balancer(web: Web, group: elb.TargetGroup) -> ecs.LoadBalancer:
    """How ECS registers tasks with the group."""
    return ecs.LoadBalancer(ContainerName=web.service.name, ContainerPort=web.service.port, TargetGroupArn=group.ref())


def _capacity(web: Web, side: Side) -> list[ecs.CapacityProviderStrategyItem]:
    template, service = web.template, web.service
    if service.capacity is Capacity.EC2:
        provider = side.look_up(template, wires.capacity_provider(service.architecture))
        return [ecs.CapacityProviderStrategyItem(CapacityProvider=provider, Weight=1)]
    if service.capacity is Capacity.FARGATE:
        return [ecs.CapacityProviderStrategyItem(CapacityProvider="FARGATE", Weight=1)]
    return [
        ecs.CapacityProviderStrategyItem(
            CapacityProvider="FARGATE", Base=knobs.ON_DEMAND_BASE.take(template), Weight=1
        ),
        ecs.CapacityProviderStrategyItem(CapacityProvider="FARGATE_SPOT", Weight=knobs.SPOT_WEIGHT.take(template)),
    ]


def records(web: Web, side: Side) -> list[AWSObject]:
    """The service's name in DNS, where there is a domain.

    A CNAME, as an alias has no TTL of its own; weighted, so that services on one host each bring a record.
    """
    if not web.platform.has_domain:
        return []
    return [
        record(web, f"{side.prefix}Record", str(web.service.host), side, SetIdentifier=web.service.name, Weight=100)
    ]


def record(web: Web, title: str, host: str, side: Side, **more: Any) -> route53.RecordSetType:
    """A name below the environment's domain that points to the side's load balancer."""
    return route53.RecordSetType(
        title,
        HostedZoneId=wires.HOSTED_ZONE_ID.look_up(web.template),
        Name=Sub(f"{host}.${{DomainName}}"),
        Type="CNAME",
        TTL=str(RECORD_TTL),
        ResourceRecords=[side.look_up(web.template, wires.LOAD_BALANCER_DNS_NAME)],
        **more,
    )


def url(web: Web, port: str = "") -> Sub:
    """Where the service answers, with `:<port>` where it is not the scheme's own."""
    if web.platform.has_domain:
        return Sub(f"https://{web.service.host}.${{DomainName}}{port}")
    wires.LOAD_BALANCER_DNS_NAME.look_up(web.template)
    return Sub(f"http://${{{wires.LOAD_BALANCER_DNS_NAME.name}}}{port}")


def side_url(web: Web, side: Side) -> Sub:
    """Where the service answers in this cluster, whatever its main name points to."""
    return Sub(f"https://{side_host(web.service, side.colour)}.${{DomainName}}")
