"""Policies stay within IAM's quotas whatever the names are: they are split, or refused before anything is written."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from awacs import aws
from troposphere import GetAtt, If, Join, Ref, Sub, Template, iam

from sendy_cfn import generator
from sendy_cfn.blocks import policy_sizes
from sendy_cfn.blocks.iam import declared, policies, role, trust
from sendy_cfn.fresh import Memory
from tests.generated import CASES, Generated, generated, load
from tests.platforms import ROOT

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
POLICY, TRUST, PER_ROLE = 6144, 2048, 10
# The longest that AWS and our patterns give.
VALUES = {
    "AWS::Partition": "aws-us-gov",
    "AWS::Region": "ap-southeast-1",
    "AWS::AccountId": 12 * "1",
    "AWS::URLSuffix": "amazonaws.com.cn",
    "AWS::StackName": 128 * "s",
    "Environment": 12 * "e",
    "ToolchainAccountId": 12 * "1",
    "VpcId": "vpc-" + 17 * "0",
    "HostedZoneId": 32 * "Z",
    "ArtifactBucket": 63 * "b",
}
ARN = "arn:aws-us-gov:iam::111111111111:role/abcdefghijklmnop/deployment-roles/" + 64 * "r"


def resolved(value: Any) -> Any:
    """A part of a template with the longest values for what it refers to."""
    if isinstance(value, list):
        return [resolved(one) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return VALUES.get(value["Ref"], ARN)
    if set(value) == {"Fn::GetAtt"}:
        return ARN
    if set(value) == {"Fn::If"}:
        return max(map(resolved, value["Fn::If"][1:]), key=len)
    if set(value) == {"Fn::Sub"}:
        return re.sub(r"\$\{([^}]+)\}", lambda found: VALUES.get(found[1], ARN), value["Fn::Sub"])
    return {name: resolved(content) for name, content in value.items()}


def characters(document: dict[str, Any]) -> int:
    return len(json.dumps(resolved(document), separators=(",", ":")))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_every_emitted_policy_fits(case: Path) -> None:
    check(generated(case))


def check(made: Generated) -> None:
    for file, template in made.templates.items():
        attached: Counter[str] = Counter()
        for name, resource in template["Resources"].items():
            given = resource.get("Properties", {})
            if resource["Type"] == "AWS::IAM::ManagedPolicy":
                exact, estimated = characters(given["PolicyDocument"]), policy_sizes.length(given["PolicyDocument"])
                assert exact <= estimated <= POLICY, (file, name, exact)
                attached.update(one["Ref"] for one in given.get("Roles", ()))
            if resource["Type"] == "AWS::IAM::Role":
                exact = characters(given["AssumeRolePolicyDocument"])
                assert exact <= policy_sizes.length(given["AssumeRolePolicyDocument"]) <= TRUST, (file, name, exact)
                assert "Policies" not in given
        assert not attached or max(attached.values()) <= PER_ROLE, file


@pytest.fixture
def params(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "tests/cases/strategies", tmp_path / "params"))


def change(params: Path, **service: Any) -> None:
    """Gives all names their full length, and one service more; alarms would take the room for it."""
    platform = yaml.safe_load((params / "platform.yaml").read_text())
    platform["platform"] = "abcdefghijklmnop"
    name = next(iter(platform["services"]))
    platform["services"][name] |= service
    for one in platform["services"].values():
        one["alarms"] = "release"
    for file, data in ((f, yaml.safe_load(f.read_text())) for f in params.glob("*.yaml")):
        content = platform if file.name == "platform.yaml" else data
        if "services" in content:
            content["services"] = {f"{key}-{30 * 'x'}"[:24]: of for key, of in content["services"].items()}
        # By way of JSON, which has no anchors.
        file.write_text(yaml.safe_dump(json.loads(json.dumps(content)), sort_keys=False))


def run(params: Path) -> tuple[int, Path]:
    out = params.parent / "templates"
    return generator.run(params, out, Memory(params.parent / "cache", params, out), check=False), out


def test_they_fit_with_the_longest_names(params: Path) -> None:
    change(params)
    check(generated(params))


LONG = "arn:{partition}:dynamodb:{region}:{account}:table/" + 800 * "t"


def test_a_task_policy_that_is_too_long_is_split(params: Path) -> None:
    resources = [f"{LONG}-{number}" for number in range(7)]
    change(params, permissions=[{"actions": [f"dynamodb:Get{n}"], "resources": resources} for n in range(3)])
    made = generated(params)
    (template,) = (t for t in made.templates.values() if "TaskPolicy2" in t["Resources"])
    parts = {n: r["Properties"] for n, r in template["Resources"].items() if n.startswith("TaskPolicy")}
    assert list(parts) == ["TaskPolicy", *(f"TaskPolicy{number}" for number in range(2, len(parts) + 1))]
    assert len(parts) in (3, 4)
    assert set(parts) <= set(template["Resources"]["TaskDefinition"]["DependsOn"])
    statements = [one for part in parts.values() for one in part["PolicyDocument"]["Statement"]]
    assert len({one["Sid"] for one in statements}) == len(statements)
    own = [one for one in statements if one["Sid"].startswith("Declared")]
    named = Counter(json.dumps(resource) for one in own for resource in one["Resource"])
    assert len(named) == 7
    assert set(named.values()) == {3}
    assert {part["Path"]["Fn::Sub"] for part in parts.values()} == {"/abcdefghijklmnop/${Environment}/"}
    check(made)


def test_more_policies_than_a_role_takes_are_found() -> None:
    read = [aws.Action("s3", "GetObject")]
    whole = [declared(f"Read{n}", read, *(f"arn:aws:s3:::{m}{500 * 'b'}" for m in range(10))) for n in range(11)]
    parts = policies("Parts", "x", [Ref("Reader")], *whole)
    assert policy_sizes.problems(template(*parts[:10])) == []
    assert policy_sizes.problems(template(*parts)) == ["Reader needs 11 managed policies, IAM takes 10"]


def test_a_statement_that_cannot_be_divided_is_refused(params: Path, capsys: pytest.CaptureFixture[str]) -> None:
    actions = [f"dynamodb:{50 * 'A'}{number}" for number in range(200)]
    change(params, permissions=[{"actions": actions, "resources": [LONG]}])
    status, out = run(params)
    assert status == 2
    assert not out.exists()
    assert re.search(r"TaskPolicy can have 1\d,\d{3} characters, IAM takes 6,144; fewer", capsys.readouterr().err)


def template(*resources: iam.Role | iam.ManagedPolicy) -> Template:
    made = Template()
    for resource in resources:
        made.add_resource(resource)
    return made


def test_a_trust_that_is_too_long_is_found() -> None:
    many = aws.Condition(aws.ArnLike({"aws:SourceArn": [f"arn:aws:x:::{100 * 'y'}{number}" for number in range(20)]}))
    found = policy_sizes.problems(template(role("Wide", "x", trust("ecs.amazonaws.com", many), "arn:aws:iam::x")))
    assert len(found) == 1
    assert re.match(r"trust of Wide can have 2,\d{3} characters, IAM takes 2,048", found[0])


def test_what_is_split_is_whole() -> None:
    read = [aws.Action("s3", "GetObject")]
    whole = [
        declared(f"Read{n}", read, *(Sub(f"arn:${{AWS::Partition}}:s3:::{n}{m}{60 * 'b'}") for m in range(n * 3)))
        for n in range(1, 15)
    ]
    parts = policies("Parts", "x", [Ref("Reader")], *whole)
    assert len(parts) > 3
    for part in parts:
        policy_sizes.check(str(part.title), part.PolicyDocument.Statement)
    names = [arn.data["Fn::Sub"] for part in parts for one in part.PolicyDocument.Statement for arn in one.Resource]
    assert sorted(names) == sorted(arn.data["Fn::Sub"] for one in whole for arn in one.Resource)
    assert [part.title for part in policies("One", "x", [Ref("Reader")], *whole[:2])] == ["One"]


def test_a_function_of_unknown_length_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Fn::Join in a policy: say in blocks/policy_sizes\.py"):
        policy_sizes.length(Join("", ["a", "b"]))
    assert policy_sizes.length(If("C", "a", "longer")) == policy_sizes.length("longer")
    assert policy_sizes.length(GetAtt("Role", "Arn")) > 100


def test_generated_policies_are_read_back() -> None:
    text = (ROOT / "templates/deploy-roles.yaml").read_text()
    assert (
        max(
            characters(r["Properties"]["PolicyDocument"])
            for r in load(text)["Resources"].values()
            if r["Type"] == "AWS::IAM::ManagedPolicy"
        )
        > 1000
    )
