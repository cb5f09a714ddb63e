"""Who takes on which role: those that use it, and nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from emulator.authorize import trusts
from sendy_cfn.checks.policy_names import made
from sendy_cfn.checks.policy_roles import Role
from tests.generated import CASES
from tests.policies.catalogue import line
from tests.policies.of_builds import builds
from tests.policies.world import World

ELSEWHERE = "999999999999"
SERVICES = ("ecs-tasks", "ecs", "codedeploy", "codebuild", "codepipeline", "cloudformation", "events", "lambda", "ec2")


class Caller(NamedTuple):
    """Who asks for a session, and the keys that AWS sends along."""

    who: str
    context: dict[str, str]


def service(name: str, role: Role, source: str = "") -> Caller:
    keys = {"aws:SourceAccount": role.stack.place.account} | ({"aws:SourceArn": source} if source else {})
    return Caller(f"{name}.amazonaws.com", keys)


def of_builds(world: World, role: Role) -> Iterator[Caller]:
    """https://docs.aws.amazon.com/codebuild/latest/userguide/cross-service-confused-deputy-prevention.html."""
    for stack, title in world.of("AWS::CodeBuild::Project"):
        if stack.properties(title)["ServiceRole"] == role.arn:
            yield service("codebuild", role, stack.called(title).arn)


def of_pipelines(_world: World, role: Role) -> Iterator[Caller]:
    """AWS does not say whether CodePipeline sends the keys."""
    for title in role.stack.of("AWS::CodePipeline::Pipeline"):
        yield service("codepipeline", role, role.stack.called(title).arn)
        yield Caller("codepipeline.amazonaws.com", {})


def of_tasks(_world: World, role: Role) -> Iterator[Caller]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html."""
    yield service("ecs-tasks", role, role.stack.place.arn("ecs", "task/shop-blue/0a1b2c3d"))


def of_flow_logs(_world: World, role: Role) -> Iterator[Caller]:
    """https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html."""
    for title in role.stack.of("AWS::EC2::FlowLog"):
        yield service("vpc-flow-logs", role, role.stack.called(title).arn)


def of_environments_pipeline(world: World, role: Role) -> Iterator[Caller]:
    yield from (Caller(one.pipeline["RoleArn"], {}) for one in world.actions if one.role == role.arn)


def of_environments_reader(world: World, role: Role) -> Iterator[Caller]:
    for build in builds(world):
        if build.variables.get("READER_ROLE_ARN") == role.arn:
            yield Caller(build.project["ServiceRole"], {})


def of(name: str) -> Callable[[World, Role], Iterator[Caller]]:
    return lambda _world, role: iter([service(name, role)])


USERS: dict[tuple[str, str], Callable[[World, Role], Iterator[Caller]]] = {
    ("builds-*", "ImageRole"): of_builds,
    ("builds-*", "TestRole"): of_builds,
    # EC2 sends no keys. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/instance_IAM_role.html
    ("cluster*", "InstanceRole"): lambda _world, _role: iter([Caller("ec2.amazonaws.com", {})]),
    ("delivery-monitoring.yaml", "RecordRole"): of_builds,
    ("delivery-monitoring.yaml", "StartRole"): of("events"),
    ("deploy-roles.yaml", "CloudFormationRole"): of("cloudformation"),
    ("deploy-roles.yaml", "PipelineRole"): of_environments_pipeline,
    ("deploy-roles.yaml", "ReaderRole"): of_environments_reader,
    ("forwarding.yaml", "ForwardRole"): of("events"),
    ("network*", "FlowLogRole"): of_flow_logs,
    ("notifications.yaml", "ChatRole"): of("chatbot"),
    ("pipeline-*", "PipelineRole"): of_pipelines,
    ("pipeline-*", "StartRole"): of("events"),
    ("release-tools.yaml", "AuthorRole"): of_builds,
    ("release-tools.yaml", "ReaderRole"): of_builds,
    ("release-tools.yaml", "ScanRole"): of_builds,
    ("service-*", "CodeDeployRole"): of("codedeploy"),
    ("service-*", "ExecutionRole"): of_tasks,
    ("service-*", "InfrastructureRole"): of("ecs"),
    ("service-*", "TaskRole"): of_tasks,
}
UNBOUND = {"InstanceRole"}  # by no account


def strangers(role: Role, users: list[Caller]) -> Iterator[Caller]:
    """Nobody of these uses the role, though they are near."""
    account = role.stack.place.account
    known = {user.who for user in users}
    for name in SERVICES:
        if f"{name}.amazonaws.com" not in known:
            yield service(name, role, users[0].context.get("aws:SourceArn", "") if users else "")
    platform = role.stack.name.partition("-")[0]
    nested = f"{platform}-toolchain-PipelineX-0A1B2C3D4E5F"
    for owner in (account, ELSEWHERE):
        for stack, title in ((nested, "ImageRole"), (nested, "TestRole"), (f"{platform}-test-x", "TaskRole")):
            yield Caller(f"arn:aws:iam::{owner}:role/{made(stack, title, 64)}", {})
    for name in (f"user/{platform}-toolchain-PipelineRole-1", "role/Admin", f"role/x{nested}-PipelineRole-1"):
        yield Caller(f"arn:aws:iam::{account}:{name}", {})
    for user in users:
        if user.who.startswith("arn:"):
            yield Caller(user.who.replace(user.who.split(":")[4], ELSEWHERE), {})
        elif user.context and role.title not in UNBOUND:
            yield Caller(user.who, user.context | {"aws:SourceAccount": ELSEWHERE})
            if "aws:SourceArn" in user.context:
                other = user.context["aws:SourceArn"].replace(account, ELSEWHERE)
                yield Caller(user.who, user.context | {"aws:SourceArn": other})


every_case = pytest.mark.parametrize("case", CASES, ids=lambda path: path.name, indirect=True)


@every_case
def test_those_that_use_a_role_may_take_it_on(case: World) -> None:
    for role in case.roles:
        for user in USERS[line(role)](case, role):
            assert trusts(role.trust, user.who, user.context), (str(role), user)


@every_case
def test_and_nobody_else(case: World) -> None:
    for role in case.roles:
        for stranger in strangers(role, list(USERS[line(role)](case, role))):
            assert not trusts(role.trust, stranger.who, stranger.context), (str(role), stranger)


@every_case
def test_builds_do_not_share_roles_with_others(case: World) -> None:
    users = {role.arn: set(map(str, USERS[line(role)](case, role))) for role in case.roles}
    for role in case.roles:
        for other, callers in users.items():
            if other != role.arn and role.title in ("ImageRole", "TestRole", "ScanRole", "AuthorRole", "RecordRole"):
                assert not callers & users[role.arn]


@every_case
def test_every_role_of_a_pipeline_is_used(case: World) -> None:
    for role in case.roles:
        if role.stack.file.startswith(("builds-", "delivery-", "pipeline-", "release-tools")):
            assert list(USERS[line(role)](case, role)), str(role)
