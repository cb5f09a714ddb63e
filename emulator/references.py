"""Things that must exist: ministack takes any id, AWS does not."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from emulator import names

Properties = Mapping[str, Any]

_ARN = r"arn:aws:{service}:[\w-]*:\d{{12}}:{rest}"
# Pattern of an id, and the ministack module and table that holds what exists; group 1 is the key, or all of it.
_HELD: list[tuple[re.Pattern[str], str, str]] = [
    (re.compile(pattern), module, table)
    for pattern, module, table in (
        (r"vpc-[0-9a-f]+", "ec2", "_vpcs"),
        (r"subnet-[0-9a-f]+", "ec2", "_subnets"),
        (r"sg-[0-9a-f]+", "ec2", "_security_groups"),
        (r"rtb-[0-9a-f]+", "ec2", "_route_tables"),
        (r"igw-[0-9a-f]+", "ec2", "_internet_gateways"),
        (r"nat-[0-9a-f]+", "ec2", "_nat_gateways"),
        (r"eipalloc-[0-9a-f]+", "ec2", "_addresses"),
        (_ARN.format(service="elasticloadbalancing", rest="targetgroup/.+"), "alb", "_tgs"),
        (_ARN.format(service="elasticloadbalancing", rest="listener/.+"), "alb", "_listeners"),
        (_ARN.format(service="elasticloadbalancing", rest="loadbalancer/.+"), "alb", "_lbs"),
        (_ARN.format(service="ecs", rest="cluster/(.+)"), "ecs", "_clusters"),
        (_ARN.format(service="ecs", rest="task-definition/(.+:.+)"), "ecs", "_task_defs"),
    )
]
_ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/(?!aws-service-role/)(?:.*/)?([^/]+)")
_PARAMETER_TABLES = {
    "AWS::EC2::VPC::Id": ("ec2", "_vpcs"),
    "AWS::EC2::Subnet::Id": ("ec2", "_subnets"),
    "AWS::EC2::SecurityGroup::Id": ("ec2", "_security_groups"),
    "AWS::Route53::HostedZone::Id": ("route53", "_zones"),
}
_FARGATE = ("FARGATE", "FARGATE_SPOT")


class MissingReferenceError(ValueError):
    """A property names something that does not exist in this account and region."""


def check(resource_type: str, properties: Properties) -> None:
    """Everything a resource names must exist.

    Raises:
        MissingReferenceError: it does not.
    """
    for value in _strings(properties):
        if not _exists(value):
            raise MissingReferenceError(f"The resource '{value}' does not exist")
    if resource_type == "AWS::ECS::Service":
        _check_service(properties)
    if resource_type == "AWS::ECS::ClusterCapacityProviderAssociations":
        _check_cluster(properties)
        _check_providers(properties.get("CapacityProviders") or [])


def check_priority(properties: Properties, own_arn: str = "") -> None:
    """A listener rule needs a priority of its own.

    Raises:
        MissingReferenceError: another rule of the listener has it.
    """
    for arn, rule in names.load("alb")._rules.items():
        same = (rule["ListenerArn"], str(rule["Priority"])) == (properties["ListenerArn"], str(properties["Priority"]))
        if same and arn != own_arn:
            raise MissingReferenceError(f"Priority '{properties['Priority']}' is currently in use")


def parameter_exists(parameter_type: str, value: str) -> bool:
    """Whether a value of an AWS-specific parameter type exists; True for types that are not looked up."""
    if parameter_type == "AWS::EC2::AvailabilityZone::Name":
        return re.fullmatch(re.escape(names.region()) + "[abc]", value) is not None
    if parameter_type not in _PARAMETER_TABLES:
        return True
    module, table = _PARAMETER_TABLES[parameter_type]
    return value in getattr(names.load(module), table)


def _exists(value: str) -> bool:
    role = _ROLE.fullmatch(value)
    if role is not None:
        return role[1] != names.account() or role[2] in names.load("iam")._roles
    for pattern, module, table in _HELD:
        found = pattern.fullmatch(value)
        if found is not None:
            return (found[1] if pattern.groups else value) in getattr(names.load(module), table)
    return True


def _strings(value: Any) -> Iterator[str]:
    """Every string outside of policies, which may name what does not exist yet."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if "Policy" not in key and "Document" not in key:
                yield from _strings(item)


def _check_cluster(properties: Properties) -> None:
    cluster = str(properties.get("Cluster", "default")).rsplit("/", 1)[-1]
    if cluster not in names.load("ecs")._clusters:
        raise MissingReferenceError(f"Cluster not found: {cluster}")


def _check_service(properties: Properties) -> None:
    _check_cluster(properties)
    task = str(properties.get("TaskDefinition", "")).rsplit("/", 1)[-1]
    known = names.load("ecs")._task_defs
    if not any(key == task or key.rsplit(":", 1)[0] == task for key in known):
        raise MissingReferenceError(f"Unable to describe task definition: {task}")
    _check_providers([entry["CapacityProvider"] for entry in properties.get("CapacityProviderStrategy") or []])


def _check_providers(wanted: list[str]) -> None:
    for provider in wanted:
        if provider not in _FARGATE and provider not in names.load("ecs")._capacity_providers:
            raise MissingReferenceError(f"The specified capacity provider '{provider}' was not found")
