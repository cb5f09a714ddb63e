"""Roles of a deployed environment, asked of IAM's policy simulation: no way from a service's stack to more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.deployment.site import Site, digest

ROOT, STACK = "courier-test", "courier-test-orders"
TASKS = "ecs-tasks.amazonaws.com"


@pytest.fixture(scope="module")
def deployed(new_site: Callable[[], Site]) -> Site:
    site = new_site()
    site.create("test")
    assert site.release("orders", "test", digest("a")) == "CREATE_COMPLETE"
    return site


class Asked:
    """One role's permissions."""

    def __init__(self, site: Site, arn: str) -> None:
        self.iam: Any = site.client("iam")
        self.account, self.arn = site.stacks.account, arn

    def may(self, action: str, on: str, **context: str) -> bool:
        """Whether the role may, on an ARN whose account is left out."""
        entries = [
            {"ContextKeyName": key.replace("__", ":"), "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in context.items()
        ]
        [result] = self.iam.simulate_principal_policy(
            PolicySourceArn=self.arn,
            ActionNames=[action],
            ResourceArns=[self.named(on)],
            ContextEntries=entries,
        )["EvaluationResults"]
        return bool(result["EvalDecision"] == "allowed")

    def named(self, on: str) -> str:
        return f"arn:aws:iam::{self.account}:{on}" if on.startswith(("role/", "policy/")) else on


@pytest.fixture(scope="module")
def makes(deployed: Site) -> Asked:
    """The role with which CloudFormation makes service stacks."""
    return Asked(deployed, deployed.stacks.outputs(ROOT)["CloudFormationRoleArn"])


@pytest.fixture(scope="module")
def bound(deployed: Site) -> str:
    """The boundary that the environment published."""
    ssm = deployed.client("ssm")
    return str(ssm.get_parameter(Name="/courier/test/deploy/service-boundary-arn")["Parameter"]["Value"])


OWN, OWN_POLICY = "role/courier/test/courier-test-orders-TaskRole-1A", "policy/courier/test/x"


def test_roles_of_services_have_the_boundary(deployed: Site, bound: str) -> None:
    resolved = deployed.resolved(STACK)
    for title in ("ExecutionRole", "TaskRole"):
        assert resolved[title].properties["PermissionsBoundary"] == bound
    assert ":policy/courier/deployment-roles/" in bound


def test_a_service_stacks_roles_can_be_made(makes: Asked, bound: str) -> None:
    assert makes.may("iam:CreateRole", OWN, iam__PermissionsBoundary=bound)
    assert makes.may("iam:PutRolePermissionsBoundary", OWN, iam__PermissionsBoundary=bound)
    attached = {"iam__PolicyARN": makes.named(OWN_POLICY), "iam__PermissionsBoundary": bound}
    assert makes.may("iam:AttachRolePolicy", OWN, **attached)
    assert makes.may("iam:PassRole", OWN, iam__PassedToService=TASKS)
    assert makes.may("iam:DetachRolePolicy", OWN, iam__PolicyARN=makes.named(OWN_POLICY))
    assert makes.may("iam:DeleteRole", OWN)


def test_no_role_without_the_boundary(makes: Asked, bound: str) -> None:
    assert not makes.may("iam:CreateRole", OWN)
    assert not makes.may("iam:CreateRole", OWN, iam__PermissionsBoundary=makes.named(OWN_POLICY))
    assert not makes.may("iam:PutRolePermissionsBoundary", OWN, iam__PermissionsBoundary=makes.named(OWN_POLICY))
    assert not makes.may("iam:DeleteRolePermissionsBoundary", OWN, iam__PermissionsBoundary=bound)
    assert not makes.may("iam:AttachRolePolicy", OWN, iam__PolicyARN=makes.named(OWN_POLICY))
    assert not makes.may("iam:PutRolePolicy", OWN, iam__PermissionsBoundary=bound)


@pytest.mark.parametrize("action", ["CreatePolicyVersion", "DeletePolicy", "SetDefaultPolicyVersion"])
def test_the_boundary_itself_can_not_be_changed(makes: Asked, bound: str, action: str) -> None:
    assert not makes.may(f"iam:{action}", bound)


@pytest.mark.parametrize("role", ["role/free", "role/courier/production/x", "role/courier/deployment-roles/x"])
def test_no_other_role_is_touched(makes: Asked, bound: str, role: str) -> None:
    of_ours = {"iam__PolicyARN": makes.named(OWN_POLICY), "iam__PermissionsBoundary": bound}
    assert not makes.may("iam:CreateRole", role, iam__PermissionsBoundary=bound)
    assert not makes.may("iam:AttachRolePolicy", role, **of_ours)
    assert not makes.may("iam:UpdateAssumeRolePolicy", role)
    assert not makes.may("iam:PassRole", role, iam__PassedToService=TASKS)


@pytest.mark.parametrize("service", ["ec2", "lambda", "cloudformation", "codebuild"])
def test_a_role_is_handed_to_no_other_service(makes: Asked, service: str) -> None:
    assert not makes.may("iam:PassRole", OWN, iam__PassedToService=f"{service}.amazonaws.com")


def test_a_task_gets_no_more_than_all_services_may(deployed: Site) -> None:
    resolved = deployed.resolved(STACK)
    name = resolved["TaskRole"].physical_id
    iam = deployed.client("iam")
    asked = Asked(deployed, iam.get_role(RoleName=name)["Role"]["Arn"])
    queue = f"arn:aws:sqs:{deployed.stacks.region}:{asked.account}:courier-test-parcels"
    assert asked.may("sqs:SendMessage", queue)
    everything = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    iam.put_role_policy(RoleName=name, PolicyName="raised", PolicyDocument=everything)
    try:
        assert asked.may("sqs:SendMessage", queue)
        for action in ("iam:CreateUser", "iam:PassRole", "sts:AssumeRole", "ec2:RunInstances", "s3:GetObject"):
            assert not asked.may(action, "*")
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="raised")
