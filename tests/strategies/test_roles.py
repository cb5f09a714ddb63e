"""The environment's roles: what each strategy's stack and release call is allowed, one step beyond is not."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.authorize import trusts
from sendy_cfn import stacks
from sendy_cfn.config.words import Strategy
from sendy_cfn.stacks import deploy_roles
from sendy_cfn.stacks.interface import Interface
from tests.generated import CASES, generated
from tests.platforms import MINUTES, platform, watched
from tests.stacks.authorization import Statements, allows, made_name
from tests.stacks.deployment import VALUES, arn, iam_arn, statements
from tests.stacks.evaluate import Stack
from tests.strategies.deployed import CASE, deployments, stack

Call = tuple[str, tuple[str, ...], dict[str, Any]]

FOUND = generated(CASE)
TOOLCHAIN = "111122223333"
ROLES = Stack(FOUND.templates["deploy-roles.yaml"], VALUES | {"Environment": "live", "ToolchainAccountId": TOOLCHAIN})
GRANTED = {role: statements(ROLES, role) for role in ("CloudFormationRole", "PipelineRole", "ReaderRole")}


def role_of(service: str, name: str) -> str:
    return iam_arn(f"role/shop/live/{made_name(f'shop-live-{service}', name, 64)}")


def to(principal: str) -> dict[str, Any]:
    return {"iam__PassedToService": f"{principal}.amazonaws.com"}


def service_arn(service: str, title: str, cluster: str = "blue") -> str:
    return arn("ecs", f"service/shop-live-{cluster}/{made_name(f'shop-live-{service}', title, 255)}")


BALANCER = made_name("shop-live-ClusterBlue-1A2B3C4D5E6F", "LoadBalancer", 32)
TEST_LISTENER = arn("elasticloadbalancing", f"listener/app/{BALANCER}/1/3")
TEST_RULE = arn("elasticloadbalancing", f"listener-rule/app/{BALANCER}/1/3/4")
ALTERNATE = arn("elasticloadbalancing", f"targetgroup/{made_name('shop-live-canary', 'AlternateTargetGroup', 32)}/1")
CANARY = arn("ecs", "service/shop-live-blue/shop-live-canary-shift")
DEPLOYED = arn("ecs", "service/shop-live-blue/shop-live-deployed-codedeploy")
INFRASTRUCTURE = role_of("canary", "InfrastructureRole")
APPLICATION = made_name("shop-live-deployed", "Application", 100)
GROUP = f"{APPLICATION}/{made_name('shop-live-deployed', 'DeploymentGroup', 100)}"
GREEN = service_arn("switched", "GreenService", "green")
HEALTH_CHECK = "arn:aws:route53:::healthcheck/0f1e"
SIDE_RECORDS = {"route53__ChangeResourceRecordSetsRecordTypes": ["CNAME", "CNAME"]}

CLOUDFORMATION: list[Call] = [
    # Traffic that ECS shifts
    ("iam:CreateRole", (INFRASTRUCTURE,), {"iam__PermissionsBoundary": "ServiceBoundary.id"}),
    ("iam:PassRole", (INFRASTRUCTURE,), to("ecs")),
    ("elasticloadbalancing:CreateTargetGroup", (ALTERNATE,), {}),
    ("elasticloadbalancing:CreateRule", (TEST_LISTENER,), {}),
    ("elasticloadbalancing:DeleteRule", (TEST_RULE,), {}),
    ("ecs:CreateService", (CANARY,), {}),
    ("ecs:UpdateService", (CANARY,), {}),
    ("ecs:ListServiceDeployments", (CANARY,), {}),
    ("ecs:DescribeServiceDeployments", (CANARY.replace(":service/", ":service-deployment/") + "/1",), {}),
    ("ecs:StopServiceDeployment", (CANARY.replace(":service/", ":service-deployment/") + "/1",), {}),
    *(("cloudwatch:PutMetricAlarm", (arn("cloudwatch", f"alarm:shop-live-canary-{kind}"),), {})
      for kind in ("errors", "latency", "new-tasks")),
    ("cloudwatch:PutCompositeAlarm", ("*",), {"aws:RequestedRegion": "eu-central-1"}),
    ("cloudwatch:TagResource", (arn("cloudwatch", "alarm:shop-live-canary-errors"),), {}),
    ("cloudwatch:DeleteAlarms", (arn("cloudwatch", "alarm:shop-live-canary-errors"),), {}),
    # CodeDeploy
    ("codedeploy:CreateApplication", (arn("codedeploy", f"application:{APPLICATION}"),), {}),
    ("codedeploy:CreateDeploymentGroup", (arn("codedeploy", f"deploymentgroup:{GROUP}"),), {}),
    ("codedeploy:UpdateDeploymentGroup", (arn("codedeploy", f"deploymentgroup:{GROUP}"),), {}),
    ("codedeploy:TagResource", (arn("codedeploy", f"deploymentgroup:{GROUP}"),), {}),
    ("codedeploy:GetDeploymentConfig", (arn("codedeploy", "deploymentconfig:CodeDeployDefault.ECSAllAtOnce"),), {}),
    ("codedeploy:DeleteDeploymentGroup", (arn("codedeploy", f"deploymentgroup:{GROUP}"),), {}),
    ("codedeploy:DeleteApplication", (arn("codedeploy", f"application:{APPLICATION}"),), {}),
    ("iam:PassRole", (role_of("deployed", "CodeDeployRole"),), to("codedeploy")),
    ("ecs:CreateService", (DEPLOYED,), {}),
    # Two clusters
    ("ecs:CreateService", (GREEN,), {}),
    ("ecs:UpdateService", (GREEN,), {}),
    ("ecs:RegisterTaskDefinition", (arn("ecs", "task-definition/shop-live-switched-green:*"),), {}),
    ("route53:CreateHealthCheck", ("*",), {}),
    ("route53:ChangeTagsForResource", (HEALTH_CHECK,), {}),
    ("route53:UpdateHealthCheck", (HEALTH_CHECK,), {}),
    ("route53:DeleteHealthCheck", (HEALTH_CHECK,), {}),
    ("route53:ChangeResourceRecordSets", ("arn:aws:route53:::hostedzone/Z1",), SIDE_RECORDS),
    ("ssm:GetParameters", (arn("ssm", "parameter/shop/live/cluster-green/listener-arn"),), {}),
    ("ssm:GetParameters", (arn("ssm", "parameter/shop/live/cluster-blue/test-listener-arn"),), {}),
]  # fmt: skip
NOT_CLOUDFORMATION: list[Call] = [
    ("iam:PassRole", (INFRASTRUCTURE,), to("lambda")),
    ("iam:PassRole", (INFRASTRUCTURE.replace("/live/", "/test/"),), to("ecs")),
    ("iam:PassRole", (iam_arn("role/shop/deployment-roles/x-CloudFormationRole-1"),), to("codedeploy")),
    ("codedeploy:CreateDeployment", (arn("codedeploy", f"deploymentgroup:{GROUP}"),), {}),
    ("codedeploy:UpdateDeploymentGroup", (arn("codedeploy", f"deploymentgroup:{GROUP}".replace("live", "test")),), {}),
    ("codedeploy:CreateDeploymentConfig", (arn("codedeploy", "deploymentconfig:CodeDeployDefault.Mine"),), {}),
    ("cloudwatch:PutMetricAlarm", (arn("cloudwatch", "alarm:shop-test-canary-errors"),), {}),
    ("elasticloadbalancing:ModifyListener", (TEST_LISTENER,), {}),
    (
        "ecs:CreateTaskSet",
        (DEPLOYED.replace(":service/", ":task-set/") + "/1",),
        {},
    ),
    ("ecs:UpdateService", (GREEN.replace("shop-live-", "shop-test-"),), {}),
    ("ssm:GetParameters", (arn("ssm", "parameter/shop/live/switched/secret"),), {}),
]

STACK = arn("cloudformation", "stack/shop-live-deployed/1")
WITH_ROLE = {"cloudformation__RoleArn": "CloudFormationRole.Arn"}
REVISION = arn("ecs", "task-definition/shop-live-deployed:*")
PIPELINE: list[Call] = [
    *((f"cloudformation:{verb}Stack", (STACK,), WITH_ROLE) for verb in ("Create", "Update")),
    ("cloudformation:DescribeStacks", (STACK,), {}),
    ("iam:PassRole", ("CloudFormationRole.Arn",), to("cloudformation")),
    # CodeDeployToECS
    ("codedeploy:GetApplication", (arn("codedeploy", f"application:{APPLICATION}"),), {}),
    ("codedeploy:RegisterApplicationRevision", (arn("codedeploy", f"application:{APPLICATION}"),), {}),
    ("codedeploy:GetApplicationRevision", (arn("codedeploy", f"application:{APPLICATION}"),), {}),
    ("codedeploy:GetDeploymentConfig", (arn("codedeploy", "deploymentconfig:CodeDeployDefault.ECSAllAtOnce"),), {}),
    ("codedeploy:CreateDeployment", (arn("codedeploy", f"deploymentgroup:{GROUP}"),), {}),
    ("codedeploy:GetDeployment", (arn("codedeploy", f"deploymentgroup:{GROUP}"),), {}),
    ("ecs:RegisterTaskDefinition", (REVISION,), {}),
    *(("iam:PassRole", (role_of("deployed", name),), to("ecs-tasks")) for name in ("TaskRole", "ExecutionRole")),
    # The stage's condition. AWS may look at the call as one for all alarms, whichever it names.
    ("cloudwatch:DescribeAlarms", (arn("cloudwatch", "alarm:shop-live-canary-errors"),), {}),
    ("cloudwatch:DescribeAlarms", (arn("cloudwatch", "alarm:*"),), {}),
]
NOT_PIPELINE: list[Call] = [
    ("codedeploy:CreateDeployment", (arn("codedeploy", f"deploymentgroup:{GROUP}".replace("live", "test")),), {}),
    ("codedeploy:UpdateDeploymentGroup", (arn("codedeploy", f"deploymentgroup:{GROUP}"),), {}),
    ("codedeploy:StopDeployment", (arn("codedeploy", f"deploymentgroup:{GROUP}"),), {}),
    ("ecs:RegisterTaskDefinition", (REVISION.replace("live", "test"),), {}),
    ("ecs:UpdateService", (DEPLOYED,), {}),
    ("iam:PassRole", (INFRASTRUCTURE,), to("ecs")),
    ("iam:PassRole", (role_of("deployed", "TaskRole").replace("/live/", "/test/"),), to("ecs-tasks")),
    ("iam:PassRole", (iam_arn("role/shop/deployment-roles/x-ReaderRole-1"),), to("ecs-tasks")),
    ("cloudwatch:SetAlarmState", (arn("cloudwatch", "alarm:shop-live-canary-errors"),), {}),
    ("cloudwatch:DeleteAlarms", (arn("cloudwatch", "alarm:shop-live-canary-errors"),), {}),
    ("elasticloadbalancing:ModifyRule", (TEST_RULE,), {}),
]

SWITCHED = arn("cloudformation", "stack/shop-live-switched/1")
READER: list[Call] = [
    ("cloudformation:DescribeStacks", (SWITCHED,), {}),
    ("ecs:DescribeServices", (GREEN,), {}),
    ("ecs:DescribeServices", (service_arn("switched", "Service"),), {}),
    ("ecs:DescribeTaskDefinition", ("*",), {}),
    *(("cloudwatch:DescribeAlarms", (arn("cloudwatch", f"alarm:shop-live-switched-{colour}-{kind}"),), {})
      for colour in ("blue", "green") for kind in ("errors", "latency")),
    ("cloudwatch:DescribeAlarms", (arn("cloudwatch", "alarm:*"),), {}),
]  # fmt: skip
NOT_READER: list[Call] = [
    ("cloudformation:UpdateStack", (SWITCHED,), WITH_ROLE),
    ("cloudformation:DescribeStacks", (SWITCHED.replace("live", "test"),), {}),
    ("cloudformation:GetTemplate", (SWITCHED,), {}),
    ("ecs:UpdateService", (GREEN,), {}),
    ("ecs:RegisterTaskDefinition", (REVISION,), {}),
    ("ecs:DescribeServices", (GREEN.replace("live", "test"),), {}),
    ("codedeploy:CreateDeployment", (arn("codedeploy", f"deploymentgroup:{GROUP}"),), {}),
    ("cloudwatch:SetAlarmState", (arn("cloudwatch", "alarm:shop-live-switched-blue-errors"),), {}),
    ("ssm:GetParameters", (arn("ssm", "parameter/shop/live/cluster-green/listener-arn"),), {}),
    ("iam:PassRole", (role_of("switched", "TaskRole"),), to("ecs-tasks")),
]
ALLOWED = [(r, call) for r, calls in zip(GRANTED, (CLOUDFORMATION, PIPELINE, READER), strict=True) for call in calls]
REFUSED = [
    (r, call)
    for r, calls in zip(GRANTED, (NOT_CLOUDFORMATION, NOT_PIPELINE, NOT_READER), strict=True)
    for call in calls
]


def permits(granted: Statements, call: Call) -> bool:
    action, resources, context = call
    return allows(granted, action, *resources, **context)


@pytest.mark.parametrize(("role", "call"), ALLOWED, ids=lambda part: part if isinstance(part, str) else part[0])
def test_what_stacks_and_releases_call_is_allowed(role: str, call: Call) -> None:
    assert permits(GRANTED[role], call), call


@pytest.mark.parametrize(("role", "call"), REFUSED, ids=lambda part: part if isinstance(part, str) else part[0])
def test_and_nothing_beyond_it(role: str, call: Call) -> None:
    assert not permits(GRANTED[role], call), call


def test_services_have_the_names_of_these_calls() -> None:
    for name, called in (("canary", CANARY), ("deployed", DEPLOYED)):
        assert called.endswith(f"/{stack(FOUND, 'live', name).one('ECS::Service')['ServiceName']}")


def test_the_reader_only_reads() -> None:
    actions = {action for statement in GRANTED["ReaderRole"] for action in statement["Action"]}
    assert actions
    assert all(action.partition(":")[2].startswith("Describe") for action in actions)


def test_both_roles_read_every_ssm_parameter_that_stacks_of_this_place_look_up() -> None:
    looked_up = set()
    for one in deployments(FOUND):
        if one.environment == "live":
            parameters = FOUND.templates[one.file]["Parameters"]
            values = FOUND.configurations[f"live/service-{one.service}.json"]["Parameters"]
            looked_up |= {v for k, v in values.items() if parameters[k]["Type"].startswith("AWS::SSM")}
    assert any("/test-listener" in name for name in looked_up)
    for name in looked_up:
        for role in ("CloudFormationRole", "PipelineRole"):
            assert allows(GRANTED[role], "ssm:GetParameters", arn("ssm", f"parameter{name}")), name


def toolchain_role(nested: str, title: str, account: str = TOOLCHAIN) -> str:
    return f"arn:aws:iam::{account}:role/{made_name(f'shop-toolchain-{nested}-1A2B3C4D5E6F', title, 64)}"


def test_only_the_toolchains_release_builds_take_on_the_reader() -> None:
    trust = ROLES.resources["ReaderRole"]["AssumeRolePolicyDocument"]
    assert trusts(trust, toolchain_role("ReleaseTools", "ReaderRole"))
    for other in (
        toolchain_role("ReleaseTools", "ScanRole"),
        toolchain_role("PipelineCanary", "PipelineRole"),
        toolchain_role("PipelineCanary", "ImageRole"),
        toolchain_role("PipelineCanary", "TestRole"),
        toolchain_role("ReleaseTools", "ReaderRole", "999999999999"),
        f"arn:aws:iam::{TOOLCHAIN}:role/{made_name('other-toolchain-ReleaseTools-1A', 'ReaderRole', 64)}",
        f"arn:aws:iam::{TOOLCHAIN}:role/shop-live-canary-ReaderRole-1A2B3C4D5E6F",
        f"arn:aws:iam::{TOOLCHAIN}:user/ReaderRole",
    ):
        assert not trusts(trust, other), other


def test_the_toolchains_reader_may_take_it_on_in_every_environment() -> None:
    tools = FOUND.templates["release-tools.yaml"]
    found = Stack({"Outputs": {}, **tools}, dict.fromkeys(tools["Parameters"], "x") | {"AWS::AccountId": TOOLCHAIN})
    granted = statements(found, "ReaderRole")
    for account, place in ((TOOLCHAIN, "test"), ("444455556666", "live")):
        nested = f"shop-{place}-DeployRoles-1A2B3C4D5E6F"
        path = f"arn:aws:iam::{account}:role/shop/deployment-roles/"
        assert allows(granted, "sts:AssumeRole", path + made_name(nested, "ReaderRole", 64))
        assert not allows(granted, "sts:AssumeRole", path + made_name(nested, "PipelineRole", 64))
        assert not allows(granted, "sts:AssumeRole", path + made_name(nested, "CloudFormationRole", 64))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_reader_exists_where_a_strategy_looks_at_stacks_and_only_there(case: Any) -> None:
    found = generated(case)
    looking = {"cluster-switch", "codedeploy"}
    needed = any(one.file.removesuffix(".yaml").endswith(tuple(looking)) for one in deployments(found))
    for name in ("deploy-roles.yaml", "release-tools.yaml"):
        assert ("ReaderRole" in found.templates[name]["Resources"]) == needed
    assert any("ReaderRoleArn" in output for output in found.templates["deploy-roles.yaml"]["Outputs"]) == needed


@pytest.mark.parametrize("strategy", Strategy)
def test_each_strategy_alone_brings_only_what_it_needs(strategy: Strategy) -> None:
    text = (CASE / "platform.yaml").read_text().partition("services:")[0].replace("pause: true", "pause: false")
    keys = f"kind: web, source: {{repository: shop/x}}, strategies: {{test: rolling, live: {strategy}}}"
    chosen = platform(f"{text}services:\n  shop: {{{keys}}}\n")
    interfaces: dict[str, Interface] = {}
    for unit in stacks.units(chosen, {"shop": MINUTES}, {"shop": watched(chosen)}):
        if unit.file.startswith(("service-", "pipeline-")):
            interfaces[unit.file] = Interface.of(unit.build({}))
    made = Stack(deploy_roles.build(chosen, interfaces=interfaces).to_dict(), VALUES)
    actions = {a for s in statements(made, "CloudFormationRole") for a in s["Action"]}
    actions |= {a for s in statements(made, "PipelineRole") for a in s["Action"]}
    assert ("codedeploy:CreateDeployment" in actions) == (strategy is Strategy.CODEDEPLOY)
    assert ("codedeploy:CreateDeploymentGroup" in actions) == (strategy is Strategy.CODEDEPLOY)
    assert ("route53:CreateHealthCheck" in actions) == (strategy is Strategy.CLUSTER_SWITCH)
    assert ("ReaderRole" in made.resources) == (strategy in (Strategy.CODEDEPLOY, Strategy.CLUSTER_SWITCH))
