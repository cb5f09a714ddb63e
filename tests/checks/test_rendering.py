"""Values in the place of parameters: what is decided, what is left, and what engines then find."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sendy_cfn.checks import gate, lint
from sendy_cfn.checks.action_templates import Library
from sendy_cfn.checks.cache import Store
from sendy_cfn.checks.engines import ENGINES
from sendy_cfn.checks.engines.subject import Settings
from sendy_cfn.checks.findings import Finding
from sendy_cfn.checks.rendering.stacks import renderings
from sendy_cfn.checks.rendering.template import known_parameters, render
from sendy_cfn.checks.rendering.values import NO_VALUE, Scope, holds, settle
from tests.generated import CASES, generated
from tests.platforms import ROOT, platform

KNOWN = Scope(
    {"Name": "shop", "Size": 3, "Ids": ["a", "b"], "Block": "10.0.0.0/24", "Key": "arn:aws:kms:x"},
    frozenset({"Key"}),
    {"AWS::Region": "eu-west-1"},
    {"Big": {"Fn::Equals": [{"Ref": "Size"}, "3"]}, "Open": {"Fn::Equals": [{"Ref": "Other"}, "x"]}},
    {"Sizes": {"shop": {"Cpu": 256}}},
    lambda child, name: "out" if (child, name) == ("Child", "Id") else None,
)
OTHER = {"Ref": "Other"}


@pytest.mark.parametrize(
    ("value", "settled"),
    [
        ({"Ref": "Name"}, "shop"),
        ({"Ref": "Size"}, 3),
        (OTHER, OTHER),
        ({"Ref": "AWS::Region"}, {"Ref": "AWS::Region"}),
        ({"Ref": "Key"}, {"Ref": "Key"}),
        ({"Fn::Sub": "${Name}-${Size}"}, "shop-3"),
        ({"Fn::Sub": "${Name}-${AWS::Region}-${!Name}"}, {"Fn::Sub": "shop-${AWS::Region}-${!Name}"}),
        ({"Fn::Sub": "${Name}-${!Name}"}, {"Fn::Sub": "${Name}-${!Name}"}),
        ({"Fn::Sub": ["${A}-${B}", {"A": {"Ref": "Name"}, "B": OTHER}]}, {"Fn::Sub": ["shop-${B}", {"B": OTHER}]}),
        ({"Fn::Sub": ["${A}-${AWS::Region}", {"A": "${B}"}]}, {"Fn::Sub": "${!B}-${AWS::Region}"}),
        ({"Fn::Sub": "${Child.Outputs.Id}${Topic.Arn}"}, {"Fn::Sub": "out${Topic.Arn}"}),
        ({"Fn::Sub": "${Key}"}, {"Fn::Sub": "${Key}"}),
        ({"Fn::GetAtt": ["Child", "Outputs.Id"]}, "out"),
        ({"Fn::GetAtt": "Child.Outputs.Gone"}, {"Fn::GetAtt": "Child.Outputs.Gone"}),
        ({"Fn::If": ["Big", {"a": {"Ref": "Name"}}, OTHER]}, {"a": "shop"}),
        ({"Fn::If": ["Open", {"Ref": "Name"}, OTHER]}, {"Fn::If": ["Open", "shop", OTHER]}),
        ({"a": {"Fn::If": ["Big", NO_VALUE, 1]}, "b": [{"Fn::If": ["Big", NO_VALUE, 1]}, 2]}, {"b": [2]}),
        ({"Fn::Join": ["-", [{"Ref": "Name"}, 1]]}, "shop-1"),
        ({"Fn::Join": [",", {"Ref": "Ids"}]}, "a,b"),
        ({"Fn::Join": ["-", [{"Ref": "Name"}, OTHER]]}, {"Fn::Join": ["-", ["shop", OTHER]]}),
        ({"Fn::Select": ["1", {"Ref": "Ids"}]}, "b"),
        ({"Fn::Select": [0, ["a", OTHER]]}, "a"),
        ({"Fn::Select": [2, {"Ref": "Ids"}]}, {"Fn::Select": [2, ["a", "b"]]}),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
        ({"Fn::Split": ["h", {"Ref": "Name"}]}, ["s", "op"]),
        ({"Fn::Select": [3, {"Fn::Cidr": [{"Ref": "Block"}, 4, 5]}]}, "10.0.0.96/27"),
        ({"Fn::Cidr": [OTHER, 4, 5]}, {"Fn::Cidr": [OTHER, 4, 5]}),
        ({"Fn::Cidr": ["nonsense", 4, 5]}, {"Fn::Cidr": ["nonsense", 4, 5]}),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Name"}, "Cpu"]}, 256),
        ({"Fn::FindInMap": ["Sizes", OTHER, "Cpu"]}, {"Fn::FindInMap": ["Sizes", OTHER, "Cpu"]}),
        ({"Fn::Base64": {"Fn::Sub": "${Name}"}}, {"Fn::Base64": "shop"}),
    ],
)
def test_what_is_known_is_put_in_and_the_rest_stays(value: Any, settled: Any) -> None:
    assert settle(value, KNOWN) == settled


YES, NO, MAYBE = {"Condition": "Big"}, {"Fn::Not": [{"Condition": "Big"}]}, {"Condition": "Open"}


@pytest.mark.parametrize(
    ("condition", "outcome"),
    [
        (YES, True),
        (NO, False),
        (MAYBE, None),
        ({"Fn::Not": [MAYBE]}, None),
        ({"Fn::And": [YES, MAYBE]}, None),
        ({"Fn::And": [NO, MAYBE]}, False),
        ({"Fn::Or": [YES, MAYBE]}, True),
        ({"Fn::Or": [NO, MAYBE]}, None),
        ({"Fn::Contains": [["a", "b"], "b"]}, True),
        ({"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}, True),
        ({"Fn::Equals": [{"Ref": "Key"}, ""]}, False),
        ({"Condition": "Gone"}, None),
    ],
)
def test_a_condition_is_decided_as_far_as_values_are_known(condition: Any, outcome: bool | None) -> None:
    assert holds(condition, KNOWN) is outcome


def test_values_have_the_form_that_properties_get() -> None:
    declared = {
        "Count": {"Type": "Number", "Default": 2},
        "Names": {"Type": "CommaDelimitedList"},
        "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>", "Default": ""},
        "Account": {"Type": "String"},
        "Image": {"Type": "String"},
        "Vpc": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/vpc"},
        "Wired": {"Type": "String", "Default": "x"},
    }
    given = {"Names": "a, b", "Account": "012345678901", "Wired": {"Fn::GetAtt": ["A", "B"]}}
    assert known_parameters(declared, given) == {
        "Count": 2,
        "Names": ["a", "b"],
        "Subnets": [],
        "Account": "012345678901",
    }


def test_what_is_not_there_is_gone_with_all_that_led_to_it() -> None:
    topic = {"Type": "AWS::SNS::Topic"}
    conditions = {**KNOWN.conditions, "Small": NO}
    template: dict[str, Any] = {
        "Description": "x",
        "Metadata": {"m": 1},
        "Parameters": {"Name": {}, "Other": {}, "Unused": {}},
        "Rules": {"r": 1},
        "Mappings": {"Sizes": {"shop": {"Cpu": 256}}},
        "Conditions": conditions,
        "Resources": {
            "Yes": topic | {"Condition": "Big", "DependsOn": ["No", "Maybe"], "Metadata": {"m": 1}},
            "No": topic | {"Condition": "Small", "Properties": {"DisplayName": OTHER}},
            "Maybe": topic | {"Condition": "Open", "DependsOn": "No"},
        },
        "Outputs": {"No": {"Condition": "Small", "Value": 1}, "Yes": {"Value": {"Ref": "Yes"}}},
    }
    scope = Scope(KNOWN.parameters, conditions=conditions)
    assert render(template, scope) == {
        "Description": "x",
        "Parameters": {"Other": {}},
        "Conditions": {"Open": {"Fn::Equals": [OTHER, "x"]}},
        "Resources": {"Yes": topic | {"DependsOn": ["Maybe"]}, "Maybe": topic | {"Condition": "Open"}},
        "Outputs": {"Yes": {"Value": {"Ref": "Yes"}}},
    }


def with_values(templates: Path, values: dict[str, str], *engines: str) -> list[Finding]:
    """What engines find in a folder whose one environment has these values."""
    (templates / "config/live").mkdir(parents=True)
    (templates / "config/live/environment.json").write_text(json.dumps({"Parameters": values}), encoding="utf-8")
    one = platform(SMALL)
    folder = gate.Folder(templates, templates / "work", one.regions, one)
    chosen = [lint.ENGINES_BY_NAME[name] for name in engines]
    return gate.check([folder], chosen, Settings(ROOT / ".cfnlintrc"), Store(templates / "store.json"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_every_template_is_rendered_for_someone_and_no_child_is_told_what_it_does_not_ask(case: Path) -> None:
    made = generated(case)
    found = list(renderings(made.platform, Library(made.folder)))
    assert {one.template for one in found} == set(made.templates)
    by_file = {(one.place, one.file): one for one in found}
    assert len(by_file) == len(found)
    for one in found:
        for resource in one.document["Resources"].values():
            if resource["Type"] == "AWS::CloudFormation::Stack":
                given = resource["Properties"]
                child = by_file[one.place, given["TemplateURL"]].document
                told, asked = given.get("Parameters", {}), child.get("Parameters", {})
                assert set(told) <= set(asked)
                assert all("Default" in asked[name] for name in set(asked) - set(told))


@pytest.mark.parametrize("text", ["Resources: [\n", "Resources: {A: 1}\n", "Conditions: {A: {'Fn::Equals': 1}}\n"])
def test_a_template_that_takes_no_values_is_a_finding(tmp_path: Path, text: str) -> None:
    (tmp_path / "environment.yaml").write_text(text, encoding="utf-8")
    found = with_values(tmp_path, {}, "house")
    assert any("render crash" in finding.rule and finding.template.endswith("environment.yaml") for finding in found)


def test_values_of_an_environment_decide_what_it_has() -> None:
    made = generated(ROOT / "params")
    found = {(one.place, one.file): one.document for one in renderings(made.platform, Library(made.folder))}
    network = {place: found[place, "network-Network.yaml"]["Resources"] for place in made.platform.environments}
    cidr = made.configurations["production/environment.json"]["Parameters"]["VpcCidr"]
    assert network["production"]["Vpc"]["Properties"]["CidrBlock"] == cidr
    assert {"PrivateSubnetC", "NatGatewayC"} <= set(network["production"])
    assert "PrivateSubnetC" not in network["test"]
    assert "Conditions" not in found["test", "network-Network.yaml"]
    task = found["production", "service-orders-cluster-switch.yaml"]["Resources"]["TaskDefinition"]["Properties"]
    assert task["Cpu"] == 512


# What nobody sees in the template as emitted: stack's values, the rule that has to find it, and the resource.
VALUES = [
    ("test/service-orders.json", {"Cpu": "512", "Memory": "512"}, "cfn-lint E3047", "TaskDefinition"),
    ("test/environment.json", {"VpcCidr": "10.0.0.0/30"}, "house house-vpc-size", "Vpc"),
    ("staging/environment.json", {"SubnetBits": "14"}, "cfn-lint E1017", "PrivateSubnetA"),
    ("staging/environment.json", {"Arm64InstancesMin": "20"}, "cfn-lint E3706", "Arm64AutoScalingGroup"),
    ("production/environment.json", {"Arm64InstanceType": "m7q.large"}, "cfn-lint E3628", "Arm64LaunchTemplate"),
    ("toolchain.json", {"LogRetentionDays": "31"}, "cfn-lint E3030", "BuildLogs"),
]


@pytest.fixture(scope="module")
def mutated(tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    work = tmp_path_factory.mktemp("mutated")
    templates = work / "templates"
    shutil.copytree(ROOT / "templates", templates)
    for file, values, _, _ in VALUES:
        path = templates / "config" / file
        content = json.loads(path.read_text(encoding="utf-8"))
        content["Parameters"] |= values
        path.write_text(json.dumps(content), encoding="utf-8")
    shipped = platform()
    folder = gate.Folder(templates, work / "work", shipped.regions, shipped)
    fast = [engine for engine in ENGINES if engine.name != "checkov"]
    known = ROOT / ".cache/checks/engines.json"  # of `make lint`: what is not mutated need not be looked into again
    if known.exists():
        shutil.copy(known, work / "store.json")
    return gate.check([folder], fast, Settings(ROOT / ".cfnlintrc"), Store(work / "store.json"))


@pytest.mark.parametrize(("file", "values", "rule", "resource"), VALUES)
def test_engines_find_in_values_what_templates_hide(
    mutated: list[Finding], file: str, values: dict[str, str], rule: str, resource: str
) -> None:
    place = file.partition("/")[0].removesuffix(".json")
    found = [finding for finding in mutated if finding.resource == resource and rule in finding.rule.split(", ")]
    assert found, values
    for finding in found:
        assert place in finding.message.partition(":")[0]
        text = Path(finding.template).read_text(encoding="utf-8").splitlines()
        assert text[finding.line - 1] == f"  {resource}:"


def test_nothing_else_is_found_in_them(mutated: list[Finding]) -> None:
    others = {"PrivateSubnetB", "EventLog"}  # with the same values
    assert {finding.resource for finding in mutated} == {resource for *_, resource in VALUES} | others


SMALL = (ROOT / "tests/cases/bare/platform.yaml").read_text(encoding="utf-8").replace("test:", "live:")
NETWORK = """\
Description: A network and a service whose values are parameters.
Parameters:
  VpcCidr: {Type: String}
  SubnetCidr: {Type: String}
  Least: {Type: Number}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: !Ref VpcCidr}}
  Subnet: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: !Ref SubnetCidr}}
  Service:
    Type: AWS::ECS::Service
    Properties:
      TaskDefinition: task
      DeploymentConfiguration: {MaximumPercent: 100, MinimumHealthyPercent: !Ref Least}
"""


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"VpcCidr": "10.0.0.0/16", "SubnetCidr": "10.0.1.0/24", "Least": "50"}, set()),
        ({"VpcCidr": "10.0.0.0/16", "SubnetCidr": "10.1.1.0/24", "Least": "50"}, {("E3059", "Subnet")}),
        (
            {"VpcCidr": "10.0.0.0/16", "SubnetCidr": "10.0.1.0/24", "Least": "100"},
            {("house-deployment-deadlock", "Service")},
        ),
    ],
)
def test_a_subnet_outside_of_its_vpc_and_a_deadlock_show_with_values_only(
    tmp_path: Path, values: dict[str, str], expected: set[tuple[str, str]]
) -> None:
    (tmp_path / "environment.yaml").write_text(NETWORK, encoding="utf-8")
    found = with_values(tmp_path, values, "cfn-lint", "house")
    assert {(one.rule.split()[-1], one.resource) for one in found if one.severity == "error"} == expected
