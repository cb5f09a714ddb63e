"""Parts of a network: zones, subnets, routes, NAT, endpoints, flow logs, hosted zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from awacs import logs as actions
from awacs.aws import ArnLike, Condition, StringEquals
from troposphere import AccountId, Cidr, GetAZs, If, Join, NoValue, Output, Select, Sub, ec2, logs, route53

from sendy_cfn.blocks import iam
from sendy_cfn.blocks.skeleton import ALWAYS_RETAINED, keep
from sendy_cfn.blocks.tags import tags
from sendy_cfn.names import logical

if TYPE_CHECKING:
    from collections.abc import Iterable

    from troposphere import AWSHelperFn, AWSObject, Ref

    Value = AWSHelperFn | str

BLOCKS = 16  # equal blocks that a subnet's place is counted in; a place never changes
HTTPS = 443
ANYWHERE = "0.0.0.0/0"
ANYWHERE_IPV6 = "::/0"
NOWHERE = "127.0.0.1/32"  # for "no egress": a group without any rule gets "everything"
AGGREGATION_SECONDS = (
    60  # 60 or 600; network interfaces of Fargate and of current instance types never take longer than 60
)
NAME_SERVERS = "NameServers"  # output
CREATES_HOSTED_ZONE = "CreatesHostedZone"  # condition: no existing one was given
IPV6_BLOCK = "Ipv6Block"  # what subnets take their IPv6 addresses from


@dataclass(frozen=True, slots=True)
class Zone:
    """An availability zone of the network."""

    letter: str
    offset: int  # of its blocks within a tier, and of its name in the region's list of zones
    exists: str = ""  # condition; "" where the zone always exists


ZONES = (Zone("A", 0), Zone("B", 1), Zone("C", 2, "HasZoneC"), Zone("D", 3, "HasZoneD"))


class Tier(NamedTuple):
    """Subnets with the same routes."""

    name: str
    first: int  # block of zone A


PUBLIC = Tier("Public", 0)
PRIVATE = Tier("Private", 4)


def when(condition: str) -> dict[str, Any]:
    """The resource attribute for a condition; nothing for ""."""
    return {"Condition": condition} if condition else {}


def present(by_zone: Iterable[tuple[Zone, Value]]) -> list[Value]:
    """The values of the zones that exist, for a list property or Join."""
    return [If(zone.exists, value, NoValue) if zone.exists else value for zone, value in by_zone]


def subnet(tier: Tier, zone: Zone, name: Value, vpc: ec2.VPC, host_bits: Ref, *, dual_stack: bool) -> ec2.Subnet:
    """The tier's subnet in the zone. Its addresses depend on tier and zone only.

    Nothing gets a public IPv4 address by being in it. With `dual_stack` it has an IPv6 block too, and what is in a
    private one gets an address, which only connections from inside can use.
    """
    place = tier.first + zone.offset
    more: dict[str, Any] = {}
    if dual_stack:
        more["Ipv6CidrBlock"] = Select(place, Cidr(Select(0, vpc.get_att("Ipv6CidrBlocks")), BLOCKS, 64))
        more["AssignIpv6AddressOnCreation"] = tier is PRIVATE
        more["DependsOn"] = IPV6_BLOCK
    return ec2.Subnet(
        f"{tier.name}Subnet{zone.letter}",
        **when(zone.exists),
        VpcId=vpc.ref(),
        AvailabilityZone=Select(zone.offset, GetAZs("")),
        CidrBlock=Select(place, Cidr(vpc.CidrBlock, BLOCKS, host_bits)),
        MapPublicIpOnLaunch=False,
        Tags=tags(name),
        **more,
    )


def associate(tier: Tier, zone: Zone, to: ec2.Subnet, table: ec2.RouteTable) -> ec2.SubnetRouteTableAssociation:
    """Gives the subnet the table's routes instead of the VPC's main table."""
    return ec2.SubnetRouteTableAssociation(
        f"{tier.name}Subnet{zone.letter}Routes",
        **when(zone.exists),
        SubnetId=to.ref(),
        RouteTableId=table.ref(),
    )


def nat_gateway(
    zone: Zone, name: Value, to: ec2.Subnet, attachment: str, condition: str
) -> tuple[ec2.EIP, ec2.NatGateway]:
    """The Elastic IP and the NAT gateway of a public subnet.

    Both need the internet gateway's attachment, on creation and still on deletion
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html).
    """
    address = ec2.EIP(
        f"NatAddress{zone.letter}", **when(condition), DependsOn=attachment, Domain="vpc", Tags=tags(name)
    )
    gateway = ec2.NatGateway(
        f"NatGateway{zone.letter}",
        **when(condition),
        DependsOn=attachment,
        SubnetId=to.ref(),
        AllocationId=address.get_att("AllocationId"),
        Tags=tags(name),
    )
    return address, gateway


def endpoint_group(vpc: ec2.VPC, name: Value, condition: str) -> ec2.SecurityGroup:
    """The security group of interface endpoints: HTTPS from the VPC."""
    return ec2.SecurityGroup(
        "EndpointSecurityGroup",
        **when(condition),
        GroupDescription="Interface endpoints of AWS services",
        VpcId=vpc.ref(),
        SecurityGroupIngress=[
            ec2.SecurityGroupRule(
                Description="HTTPS from the VPC",
                IpProtocol="tcp",
                FromPort=HTTPS,
                ToPort=HTTPS,
                CidrIp=vpc.CidrBlock,
            )
        ],
        SecurityGroupEgress=[
            ec2.SecurityGroupRule(Description="None: endpoints only answer", IpProtocol="-1", CidrIp=NOWHERE)
        ],
        Tags=tags(name),
    )


def interface_endpoint(
    service: str, service_name: Value, vpc: ec2.VPC, subnets: list[Value], group: ec2.SecurityGroup, condition: str
) -> ec2.VPCEndpoint:
    """An endpoint that the service's usual name resolves to inside the VPC."""
    return ec2.VPCEndpoint(
        f"{logical(service.replace('.', '-'))}Endpoint",
        **when(condition),
        VpcEndpointType="Interface",
        ServiceName=service_name,
        VpcId=vpc.ref(),
        SubnetIds=subnets,
        SecurityGroupIds=[group.ref()],
        PrivateDnsEnabled=True,
    )


def s3_endpoint(vpc: ec2.VPC, route_tables: list[Value]) -> ec2.VPCEndpoint:
    """S3 past NAT, free of charge: image layers come from there."""
    return ec2.VPCEndpoint(
        "S3Endpoint",
        VpcEndpointType="Gateway",
        ServiceName=Sub("com.amazonaws.${AWS::Region}.s3"),
        VpcId=vpc.ref(),
        RouteTableIds=route_tables,
    )


def flow_log(
    vpc: ec2.VPC, name: Value, key: Value, retention_days: Value, boundary: Value, *, throwaway: bool
) -> list[AWSObject]:
    """Records of all traffic of the VPC in an encrypted log group, and the role that writes them.

    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html, without the log group's creation.
    """
    policies: dict[str, Any] = dict(keep(throwaway=throwaway))
    group = logs.LogGroup("FlowLogGroup", **policies, KmsKeyId=key, RetentionInDays=retention_days)
    source = Sub("arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc-flow-log/*")
    role = iam.role(
        "FlowLogRole",
        "Writes the VPC's flow log",
        iam.trust(
            "vpc-flow-logs.amazonaws.com",
            Condition([StringEquals("aws:SourceAccount", AccountId), ArnLike("aws:SourceArn", source)]),
        ),
        boundary,
    )
    policy = iam.policy(
        "FlowLogPolicy",
        "Writes the VPC's flow log",
        [role.ref()],
        iam.allow(
            "WriteRecords",
            [actions.CreateLogStream, actions.DescribeLogStreams, actions.PutLogEvents],
            group.get_att("Arn"),
        ),
        iam.allow("FindLogGroup", [actions.DescribeLogGroups], "*", condition=iam.HERE),
    )
    log = ec2.FlowLog(
        "FlowLog",
        DependsOn=policy.title,
        ResourceType="VPC",
        ResourceId=vpc.ref(),
        TrafficType="ALL",
        LogDestinationType="cloud-watch-logs",
        LogGroupName=group.ref(),
        DeliverLogsPermissionArn=role.get_att("Arn"),
        MaxAggregationInterval=AGGREGATION_SECONDS,
        Tags=tags(name),
    )
    return [group, role, policy, log]


def hosted_zone(domain: Value) -> route53.HostedZone:
    """The public hosted zone of the domain, where none was given.

    Always retained: certificates leave their validation records in it, and Route 53 deletes only empty zones, so its
    deletion would fail the stack's. A new stack can take it as an existing one.
    https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1603
    """
    return route53.HostedZone("HostedZone", Condition=CREATES_HOSTED_ZONE, **ALWAYS_RETAINED, Name=domain)


def hosted_zone_id(zone: route53.HostedZone, existing: Ref) -> If:
    """The id of the zone in use."""
    return If(CREATES_HOSTED_ZONE, zone.ref(), existing)


def name_servers(zone: route53.HostedZone) -> Output:
    """For the operator: where the parent domain has to delegate to.

    Without a condition, because a root can show only outputs that exist.
    """
    return Output(
        NAME_SERVERS,
        Description="Name servers of the environment's domain: the NS record that its parent domain needs",
        Value=If(CREATES_HOSTED_ZONE, Join(",", zone.get_att("NameServers")), "those of the existing hosted zone"),
    )
