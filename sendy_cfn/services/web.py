"""Kind `web`: answers HTTP behind the environment's public load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Output, Ref, Sub, ec2, ecs, route53
from troposphere import elasticloadbalancingv2 as elb

from sendy_cfn import wires
from sendy_cfn.blocks import skeleton
from sendy_cfn.blocks.tags import tags
from sendy_cfn.config import routing
from sendy_cfn.config.words import Capacity
from sendy_cfn.knobs import common
from sendy_cfn.knobs import service as knobs
from sendy_cfn.services.scaling import scaling
from sendy_cfn.services.task import task
from sendy_cfn.strategies import rolling

if TYPE_CHECKING:
    from troposphere import Template

    from sendy_cfn.config.model import Platform, Service

RECORD_TTL = "60"  # seconds that resolvers keep the answer: how long a switch of clusters takes to be seen


def build(platform: Platform, service: Service) -> Template:
    """The stack of one web service in one environment; the same template in all of them."""
    template = skeleton.new(f"{platform.platform}: service {service.name}")
    knobs.IMAGE.take(template)
    knobs.VERSION.take(template)
    common.ENVIRONMENT.take(template)

    parts = task(template, platform, service)
    for resource in parts.resources():
        template.add_resource(resource)

    group = template.add_resource(_security_group(template, platform, service))
    target_group = template.add_resource(_target_group(template, service))
    rule = template.add_resource(_listener_rule(template, platform, service, target_group))
    ecs_service = template.add_resource(_service(template, service, parts.definition, group, target_group, rule))
    for resource in scaling(template, service, ecs_service, target_group):
        template.add_resource(resource)
    if platform.has_domain:
        template.add_resource(_record(template, service))
    _outputs(template, platform, service, ecs_service, parts.log_group.ref())
    return template


def _security_group(template: Template, platform: Platform, service: Service) -> ec2.SecurityGroup:
    everywhere = [{"CidrIp": "0.0.0.0/0"}, *([{"CidrIpv6": "::/0"}] if platform.network.dual_stack else [])]
    return ec2.SecurityGroup(
        "SecurityGroup",
        GroupDescription=f"Tasks of {service.name}",
        VpcId=wires.VPC_ID.look_up(template),
        SecurityGroupIngress=[
            ec2.SecurityGroupRule(
                Description="Requests from the load balancer",
                IpProtocol="tcp",
                FromPort=1,  # any: with one port, a release that changes it would cut off the tasks that it replaces
                ToPort=65535,
                SourceSecurityGroupId=wires.LOAD_BALANCER_SECURITY_GROUP_ID.look_up(template),
            )
        ],
        SecurityGroupEgress=[
            ec2.SecurityGroupRule(
                Description=f"Outgoing connections to port {port}",
                IpProtocol="tcp",
                FromPort=port,
                ToPort=port,
                **where,
            )
            for port in service.outbound_ports
            for where in everywhere
        ],
        Tags=tags(Sub(f"${{AWS::StackName}}-{service.name}")),
    )


def _target_group(template: Template, service: Service) -> elb.TargetGroup:
    return elb.TargetGroup(
        "TargetGroup",
        VpcId=wires.VPC_ID.look_up(template),
        TargetType="ip",
        Protocol="HTTP",
        Port=80,  # never used, as ECS registers each task with its own; a changed one would make a new, empty group
        HealthCheckEnabled=True,
        HealthCheckProtocol="HTTP",
        HealthCheckPath=service.health_path,
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


def _listener_rule(
    template: Template, platform: Platform, service: Service, target_group: elb.TargetGroup
) -> elb.ListenerRule:
    conditions = []
    if platform.has_domain:
        domain = common.DOMAIN_NAME.take(template)
        conditions.append(
            elb.Condition(
                Field="host-header",
                HostHeaderConfig=elb.HostHeaderConfig(Values=[Sub(f"{service.host}.${{{domain.data['Ref']}}}")]),
            )
        )
    if service.paths:
        conditions.append(
            elb.Condition(Field="path-pattern", PathPatternConfig=elb.PathPatternConfig(Values=list(service.paths)))
        )
    return elb.ListenerRule(
        "ListenerRule",
        ListenerArn=wires.LISTENER_ARN.look_up(template),
        Priority=routing.priority(service),
        Conditions=conditions,
        Actions=[elb.ListenerRuleAction(Type="forward", TargetGroupArn=target_group.ref())],
    )


def _service(
    template: Template,
    service: Service,
    definition: ecs.TaskDefinition,
    group: ec2.SecurityGroup,
    target_group: elb.TargetGroup,
    rule: elb.ListenerRule,
) -> ecs.Service:
    """No DesiredCount: scaling owns it. CloudFormation starts one task and keeps what is there on updates."""
    found = ecs.Service(
        "Service",
        DependsOn=[rule.title],  # ECS refuses a target group that no listener uses yet
        Cluster=wires.CLUSTER_NAME.look_up(template),
        TaskDefinition=definition.ref(),
        CapacityProviderStrategy=_capacity(template, service),
        DeploymentConfiguration=rolling.deployment(),
        AvailabilityZoneRebalancing="ENABLED",
        HealthCheckGracePeriodSeconds=knobs.GRACE_PERIOD.take(template),
        LoadBalancers=[
            ecs.LoadBalancer(ContainerName=service.name, ContainerPort=service.port, TargetGroupArn=target_group.ref())
        ],
        NetworkConfiguration=ecs.NetworkConfiguration(
            AwsvpcConfiguration=ecs.AwsvpcConfiguration(
                AssignPublicIp="DISABLED",
                Subnets=wires.PRIVATE_SUBNET_IDS.look_up(template),
                SecurityGroups=[group.get_att("GroupId")],
            )
        ),
        EnableECSManagedTags=True,
        EnableExecuteCommand=False,
        PropagateTags="SERVICE",
    )
    if service.capacity is Capacity.EC2:
        found.PlacementStrategies = [
            ecs.PlacementStrategy(Type="spread", Field="attribute:ecs.availability-zone"),
            ecs.PlacementStrategy(Type="binpack", Field="MEMORY"),
        ]
    return found


def _capacity(template: Template, service: Service) -> list[ecs.CapacityProviderStrategyItem]:
    if service.capacity is Capacity.EC2:
        provider = wires.capacity_provider(service.architecture).look_up(template)
        return [ecs.CapacityProviderStrategyItem(CapacityProvider=provider, Weight=1)]
    if service.capacity is Capacity.FARGATE:
        return [ecs.CapacityProviderStrategyItem(CapacityProvider="FARGATE", Weight=1)]
    return [
        ecs.CapacityProviderStrategyItem(
            CapacityProvider="FARGATE", Base=knobs.ON_DEMAND_BASE.take(template), Weight=1
        ),
        ecs.CapacityProviderStrategyItem(CapacityProvider="FARGATE_SPOT", Weight=knobs.SPOT_WEIGHT.take(template)),
    ]


def _record(template: Template, service: Service) -> route53.RecordSetType:
    """A CNAME, as an alias has no TTL of its own; weighted, so that services on one host each bring a record."""
    return route53.RecordSetType(
        "Record",
        HostedZoneId=wires.HOSTED_ZONE_ID.look_up(template),
        Name=Sub(f"{service.host}.${{DomainName}}"),
        Type="CNAME",
        TTL=RECORD_TTL,
        SetIdentifier=service.name,
        Weight=100,
        ResourceRecords=[wires.LOAD_BALANCER_DNS_NAME.look_up(template)],
    )


def _outputs(
    template: Template, platform: Platform, service: Service, ecs_service: ecs.Service, log_group: Ref
) -> None:
    if platform.has_domain:
        url = Sub(f"https://{service.host}.${{DomainName}}")
    else:
        wires.LOAD_BALANCER_DNS_NAME.look_up(template)
        url = Sub(f"http://${{{wires.LOAD_BALANCER_DNS_NAME.name}}}")
    outputs = {
        "ServiceUrl": (f"Where {service.name} answers" + ("" if platform.has_domain else ", in plain HTTP"), url),
        "ServiceName": ("ECS service", ecs_service.get_att("Name")),
        "LogGroupName": (f"Log group of {service.name}", log_group),
        "Release": ("Commit that runs", knobs.VERSION.take(template)),
    }
    for name, (description, value) in outputs.items():
        template.add_output(Output(name, Description=description, Value=value))
