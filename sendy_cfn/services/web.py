"""Kind `web`: answers HTTP behind the environment's public load balancer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import If, Output, Sub, ec2, ecs

from sendy_cfn import strategies, wires
from sendy_cfn.blocks import skeleton
from sendy_cfn.blocks import web as pieces
from sendy_cfn.blocks.service_alarms import service_alarms
from sendy_cfn.blocks.tags import tags
from sendy_cfn.blocks.web import BLUE, BLUE_IS_LIVE, GREEN, Side, Web
from sendy_cfn.config.words import Strategy
from sendy_cfn.knobs import common, release
from sendy_cfn.knobs import service as knobs
from sendy_cfn.services.task import task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troposphere import Template

    from sendy_cfn.blocks.web import Outputs, Value
    from sendy_cfn.config.model import Platform, Service
    from sendy_cfn.config.releases import Variant


def build(platform: Platform, service: Service, variant: Variant, minutes: Mapping[str, int]) -> Template:
    """The stack of one web service, the same template in all environments of the variant.

    `minutes` are those until a release is decided in the worst case, by environment.
    """
    template = skeleton.new(f"{platform.platform}: service {service.name}, released by {variant.strategy}")
    template.metadata["WorstCaseMinutes"] = dict(minutes)
    two_sides = variant.strategy is Strategy.CLUSTER_SWITCH
    if not two_sides:
        knobs.IMAGE.take(template)
        knobs.VERSION.take(template)
    common.ENVIRONMENT.take(template)

    parts = task(template, platform, service, two_sides=two_sides)
    for resource in parts.resources():
        template.add_resource(resource)
    sides = (BLUE, GREEN) if two_sides else (BLUE,)
    group = template.add_resource(_security_group(template, platform, service, sides))
    web = Web(
        template=template,
        platform=platform,
        service=service,
        variant=variant,
        group=group,
        definitions=parts.definitions,
        log_group=parts.log_group,
    )
    made = strategies.build(web)
    services = [resource for resource in made.resources if isinstance(resource, ecs.Service)]
    for resource in (*made.resources, *service_alarms(web, made, services)):
        template.add_resource(resource)
    outputs = _outputs(web, services, minutes) | made.outputs
    for name, (description, value) in outputs.items():
        template.add_output(Output(name, Description=description, Value=value))
    return template


def _security_group(
    template: Template, platform: Platform, service: Service, sides: tuple[Side, ...]
) -> ec2.SecurityGroup:
    everywhere = [{"CidrIp": "0.0.0.0/0"}, *([{"CidrIpv6": "::/0"}] if platform.network.dual_stack else [])]
    return ec2.SecurityGroup(
        "SecurityGroup",
        GroupDescription=f"Tasks of {service.name}",
        VpcId=wires.VPC_ID.look_up(template),
        SecurityGroupIngress=[
            ec2.SecurityGroupRule(
                Description=f"Requests from the load balancer{f' of {side.colour}' if len(sides) > 1 else ''}",
                IpProtocol="tcp",
                FromPort=1,  # any: with one port, a release that changes it would cut off the tasks that it replaces
                ToPort=65535,
                SourceSecurityGroupId=side.look_up(template, wires.LOAD_BALANCER_SECURITY_GROUP_ID),
            )
            for side in sides
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


def _outputs(web: Web, services: list[ecs.Service], minutes: Mapping[str, int]) -> Outputs:
    template, name = web.template, web.service.name
    runs: Value
    ecs_service: Value
    if len(services) > 1:
        versions = [version.take(template) for _, version in release.SIDES.values()]
        runs = If(BLUE_IS_LIVE, *versions)
        ecs_service = If(BLUE_IS_LIVE, *(service.get_att("Name") for service in services))
    else:
        runs, ecs_service = knobs.VERSION.take(template), services[0].get_att("Name")
    plain = "" if web.platform.has_domain else ", in plain HTTP"
    return {
        "ServiceUrl": (f"Where {name} answers{plain}", pieces.url(web)),
        "ServiceName": ("ECS service", ecs_service),
        "LogGroupName": (f"Log group of {name}", web.log_group.ref()),
        "Release": ("Commit that runs", runs),
        "WorstCaseMinutes": (
            "Minutes until a release is done or rolled back in the worst case, by environment",
            ", ".join(f"{place} {count}" for place, count in minutes.items()),
        ),
    }
