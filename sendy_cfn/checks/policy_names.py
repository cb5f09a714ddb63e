"""Names and ARNs that resources will have: given ones, and those that CloudFormation makes.

What only AWS knows (ids, random parts) is made up in the form that AWS gives it.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

RANDOM = 12  # characters that CloudFormation adds to names
ID = "0123456789abcdef"  # as load balancers and what belongs to them have one


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack is."""

    account: str
    region: str

    def arn(self, service: str, resource: str) -> str:
        """The ARN of something of this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True, slots=True)
class _Kind:
    """How resources of a type are called. In the ARN, {x} is the property x, {name}, {digest} and the place's parts."""

    arn: str = ""
    name: str = ""  # the property with the name
    limit: int = 255  # characters of a name that is made
    identifier: str = "{name}"  # what Ref gives; "arn" for the ARN


_BALANCER = "arn:aws:elasticloadbalancing:{region}:{account}:{part}/{name}/" + ID
_KINDS: dict[str, _Kind] = {
    "AWS::CloudWatch::Alarm": _Kind("arn:aws:cloudwatch:{region}:{account}:alarm:{name}", "AlarmName"),
    "AWS::CloudWatch::CompositeAlarm": _Kind("arn:aws:cloudwatch:{region}:{account}:alarm:{name}", "AlarmName"),
    "AWS::CodeBuild::Project": _Kind("arn:aws:codebuild:{region}:{account}:project/{name}", "Name"),
    "AWS::CodeBuild::ReportGroup": _Kind(
        "arn:aws:codebuild:{region}:{account}:report-group/{name}", "Name", identifier="arn"
    ),
    "AWS::CodeConnections::Connection": _Kind(
        "arn:aws:codeconnections:{region}:{account}:connection/{uuid}", identifier="arn"
    ),
    "AWS::CodeDeploy::Application": _Kind(
        "arn:aws:codedeploy:{region}:{account}:application:{name}", "ApplicationName", 100
    ),
    "AWS::CodeDeploy::DeploymentGroup": _Kind(
        "arn:aws:codedeploy:{region}:{account}:deploymentgroup:{ApplicationName}/{name}", "DeploymentGroupName", 100
    ),
    "AWS::CodePipeline::Pipeline": _Kind("arn:aws:codepipeline:{region}:{account}:{name}", "Name", 100),
    "AWS::EC2::FlowLog": _Kind("arn:aws:ec2:{region}:{account}:vpc-flow-log/fl-{id}", identifier="fl-{id}"),
    "AWS::EC2::SecurityGroup": _Kind("arn:aws:ec2:{region}:{account}:security-group/sg-{id}", identifier="sg-{id}"),
    "AWS::EC2::Subnet": _Kind("arn:aws:ec2:{region}:{account}:subnet/subnet-{id}", identifier="subnet-{id}"),
    "AWS::EC2::VPC": _Kind("arn:aws:ec2:{region}:{account}:vpc/vpc-{id}", identifier="vpc-{id}"),
    "AWS::ECR::Repository": _Kind("arn:aws:ecr:{region}:{account}:repository/{name}", "RepositoryName"),
    "AWS::ECS::Cluster": _Kind("arn:aws:ecs:{region}:{account}:cluster/{name}", "ClusterName"),
    "AWS::ECS::Service": _Kind("arn:aws:ecs:{region}:{account}:service/{Cluster}/{name}", "ServiceName", 255, "arn"),
    "AWS::ECS::TaskDefinition": _Kind(
        "arn:aws:ecs:{region}:{account}:task-definition/{name}:1", "Family", 255, identifier="arn"
    ),
    "AWS::ElasticLoadBalancingV2::Listener": _Kind("{LoadBalancerArn:listener}/{digest16}", identifier="arn"),
    "AWS::ElasticLoadBalancingV2::ListenerRule": _Kind("{ListenerArn:listener-rule}/{digest16}", identifier="arn"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _Kind(
        _BALANCER.replace("{part}", "loadbalancer/app"), "Name", 32, identifier="arn"
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": _Kind(
        _BALANCER.replace("{part}", "targetgroup"), "Name", 32, identifier="arn"
    ),
    "AWS::Events::Rule": _Kind("arn:aws:events:{region}:{account}:rule/{name}", "Name", 64),
    "AWS::IAM::InstanceProfile": _Kind("arn:aws:iam::{account}:instance-profile{Path}{name}", "InstanceProfileName"),
    "AWS::IAM::ManagedPolicy": _Kind(
        "arn:aws:iam::{account}:policy{Path}{name}", "ManagedPolicyName", 128, identifier="arn"
    ),
    "AWS::IAM::Role": _Kind("arn:aws:iam::{account}:role{Path}{name}", "RoleName", 64),
    "AWS::KMS::Key": _Kind("arn:aws:kms:{region}:{account}:key/{uuid}", identifier="{uuid}"),
    "AWS::Logs::LogGroup": _Kind("arn:aws:logs:{region}:{account}:log-group:{name}:*", "LogGroupName", 512),
    "AWS::Route53::HealthCheck": _Kind("arn:aws:route53:::healthcheck/{uuid}", identifier="{uuid}"),
    "AWS::Route53::HostedZone": _Kind("arn:aws:route53:::hostedzone/Z{digest}", identifier="Z{digest}"),
    "AWS::S3::Bucket": _Kind("arn:aws:s3:::{name}", "BucketName", 63),
    "AWS::SNS::Topic": _Kind("arn:aws:sns:{region}:{account}:{name}", "TopicName", 256, "arn"),
    "AWS::SQS::Queue": _Kind("arn:aws:sqs:{region}:{account}:{name}", "QueueName", 80),
    "AWS::SSM::Parameter": _Kind("arn:aws:ssm:{region}:{account}:parameter{name}", "Name"),
    "AWS::Signer::SigningProfile": _Kind("arn:aws:signer:{region}:{account}:/signing-profiles/{name}", "ProfileName"),
}
_OTHER = _Kind("arn:aws:cloudformation:{region}:{account}:resource/{name}")


@dataclass(frozen=True, slots=True)
class Named:
    """What a resource is called."""

    name: str
    identifier: str  # what Ref gives
    arn: str


def named(kind: str, logical_id: str, stack: str, place: Place, properties: Mapping[str, Any]) -> Named:
    """What a resource of this type is called, with resolved properties."""
    how = _KINDS.get(kind, _OTHER)
    seed = f"{stack}/{logical_id}"
    given = properties.get(how.name) if how.name else None
    name = str(given) if given else made(stack, logical_id, how.limit, lower=kind == "AWS::S3::Bucket")
    values = {
        **{key: value for key, value in properties.items() if isinstance(value, str)},
        "Path": str(properties.get("Path", "/")),
        "name": name,
        "account": place.account,
        "region": place.region,
        "digest": _digest(seed, RANDOM).upper(),
        "digest16": _digest(seed, 16),
        "id": _digest(seed, 17),
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, seed)),
    }
    if "Cluster" in values:
        values["Cluster"] = values["Cluster"].rsplit("/", 1)[-1]
    for owner, part in (("LoadBalancerArn", "listener"), ("ListenerArn", "listener-rule")):
        if owner in values:
            service, resource = values[owner].split("/", 1)
            values[f"{owner}:{part}"] = f"{service.rpartition(':')[0]}:{part}/{resource}"
    arn = _filled(how.arn, values)
    return Named(name, arn if how.identifier == "arn" else _filled(how.identifier, values), arn)


def made(stack: str, logical_id: str, limit: int, *, lower: bool = False) -> str:
    """The name that CloudFormation makes: half of the room for the stack's, half for the logical id, its own part.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
    """
    room = limit - RANDOM - 1
    front = f"{stack}-{logical_id}"
    if len(front) > room:
        half = (room - 1) // 2
        front = f"{stack[: room - 1 - half]}-{logical_id[:half]}"
    name = f"{front}-{_digest(f'{stack}/{logical_id}', RANDOM).upper()}"
    return name.lower() if lower else name


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    for key, value in values.items():
        pattern = pattern.replace(f"{{{key}}}", value)
    return pattern
