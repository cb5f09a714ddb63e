"""Values that cross a stack border: one constant per value.

Inside a root, the stack that makes a value offers it as an output and the stack that needs it takes a parameter of the
same name; the root joins the two by name. Between roots, the offering stack also publishes the value as an SSM
parameter under /<platform>/<environment>/…, and the taking template has a parameter that CloudFormation resolves from
there.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from sendy_cfn.names import logical
from sendy_cfn.parameters import reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from troposphere import AWSHelperFn, Parameter, Ref, Template

GROUP = "Values from other stacks"
NONE = "none"  # instead of an empty list, which no output can be
TOOLCHAIN = "toolchain"  # stands for an environment in the names of the toolchain's SSM parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A value made by one stack and used by others."""

    name: str
    description: str
    type: str = "String"
    path: str = ""  # below /<platform>/<environment>/; "" where the value never leaves its root
    per_cluster: bool = False  # the path has a part for the cluster

    def take(self, template: Template) -> Ref:
        """A parameter that the root fills with the output of the same name."""
        return _parameter(template, self.name, self.type, self.description)

    def look_up(self, template: Template, default: str | None = None) -> Ref:
        """A parameter that CloudFormation resolves from the SSM parameter whose name is given as its value."""
        stored = f"AWS::SSM::Parameter::Value<{self.type}>"
        return _parameter(template, self.name, stored, f"SSM parameter that holds: {self.description}", default)

    def offer(self, template: Template, value: AWSHelperFn | str) -> None:
        """An output of the wire's name."""
        from troposphere import Output

        template.add_output(Output(self.name, Description=self.description, Value=value))

    def ssm_name(self, platform: str, environment: str, cluster: str = "") -> str:
        """The SSM parameter's full name.

        `cluster` is the cluster's id, for example "blue", or "blue-2" in cell 2; only for wires that are per cluster.
        """
        scope = f"cluster-{cluster}/" if self.per_cluster else ""
        return f"/{platform}/{environment}/{scope}{self.path}"


def _parameter(template: Template, name: str, kind: str, description: str, default: str | None = None) -> Ref:
    if name not in template.parameters:
        template.add_parameter(_made(name, kind, description, default))
        template.add_parameter_to_group(name, GROUP)
    return reference(name)


@lru_cache(maxsize=512)  # more than there are; one object for all templates
def _made(name: str, kind: str, description: str, default: str | None) -> Parameter:
    from troposphere import Parameter  # here: wires are looked at where nothing is built, too

    return Parameter(name, Type=kind, Description=description, **({} if default is None else {"Default": default}))


def publish(
    template: Template, platform: str, wire: Wire, value: AWSHelperFn | str, environment: str = "${Environment}"
) -> None:
    """Offer the wire, and publish it as an SSM parameter.

    Unless `environment` is given, the template takes `Environment` as a parameter; per cluster `ClusterId`, too.
    """
    from troposphere import Sub, ssm

    wire.offer(template, value)
    name = wire.ssm_name(platform, environment, "${ClusterId}")
    template.add_resource(
        ssm.Parameter(
            f"{wire.name}Parameter",
            Type="StringList" if wire.type.startswith("List<") else "String",
            Name=Sub(name) if "${" in name else name,
            Description=wire.description,
            Value=value,
        )
    )


def toolchain_offer(template: Template, platform: str, *, shared: bool) -> Callable[[Wire, AWSHelperFn | str], None]:
    """How a toolchain stack offers: to its own root, and with `shared` also to the roots of further cells."""

    def offer(wire: Wire, value: AWSHelperFn | str) -> None:
        if shared:
            publish(template, platform, wire, value, TOOLCHAIN)
        else:
            wire.offer(template, value)

    return offer


# Network
VPC_ID = Wire(name="VpcId", description="VPC", type="AWS::EC2::VPC::Id", path="network/vpc-id")
PUBLIC_SUBNET_IDS = Wire(
    name="PublicSubnetIds", description="Public subnets, one per zone", type="List<AWS::EC2::Subnet::Id>"
)
PRIVATE_SUBNET_IDS = Wire(
    name="PrivateSubnetIds",
    description="Private subnets, one per zone",
    type="List<AWS::EC2::Subnet::Id>",
    path="network/private-subnet-ids",
)
HOSTED_ZONE_ID = Wire(
    name="HostedZoneId",
    description="Route 53 hosted zone of the environment's domain",
    type="AWS::Route53::HostedZone::Id",
    path="network/hosted-zone-id",
)
FLOW_LOG_GROUP = Wire(name="FlowLogGroup", description="Log group of the VPC's flow log")
NAT_GATEWAY_IDS = Wire(
    name="NatGatewayIds", description="NAT gateways, or 'none' where there is none", type="CommaDelimitedList"
)
KEY_ARN = Wire(name="KeyArn", description="ARN of the environment's KMS key", path="network/key-arn")

# Cluster
CLUSTER_NAME = Wire(name="ClusterName", description="ECS cluster", path="cluster-name", per_cluster=True)
LISTENER_ARN = Wire(
    name="ListenerArn", description="ARN of the load balancer's main listener", path="listener-arn", per_cluster=True
)
TEST_LISTENER_ARN = Wire(
    name="TestListenerArn",
    description="ARN of the load balancer's listener for test traffic",
    path="test-listener-arn",
    per_cluster=True,
)
LOAD_BALANCER_DNS_NAME = Wire(
    name="LoadBalancerDnsName",
    description="DNS name of the load balancer",
    path="load-balancer-dns-name",
    per_cluster=True,
)
LOAD_BALANCER_FULL_NAME = Wire(
    name="LoadBalancerFullName",
    description="Last part of the load balancer's ARN, its name in metrics",
    path="load-balancer-full-name",
    per_cluster=True,
)
LOAD_BALANCER_SECURITY_GROUP_ID = Wire(
    name="LoadBalancerSecurityGroupId",
    description="Security group of the load balancer",
    type="AWS::EC2::SecurityGroup::Id",
    path="load-balancer-security-group-id",
    per_cluster=True,
)
COMMAND_LOG_GROUP_ARN = Wire(
    name="CommandLogGroupArn",
    description="ARN of the log group with the commands that people ran in tasks",
    path="command-log-group-arn",
    per_cluster=True,
)


def capacity_provider(architecture: str) -> Wire:
    """The EC2 capacity provider of an architecture."""
    return Wire(
        name=f"{architecture.capitalize()}CapacityProvider",
        description=f"ECS capacity provider of {architecture} EC2 instances",
        path=f"capacity-provider-{architecture}",
        per_cluster=True,
    )


# Deploy roles: made in each environment, used by the pipelines
PIPELINE_ROLE_ARN = Wire(
    name="PipelineRoleArn",
    description="ARN of the role that pipelines take on in the environment",
    path="deploy/pipeline-role-arn",
)
CLOUDFORMATION_ROLE_ARN = Wire(
    name="CloudFormationRoleArn",
    description="ARN of the role with which CloudFormation makes service stacks",
    path="deploy/cloudformation-role-arn",
)
READER_ROLE_ARN = Wire(
    name="ReaderRoleArn",
    description="ARN of the role with which releases look at service stacks",
    path="deploy/reader-role-arn",
)
SERVICE_BOUNDARY_ARN = Wire(
    name="ServiceBoundaryArn",
    description="ARN of the policy that bounds the roles of services",
    path="deploy/service-boundary-arn",
)

# Toolchain
ARTIFACT_BUCKET = Wire(
    name="ArtifactBucket", description="Bucket that holds the pipelines' artifacts", path="artifacts/bucket"
)
ARTIFACT_KEY_ARN = Wire(
    name="ArtifactKeyArn",
    description="ARN of the key that encrypts artifacts, images and build logs",
    path="artifacts/key-arn",
)
CONNECTION_ARN = Wire(
    name="ConnectionArn", description="ARN of the connection to the Git host", path="source/connection-arn"
)
NOTIFICATION_TOPIC_ARN = Wire(
    name="NotificationTopicArn",
    description="ARN of the topic that pipelines ask for approvals by",
    path="notifications/topic-arn",
)
SIGNING_PROFILE_ARN = Wire(
    name="SigningProfileArn",
    description="ARN of the profile with which the registry signs images",
    path="release-tools/signing-profile-arn",
)
TOOLCHAIN_WIRES = (ARTIFACT_BUCKET, ARTIFACT_KEY_ARN, CONNECTION_ARN, NOTIFICATION_TOPIC_ARN, SIGNING_PROFILE_ARN)

BY_NAME: dict[str, Wire] = {wire.name: wire for wire in list(globals().values()) if isinstance(wire, Wire)} | {
    wire.name: wire for wire in map(capacity_provider, ("amd64", "arm64"))
}


def of_cluster(wire: Wire, cluster: str) -> Wire:
    """The same value of the cluster with this id, for a stack that gets those of several."""
    name = f"{logical(cluster)}{wire.name}"
    return dataclasses.replace(wire, name=name, description=f"{wire.description}, of the cluster {cluster}")


def of_green(wire: Wire) -> Wire:
    """The same value of the green cluster, for templates that have both clusters'; others have one cluster's."""
    return dataclasses.replace(wire, name=f"Green{wire.name}", description=f"{wire.description}, of the green cluster")


OF_GREEN: dict[str, Wire] = {f"Green{wire.name}": of_green(wire) for wire in BY_NAME.values() if wire.per_cluster}
