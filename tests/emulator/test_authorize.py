"""The evaluation in this process answers as the server does, and tells services apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.authorize import Principal, trusts
from emulator.driver import Stacks

BUCKET = "arn:aws:s3:::bucket"
ALLOWED: dict[str, dict[str, Any]] = {
    "plain": {"Action": ["s3:Get*"], "Resource": [f"{BUCKET}/a?/*"]},
    "equal": {"Action": ["iam:PassRole"], "Resource": "*", "Condition": {"StringEquals": {"iam:PassedToService": "a"}}},
    "alike": {
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:ecs:*:1:*"}},
    },
    "if there": {"Action": "sns:*", "Resource": "*", "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "1"}}},
    "all": {
        "Action": "ec2:*",
        "Resource": "*",
        "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}},
    },
    "any": {
        "Action": "kms:*",
        "Resource": "*",
        "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "a"}},
    },
    "but": {"NotAction": "iam:*", "Resource": "*", "Condition": {"Null": {"aws:SourceArn": "true"}}},
}
ASKED: list[tuple[str, str, dict[str, Any]]] = [
    ("s3:GetObject", f"{BUCKET}/ab/c", {}),
    ("s3:GetObject", f"{BUCKET}/a/c", {}),
    ("S3:getobject", f"{BUCKET}/aB/c", {}),
    ("iam:PassRole", "*", {"iam:PassedToService": "a"}),
    ("iam:PassRole", "*", {"iam:PassedToService": "b"}),
    ("iam:PassRole", "*", {}),
    ("kms:Decrypt", "*", {"aws:SourceArn": "arn:aws:ecs:eu-west-1:1:task/x"}),
    ("kms:Decrypt", "*", {"aws:SourceArn": "arn:aws:ecs:eu-west-1:2:task/x"}),
    ("sns:Publish", "*", {"aws:SourceAccount": "1"}),
    ("sns:Publish", "*", {"aws:SourceAccount": "2"}),
    ("sns:Publish", "*", {}),
    ("ec2:CreateTags", "*", {"aws:TagKeys": ["a"]}),
    ("ec2:CreateTags", "*", {"aws:TagKeys": ["a", "c"]}),
    ("kms:Encrypt", "*", {"kms:ResourceAliases": ["a", "b"]}),
    ("kms:Encrypt", "*", {"kms:ResourceAliases": ["b"]}),
    ("kms:Encrypt", "*", {}),
]


@pytest.mark.parametrize("names", [[name for name in ALLOWED if name != "but"], ["but"]], ids=["most", "but"])
@pytest.mark.parametrize("bounded", [False, True])
def test_it_answers_as_the_server_does(stacks: Stacks, names: list[str], bounded: bool) -> None:
    iam = stacks.client("iam")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **ALLOWED[name]} for name in names]}
    limit = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*", "kms:*"], "Resource": "*"}]}
    trust = json.dumps({"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}})
    more = {}
    if bounded:
        made = iam.create_policy(PolicyName="limit", PolicyDocument=json.dumps(limit))
        more["PermissionsBoundary"] = made["Policy"]["Arn"]
    arn = iam.create_role(RoleName="asking", Path="/a/", AssumeRolePolicyDocument=trust, **more)["Role"]["Arn"]
    iam.put_role_policy(RoleName="asking", PolicyName="own", PolicyDocument=json.dumps(document))
    who = Principal.of(arn, [document], limit if bounded else None)
    for action, resource, context in ASKED:
        entries = [
            {"ContextKeyName": key, "ContextKeyValues": [value] if isinstance(value, str) else value,
             "ContextKeyType": "stringList" if isinstance(value, list) else "string"}
            for key, value in context.items()
        ]  # fmt: skip
        [answer] = iam.simulate_principal_policy(
            PolicySourceArn=arn, ActionNames=[action], ResourceArns=[resource], ContextEntries=entries
        )["EvaluationResults"]
        assert who.may(action, resource, context) == (answer["EvalDecision"] == "allowed"), (action, resource, context)


def test_each_kind_of_statement_allows_something_and_not_all() -> None:
    for name, statement in ALLOWED.items():
        who = Principal.of("arn:aws:iam::1:role/x", [{"Statement": [{"Effect": "Allow", **statement}]}])
        answers = {who.may(*asked) for asked in ASKED}
        assert answers == {True, False}, name


def test_another_document_in_place_of_one() -> None:
    def one(action: str) -> dict[str, Any]:
        return {"Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}

    who = Principal.of("arn:aws:iam::1:role/x", [one("a:X"), one("a:Y")])
    other = who.instead(1, one("a:Z"))
    assert [who.may(f"a:{name}", "*") for name in "XYZ"] == [True, True, False]
    assert [other.may(f"a:{name}", "*") for name in "XYZ"] == [True, False, True]


def test_services_and_accounts_are_told_apart() -> None:
    of_service = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs.amazonaws.com"}}
    bound = {"Statement": [{**of_service, "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}]}
    assert trusts(bound, "ecs.amazonaws.com", {"aws:SourceAccount": "1"})
    assert not trusts(bound, "ecs.amazonaws.com", {"aws:SourceAccount": "2"})
    assert not trusts(bound, "ecs.amazonaws.com")
    assert not trusts(bound, "ecs-tasks.amazonaws.com", {"aws:SourceAccount": "1"})
    of_account = {
        "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::1:root"}}
    }
    assert trusts(of_account, "arn:aws:iam::1:role/x")
    assert not trusts(of_account, "arn:aws:iam::2:role/x")
    assert not trusts(of_account, "ecs.amazonaws.com")
