"""What both network stacks have: key, hosted zone and offers; and the flow log of the new VPC."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from sendy_cfn import wires
from sendy_cfn.knobs import network as knobs
from sendy_cfn.stacks import network, network_existing
from tests.platforms import platform
from tests.stacks.evaluate import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.config.model import Platform

VALUES: dict[str, Any] = {
    "Environment": "test",
    "VpcCidr": "10.20.0.0/16",
    "SubnetBits": 12,
    "Zones": 3,
    "Nat": "per-zone",
    "LogRetentionDays": 30,
    "DomainName": "test.courier.example",
    "ExistingHostedZoneId": "",
    "ExistingVpcId": "vpc-1",
    "ExistingPublicSubnetIds": ["subnet-1", "subnet-2"],
    "ExistingPrivateSubnetIds": ["subnet-3", "subnet-4"],
}
SHIPPED = platform()
WITHOUT_DOMAIN = dataclasses.replace(SHIPPED, domain=None)
NEW = network.build(SHIPPED).to_dict()
EXISTING = network_existing.build(SHIPPED).to_dict()


def statements(stack: Stack, resource: str, document: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.resources[resource][document]["Statement"]
    return found


# Logs and key


def actions(statement: dict[str, Any]) -> set[str]:
    return set(statement["Action"])


def test_flow_log_records_all_traffic_encrypted_by_a_role_that_only_writes_it() -> None:
    built = Stack(NEW, VALUES)
    log = built.resources["FlowLog"]
    assert (log["ResourceType"], log["ResourceId"], log["TrafficType"]) == ("VPC", "Vpc.id", "ALL")
    assert log["LogGroupName"] == "FlowLogGroup.id"
    assert log["DeliverLogsPermissionArn"] == "FlowLogRole.Arn"
    assert built.depends_on("FlowLog") == ["FlowLogPolicy"]
    assert built.resources["FlowLogGroup"] == {"KmsKeyId": "Key.Arn", "RetentionInDays": 30}
    assert built.resources["FlowLogPolicy"]["Roles"] == ["FlowLogRole.id"]
    granted = statements(built, "FlowLogPolicy", "PolicyDocument")
    writes = {action for one in granted if one["Resource"] == ["FlowLogGroup.Arn"] for action in actions(one)}
    assert writes == {"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"}
    assert set().union(*map(actions, granted)) - writes == {"logs:DescribeLogGroups"}
    (trust,) = statements(built, "FlowLogRole", "AssumeRolePolicyDocument")
    assert trust["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}


def key_statements(principal: str) -> Iterator[dict[str, Any]]:
    for statement in statements(Stack(NEW, VALUES), "Key", "KeyPolicy"):
        if principal in statement["Principal"].values():
            yield statement


ROOT = "arn:aws:iam::123456789012:root"
NOT_ON_A_KEY = {"kms:CreateKey", "kms:ListKeys", "kms:ListAliases"}  # actions on the account, not on a key


@pytest.mark.parametrize("kind", ["Key", "Alias"])
def test_cloudformation_can_administer_the_key(kind: str) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-central-1", f"AWS::KMS::{kind}").schema
    needed = {action for handler in schema["handlers"].values() for action in handler["permissions"]} - NOT_ON_A_KEY
    needed = {action for action in needed if action.startswith("kms:")}
    granted = set().union(*map(actions, key_statements(ROOT)))
    assert needed
    assert needed - granted == set()


def test_key_policy_names_principals_and_actions() -> None:
    for statement in statements(Stack(NEW, VALUES), "Key", "KeyPolicy"):
        assert "*" not in statement["Principal"].values()
        assert not [action for action in actions(statement) if "*" in action]


def test_logs_service_uses_the_key_for_this_accounts_log_groups_only() -> None:
    (statement,) = key_statements("logs.eu-central-1.amazonaws.com")
    assert {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"} <= actions(statement)
    assert statement["Condition"] == {
        "ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-central-1:123456789012:log-group:*"}
    }


@pytest.mark.parametrize("service", ["cloudwatch.amazonaws.com", "events.amazonaws.com"])
def test_publishers_reach_encrypted_topics(service: str) -> None:
    (statement,) = key_statements(service)
    assert actions(statement) == {"kms:Decrypt", "kms:GenerateDataKey"}


@pytest.mark.parametrize("builder", [network.build, network_existing.build])
@pytest.mark.parametrize(
    ("throwaway", "policy"), [(False, ("RetainExceptOnCreate", "Retain")), (True, ("Delete", "Delete"))]
)
def test_what_is_lost_with_a_throwaway_environment(builder: Any, throwaway: bool, policy: tuple[str, str]) -> None:
    built = Stack(builder(SHIPPED, throwaway=throwaway).to_dict(), VALUES)
    policies = {
        name: (body["DeletionPolicy"], body["UpdateReplacePolicy"])
        for name, body in built.made.items()
        if "DeletionPolicy" in body
    }
    assert policies.pop("HostedZone") == ("Retain", "Retain"), "its deletion would fail"
    assert set(policies) == {"Key", "FlowLogGroup"} & set(built.made)
    assert set(policies.values()) == {policy}


# Hosted zone and what others take


@pytest.mark.parametrize(
    ("block", "allowed"),
    [
        ("10.0.0.0/16", True),
        ("192.168.4.0/23", True),
        ("100.64.0.0/16", True),
        ("192.168.4.0/24", False),
        ("172.17.0.0/16", False),
        ("8.8.0.0/16", False),
        ("10.0.0.0/15", False),
        ("10.0.0.0/25", False),
        ("10.0.0.256/16", False),
        ("10.0.0/16", False),
        ("10.0.0.0", False),
    ],
)
def test_address_block_is_one_that_a_vpc_can_have(block: str, allowed: bool) -> None:
    assert (knobs.VPC_CIDR.check(block) == "") is allowed


@pytest.mark.parametrize(("zone", "allowed"), [("", True), ("Z0123456789ABCDEFGHIJ", True), ("example.com", False)])
def test_existing_zone_is_empty_or_an_id(zone: str, allowed: bool) -> None:
    assert (knobs.EXISTING_HOSTED_ZONE_ID.check(zone) == "") is allowed


@pytest.mark.parametrize("template", [NEW, EXISTING], ids=["new", "existing"])
def test_hosted_zone_is_created_unless_one_is_given(template: dict[str, Any]) -> None:
    own = Stack(template, VALUES)
    assert own.of_type("Route53::HostedZone") == {"HostedZone": {"Name": "test.courier.example"}}
    assert own.outputs["HostedZoneId"] == "HostedZone.id"
    assert own.outputs["NameServers"].split(",") == [f"HostedZone-{number}" for number in range(4)]
    given = Stack(template, VALUES | {"ExistingHostedZoneId": "Z1"})
    assert not given.of_type("Route53::HostedZone")
    assert given.outputs["HostedZoneId"] == "Z1"


PUBLISHED = (wires.VPC_ID, wires.PRIVATE_SUBNET_IDS, wires.KEY_ARN, wires.HOSTED_ZONE_ID)


@pytest.mark.parametrize("one", [SHIPPED, WITHOUT_DOMAIN], ids=["domain", "no domain"])
def test_both_variants_offer_and_publish_the_same(one: Platform) -> None:
    variants = [Stack(builder(one).to_dict(), VALUES) for builder in (network.build, network_existing.build)]
    wanted = [wire for wire in PUBLISHED if one.has_domain or wire is not wires.HOSTED_ZONE_ID]
    names = {wire.name for wire in wanted} | {"PublicSubnetIds"} | ({"NameServers"} if one.has_domain else set())
    # What the dashboard looks at beside: a VPC that is not ours has its own NAT and flow log.
    ours = {wires.NAT_GATEWAY_IDS.name, wires.FLOW_LOG_GROUP.name}
    for built, more in zip(variants, (ours, set()), strict=True):
        assert set(built.outputs) == names | more
        published = {parameter["Name"]: parameter for parameter in built.of_type("SSM::Parameter").values()}
        assert set(published) == {wire.ssm_name(one.platform, "test") for wire in wanted}
        for wire in wanted:
            parameter = published[wire.ssm_name(one.platform, "test")]
            assert parameter["Value"] == built.outputs[wire.name]
            assert parameter["Type"] == ("StringList" if wire.type.startswith("List<") else "String")


def test_existing_network_is_passed_on_and_not_touched() -> None:
    built = Stack(EXISTING, VALUES)
    assert not [body["Type"] for body in built.made.values() if body["Type"].startswith("AWS::EC2::")]
    assert built.outputs["VpcId"] == "vpc-1"
    assert built.outputs["PublicSubnetIds"] == "subnet-1,subnet-2"
    assert built.outputs["PrivateSubnetIds"] == "subnet-3,subnet-4"


@pytest.mark.parametrize("stray", [None, "subnet-1", "subnet-4"])
def test_existing_subnets_must_be_in_the_vpc(stray: str | None) -> None:
    built = Stack(EXISTING, VALUES)

    def belongs(argument: list[Any]) -> bool:
        (parameter, attribute), vpc = argument[0]["Fn::ValueOf"], built.value(argument[1])
        assert attribute == "VpcId"
        return all(("vpc-2" if subnet == stray else "vpc-1") == vpc for subnet in built.values[parameter])

    rules = built.template["Rules"].values()
    asserted = [assertion["Assert"]["Fn::EachMemberEquals"] for rule in rules for assertion in rule["Assertions"]]
    assert all(map(belongs, asserted)) is (stray is None)
