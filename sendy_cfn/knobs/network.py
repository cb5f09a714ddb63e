"""Parameters of the network stacks."""

from __future__ import annotations

from sendy_cfn.parameters import Knob

GROUP = "Network"
OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
IPV4_BLOCK = rf"{OCTET}(\.{OCTET}){{3}}/(3[0-2]|[12]?[0-9])"

VPC_CIDR = Knob(
    name="VpcCidr",
    description=(
        "IPv4 block of the VPC, /16 to /23; different in every environment that may be peered. Can't change later: that"
        " would replace the VPC and all that is in it"
    ),
    group=GROUP,
    label="VPC's address block",
    # AWS: blocks of VPCs and subnets are /16 to /28; load balancers want /27 or larger: 16 of them fit in a /23.
    # https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
    # Private blocks only: load balancers open connections to these alone.
    pattern=rf"(10\.{OCTET}|172\.(1[689]|2[0-9]|3[01])|192\.168|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))"
    rf"(\.{OCTET}){{2}}/(1[6-9]|2[0-3])",
    shape="a private IPv4 block, prefix length 16 to 23, not 172.17 (Docker's own), for example 10.20.0.0/16",
)
SUBNET_BITS = Knob(
    name="SubnetBits",
    description=(
        "Size of each subnet in host bits: 12 is a /20 of 4,091 usable addresses, 5 a /27 of 27. At most 28 minus the"
        " prefix length of VpcCidr, so that 16 subnets fit. Can't change later"
    ),
    group=GROUP,
    label="Subnet size (host bits)",
    type="Number",
    default=12,
    minimum=5,
    maximum=12,
)
ZONES = Knob(
    name="Zones",
    description="Number of availability zones, 2 to 4, not more than the region has; can grow at any time",
    group=GROUP,
    label="Availability zones",
    type="Number",
    default=2,
    minimum=2,
    maximum=4,
)
NAT = Knob(
    name="Nat",
    description=(
        "NAT gateways, charged by the hour and by the gigabyte: one in each zone (per-zone), one for all zones"
        " (single), or none: then tasks reach AWS through interface endpoints, charged by the hour and zone, and"
        " nothing else outside"
    ),
    group=GROUP,
    label="NAT gateways",
    default="single",
    allowed=("none", "single", "per-zone"),
)
NAT_PORT_ERRORS = Knob(
    name="NatPortErrors",
    description=(
        "Connections in five minutes for which a NAT gateway may find no free port; more set off an alarm. A gateway"
        " has 55,000 ports for each address and port that is called"
    ),
    group=GROUP,
    label="NAT: connections without a port (in 5 minutes)",
    type="Number",
    default=0,
    minimum=0,
    maximum=1_000_000,
)
NAT_DROPPED_PACKETS = Knob(
    name="NatDroppedPackets",
    description="Packets of 10,000 that a NAT gateway may drop; more, for 15 minutes, set off an alarm",
    group=GROUP,
    label="NAT: dropped packets (of 10,000)",
    type="Number",
    default=1,  # AWS: above 0.01 percent something may be wrong with the service
    minimum=0,
    maximum=10_000,
)
EXISTING_HOSTED_ZONE_ID = Knob(
    name="ExistingHostedZoneId",
    description="Public Route 53 hosted zone of the environment's domain; empty: the stack creates one",
    group=GROUP,
    label="Existing hosted zone",
    default="",
    pattern="(Z[A-Z0-9]{1,31})?",
    shape="empty, or the id of a hosted zone, for example Z0123456789ABCDEFGHIJ",
)
EXISTING_VPC_ID = Knob(
    name="ExistingVpcId",
    description="VPC to use, with DNS host names enabled",
    group=GROUP,
    label="Existing VPC",
    type="AWS::EC2::VPC::Id",
    pattern="vpc-[0-9a-f]{8,17}",
    shape="the id of a VPC",
)
EXISTING_PUBLIC_SUBNET_IDS = Knob(
    name="ExistingPublicSubnetIds",
    description="Subnets of the load balancer: two or more in different zones, with a route to an internet gateway",
    group=GROUP,
    label="Existing public subnets",
    type="List<AWS::EC2::Subnet::Id>",
    min_items=2,
    pattern="subnet-[0-9a-f]{8,17}",
    shape="the id of a subnet",
)
EXISTING_PRIVATE_SUBNET_IDS = Knob(
    name="ExistingPrivateSubnetIds",
    description=(
        "Subnets of the tasks: two or more in different zones, with a route to a NAT gateway or with endpoints for ECR,"
        " S3, CloudWatch Logs and what else tasks call"
    ),
    group=GROUP,
    label="Existing private subnets",
    type="List<AWS::EC2::Subnet::Id>",
    min_items=2,
    pattern="subnet-[0-9a-f]{8,17}",
    shape="the id of a subnet",
)
KNOBS: tuple[Knob, ...] = (
    VPC_CIDR,
    SUBNET_BITS,
    ZONES,
    NAT,
    NAT_PORT_ERRORS,
    NAT_DROPPED_PACKETS,
    EXISTING_HOSTED_ZONE_ID,
    EXISTING_VPC_ID,
    EXISTING_PUBLIC_SUBNET_IDS,
    EXISTING_PRIVATE_SUBNET_IDS,
)
