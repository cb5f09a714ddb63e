from __future__ import annotations

from typing import Any

import pytest

from tests.platforms import platform
from tests.stacks.authorization import Statements, allows, made_name
from tests.stacks.deployment import arn, built, iam_arn, of_services, statements


@pytest.fixture(scope="module")
def cloudformation() -> Statements:
    return statements(built(platform(), of_services(platform())), "CloudFormationRole")


STACK = "courier-test-orders"
GROUP, RULE = arn("ec2", "security-group/sg-1"), arn("ec2", "security-group-rule/sgr-1")
VPC = arn("ec2", "vpc/vpc-1")
IN_VPC, ELSEWHERE = {"ec2__Vpc": VPC}, {"ec2__Vpc": arn("ec2", "vpc/vpc-2")}
TARGETS = arn("elasticloadbalancing", f"targetgroup/{made_name(STACK, 'TargetGroup', 32)}/1")
BALANCER = made_name("courier-test-ClusterBlue-1A2B3C4D5E6F", "LoadBalancer", 32)
LISTENER = arn("elasticloadbalancing", f"listener/app/{BALANCER}/1/2")
LISTENER_RULE = arn("elasticloadbalancing", f"listener-rule/app/{BALANCER}/1/2/3")
SERVICE = arn("ecs", f"service/courier-test-blue/{made_name(STACK, 'Service', 255)}")
FAMILY = arn("ecs", f"task-definition/{STACK}:*")
SCALABLE = arn("application-autoscaling", "scalable-target/0ec5")
ON_ECS = {"application-autoscaling__service-namespace": "ecs"}
LOGS = arn("logs", f"log-group:{made_name(STACK, 'LogGroup', 512)}")
ROLE = iam_arn(f"role/courier/test/{made_name(STACK, 'ExecutionRole', 64)}")
POLICY = iam_arn(f"policy/courier/test/{made_name(STACK, 'ExecutionPolicy', 128)}")
BOUND = {"iam__PermissionsBoundary": "ServiceBoundary.id"}
TO_TASKS = {"iam__PassedToService": "ecs-tasks.amazonaws.com"}
ZONE = "arn:aws:route53:::hostedzone/Z1"
CNAME = {"route53__ChangeResourceRecordSetsRecordTypes": ["CNAME"]}
OURS = {"aws__ResourceTag/platform": "courier", "aws__ResourceTag/environment": "test"}
PRODUCTIONS = OURS | {"aws__ResourceTag/environment": "production"}
SCALING = "ecs.application-autoscaling.amazonaws.com"
SCALING_ROLE = iam_arn(f"role/aws-service-role/{SCALING}/AWSServiceRoleForApplicationAutoScaling_ECSService")

# What CloudFormation calls, in order, when it makes, tags, changes and removes a web service's stack.
CALLS: list[tuple[str, tuple[str, ...], dict[str, Any]]] = [
    ("ssm:GetParameters", (arn("ssm", "parameter/courier/test/network/vpc-id"),), {}),
    ("ssm:GetParameters", (arn("ssm", "parameter/courier/test/cluster-blue/listener-arn"),), {}),
    ("ec2:DescribeSubnets", ("*",), {}),
    ("logs:CreateLogGroup", (LOGS,), {}),
    ("logs:PutRetentionPolicy", (LOGS,), {}),
    ("logs:AssociateKmsKey", (f"{LOGS}:*",), {}),
    ("logs:TagResource", (LOGS,), {}),
    ("logs:DescribeLogGroups", ("*",), {}),
    ("iam:CreateRole", (ROLE,), BOUND),
    ("iam:PutRolePermissionsBoundary", (ROLE,), BOUND),
    ("iam:TagRole", (ROLE,), {}),
    ("iam:CreatePolicy", (POLICY,), {}),
    ("iam:AttachRolePolicy", (ROLE,), {"iam__PolicyARN": POLICY, **BOUND}),
    ("iam:CreatePolicyVersion", (POLICY,), {}),
    ("iam:PassRole", (ROLE,), TO_TASKS),
    ("ecs:RegisterTaskDefinition", (FAMILY,), {}),
    ("ecs:TagResource", (FAMILY,), {}),
    ("ecs:DescribeTaskDefinition", ("*",), {}),
    ("ec2:CreateSecurityGroup", (GROUP, VPC), {}),
    ("ec2:CreateTags", (GROUP,), {"ec2__CreateAction": "CreateSecurityGroup"}),
    ("ec2:CreateTags", (GROUP,), IN_VPC),
    ("ec2:RevokeSecurityGroupEgress", (GROUP,), IN_VPC),
    ("ec2:AuthorizeSecurityGroupIngress", (GROUP, RULE), IN_VPC),
    ("elasticloadbalancing:CreateTargetGroup", (TARGETS,), {}),
    ("elasticloadbalancing:AddTags", (TARGETS,), {}),
    ("elasticloadbalancing:ModifyTargetGroupAttributes", (TARGETS,), {}),
    ("elasticloadbalancing:ModifyTargetGroup", (TARGETS,), OURS),
    ("elasticloadbalancing:CreateRule", (LISTENER,), {}),
    ("elasticloadbalancing:CreateRule", (LISTENER,), OURS),
    ("elasticloadbalancing:AddTags", (LISTENER_RULE,), {}),
    ("elasticloadbalancing:SetRulePriorities", (LISTENER_RULE,), {}),
    ("ecs:CreateService", (SERVICE,), {}),
    ("ecs:TagResource", (SERVICE,), {}),
    ("ecs:DescribeServices", (SERVICE,), {}),
    ("ecs:UpdateService", (SERVICE,), {}),
    ("ecs:StopServiceDeployment", (SERVICE.replace("service/", "service-deployment/", 1) + "/1",), {}),
    ("iam:CreateServiceLinkedRole", (SCALING_ROLE,), {"iam__AWSServiceName": SCALING}),
    ("application-autoscaling:RegisterScalableTarget", (SCALABLE,), ON_ECS),
    ("application-autoscaling:TagResource", (SCALABLE,), {}),
    ("application-autoscaling:PutScalingPolicy", (SCALABLE,), ON_ECS),
    (
        "cloudwatch:PutMetricAlarm",
        (arn("cloudwatch", "alarm:TargetTracking-service/courier-test-blue/x-AlarmHigh-1"),),
        {},
    ),
    ("route53:ChangeResourceRecordSets", (ZONE,), CNAME),
    ("route53:GetChange", ("arn:aws:route53:::change/C1",), {}),
    ("ecs:DeleteService", (SERVICE,), {}),
    ("iam:DetachRolePolicy", (ROLE,), {"iam__PolicyARN": POLICY}),
    ("iam:DeleteRole", (ROLE,), {}),
    ("ec2:DeleteSecurityGroup", (GROUP,), IN_VPC),
]

DEPLOY_ROLE = iam_arn("role/courier/deployment-roles/courier-test-DeployRoles-CloudFormationRole-1A")
DEPLOY_POLICY = iam_arn("policy/courier/deployment-roles/courier-test-DeployRoles-IdentityPolicy-1A")
PRODUCTION = iam_arn("role/courier/production/courier-production-orders-TaskRole-1A")

# What it must not be able to do, each of them one step from what it may.
REFUSED: list[tuple[str, tuple[str, ...], dict[str, Any]]] = [
    ("iam:CreateRole", (ROLE,), {}),
    ("iam:CreateRole", (ROLE,), {"iam__PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    ("iam:CreateRole", (iam_arn("role/free"),), BOUND),
    ("iam:PutRolePermissionsBoundary", (ROLE,), {"iam__PermissionsBoundary": POLICY}),
    ("iam:PutRolePermissionsBoundary", (DEPLOY_ROLE,), BOUND),
    ("iam:DeleteRolePermissionsBoundary", (ROLE,), BOUND),
    ("iam:PutRolePolicy", (ROLE,), BOUND),
    ("iam:AttachRolePolicy", (ROLE,), {"iam__PolicyARN": POLICY}),
    ("iam:AttachRolePolicy", (ROLE,), {"iam__PolicyARN": "arn:aws:iam::aws:policy/AdministratorAccess", **BOUND}),
    ("iam:AttachRolePolicy", (DEPLOY_ROLE,), {"iam__PolicyARN": POLICY, **BOUND}),
    ("iam:UpdateAssumeRolePolicy", (DEPLOY_ROLE,), {}),
    ("iam:CreatePolicyVersion", (DEPLOY_POLICY,), {}),
    ("iam:UpdateAssumeRolePolicy", (PRODUCTION,), {}),
    ("iam:PassRole", (PRODUCTION,), TO_TASKS),
    ("iam:PassRole", (DEPLOY_ROLE,), TO_TASKS),
    ("iam:PassRole", (ROLE,), {"iam__PassedToService": "ec2.amazonaws.com"}),
    ("iam:CreateServiceLinkedRole", (SCALING_ROLE,), {"iam__AWSServiceName": "spot.amazonaws.com"}),
    ("ec2:AuthorizeSecurityGroupIngress", (GROUP,), ELSEWHERE),
    ("ec2:CreateSecurityGroup", (GROUP, arn("ec2", "vpc/vpc-2")), {}),
    ("ec2:CreateTags", (arn("ec2", "instance/i-1"),), {"ec2__CreateAction": "RunInstances"}),
    ("ecs:UpdateService", (SERVICE.replace("test", "production"),), {}),
    ("ecs:DeleteCluster", (arn("ecs", "cluster/courier-test-blue"),), {}),
    ("elasticloadbalancing:CreateRule", (arn("elasticloadbalancing", "listener/app/billing-lb/1/2"),), {}),
    *(
        (f"elasticloadbalancing:{verb}", (TARGETS,), PRODUCTIONS)
        for verb in ("AddTags", "RemoveTags", "DeleteTargetGroup")
    ),
    ("elasticloadbalancing:CreateRule", (LISTENER,), PRODUCTIONS),
    ("elasticloadbalancing:ModifyRule", (LISTENER_RULE,), OURS | {"aws__ResourceTag/platform": "courier2"}),
    ("application-autoscaling:DeregisterScalableTarget", (SCALABLE,), ON_ECS | PRODUCTIONS),
    (
        "cloudwatch:PutMetricAlarm",
        (arn("cloudwatch", "alarm:TargetTracking-service/courier-production-blue/x-AlarmHigh-1"),),
        {},
    ),
    ("ecs:DeregisterTaskDefinition", ("*",), {"aws__RequestedRegion": "eu-west-1"}),
    ("cloudwatch:DeleteAlarms", ("*",), {"aws__RequestedRegion": "eu-west-1"}),
    ("route53:GetHostedZone", ("arn:aws:route53:::hostedzone/Z2",), {}),
    ("route53:ChangeResourceRecordSets", (ZONE,), {"route53__ChangeResourceRecordSetsRecordTypes": ["CNAME", "NS"]}),
    ("route53:ChangeResourceRecordSets", ("arn:aws:route53:::hostedzone/Z2",), CNAME),
    ("logs:DeleteLogGroup", (arn("logs", "log-group:courier-production-orders-LogGroup-1A"),), {}),
    ("ssm:GetParameters", (arn("ssm", "parameter/courier/test/orders/database-url"),), {}),
    ("ssm:GetParameters", (arn("ssm", "parameter/courier/production/network/vpc-id"),), {}),
]


@pytest.mark.parametrize(("action", "resources", "context"), CALLS)
def test_a_service_stack_can_be_made_changed_and_deleted(
    cloudformation: Statements, action: str, resources: tuple[str, ...], context: dict[str, Any]
) -> None:
    assert allows(cloudformation, action, *resources, **context)


@pytest.mark.parametrize(("action", "resources", "context"), REFUSED)
def test_and_nothing_beyond_it(
    cloudformation: Statements, action: str, resources: tuple[str, ...], context: dict[str, Any]
) -> None:
    assert not allows(cloudformation, action, *resources, **context)
