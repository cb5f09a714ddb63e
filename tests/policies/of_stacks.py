"""What CloudFormation calls with the role that a pipeline hands it, for each resource of a service's stack.

The actions are those of the resource types' handlers; what they work on are the resources as they will be named.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from sendy_cfn.checks.policy_names import Place
from sendy_cfn.checks.policy_roles import Role
from sendy_cfn.checks.policy_stacks import Stack
from tests.policies import of_tags
from tests.policies.reference import handlers, resource_types
from tests.policies.world import Call, Context, World

Arns = dict[str, list[str]]  # by AWS's name of the resource type

# Calls that a handler makes only for a property, which has to be absent: actions -> property, "/" for one inside.
ONLY_WITH: dict[str, dict[str, str]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": {"iam:PassRole": "RoleARN"},
    "AWS::CodeDeploy::DeploymentGroup": dict.fromkeys(
        (
            "codedeploy:CreateDeployment",
            "codedeploy:GetApplicationRevision",
            "codedeploy:RegisterApplicationRevision",
            "codedeploy:StopDeployment",
        ),
        "Deployment",
    )
    | {"codedeploy:RegisterOnPremisesInstance": "OnPremisesInstanceTagFilters"},
    "AWS::ElasticLoadBalancingV2::ListenerRule": {"cognito-idp:DescribeUserPoolClient": "AuthenticateCognitoConfig"},
    "AWS::IAM::ManagedPolicy": {
        **dict.fromkeys(("iam:AttachGroupPolicy", "iam:DetachGroupPolicy"), "Groups"),
        **dict.fromkeys(("iam:AttachUserPolicy", "iam:DetachUserPolicy"), "Users"),
    },
    "AWS::IAM::Role": {
        **dict.fromkeys(("iam:AttachRolePolicy", "iam:DetachRolePolicy"), "ManagedPolicyArns"),
        **dict.fromkeys(("iam:PutRolePolicy", "iam:DeleteRolePolicy"), "Policies"),
    },
    "AWS::Logs::LogGroup": {
        **dict.fromkeys(("logs:DeleteIndexPolicy", "logs:PutIndexPolicy"), "FieldIndexPolicies"),
        **dict.fromkeys(("logs:DeleteResourcePolicy", "logs:PutResourcePolicy"), "ResourcePolicyDocument"),
        # The audit trail of data protection.
        **dict.fromkeys(
            ("firehose:TagDeliveryStream", "logs:CreateLogDelivery", "s3:REST.PUT.OBJECT"), "DataProtectionPolicy"
        ),
    },
    "AWS::Route53::HealthCheck": {
        "cloudwatch:DescribeAlarms": "AlarmIdentifier",
        "route53-recovery-control-config:DescribeRoutingControl": "RoutingControlArn",
    },
}
# Calls that a handler makes only where a property is absent.
ONLY_WITHOUT = {"AWS::IAM::Role": {"iam:DeleteRolePermissionsBoundary": "PermissionsBoundary"}}
ECS_ONLY = {  # for other services than ECS
    "lambda:DeleteProvisionedConcurrencyConfig",
    "lambda:GetProvisionedConcurrencyConfig",
    "lambda:PutProvisionedConcurrencyConfig",
}
# A data set may be named; metrics have none.
NO_RESOURCE = {"cloudwatch:GetMetricData"}
# AWS wants these allowed on everything for a composite alarm.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html
OF_COMPOSITES = {"cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:PutCompositeAlarm"}
COMPOSITE_ALARM = "AWS::CloudWatch::CompositeAlarm"
UUID = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"


def calls(world: World, role: Role) -> Iterator[Call]:
    """All calls with the role."""
    for action in world.actions:
        if action.provider == "CloudFormation" and action.configuration.get("RoleArn") == role.arn:
            place = Place(role.arn.split(":")[4], action.region)
            stack = world.stack(action.configuration["StackName"], place)
            yield from parameters(stack)
            for title in stack.resources:
                yield from _resource(world, stack, title)


def parameters(stack: Stack) -> Iterator[Call]:
    """What CloudFormation looks up for a stack's parameters, with its caller's permissions and with the role's.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
    """
    for name, declared in stack.root["Parameters"].items():
        kind = declared["Type"]
        if kind.startswith("AWS::SSM::Parameter::Value<"):
            kind = kind.partition("<")[2].removesuffix(">")
            stored = stack.given(name)
            yield Call("ssm:GetParameters", stack.place.arn("ssm", f"parameter{stored}"))
        yield from _LOOKED_UP.get(kind.removeprefix("List<").removesuffix(">"), ())
        if kind == "AWS::Route53::HostedZone::Id":
            yield Call("route53:GetHostedZone", f"arn:aws:route53:::hostedzone/{stack.ref(name)}")


_LOOKED_UP = {
    "AWS::EC2::VPC::Id": [Call("ec2:DescribeVpcs")],
    "AWS::EC2::Subnet::Id": [Call("ec2:DescribeSubnets")],
    "AWS::EC2::SecurityGroup::Id": [Call("ec2:DescribeSecurityGroups")],
    "AWS::Route53::HostedZone::Id": [Call("route53:ListHostedZones")],
}


def _resource(world: World, stack: Stack, title: str) -> Iterator[Call]:
    kind, properties = stack.resources[title]["Type"], stack.properties(title)
    only_with, only_without = ONLY_WITH.get(kind, {}), ONLY_WITHOUT.get(kind, {})
    arns = _ARNS[kind](stack, title, properties)
    for action in sorted(handlers(kind)):
        if action in ECS_ONLY or (action in only_with and not _has(properties, only_with[action])):
            continue
        if action in only_without and _has(properties, only_without[action]):
            continue
        if action == "iam:PassRole" and not arns.get("role"):
            continue
        types = resource_types(action)
        if not types or action in NO_RESOURCE or (kind == COMPOSITE_ALARM and action in OF_COMPOSITES):
            yield Call(action, "*", _context(stack, title, action, ""))
            continue
        # Tags are put on what the resource itself is, which is the first that it has an ARN of.
        own = list(arns)[:1] if "Tag" in action else list(arns)
        met = [(one, arn) for one in own if one in types for arn in arns[one]]
        assert met, f"{kind} calls {action} on {sorted(types)}: add the ARN of one to _ARNS"
        for one, arn in met:
            for tags in of_tags.contexts(world, stack, action, one):
                yield Call(action, arn, (*_context(stack, title, action, one), *tags))
        if action == "ec2:CreateTags":
            yield Call(action, arns["security-group"][0], (("ec2:CreateAction", "CreateSecurityGroup"),))


def _has(value: Any, key: str) -> bool:
    if isinstance(value, dict):
        return key in value or any(_has(inner, key) for inner in value.values())
    return isinstance(value, list) and any(_has(inner, key) for inner in value)


def _context(stack: Stack, title: str, action: str, kind: str) -> Context:
    """The condition keys that come with an action on a resource of this type."""
    make = _KEYS.get((action, kind)) or _KEYS.get((action, "*"))
    return make(stack, title) if make else ()


def _vpc(stack: Stack, _title: str) -> Context:
    return (("ec2:Vpc", stack.place.arn("ec2", f"vpc/{stack.ref('VpcId')}")),)


def _boundary(stack: Stack, title: str) -> Context:
    """What the role has already, or is getting."""
    bound = stack.properties(title).get("PermissionsBoundary")
    return (("iam:PermissionsBoundary", bound),) if bound else ()


def _attached(stack: Stack, title: str) -> Context:
    names = stack.properties(title)["Roles"]
    [keys] = {_boundary(stack, role) for role in stack.of("AWS::IAM::Role") if stack.called(role).name in names}
    return (("iam:PolicyARN", stack.called(title).arn), *keys)


def _scaling(_stack: Stack, _title: str) -> Context:
    dimension = ("application-autoscaling:scalable-dimension", "ecs:service:DesiredCount")
    return (("application-autoscaling:service-namespace", "ecs"), dimension)


def _records(stack: Stack, title: str) -> Context:
    given = stack.properties(title)
    return (
        ("route53:ChangeResourceRecordSetsRecordTypes", (given["Type"],)),
        ("route53:ChangeResourceRecordSetsNormalizedRecordNames", (given["Name"].lower(),)),
        ("route53:ChangeResourceRecordSetsActions", ("UPSERT",)),
    )


def _passed(stack: Stack, title: str) -> Context:
    return (("iam:PassedToService", PASSED_TO[stack.resources[title]["Type"]]),)


PASSED_TO = {
    "AWS::ECS::TaskDefinition": "ecs-tasks.amazonaws.com",
    "AWS::ECS::Service": "ecs.amazonaws.com",
    "AWS::CodeDeploy::DeploymentGroup": "codedeploy.amazonaws.com",
}
SCALING = "ecs.application-autoscaling.amazonaws.com"

# Keys as the service authorization reference lists them for an action and a resource type. DeleteTags knows no VPC.
_KEYS: dict[tuple[str, str], Callable[[Stack, str], Context]] = {
    **{
        (f"ec2:{verb}", "security-group"): _vpc
        for verb in (
            "AuthorizeSecurityGroupEgress",
            "AuthorizeSecurityGroupIngress",
            "CreateTags",
            "DeleteSecurityGroup",
            "RevokeSecurityGroupEgress",
            "RevokeSecurityGroupIngress",
            "UpdateSecurityGroupRuleDescriptionsEgress",
            "UpdateSecurityGroupRuleDescriptionsIngress",
        )
    },
    ("ec2:DeleteTags", "security-group"): lambda stack, _title: (
        ("aws:ResourceTag/aws:cloudformation:stack-name", stack.name),
    ),
    **{
        (f"application-autoscaling:{verb}", "ScalableTarget"): _scaling
        for verb in (
            "DeleteScalingPolicy",
            "DeleteScheduledAction",
            "DeregisterScalableTarget",
            "PutScalingPolicy",
            "PutScheduledAction",
            "RegisterScalableTarget",
        )
    },
    ("iam:AttachRolePolicy", "*"): _attached,
    ("iam:CreateRole", "*"): _boundary,
    ("iam:DetachRolePolicy", "*"): _attached,
    ("iam:PutRolePermissionsBoundary", "*"): _boundary,
    ("iam:CreateServiceLinkedRole", "*"): lambda _stack, _title: (("iam:AWSServiceName", SCALING),),
    ("iam:PassRole", "*"): _passed,
    ("route53:ChangeResourceRecordSets", "*"): _records,
}


def _named(*types: str) -> Callable[[Stack, str, dict[str, Any]], Arns]:
    return lambda stack, title, _properties: {one: [stack.called(title).arn] for one in types}


def _service(stack: Stack, title: str, properties: dict[str, Any]) -> Arns:
    arn = stack.called(title).arn
    roles = [
        balancer["AdvancedConfiguration"]["RoleArn"]
        for balancer in properties.get("LoadBalancers", [])
        if "AdvancedConfiguration" in balancer
    ]
    return {
        "service": [arn],
        "service-deployment": [f"{arn.replace(':service/', ':service-deployment/')}/aBcDeFgHiJkLmNoPqRsTu"],
        "role": roles,
    }


def _target(stack: Stack, _title: str, properties: dict[str, Any]) -> Arns:
    drawn = hashlib.sha256(stack.name.encode()).hexdigest()[:16]
    watched = f"alarm:TargetTracking-{properties.get('ResourceId', 'service/a/b')}-AlarmHigh-{UUID}"
    return {
        "ScalableTarget": [stack.place.arn("application-autoscaling", f"scalable-target/{drawn}")],
        "alarm": [stack.place.arn("cloudwatch", watched)],
        "role": [
            f"arn:aws:iam::{stack.place.account}:role/aws-service-role/{SCALING}/"
            "AWSServiceRoleForApplicationAutoScaling_ECSService"
        ],
    }


def _group(stack: Stack, title: str, properties: dict[str, Any]) -> Arns:
    return {
        "security-group": [stack.called(title).arn],
        "security-group-rule": [stack.place.arn("ec2", "security-group-rule/sgr-0a1b2c3d4e5f60718")],
        "vpc": [stack.place.arn("ec2", f"vpc/{properties['VpcId']}")],
    }


def _rule(stack: Stack, title: str, properties: dict[str, Any]) -> Arns:
    return {"listener-rule/app": [stack.called(title).arn], "listener/app": [properties["ListenerArn"]]}


def _log_group(stack: Stack, title: str, _properties: dict[str, Any]) -> Arns:
    # IAM is asked with and without what follows the name.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    arn = stack.called(title).arn.removesuffix(":*")
    return {"log-group": [arn, f"{arn}:log-stream:"]}


def _managed_policy(stack: Stack, title: str, _properties: dict[str, Any]) -> Arns:
    attached = [stack.called(other) for other in stack.of("AWS::IAM::Role")]
    names = stack.properties(title)["Roles"]
    return {"policy": [stack.called(title).arn], "role": [one.arn for one in attached if one.name in names]}


def _deployment_group(stack: Stack, title: str, properties: dict[str, Any]) -> Arns:
    configuration = f"deploymentconfig:{properties['DeploymentConfigName']}"
    return {
        "deploymentgroup": [stack.called(title).arn],
        "deploymentconfig": [stack.place.arn("codedeploy", configuration)],
        "role": [properties["ServiceRoleArn"]],
    }


_ARNS: dict[str, Callable[[Stack, str, dict[str, Any]], Arns]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": _target,
    "AWS::ApplicationAutoScaling::ScalingPolicy": _target,
    "AWS::CloudWatch::Alarm": _named("alarm"),
    COMPOSITE_ALARM: _named("alarm"),
    "AWS::CodeDeploy::Application": _named("application"),
    "AWS::CodeDeploy::DeploymentGroup": _deployment_group,
    "AWS::EC2::SecurityGroup": _group,
    "AWS::ECS::Service": _service,
    "AWS::ECS::TaskDefinition": lambda stack, title, properties: {
        "task-definition": [stack.called(title).arn],
        "role": [properties["ExecutionRoleArn"], properties["TaskRoleArn"]],
    },
    "AWS::ElasticLoadBalancingV2::ListenerRule": _rule,
    "AWS::ElasticLoadBalancingV2::TargetGroup": _named("targetgroup"),
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::Role": _named("role"),
    "AWS::Logs::LogGroup": _log_group,
    "AWS::Logs::MetricFilter": lambda stack, _title, properties: {
        "log-group": [stack.place.arn("logs", f"log-group:{properties['LogGroupName']}")]
    },
    "AWS::Route53::HealthCheck": _named("healthcheck"),
    "AWS::Route53::RecordSet": lambda _stack, _title, properties: {
        "hostedzone": [f"arn:aws:route53:::hostedzone/{properties['HostedZoneId']}"],
        "change": ["arn:aws:route53:::change/C0123456789ABCDEF"],
    },
    "AWS::SSM::Parameter": lambda stack, title, _properties: {"parameter": [stack.called(title).arn]},
}
