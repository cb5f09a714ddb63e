"""What environments in other accounts and regions send to the toolchain, and what the toolchain takes from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator import Emulator
from sendy_cfn.blocks import role_paths
from sendy_cfn.stacks import forwarding, notifications
from tests.generated import CASES, generated
from tests.monitoring import examples
from tests.monitoring.examples import example
from tests.monitoring.test_notices import KEY, NOTHING
from tests.platforms import ROOT, platform
from tests.stacks.authorization import allows
from tests.stacks.deliveries import Stack, policy_statements
from tests.stacks.test_artifacts import TWO_ACCOUNTS

PRODUCTION = {"AWS::AccountId": "333333333333", "AWS::Region": "eu-west-1", "Environment": "production"}
STAGING = {"AWS::AccountId": "222222222222", "AWS::Region": "eu-central-1", "Environment": "staging"}
BUS = "arn:aws:events:eu-central-1:111111111111:event-bus/default"


def environment(place: dict[str, str]) -> Stack:
    template = forwarding.build(platform(TWO_ACCOUNTS)).to_dict()
    return Stack({"Outputs": {}, **template}, {"ToolchainAccountId": "111111111111", "KeyArn": KEY, **place})


@pytest.mark.parametrize(
    ("account", "region", "nested"),
    [
        ("111122223333", "eu-west-1", False),
        ("444455556666", "eu-west-1", True),
        ("111122223333", "eu-central-1", True),
    ],
)
def test_beside_the_toolchain_it_is_not_nested(account: str, region: str, nested: bool) -> None:
    root = generated(ROOT / "tests/cases/two-accounts").templates["environment.yaml"]
    one = {**root["Resources"]["Forwarding"], "Properties": {}}
    place = {"AWS::AccountId": account, "AWS::Region": region, "ToolchainAccountId": "111122223333"}
    assert bool(Stack({**root, "Resources": {"Forwarding": one}, "Outputs": {}}, place).made) is nested


@pytest.mark.parametrize("place", [STAGING, PRODUCTION], ids=["another account", "another region, too"])
def test_elsewhere_events_go_to_the_toolchains_bus(place: dict[str, str]) -> None:
    stack = environment(place)
    rules = stack.of_type("Events::Rule")
    assert rules
    for name, rule in rules.items():
        (target,) = rule["Targets"]
        assert (target["Arn"], target["RoleArn"]) == (BUS, "ForwardRole.Arn")
        (policy,) = stack.of_type("SQS::QueuePolicy").values()
        sent = {"aws__SourceArn": f"{name}.Arn", "aws__SecureTransport": "true"}
        assert allows(
            policy["PolicyDocument"]["Statement"], "sqs:SendMessage", target["DeadLetterConfig"]["Arn"], **sent
        )
    granted = policy_statements(stack, "ForwardRole")
    assert allows(granted, "events:PutEvents", BUS)
    assert not allows(granted, "events:PutEvents", BUS.replace("1111", "4444"))
    assert not allows(granted, "events:PutRule", BUS)


@pytest.mark.parametrize("name", examples.names())
def test_an_environment_sends_its_own_deployments_stacks_and_alarms(emulator: Emulator, name: str) -> None:
    """The example events are of production."""
    there = examples.elsewhere(example(name), "333333333333")
    for place, own in ((PRODUCTION, True), ({**PRODUCTION, "Environment": "staging"}, False)):
        rules = environment(place).of_type("Events::Rule").values()
        sent = sum(examples.matches(emulator, rule["EventPattern"], there) for rule in rules)
        wanted = name.startswith(("ecs-", "stack-", "alarm-")) and name != "stack-updating"
        assert sent == (1 if own and wanted else 0)
        assert not any(examples.matches(emulator, rule["EventPattern"], example(name)) for rule in rules)


def test_the_bus_takes_events_of_the_environments_roles_only() -> None:
    toolchain = {"AWS::AccountId": "111111111111", "ArtifactKeyArn": KEY, "AWS::StackName": "stack", **NOTHING}
    stack = Stack(notifications.build(platform(TWO_ACCOUNTS)).to_dict(), toolchain)
    (policy,) = stack.of_type("Events::EventBusPolicy").values()
    statement = policy["Statement"]
    assert statement["Principal"] == {"AWS": [f"arn:aws:iam::{n * 12}:root" for n in ("2", "3")]}
    path = environment(PRODUCTION).resources["ForwardRole"]["Path"]
    assert path == role_paths.of_deployment("courier")
    role = f"arn:aws:iam::333333333333:role{path}courier-production-Forwarding-ForwardRole-1A"
    assert allows([statement], "events:PutEvents", BUS, aws__PrincipalArn=role)
    assert not allows([statement], "events:PutEvents", BUS, aws__PrincipalArn="arn:aws:iam::333333333333:role/Admin")
    assert not allows([statement], "events:PutRule", BUS, aws__PrincipalArn=role)


def test_one_account_needs_no_bus_policy() -> None:
    template = notifications.build(platform()).to_dict()
    assert not [one for one in template["Resources"].values() if one["Type"] == "AWS::Events::EventBusPolicy"]


@pytest.mark.parametrize("params", CASES, ids=lambda path: path.name)
def test_it_is_there_where_an_environment_is_elsewhere(params: Path) -> None:
    case = generated(params)
    here = case.platform.toolchain
    places = case.platform.environments.values()
    away = any((one.account or here.account, one.region) != (here.account, here.region) for one in places)
    assert ("forwarding.yaml" in case.templates) == away
    for file, template in case.templates.items():
        if file.startswith("environment"):
            assert ("Forwarding" in template["Resources"]) == away
