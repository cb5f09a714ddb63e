"""A new VPC with subnets in two to four zones, NAT, endpoints and flow log; the environment's key and hosted zone."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from troposphere import And, Condition, Equals, If, Join, Not, NoValue, Partition, Sub, ec2

from sendy_cfn import wires
from sendy_cfn.blocks import alarms, boundary, kms, nat_alarms, net, skeleton
from sendy_cfn.blocks.net import PRIVATE, PUBLIC, ZONES, present, when
from sendy_cfn.blocks.suppress import GUARDED, suppress_output
from sendy_cfn.blocks.tags import tags
from sendy_cfn.config.words import Endpoint
from sendy_cfn.knobs import common
from sendy_cfn.knobs import network as knobs

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, AWSObject, Ref, Template

    from sendy_cfn.blocks.net import Tier, Value, Zone
    from sendy_cfn.config.model import Platform

ATTACHMENT = "InternetGatewayAttachment"
HAS_NAT = "HasNat"
HAS_NO_NAT = "HasNoNat"
HAS_NAT_PER_ZONE = "HasNatPerZone"
IN_CHINA = "InChina"

# What the agent of EC2 instances calls; tasks on Fargate need none of them.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
AGENT_ENDPOINTS = ("ecs", "ecs-agent", "ecs-telemetry")
# Services whose endpoints are named cn.com.amazonaws.… in China.
CHINESE = frozenset({Endpoint.ECR_API, Endpoint.ECR_DKR, Endpoint.MONITORING, Endpoint.SQS, Endpoint.STS})


def build(platform: Platform, *, throwaway: bool = False) -> Template:
    """The network template of environments with their own VPC; `throwaway` ones leave no logs and no key behind."""
    template = skeleton.new(f"{platform.platform}: VPC, key and hosted zone of an environment")
    common.ENVIRONMENT.take(template)
    cidr = knobs.VPC_CIDR.take(template)
    host_bits = knobs.SUBNET_BITS.take(template)
    conditions = _conditions(platform, knobs.ZONES.take(template), knobs.NAT.take(template))
    for condition, decision in conditions.items():
        template.add_condition(condition, decision)
    retention = common.LOG_RETENTION_DAYS.take(template)
    dual_stack = platform.network.dual_stack

    key = kms.environment_key(platform.platform, throwaway=throwaway)
    _add(template, key, kms.alias("KeyAlias", Sub(f"alias/{platform.platform}-${{Environment}}"), key))

    vpc_tags = tags(_named(platform, "vpc"))
    vpc = ec2.VPC("Vpc", CidrBlock=cidr, EnableDnsSupport=True, EnableDnsHostnames=True, Tags=vpc_tags)
    _add(template, vpc)
    if dual_stack:
        _add(template, ec2.VPCCidrBlock(net.IPV6_BLOCK, VpcId=vpc.ref(), AmazonProvidedIpv6CidrBlock=True))
    flow_log, bound = _named(platform, "flow-log"), boundary.given(template)
    records = net.flow_log(vpc, flow_log, key.get_att("Arn"), retention, bound, throwaway=throwaway)
    _add(template, *records)

    subnets = {
        (tier, zone): net.subnet(tier, zone, _named(platform, tier, zone), vpc, host_bits, dual_stack=dual_stack)
        for tier, zone in product((PUBLIC, PRIVATE), ZONES)
    }
    _add(template, *subnets.values())

    internet = ec2.InternetGateway("InternetGateway", Tags=tags(_named(platform, "internet")))
    _add(template, internet, ec2.VPCGatewayAttachment(ATTACHMENT, VpcId=vpc.ref(), InternetGatewayId=internet.ref()))

    public = ec2.RouteTable("PublicRoutes", VpcId=vpc.ref(), Tags=tags(_named(platform, PUBLIC)))
    _add(template, public, *_to_internet(public, internet, dual_stack=dual_stack))
    for zone in ZONES:
        _add(template, net.associate(PUBLIC, zone, subnets[PUBLIC, zone], public))

    nat = {zone: _nat_gateway(platform, zone, subnets[PUBLIC, zone]) for zone in ZONES}
    private = {zone: _private_routes(platform, zone, vpc) for zone in ZONES}
    for zone, table in private.items():
        _add(template, *nat[zone], table, net.associate(PRIVATE, zone, subnets[PRIVATE, zone], table))
        _add(template, _to_nat(zone, table, nat[zone][1], nat[ZONES[0]][1]))
    _add(template, *_nat_alarms(template, platform, {zone: gateway for zone, (_, gateway) in nat.items()}))
    if dual_stack:
        outbound = ec2.EgressOnlyInternetGateway("OutboundGateway", VpcId=vpc.ref())
        _add(template, outbound, *(_to_outbound(zone, table, outbound) for zone, table in private.items()))

    tables = [public.ref(), *present((zone, table.ref()) for zone, table in private.items())]
    _add(template, net.s3_endpoint(vpc, tables), *_interface_endpoints(platform, vpc, _ids(subnets, PRIVATE)))

    wires.publish(template, platform.platform, wires.VPC_ID, vpc.ref())
    wires.PUBLIC_SUBNET_IDS.offer(template, Join(",", _ids(subnets, PUBLIC)))
    wires.publish(template, platform.platform, wires.PRIVATE_SUBNET_IDS, Join(",", _ids(subnets, PRIVATE)))
    wires.publish(template, platform.platform, wires.KEY_ARN, key.get_att("Arn"))
    wires.FLOW_LOG_GROUP.offer(template, records[0].ref())
    more = [If(_has_gateway(zone), nat[zone][1].ref(), NoValue) for zone in ZONES[1:]]
    gateways: list[Value] = [nat[ZONES[0]][1].ref(), *more]
    wires.NAT_GATEWAY_IDS.offer(template, If(HAS_NAT, Join(",", gateways), wires.NONE))
    guarded = [wires.PUBLIC_SUBNET_IDS.name, wires.PRIVATE_SUBNET_IDS.name, wires.NAT_GATEWAY_IDS.name]
    if platform.has_domain:
        existing = knobs.EXISTING_HOSTED_ZONE_ID.take(template)
        template.add_condition(net.CREATES_HOSTED_ZONE, Equals(existing, ""))
        hosted_zone = template.add_resource(net.hosted_zone(common.DOMAIN_NAME.take(template)))
        wires.publish(template, platform.platform, wires.HOSTED_ZONE_ID, net.hosted_zone_id(hosted_zone, existing))
        template.add_output(net.name_servers(hosted_zone))
        guarded += [wires.HOSTED_ZONE_ID.name, net.NAME_SERVERS]
    suppress_output(template, "W1001", guarded, GUARDED)
    return template


def _add(template: Template, *resources: AWSObject) -> None:
    for resource in resources:
        template.add_resource(resource)


def _conditions(platform: Platform, zones: Ref, nat: Ref) -> dict[str, AWSHelperFn]:
    """What the values of the two knobs decide. Zones A and B always exist."""
    conditions: dict[str, AWSHelperFn] = {
        "HasZoneC": Not(Equals(zones, "2")),
        "HasZoneD": Equals(zones, "4"),
        HAS_NAT: Not(Equals(nat, "none")),
        HAS_NAT_PER_ZONE: Equals(nat, "per-zone"),
    }
    for zone in ZONES:
        if zone.exists:
            conditions[_has_gateway(zone)] = And(Condition(HAS_NAT_PER_ZONE), Condition(zone.exists))
            conditions[_has_route(zone)] = And(Condition(HAS_NAT), Condition(zone.exists))
    if any(_endpoint_condition(platform, service) for service in _endpoint_services(platform)):
        conditions[HAS_NO_NAT] = Equals(nat, "none")
    if _has_region_in_china(platform):
        conditions[IN_CHINA] = Equals(Partition, "aws-cn")
    return conditions


def _has_gateway(zone: Zone) -> str:
    """The condition for the zone's own NAT gateway; a single one is in the first zone."""
    if zone is ZONES[0]:
        return HAS_NAT
    return f"HasNatGateway{zone.letter}" if zone.exists else HAS_NAT_PER_ZONE


def _has_route(zone: Zone) -> str:
    """The condition for the zone's route to a NAT gateway."""
    return f"HasNatRoute{zone.letter}" if zone.exists else HAS_NAT


def _named(platform: Platform, what: Tier | str, zone: Zone | None = None) -> Sub:
    """What consoles show: <platform>-<environment>-<what>[-<zone>]."""
    parts = [what if isinstance(what, str) else what.name, *([zone.letter] if zone else [])]
    return Sub(f"{platform.platform}-${{Environment}}-{'-'.join(parts).lower()}")


def _ids(subnets: dict[tuple[Tier, Zone], ec2.Subnet], tier: Tier) -> list[Value]:
    return present((zone, subnets[tier, zone].ref()) for zone in ZONES)


def _to_internet(table: ec2.RouteTable, gateway: ec2.InternetGateway, *, dual_stack: bool) -> list[ec2.Route]:
    to: dict[str, Any] = {"DependsOn": ATTACHMENT, "RouteTableId": table.ref(), "GatewayId": gateway.ref()}
    routes = [ec2.Route("PublicDefaultRoute", DestinationCidrBlock=net.ANYWHERE, **to)]
    if dual_stack:
        routes.append(ec2.Route("PublicDefaultRouteIpv6", DestinationIpv6CidrBlock=net.ANYWHERE_IPV6, **to))
    return routes


def _nat_gateway(platform: Platform, zone: Zone, subnet: ec2.Subnet) -> tuple[ec2.EIP, ec2.NatGateway]:
    return net.nat_gateway(zone, _named(platform, "nat", zone), subnet, ATTACHMENT, _has_gateway(zone))


def _nat_alarms(template: Template, platform: Platform, gateways: dict[Zone, ec2.NatGateway]) -> list[AWSObject]:
    name = f"{platform.platform}-${{Environment}}"
    made = [
        alarm
        for zone, gateway in gateways.items()
        for alarm in nat_alarms.of_gateway(template, name, zone, gateway, _has_gateway(zone))
    ]
    return [
        *made,
        alarms.health(nat_alarms.stem(platform.platform), "A NAT gateway is not well", made, **when(HAS_NAT)),
    ]


def _private_routes(platform: Platform, zone: Zone, vpc: ec2.VPC) -> ec2.RouteTable:
    name = tags(_named(platform, PRIVATE, zone))
    return ec2.RouteTable(f"PrivateRoutes{zone.letter}", **when(zone.exists), VpcId=vpc.ref(), Tags=name)


def _to_nat(zone: Zone, table: ec2.RouteTable, own: ec2.NatGateway, single: ec2.NatGateway) -> ec2.Route:
    """The zone's default route: to its own NAT gateway where each zone has one, so that no zone depends on another."""
    return ec2.Route(
        f"PrivateDefaultRoute{zone.letter}",
        **when(_has_route(zone)),
        DependsOn=ATTACHMENT,
        RouteTableId=table.ref(),
        DestinationCidrBlock=net.ANYWHERE,
        NatGatewayId=own.ref() if own is single else If(HAS_NAT_PER_ZONE, own.ref(), single.ref()),
    )


def _to_outbound(zone: Zone, table: ec2.RouteTable, gateway: ec2.EgressOnlyInternetGateway) -> ec2.Route:
    return ec2.Route(
        f"PrivateDefaultRouteIpv6{zone.letter}",
        **when(zone.exists),
        RouteTableId=table.ref(),
        DestinationIpv6CidrBlock=net.ANYWHERE_IPV6,
        EgressOnlyInternetGatewayId=gateway.ref(),
    )


def _endpoint_services(platform: Platform) -> tuple[str, ...]:
    return (*Endpoint, *(AGENT_ENDPOINTS if platform.cluster.ec2 else ()))


def _endpoint_condition(platform: Platform, service: str) -> str:
    """Those the platform names exist in any case; the others only without NAT, which reaches the services too."""
    return "" if service in platform.network.endpoints else HAS_NO_NAT


def _interface_endpoints(platform: Platform, vpc: ec2.VPC, subnets: list[Value]) -> list[AWSObject]:
    group = net.endpoint_group(vpc, _named(platform, "endpoints"), "" if platform.network.endpoints else HAS_NO_NAT)
    return [
        group,
        *(
            net.interface_endpoint(
                service,
                _service_name(platform, service),
                vpc,
                subnets,
                group,
                _endpoint_condition(platform, service),
            )
            for service in _endpoint_services(platform)
        ),
    ]


def _service_name(platform: Platform, service: str) -> AWSHelperFn:
    name = f"com.amazonaws.${{AWS::Region}}.{service}"
    if service in CHINESE and _has_region_in_china(platform):
        return If(IN_CHINA, Sub(f"cn.{name}"), Sub(name))
    return Sub(name)


def _has_region_in_china(platform: Platform) -> bool:
    return any(environment.region.startswith("cn-") for environment in platform.environments.values())
