"""One step beyond what the roles of an environment and of its services do: calls that must be refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sendy_cfn.checks.policy_roles import Role
from tests.platforms import ROOT
from tests.policies.catalogue import calls
from tests.policies.world import REGION, Call, allows, principal, sent, world

WORLD = world(ROOT / "tests/cases/strategies")
ROLES = {(role.stack.name, role.title): role for role in WORLD.roles}
SERVICE = "shop-test-deployed"  # released by CodeDeploy, in the toolchain's account


def role(title: str, stack: str = "shop-test-DeployRoles") -> Role:
    [found] = [one for (name, of), one in ROLES.items() if name.startswith(stack) and of == title]
    return found


FORMATION, PIPELINE, READER = role("CloudFormationRole"), role("PipelineRole"), role("ReaderRole")
TASK, EXECUTION = (role(title, SERVICE) for title in ("TaskRole", "ExecutionRole"))
DEPLOY = role("CodeDeployRole", SERVICE)
INFRASTRUCTURE = role("InfrastructureRole", "shop-test-canary")
SCAN = role("ScanRole", "shop-toolchain-ReleaseTools")
IMAGE, TEST = (role(title, "shop-toolchain-PipelineCanary") for title in ("ImageRole", "TestRole"))
OWNER = role("PipelineRole", "shop-toolchain-PipelineCanary")
STACK = WORLD.stack(SERVICE, FORMATION.stack.place)
BOUND = (("cloudformation:RoleArn", FORMATION.arn),)


def passing(to: str, *services: str) -> Iterator[Call]:
    return (Call("iam:PassRole", to, (("iam:PassedToService", f"{name}.amazonaws.com"),)) for name in services)


def records(*types: str) -> Call:
    zone = STACK.ref("HostedZoneId")
    return Call(
        "route53:ChangeResourceRecordSets",
        f"arn:aws:route53:::hostedzone/{zone}",
        (("route53:ChangeResourceRecordSetsRecordTypes", types),),
    )


def on(service: str, resource: str, *verbs: str) -> Iterator[Call]:
    return (Call(f"{service}:{verb}", STACK.place.arn(service, resource)) for verb in verbs)


def of_stack(*verbs: str, context: tuple[tuple[str, str], ...] = BOUND) -> Iterator[Call]:
    return (Call(f"cloudformation:{verb}", STACK.arn, context) for verb in verbs)


def iam(target: Role, *verbs: str) -> Iterator[Call]:
    return (Call(f"iam:{verb}", target.arn) for verb in verbs)


BOUND_TO = WORLD.stack(SERVICE, FORMATION.stack.place).properties("TaskRole")["PermissionsBoundary"]
WITHIN = (("iam:PermissionsBoundary", BOUND_TO),)
OTHER_BOUNDARY = (("iam:PermissionsBoundary", "arn:aws:iam::aws:policy/AdministratorAccess"),)
OWN_POLICY = (("iam:PolicyARN", STACK.called("ExecutionPolicy").arn),)
NEIGHBOUR = (("aws:ResourceTag/platform", "shop"), ("aws:ResourceTag/environment", "live"))
ADMINISTRATOR = (("iam:PolicyARN", "arn:aws:iam::aws:policy/AdministratorAccess"),)
BALANCER, REPOSITORY = "elasticloadbalancing", "repository/shop/canary"
OTHER_RULE = "listener-rule/app/shop-test-x/1/2/3"
LISTENER, OWN_RULE = str(STACK.ref("ListenerArn")), STACK.called("ListenerRule").arn
GROUP = STACK.called("TargetGroup").arn
ELSEWHERE = ((REGION, "ap-south-1"),)
SOURCE = "arn:aws:s3:::shop-artifacts-111122223333-eu-west-1/shop-canary/Service/x"
SERVICE_ARN = "service/shop-test-blue/shop-test-x"
POLICY = "arn:aws:iam::111122223333:policy/shop/deployment-roles/shop-test-DeployRoles-IdentityPolicy-1"
ESCALATING = ("PutRolePolicy", "UpdateAssumeRolePolicy", "DeleteRolePermissionsBoundary", "CreateRole", "DeleteRole")
REFUSED: list[tuple[Role, Call]] = [
    # The role with which stacks are made can't widen itself or its like.
    *((FORMATION, call) for target in (FORMATION, PIPELINE, READER, OWNER) for call in iam(target, *ESCALATING)),
    (FORMATION, Call("iam:CreatePolicyVersion", POLICY)),
    (FORMATION, Call("iam:SetDefaultPolicyVersion", POLICY)),
    (FORMATION, Call("iam:AttachRolePolicy", TASK.arn, ADMINISTRATOR)),
    (FORMATION, Call("iam:AttachRolePolicy", TASK.arn, ADMINISTRATOR + WITHIN)),
    # Not by roles without the boundary, nor by taking it from them or changing it.
    *((FORMATION, Call("iam:CreateRole", TASK.arn, keys)) for keys in ((), OTHER_BOUNDARY)),
    *((FORMATION, Call("iam:PutRolePermissionsBoundary", TASK.arn, keys)) for keys in ((), OTHER_BOUNDARY)),
    *((FORMATION, Call("iam:AttachRolePolicy", TASK.arn, OWN_POLICY + keys)) for keys in ((), OTHER_BOUNDARY)),
    *((FORMATION, call) for call in iam(TASK, "DeleteRolePermissionsBoundary", "PutRolePolicy", "DeleteRolePolicy")),
    (FORMATION, Call("iam:CreatePolicyVersion", BOUND_TO)),
    (FORMATION, Call("iam:DeletePolicy", BOUND_TO)),
    (FORMATION, Call("iam:CreateUser", "arn:aws:iam::111122223333:user/shop/test/me")),
    (FORMATION, Call("iam:CreateAccessKey", "arn:aws:iam::111122223333:user/shop/test/me")),
    *((FORMATION, call) for call in passing(TASK.arn, "lambda", "ec2", "cloudformation", "codebuild", "glue")),
    *((FORMATION, call) for to in (FORMATION, PIPELINE) for call in passing(to.arn, "ecs-tasks", "ecs", "codedeploy")),
    (FORMATION, Call("iam:PassRole", TASK.arn)),
    (FORMATION, Call("sts:AssumeRole", TASK.arn)),
    # DNS: hosts only, in the environment's zone only.
    *((FORMATION, records(*types)) for types in (("NS",), ("MX",), ("TXT",), ("CAA",), ("CNAME", "TXT"))),
    (FORMATION, Call("route53:DeleteHostedZone", f"arn:aws:route53:::hostedzone/{STACK.ref('HostedZoneId')}")),
    # What names no resource: in other regions. What names can't tell: with another environment's tags.
    *((FORMATION, Call(f"ecs:{verb}TaskDefinition", "*", ELSEWHERE)) for verb in ("Describe", "Deregister")),
    (PIPELINE, Call("cloudformation:ValidateTemplate", "*", ELSEWHERE)),
    *((FORMATION, Call(f"{BALANCER}:{verb}", GROUP, NEIGHBOUR)) for verb in ("ModifyTargetGroup", "DeleteTargetGroup")),
    *((FORMATION, Call(f"{BALANCER}:{verb}", OWN_RULE, NEIGHBOUR)) for verb in ("ModifyRule", "DeleteRule", "AddTags")),
    (FORMATION, Call(f"{BALANCER}:CreateRule", LISTENER, NEIGHBOUR)),
    # What a release never deletes or changes.
    *((FORMATION, call) for call in on("ecs", "cluster/shop-test-blue", "DeleteCluster", "UpdateCluster")),
    *((FORMATION, call) for call in on(BALANCER, "loadbalancer/app/shop-test-x/1", "DeleteLoadBalancer")),
    *((FORMATION, call) for call in on(BALANCER, "listener/app/shop-test-x/1/2", "DeleteListener", "ModifyListener")),
    *((FORMATION, call) for call in on("ec2", "vpc/vpc-1", "DeleteVpc")),
    *((FORMATION, call) for call in on("kms", "key/1", "ScheduleKeyDeletion", "PutKeyPolicy", "Decrypt")),
    *((FORMATION, call) for call in on("ecr", "repository/shop/deployed", "DeleteRepository", "PutImage")),
    *((FORMATION, call) for call in on("ssm", "parameter/shop/test/deployed/key", "GetParameters", "GetParameter")),
    *((FORMATION, call) for call in on("ssm", "parameter/shop/test/network/vpc-id", "PutParameter", "DeleteParameter")),
    *((FORMATION, call) for call in on("secretsmanager", "secret:shop/test/x-abcdef", "GetSecretValue")),
    # Pipelines make stacks with that role, and only these.
    *((PIPELINE, call) for call in of_stack("CreateStack", "UpdateStack", context=())),
    *((PIPELINE, call) for call in of_stack("CreateStack", context=(("cloudformation:RoleArn", OWNER.arn),))),
    *((PIPELINE, call) for call in of_stack("DeleteStack", "CreateChangeSet", "ExecuteChangeSet", "SetStackPolicy")),
    *((PIPELINE, call) for call in passing(FORMATION.arn, "ecs-tasks", "lambda", "ec2")),
    *((PIPELINE, call) for call in passing(PIPELINE.arn, "cloudformation")),
    *((PIPELINE, call) for call in on("ecs", SERVICE_ARN, "UpdateService", "DeleteService", "ExecuteCommand")),
    (PIPELINE, Call("s3:PutObject", SOURCE)),
    *((READER, call) for call in of_stack("UpdateStack", "GetTemplate")),
    *((READER, call) for call in on("ecs", SERVICE_ARN, "UpdateService")),
    # A pipeline enters environments with the role for pipelines only.
    *((OWNER, Call("sts:AssumeRole", other.arn)) for other in (FORMATION, READER, TASK, IMAGE)),
    (OWNER, Call("codepipeline:StartPipelineExecution", "arn:aws:codepipeline:eu-west-1:111122223333:shop-canary")),
    # Builds run code that is not ours.
    *((build, Call("sts:AssumeRole", PIPELINE.arn)) for build in (IMAGE, TEST, SCAN)),
    *((build, Call("s3:PutObject", SOURCE)) for build in (IMAGE, TEST, SCAN)),
    *((build, call) for build in (TEST, SCAN) for call in on("ecr", REPOSITORY, "PutImage", "BatchDeleteImage")),
    *((IMAGE, call) for call in on("ecr", REPOSITORY, "BatchDeleteImage", "SetRepositoryPolicy")),
    *((IMAGE, call) for call in on("codebuild", "project/shop-canary-image", "UpdateProject", "StartBuild")),
    # A service reads its own secrets, when it starts; what it may do itself is what it declares.
    *((EXECUTION, call) for call in on("ssm", "parameter/shop/test/canary/password", "GetParameters")),
    *((EXECUTION, call) for call in on("secretsmanager", "secret:shop/test/canary-abcdef", "GetSecretValue")),
    *((EXECUTION, call) for call in on("kms", "key/1", "Decrypt")),
    *((EXECUTION, call) for call in on("ecr", REPOSITORY, "BatchGetImage")),
    (TASK, Call("s3:GetObject", "arn:aws:s3:::things/x")),
    # ECS and CodeDeploy move this service's traffic, nothing else.
    *((INFRASTRUCTURE, call) for call in on(BALANCER, OTHER_RULE, "ModifyRule", "DeleteRule")),
    *((DEPLOY, call) for call in on(BALANCER, OTHER_RULE, "ModifyRule")),
    *((DEPLOY, call) for call in passing(TASK.arn, "lambda", "ec2")),
    *((DEPLOY, call) for call in passing(FORMATION.arn, "ecs-tasks")),
]  # fmt: skip


@pytest.mark.parametrize(("who", "call"), REFUSED, ids=lambda part: getattr(part, "title", None) or str(part))
def test_refused(who: Role, call: Call) -> None:
    assert not allows(principal(who), sent(WORLD, who, call))


def test_each_of_these_roles_may_something() -> None:
    """A role that is not found, or has no policies, would be refused everything."""
    assert {who.title for who, _ in REFUSED} >= {"CloudFormationRole", "PipelineRole", "ReaderRole", "ImageRole"}
    for who in dict.fromkeys(who for who, _ in REFUSED):
        if who is not TASK:  # declares nothing
            assert any(allows(principal(who), call) for call in calls(WORLD, who)), who
