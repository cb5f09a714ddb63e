"""Zones, routes, NAT and endpoints: rules checked on the evaluated template, for each value of Nat and Zones."""

from __future__ import annotations

import dataclasses
import itertools
from ipaddress import IPv4Network, ip_network
from typing import Any

import pytest

from sendy_cfn.config.model import Cluster, Network
from sendy_cfn.config.words import Endpoint
from sendy_cfn.stacks import network
from tests.platforms import platform
from tests.stacks.evaluate import Stack

NAT = ("none", "single", "per-zone")
ZONES = (2, 3, 4)
VALUES: dict[str, Any] = {
    "Environment": "test",
    "VpcCidr": "10.20.0.0/16",
    "SubnetBits": 12,
    "LogRetentionDays": 30,
    "DomainName": "test.courier.example",
    "ExistingHostedZoneId": "",
}

SHIPPED = platform()
WITHOUT_EC2 = dataclasses.replace(SHIPPED, cluster=Cluster(ec2=()), network=Network(endpoints=(Endpoint.LOGS,)))
DUAL_STACK = dataclasses.replace(SHIPPED, network=Network(dual_stack=True))
WITHOUT_DOMAIN = dataclasses.replace(SHIPPED, domain=None, network=Network(endpoints=tuple(Endpoint)))
PLATFORMS = {
    "shipped": SHIPPED,
    "without EC2": WITHOUT_EC2,
    "dual stack": DUAL_STACK,
    "without domain": WITHOUT_DOMAIN,
}
TEMPLATES = {name: network.build(one).to_dict() for name, one in PLATFORMS.items()}

each_platform = pytest.mark.parametrize("name", TEMPLATES)
each_nat = pytest.mark.parametrize("nat", NAT)
each_zones = pytest.mark.parametrize("zones", ZONES)


def stack(name: str, nat: str = "single", zones: int = 2, **values: Any) -> Stack:
    return Stack(TEMPLATES[name], VALUES | {"Nat": nat, "Zones": zones} | values)


def tables_of(stack: Stack) -> dict[str, str]:
    """Subnet -> its route table, by reference; a second association of a subnet fails."""
    pairs = [
        (one["SubnetId"], one["RouteTableId"]) for one in stack.of_type("EC2::SubnetRouteTableAssociation").values()
    ]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def routes(stack: Stack, destination: str = "0.0.0.0/0") -> dict[str, dict[str, Any]]:
    """Route table -> its route to the destination."""
    found = [
        route
        for route in stack.of_type("EC2::Route").values()
        if destination in (route.get("DestinationCidrBlock"), route.get("DestinationIpv6CidrBlock"))
    ]
    tables = [route["RouteTableId"] for route in found]
    assert len(set(tables)) == len(tables)
    return dict(zip(tables, found, strict=True))


def subnets(stack: Stack, tier: str) -> dict[str, dict[str, Any]]:
    """Reference -> subnet, of one tier."""
    return {f"{name}.id": one for name, one in stack.of_type("EC2::Subnet").items() if name.startswith(tier)}


# Zones and addresses


@each_platform
@each_nat
@each_zones
def test_nothing_refers_to_what_is_not_there(name: str, nat: str, zones: int) -> None:
    built = stack(name, nat, zones)
    for resource in built.made:
        assert set(built.depends_on(resource)) <= set(built.made)


@each_platform
@each_zones
def test_each_zone_has_one_subnet_per_tier(name: str, zones: int) -> None:
    built = stack(name, zones=zones)
    for tier in ("Public", "Private"):
        assert {one["AvailabilityZone"] for one in subnets(built, tier).values()} == {
            f"eu-central-1{letter}" for letter in "abcd"[:zones]
        }
        assert len(subnets(built, tier)) == zones


@pytest.mark.parametrize(
    "block", [{}, {"VpcCidr": "10.20.64.0/18", "SubnetBits": 9}, {"VpcCidr": "10.1.2.0/24", "SubnetBits": 4}]
)
def test_a_further_zone_renumbers_nothing_and_nothing_overlaps(block: dict[str, Any]) -> None:
    addresses: dict[str, set[str]] = {}
    for zones in ZONES:
        built = stack("shipped", zones=zones, **block)
        blocks = {name: IPv4Network(one["CidrBlock"]) for name, one in built.of_type("EC2::Subnet").items()}
        assert all(not one.overlaps(other) for one, other in itertools.combinations(blocks.values(), 2))
        assert all(one.subnet_of(IPv4Network(built.values["VpcCidr"])) for one in blocks.values())
        for name, one in blocks.items():
            addresses.setdefault(name, set()).add(str(one))
    assert all(len(given) == 1 for given in addresses.values())


def test_half_of_the_blocks_stay_free_for_further_tiers() -> None:
    built = stack("shipped", zones=4)
    upper_half = list(IPv4Network(VALUES["VpcCidr"]).subnets(prefixlen_diff=1))[1]
    assert not any(upper_half.overlaps(IPv4Network(one["CidrBlock"])) for one in built.of_type("EC2::Subnet").values())


@each_platform
def test_no_subnet_hands_out_public_ipv4_addresses(name: str) -> None:
    assert all(one["MapPublicIpOnLaunch"] is False for one in stack(name, zones=4).of_type("EC2::Subnet").values())


@each_zones
@pytest.mark.parametrize("tier", ["Public", "Private"])
def test_subnets_of_the_existing_zones_are_offered(zones: int, tier: str) -> None:
    built = stack("shipped", zones=zones)
    assert built.outputs[f"{tier}SubnetIds"].split(",") == list(subnets(built, tier))


# Routes and NAT


@each_platform
@each_nat
@each_zones
def test_every_subnet_has_the_routes_of_its_tier(name: str, nat: str, zones: int) -> None:
    built = stack(name, nat, zones)
    tables = tables_of(built)
    out = routes(built)
    assert set(tables) == {*subnets(built, "Public"), *subnets(built, "Private")}
    for subnet in subnets(built, "Public"):
        assert out[tables[subnet]]["GatewayId"] == "InternetGateway.id"
    private = [tables[subnet] for subnet in subnets(built, "Private")]
    assert len(set(private)) == zones, "one table each"
    assert not {tables[subnet] for subnet in subnets(built, "Public")} & set(private)
    assert not any("GatewayId" in out.get(table, {}) for table in private)


@each_platform
@each_zones
@pytest.mark.parametrize(("nat", "per_zone"), [("none", 0), ("single", None), ("per-zone", 1)])
def test_number_of_nat_gateways_and_addresses(name: str, zones: int, nat: str, per_zone: int | None) -> None:
    built = stack(name, nat, zones)
    gateways = built.of_type("EC2::NatGateway")
    assert len(gateways) == (1 if per_zone is None else per_zone * zones)
    addresses = {f"{address}.AllocationId" for address in built.of_type("EC2::EIP")}
    assert {one["AllocationId"] for one in gateways.values()} == addresses
    assert len(addresses) == len(gateways)
    assert {one["SubnetId"] for one in gateways.values()} <= set(subnets(built, "Public"))


@each_platform
@each_zones
def test_without_nat_private_subnets_have_no_way_out(name: str, zones: int) -> None:
    built = stack(name, "none", zones)
    out = routes(built)
    assert not [subnet for subnet in subnets(built, "Private") if tables_of(built)[subnet] in out]


@each_platform
@each_zones
def test_single_nat_serves_all_zones(name: str, zones: int) -> None:
    built = stack(name, "single", zones)
    (gateway,) = built.of_type("EC2::NatGateway")
    assert {routes(built)[tables_of(built)[subnet]]["NatGatewayId"] for subnet in subnets(built, "Private")} == {
        f"{gateway}.id"
    }


@each_platform
@each_zones
def test_nat_per_zone_stays_in_its_zone(name: str, zones: int) -> None:
    built = stack(name, "per-zone", zones)
    public, tables, out = subnets(built, "Public"), tables_of(built), routes(built)
    zone_of = {
        f"{gateway}.id": public[one["SubnetId"]]["AvailabilityZone"]
        for gateway, one in built.of_type("EC2::NatGateway").items()
    }
    for subnet, one in subnets(built, "Private").items():
        assert zone_of[out[tables[subnet]]["NatGatewayId"]] == one["AvailabilityZone"]


@each_platform
@each_nat
def test_what_needs_the_internet_gateway_waits_for_its_attachment(name: str, nat: str) -> None:
    built = stack(name, nat, 4)
    (attachment,) = built.of_type("EC2::VPCGatewayAttachment")
    through = [
        *built.of_type("EC2::EIP"),
        *built.of_type("EC2::NatGateway"),
        *(route for route, one in built.of_type("EC2::Route").items() if "EgressOnlyInternetGatewayId" not in one),
    ]
    assert "PublicDefaultRoute" in through
    assert all(attachment in built.depends_on(resource) for resource in through)


# Endpoints


def interface_endpoints(stack: Stack) -> dict[str, dict[str, Any]]:
    """Service name without com.amazonaws.<region>. -> endpoint."""
    return {
        one["ServiceName"].removeprefix("com.amazonaws.eu-central-1."): one
        for one in stack.of_type("EC2::VPCEndpoint").values()
        if one["VpcEndpointType"] == "Interface"
    }


@each_platform
@each_zones
def test_without_nat_every_endpoint_is_in_every_zone(name: str, zones: int) -> None:
    built = stack(name, "none", zones)
    endpoints = interface_endpoints(built)
    agent = {"ecs", "ecs-agent", "ecs-telemetry"} if PLATFORMS[name].cluster.ec2 else set()
    assert set(endpoints) == {*Endpoint, *agent}
    for one in endpoints.values():
        assert set(one["SubnetIds"]) == set(subnets(built, "Private"))
        assert one["PrivateDnsEnabled"] is True


@each_platform
@pytest.mark.parametrize("nat", ["single", "per-zone"])
def test_beside_nat_only_the_chosen_endpoints_exist(name: str, nat: str) -> None:
    built = stack(name, nat, 3)
    chosen = set(PLATFORMS[name].network.endpoints)
    assert set(interface_endpoints(built)) == chosen
    assert bool(built.of_type("EC2::SecurityGroup")) is bool(chosen)


@each_platform
@each_nat
@each_zones
def test_s3_is_reached_from_every_route_table(name: str, nat: str, zones: int) -> None:
    built = stack(name, nat, zones)
    (s3,) = (one for one in built.of_type("EC2::VPCEndpoint").values() if one["VpcEndpointType"] == "Gateway")
    assert s3["ServiceName"] == "com.amazonaws.eu-central-1.s3"
    assert set(s3["RouteTableIds"]) == {f"{table}.id" for table in built.of_type("EC2::RouteTable")}


@each_platform
def test_endpoints_answer_https_from_the_vpc_only(name: str) -> None:
    built = stack(name, "none", 4)
    (group,) = built.of_type("EC2::SecurityGroup")
    assert all(one["SecurityGroupIds"] == [f"{group}.id"] for one in interface_endpoints(built).values())
    (rule,) = built.resources[group]["SecurityGroupIngress"]
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 443, 443)
    assert rule["CidrIp"] == built.resources["Vpc"]["CidrBlock"]
    (none,) = built.resources[group]["SecurityGroupEgress"]
    assert ip_network(none["CidrIp"]).is_loopback


def test_endpoint_names_of_china() -> None:
    somewhere = next(iter(SHIPPED.environments.values()))
    china = {**SHIPPED.environments, "china": dataclasses.replace(somewhere, name="china", region="cn-north-1")}
    template = network.build(dataclasses.replace(SHIPPED, environments=china)).to_dict()
    values = VALUES | {"Nat": "none", "Zones": 2}
    there = Stack(template, values | {"AWS::Region": "cn-north-1", "AWS::Partition": "aws-cn"})
    names = {one["ServiceName"] for one in there.of_type("EC2::VPCEndpoint").values()}
    assert {"cn.com.amazonaws.cn-north-1.ecr.dkr", "com.amazonaws.cn-north-1.logs"} <= names
    assert set(interface_endpoints(Stack(template, values))) == set(interface_endpoints(stack("shipped", "none")))


# IPv6


@each_zones
def test_every_subnet_has_an_ipv6_block_of_its_own(zones: int) -> None:
    built = stack("dual stack", zones=zones)
    wider = stack("dual stack", zones=4).of_type("EC2::Subnet")
    (block,) = built.of_type("EC2::VPCCidrBlock")
    all_subnets = built.of_type("EC2::Subnet")
    assert len({one["Ipv6CidrBlock"] for one in all_subnets.values()}) == 2 * zones
    for name, one in all_subnets.items():
        assert ip_network(one["Ipv6CidrBlock"]).prefixlen == 64
        assert one["Ipv6CidrBlock"] == wider[name]["Ipv6CidrBlock"]
        assert one["AssignIpv6AddressOnCreation"] is name.startswith("Private")
        assert block in built.depends_on(name)


@each_nat
@each_zones
def test_ipv6_leaves_private_subnets_but_does_not_enter(nat: str, zones: int) -> None:
    built = stack("dual stack", nat, zones)
    tables, out = tables_of(built), routes(built, "::/0")
    for subnet in subnets(built, "Private"):
        assert "EgressOnlyInternetGatewayId" in out[tables[subnet]]
        assert "GatewayId" not in out[tables[subnet]]
    for subnet in subnets(built, "Public"):
        assert out[tables[subnet]]["GatewayId"] == "InternetGateway.id"


def test_without_dual_stack_there_is_no_ipv6() -> None:
    assert "pv6" not in str(TEMPLATES["shipped"])
