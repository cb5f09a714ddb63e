"""Roles of services have the environment's boundary, which holds them and stops none of their calls."""

from __future__ import annotations

import pytest

from emulator.authorize import Principal
from sendy_cfn.blocks.boundary import SERVICE_BOUNDARY
from sendy_cfn.checks.policy_roles import Role
from tests.generated import CASES
from tests.platforms import ROOT
from tests.policies.catalogue import calls
from tests.policies.world import Call, World, allows, principal, sent, world

ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}
every_case = pytest.mark.parametrize("case", CASES, ids=lambda path: path.name, indirect=True)


def of_services(of: World) -> list[Role]:
    return [role for role in of.roles if role.stack.file.startswith("service-")]


def unbound(role: Role) -> Principal:
    """Its boundary is all that the role has."""
    assert role.boundary
    return Principal.of(role.arn, [role.boundary.document])


def raised(role: Role) -> Principal:
    """The role as somebody made it that gave it all rights."""
    assert role.boundary
    return Principal.of(role.arn, [ANYTHING], role.boundary.document)


@every_case
def test_every_role_of_a_service_has_that_of_its_environment(case: World) -> None:
    assert of_services(case)
    for role in of_services(case):
        assert role.boundary, str(role)
        assert role.boundary.title == SERVICE_BOUNDARY
        assert role.boundary.stack.place == role.stack.place
        assert role.boundary.stack.given("Environment") == role.stack.given("Environment")


@every_case
def test_every_call_of_a_service_is_within_it(case: World) -> None:
    asked = {(role, call) for role in of_services(case) for call in calls(case, role)}
    assert asked
    assert not [f"{role}: {call}" for role, call in asked if not allows(unbound(role), call)]
    assert not [f"{role}: {call}" for role, call in asked if not allows(principal(role), call)]


@every_case
def test_every_action_of_it_is_one_of_some_service(case: World) -> None:
    """What services of one environment need is in the boundaries of all."""
    theirs = {action for role in of_services(case) for _, one in role.statements for action in one["Action"]}
    for role in of_services(case):
        assert role.boundary
        for statement in role.boundary.statements:
            for action in statement["Action"]:
                # Not made here: what lets people run commands, where the values do not.
                assert action in theirs or action.startswith(("ssmmessages:", "logs:")), action


STRATEGIES = world(ROOT / "tests/cases/strategies")
[TASK] = [role for role in STRATEGIES.roles if (role.stack.name, role.title) == ("shop-test-deployed", "TaskRole")]
BEYOND = [
    Call("iam:CreateUser", "arn:aws:iam::111122223333:user/x"),
    Call("iam:AttachRolePolicy", TASK.arn, (("iam:PolicyARN", "arn:aws:iam::aws:policy/AdministratorAccess"),)),
    Call("sts:AssumeRole", "arn:aws:iam::444455556666:role/x"),
    Call("iam:PassRole", TASK.arn, (("iam:PassedToService", "ec2.amazonaws.com"),)),
    Call("iam:PassRole", "arn:aws:iam::111122223333:role/Admin", (("iam:PassedToService", "ecs-tasks.amazonaws.com"),)),
    Call("ecs:RunTask", "arn:aws:ecs:eu-west-1:111122223333:task-definition/x:1"),
    Call("s3:GetObject", "arn:aws:s3:::x/y"),
]


@pytest.mark.parametrize("call", BEYOND, ids=str)
def test_a_role_with_all_rights_does_no_more(call: Call) -> None:
    assert allows(Principal.of(TASK.arn, [ANYTHING]), call)
    assert not allows(raised(TASK), sent(STRATEGIES, TASK, call))
