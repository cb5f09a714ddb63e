"""No policy names all resources, or all of a kind, without a reason that AWS gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from awacs.aws import Action
from troposphere import Sub

from sendy_cfn.blocks import deploy_scopes, iam, unlimited
from sendy_cfn.blocks.boundary import SERVICE_BOUNDARY
from tests.generated import CASES, generated
from tests.platforms import ROOT

OWN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
GLOBAL = {"route53"}  # https://docs.aws.amazon.com/general/latest/gr/r53.html: one endpoint


def listed() -> Any:
    """The service authorization reference, as cfn-lint has it."""
    return json.loads((files("cfnlint.data.AdditionalSpecs") / "Policies.json").read_text(encoding="utf-8"))


def emitted() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every identity policy that any platform of ours gives; a boundary gives nothing."""
    for case in CASES:
        for file, template in generated(case).templates.items():
            for name, resource in template["Resources"].items():
                if name != SERVICE_BOUNDARY and resource["Type"] in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"):
                    for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                        yield f"{case.name}/{file}: {name}.{statement['Sid']}", statement
                assert not resource.get("Properties", {}).get("Policies"), f"{file}: {name} has inline policies"


def resources(statement: dict[str, Any]) -> list[str | Sub]:
    return [r if isinstance(r, str) else Sub(r.get("Fn::Sub", "named")) for r in statement["Resource"]]


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", "*"),
        ("s3:GetObject", "arn:aws:s3:::*"),
        ("secretsmanager:GetSecretValue", Sub(OWN % ("secretsmanager", "secret:*"))),
        ("dynamodb:GetItem", Sub(OWN % ("dynamodb", "*"))),
        ("ecs:DescribeTasks", Sub(OWN % ("ecs", "task/*"))),
        ("ecs:RegisterTaskDefinition", Sub(OWN % ("ecs", "task-definition/*:*"))),
    ],
)
def test_an_unlimited_statement_without_a_reason_is_not_made(action: str, resource: Sub | str) -> None:
    with pytest.raises(LookupError, match=r"say in blocks/unlimited\.py why"):
        iam.allow("Wide", [Action(*action.split(":"))], resource)


def test_one_action_without_a_reason_among_others_is_enough() -> None:
    with pytest.raises(LookupError, match="ecs:DescribeServices on all resources"):
        iam.allow("Wide", [Action("ecs", "DescribeTaskDefinition"), Action("ecs", "DescribeServices")], "*")


@pytest.mark.parametrize("resource", ["table/courier-*", "stack/courier-test-*/*", "parameter/courier/*"])
def test_a_name_needs_no_reason(resource: str) -> None:
    assert unlimited.reasons(["x:Y"], Sub(OWN % ("x", resource))) == []
    assert unlimited.reasons(["s3:GetObject"], Sub("arn:${AWS::Partition}:s3:::courier/*")) == []


def test_aws_lists_no_resource_for_actions_of_which_we_say_so() -> None:
    services = listed()
    for action, reason in unlimited.ACTIONS.items():
        service, name = action.split(":")
        with_resources = services[service]["Actions"][name.lower()].get("Resources")
        assert bool(with_resources) is (reason.why != unlimited.NO_RESOURCE), action
        assert reason.page.startswith("https://docs.aws.amazon.com/")


def test_every_wide_scope_of_the_cloudformation_role_has_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = [scope for found in deploy_scopes.scopes("courier").values() for scope in found]
    wide = [s for s in everything if any(map(unlimited.is_wide, s.resources))]
    assert {"CompositeAlarms", "HealthChecks", "ReadNetwork", "SecurityGroups"} <= {s.sid for s in wide}
    assert all(scope.reasons for scope in wide)
    assert not any(scope.reasons for scope in everything if scope not in wide)
    for table in (unlimited.ACTIONS, unlimited.KINDS):
        for known in list(table):
            monkeypatch.delitem(table, known)
    for scope in wide:
        with pytest.raises(LookupError):
            assert scope.reasons


def test_no_emitted_statement_is_wide_without_a_reason_and_no_reason_is_left_over() -> None:
    used: set[str] = set()
    for where, statement in emitted():
        if statement["Sid"].startswith("Declared"):
            continue
        for resource in resources(statement):
            try:
                unlimited.reasons(statement["Action"], resource)
            except LookupError as error:
                pytest.fail(f"{where}: {error}")
            used |= set(statement["Action"]) if resource == "*" else {unlimited.kind_of(resource)} - {""}
    scopes = [scope for found in deploy_scopes.scopes("courier").values() for scope in found]
    known = {action for scope in scopes if "*" in scope.resources for action in scope.allowed}
    assert set(unlimited.ACTIONS) | set(unlimited.KINDS) == used | known


def test_what_names_no_resource_is_bound_to_the_region() -> None:
    elsewhere = {}
    for where, statement in emitted():
        region = statement.get("Condition", {}).get("StringEquals", {}).get("aws:RequestedRegion")
        services = {action.split(":")[0] for action in statement["Action"]}
        if "*" in statement["Resource"] and not services <= GLOBAL and region != {"Ref": "AWS::Region"}:
            elsewhere[where] = region
    # Images of the toolchain's region, pulled in another one.
    assert {(where.split("/")[0], region) for where, region in elsewhere.items()} == {
        (name, generated(ROOT / "tests/cases" / name).platform.toolchain.region)
        for name in ("strategies", "two-regions")
    }
    assert all(where.endswith("ExecutionPolicy.LogInToRegistry") for where in elsewhere), elsewhere
