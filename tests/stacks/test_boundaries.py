"""Permissions boundaries: on every role that is emitted, as wide as services need and no wider."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sendy_cfn.blocks import boundary, policy_sizes, role_paths
from sendy_cfn.errors import ConfigError
from tests.generated import CASES, Document, Generated, generated
from tests.platforms import ROOT
from tests.stacks.authorization import allows
from tests.stacks.deployment import VALUES, iam_arn
from tests.stacks.evaluate import Stack

GIVEN = "arn:aws:iam::123456789012:policy/operators"


@pytest.fixture(scope="module", params=CASES, ids=lambda path: path.name)
def made(request: pytest.FixtureRequest) -> Generated:
    return generated(request.param)


def of_type(template: Document, kind: str) -> dict[str, Any]:
    found = template["Resources"].items()
    return {title: body["Properties"] for title, body in found if body["Type"] == f"AWS::IAM::{kind}"}


def services(made: Generated) -> dict[str, Document]:
    return {file: template for file, template in made.templates.items() if file.startswith("service-")}


def deploy_roles(made: Generated, **values: str) -> Stack:
    return Stack(made.templates["deploy-roles.yaml"], VALUES | values)


def test_every_role_has_one(made: Generated) -> None:
    seen = 0
    for file, template in made.templates.items():
        for title, role in of_type(template, "Role").items():
            if file.startswith("service-"):
                assert role["PermissionsBoundary"] == {"Ref": "ServiceBoundaryArn"}, f"{file}: {title}"
                assert template["Parameters"]["ServiceBoundaryArn"]["Type"] == "AWS::SSM::Parameter::Value<String>"
            else:
                chosen, arn, none = role["PermissionsBoundary"]["Fn::If"]
                decided = template["Conditions"][chosen]["Fn::Not"][0]["Fn::Equals"]
                assert decided == [{"Ref": "PermissionsBoundaryArn"}, ""], f"{file}: {title}"
                assert (arn, none) == ({"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"})
            seen += 1
    assert seen > 7


def test_roots_hand_the_operators_boundary_down(made: Generated) -> None:
    for file, template in made.templates.items():
        for title, stack in template["Resources"].items():
            if stack["Type"] == "AWS::CloudFormation::Stack":
                child = made.templates[stack["Properties"]["TemplateURL"]]
                if "PermissionsBoundaryArn" in child.get("Parameters", {}):
                    handed = stack["Properties"]["Parameters"]["PermissionsBoundaryArn"]
                    assert handed == {"Ref": "PermissionsBoundaryArn"}, f"{file}: {title}"


def test_services_are_allowed_what_their_roles_are_and_nothing_else(made: Generated) -> None:
    needed = set()
    for file, template in services(made).items():
        for title, role in of_type(template, "Role").items():
            assert not role.keys() & {"Policies", "ManagedPolicyArns"}, f"{file}: {title}"
        for policy in of_type(template, "ManagedPolicy").values():
            needed |= {action for one in policy["PolicyDocument"]["Statement"] for action in one["Action"]}
    document = deploy_roles(made).resources["ServiceBoundary"]["PolicyDocument"]
    assert {action for one in document["Statement"] for action in one["Action"]} == needed
    assert len(json.dumps(document, separators=(",", ":"))) <= policy_sizes.POLICY_CHARACTERS


def test_it_is_published_and_the_operators_takes_its_place(made: Generated) -> None:
    name = f"/{made.platform.platform}/test/deploy/service-boundary-arn"
    for given_arn, expected in (("", "ServiceBoundary.id"), (GIVEN, GIVEN)):
        stack = deploy_roles(made, PermissionsBoundaryArn=given_arn)
        published = {one["Name"]: one["Value"] for one in stack.of_type("SSM::Parameter").values()}
        assert published[name] == expected
        identity = stack.resources["IdentityPolicy"]["PolicyDocument"]["Statement"]
        role = iam_arn(f"role/{made.platform.platform}/test/x")
        assert allows(identity, "iam:CreateRole", role, iam__PermissionsBoundary=expected)
        assert not allows(identity, "iam:CreateRole", role, iam__PermissionsBoundary=GIVEN.replace("op", "other"))
        policy = stack.resources["ServiceBoundary"]
        assert policy["Path"] == role_paths.of_deployment(made.platform.platform)


def test_roles_are_passed_to_tasks_only() -> None:
    policy = deploy_roles(generated(ROOT / "tests/cases/strategies")).resources["ServiceBoundary"]
    statements = policy["PolicyDocument"]["Statement"]
    own, to_tasks = iam_arn("role/shop/test/x"), {"iam__PassedToService": "ecs-tasks.amazonaws.com"}
    assert allows(statements, "iam:PassRole", own, **to_tasks)
    assert not allows(statements, "iam:PassRole", own, iam__PassedToService="ec2.amazonaws.com")
    assert not allows(statements, "iam:PassRole", iam_arn("role/Admin"), **to_tasks)


ACTIONS = some.builds(
    "{}:{}".format,
    some.sampled_from(["s3", "ec2", "dynamodb", "iam", "sts", "organizations", "account"]),
    some.from_regex(r"\A[A-Z][A-Za-z]{1,12}\Z"),
)


@given(some.sets(ACTIONS, max_size=60), some.integers(0, 400))
def test_whatever_is_needed_is_covered_in_few_enough_characters(needed: set[str], more: int) -> None:
    needed |= {f"rds:Describe{number}Clusters" for number in range(more)}
    found = boundary.fitted(needed)
    assert all(any(fnmatchcase(action, pattern) for pattern in found) for action in needed)
    assert len(json.dumps(found)) <= policy_sizes.POLICY_CHARACTERS
    whole = {pattern for pattern in found if "*" in pattern}
    assert not {pattern.split(":")[0] for pattern in whole} & boundary.NEVER_WHOLE
    assert whole == ({"rds:*"} if more > 300 else set()) or 150 < more <= 300


def test_the_services_with_most_actions_give_way_first() -> None:
    few = {f"s3:Get{number}" for number in range(20)}
    many = {f"ec2:DescribeInstances{number}" for number in range(250)}
    assert boundary.fitted(few | many) == sorted({"ec2:*", *few})


def test_what_can_not_be_written_shorter_is_refused() -> None:
    with pytest.raises(ConfigError, match="400 IAM actions"):
        boundary.fitted({f"iam:ListEverything{number}" for number in range(400)})
