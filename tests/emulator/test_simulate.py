"""IAM's policy simulation for roles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from emulator import Emulator
from emulator.driver import Stacks
from tests.emulator.templates import att, body, resource

BUCKET = "arn:aws:s3:::bucket"


@pytest.fixture
def iam(stacks: Stacks) -> Any:
    return stacks.client("iam")


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(
    action: str | list[str], on: str | list[str] = "*", effect: str = "Allow", **condition: Any
) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": effect, "Action": action, "Resource": on}
    return {**found, "Condition": condition} if condition else found


def role(iam: Any, *statements: dict[str, Any], path: str = "/", name: str = "reader") -> str:
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}})
    made = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust)
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
    return str(made["Role"]["Arn"])


def decisions(
    iam: Any, arn: str, actions: Sequence[str], resources: Sequence[str] = (), **context: str | list[str]
) -> list[tuple[str, str, str]]:
    entries = [
        {
            "ContextKeyName": key.replace("__", ":"),
            "ContextKeyValues": [value] if isinstance(value, str) else value,
            "ContextKeyType": "string" if isinstance(value, str) else "stringList",
        }
        for key, value in context.items()
    ]
    more = {"ResourceArns": list(resources)} if resources else {}
    found = iam.simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=list(actions), ContextEntries=entries, **more
    )
    return [
        (result["EvalActionName"], result["EvalResourceName"], result["EvalDecision"])
        for result in found["EvaluationResults"]
    ]


def decided(iam: Any, arn: str, action: str, on: str = "*", **context: str | list[str]) -> str:
    [(_, _, decision)] = decisions(iam, arn, [action], [on], **context)
    return decision


@pytest.mark.parametrize("path", ["/", "/courier/", "/courier/deploy/"])
def test_a_role_is_found_below_any_path(iam: Any, path: str) -> None:
    arn = role(iam, statement("s3:GetObject", f"{BUCKET}/*"), path=path)
    assert decided(iam, arn, "s3:GetObject", f"{BUCKET}/a") == "allowed"
    assert decided(iam, arn, "s3:PutObject", f"{BUCKET}/a") == "implicitDeny"


def test_every_action_is_asked_on_every_resource(iam: Any) -> None:
    arn = role(iam, statement(["s3:Get*"], [f"{BUCKET}/a", f"{BUCKET}/b/*"]))
    asked = ["s3:GetObject", "s3:DeleteObject"]
    assert decisions(iam, arn, asked, [f"{BUCKET}/a", f"{BUCKET}/b/1", f"{BUCKET}/c"]) == [
        ("s3:GetObject", f"{BUCKET}/a", "allowed"),
        ("s3:GetObject", f"{BUCKET}/b/1", "allowed"),
        ("s3:GetObject", f"{BUCKET}/c", "implicitDeny"),
        *(("s3:DeleteObject", f"{BUCKET}/{name}", "implicitDeny") for name in ("a", "b/1", "c")),
    ]


def test_without_resources_all_are_asked_for(iam: Any) -> None:
    arn = role(iam, statement("s3:GetObject", f"{BUCKET}/*"), statement("s3:ListAllMyBuckets"))
    assert decisions(iam, arn, ["s3:GetObject", "s3:ListAllMyBuckets"]) == [
        ("s3:GetObject", "*", "implicitDeny"),
        ("s3:ListAllMyBuckets", "*", "allowed"),
    ]


def test_a_denial_wins_and_is_told_apart(iam: Any) -> None:
    arn = role(iam, statement("*"), statement("s3:*", f"{BUCKET}/secret/*", "Deny"))
    assert decided(iam, arn, "s3:GetObject", f"{BUCKET}/secret/1") == "explicitDeny"
    assert decided(iam, arn, "s3:GetObject", f"{BUCKET}/open") == "allowed"


def test_attached_policies_count(iam: Any) -> None:
    arn = role(iam)
    made = iam.create_policy(PolicyName="managed", PolicyDocument=document(statement("sqs:SendMessage")))
    assert decided(iam, arn, "sqs:SendMessage") == "implicitDeny"
    iam.attach_role_policy(RoleName="reader", PolicyArn=made["Policy"]["Arn"])
    assert decided(iam, arn, "sqs:SendMessage") == "allowed"


def test_conditions_see_the_keys_that_are_given(iam: Any) -> None:
    arn = role(
        iam,
        statement("iam:PassRole", StringEquals={"iam:PassedToService": "cloudformation.amazonaws.com"}),
        {
            **statement("ec2:CreateTags"),
            "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "environment"]}},
        },
    )
    assert decided(iam, arn, "iam:PassRole", iam__PassedToService="cloudformation.amazonaws.com") == "allowed"
    assert decided(iam, arn, "iam:PassRole", iam__PassedToService="ecs-tasks.amazonaws.com") == "implicitDeny"
    assert decided(iam, arn, "iam:PassRole") == "implicitDeny"
    assert decided(iam, arn, "ec2:CreateTags", aws__TagKeys=["team", "environment"]) == "allowed"
    assert decided(iam, arn, "ec2:CreateTags", aws__TagKeys=["team", "owner"]) == "implicitDeny"


def test_the_region_is_that_of_the_request(iam: Any, stacks: Stacks, emulator: Emulator) -> None:
    arn = role(iam, statement("ecs:*", StringEquals={"aws:RequestedRegion": stacks.region}))
    assert decided(iam, arn, "ecs:ListClusters") == "allowed"
    elsewhere = Stacks(emulator, stacks.account, "us-east-1").client("iam")
    assert decided(elsewhere, arn, "ecs:ListClusters") == "implicitDeny"


def test_names_with_special_letters_are_answered_as_they_are(iam: Any) -> None:
    arn = role(iam, statement("s3:GetObject", f"{BUCKET}/*"))
    name = f"{BUCKET}/a&b<c>"
    assert decisions(iam, arn, ["s3:GetObject"], [name]) == [("s3:GetObject", name, "allowed")]


def test_roles_of_a_stack_are_simulated(iam: Any, stacks: Stacks) -> None:
    trust = {"Version": "2012-10-17", "Statement": []}
    policy = {"Version": "2012-10-17", "Statement": [statement("sns:Publish")]}
    properties = {"Path": "/a/", "AssumeRolePolicyDocument": trust}
    made = resource("AWS::IAM::Role", {**properties, "Policies": [{"PolicyName": "p", "PolicyDocument": policy}]})
    stacks.create("roles", body({"Role": made}, {"Arn": att("Role", "Arn")}), Capabilities=["CAPABILITY_IAM"])
    arn = stacks.outputs("roles")["Arn"]
    assert (decided(iam, arn, "sns:Publish"), decided(iam, arn, "sns:Subscribe")) == ("allowed", "implicitDeny")


def test_a_boundary_limits_a_role_of_a_stack(iam: Any, stacks: Stacks) -> None:
    def bounded_by(*actions: str) -> dict[str, Any]:
        limits = {"Version": "2012-10-17", "Statement": [statement(list(actions))]}
        return resource("AWS::IAM::ManagedPolicy", {"PolicyDocument": limits})

    policy = {"Version": "2012-10-17", "Statement": [statement("*")]}
    made = {
        "Narrow": bounded_by("sns:Publish"),
        "Wide": bounded_by("sns:Publish", "sns:Subscribe"),
        "Role": resource(
            "AWS::IAM::Role",
            {
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
                "PermissionsBoundary": {"Ref": "Narrow"},
                "Policies": [{"PolicyName": "p", "PolicyDocument": policy}],
            },
        ),
    }
    stacks.create("bounded", body(made, {"Arn": att("Role", "Arn")}), Capabilities=["CAPABILITY_IAM"])
    arn = stacks.outputs("bounded")["Arn"]
    assert (decided(iam, arn, "sns:Publish"), decided(iam, arn, "sns:Subscribe")) == ("allowed", "implicitDeny")
    made["Role"]["Properties"]["PermissionsBoundary"] = {"Ref": "Wide"}
    stacks.update("bounded", body(made, {"Arn": att("Role", "Arn")}), Capabilities=["CAPABILITY_IAM"])
    assert decided(iam, arn, "sns:Subscribe") == "allowed"


def test_accounts_do_not_see_each_others_roles(iam: Any, emulator: Emulator) -> None:
    arn = role(iam, statement("*"))
    other = Stacks(emulator, "388888888888").client("iam")
    assert decided(other, arn, "s3:GetObject") == "implicitDeny"


def test_a_role_that_is_not_there_may_do_nothing(iam: Any, stacks: Stacks) -> None:
    assert decided(iam, f"arn:aws:iam::{stacks.account}:role/gone", "s3:GetObject") == "implicitDeny"


def test_users_are_asked_as_before(iam: Any) -> None:
    arn = iam.create_user(UserName="me")["User"]["Arn"]
    iam.put_user_policy(UserName="me", PolicyName="own", PolicyDocument=document(statement("s3:GetObject")))
    assert decided(iam, arn, "s3:GetObject") == "allowed"
