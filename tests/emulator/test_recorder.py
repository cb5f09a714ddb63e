import re

import pytest

from emulator import Emulator
from emulator.driver import Stacks
from tests.emulator.templates import att, body, ref, resource, text

TOPIC = resource("AWS::SNS::Topic")


def connection(name: str, tag: str = "a") -> dict[str, object]:
    return resource(
        "AWS::CodeConnections::Connection",
        {"ConnectionName": name, "ProviderType": "GitHub", "Tags": [{"Key": "team", "Value": tag}]},
    )


def template(name: str, tag: str = "a") -> str:
    return body(
        {"Link": connection(name, tag), "Topic": TOPIC},
        {"Arn": ref("Link"), "Same": att("Link", "ConnectionArn"), "Status": att("Link", "ConnectionStatus")},
    )


def test_ref_and_getatt_come_from_the_schema(stacks: Stacks) -> None:
    assert stacks.create("one", template("github")) == "CREATE_COMPLETE"
    outputs = stacks.outputs("one")
    assert re.fullmatch(
        rf"arn:aws:codeconnections:{stacks.region}:{stacks.account}:connection/[0-9a-f-]{{36}}", outputs["Arn"]
    )
    assert outputs["Same"] == outputs["Arn"]
    assert outputs["Status"] == "PENDING"


def test_only_types_without_a_service_are_marked_as_recorded(stacks: Stacks, emulator: Emulator) -> None:
    stacks.create("one", template("github"))
    assert emulator.recorded("one", stacks.account) == {"Link": "AWS::CodeConnections::Connection"}


def test_a_property_that_can_change_is_updated_in_place(stacks: Stacks) -> None:
    stacks.create("one", template("github"))
    before = stacks.resolved("one")["Link"]
    assert stacks.update("one", template("github", "b")) == "UPDATE_COMPLETE"
    after = stacks.resolved("one")["Link"]
    assert after.physical_id == before.physical_id
    assert (before.properties["Tags"][0]["Value"], after.properties["Tags"][0]["Value"]) == ("a", "b")


def test_a_property_fixed_at_creation_replaces_the_resource(stacks: Stacks) -> None:
    def named(name: str) -> str:
        return body({"App": resource("AWS::CodeDeploy::Application", {"ApplicationName": name})})

    stacks.create("one", named("first"))
    assert stacks.update("one", named("second")) == "UPDATE_COMPLETE"
    assert stacks.resolved("one")["App"].physical_id == "second"
    # The first name is free again.
    assert stacks.create("two", named("first")) == "CREATE_COMPLETE"


def test_a_custom_name_cannot_be_kept_by_a_replacement(stacks: Stacks) -> None:
    def provider(group: str) -> str:
        return body(
            {
                "Provider": resource(
                    "AWS::ECS::CapacityProvider",
                    {"Name": "hosts", "AutoScalingGroupProvider": {"AutoScalingGroupArn": group}},
                )
            }
        )

    stacks.create("one", provider("a"))
    assert stacks.update("one", provider("b")) == "UPDATE_ROLLBACK_COMPLETE"
    assert "custom-named resource requires replacing" in stacks.failures("one")[-1]
    settings = stacks.resolved("one")["Provider"].properties["AutoScalingGroupProvider"]
    assert settings == {"AutoScalingGroupArn": "a"}


def test_a_name_is_taken_once_for_recorded_and_for_real_types(stacks: Stacks) -> None:
    target = resource(
        "AWS::ApplicationAutoScaling::ScalableTarget",
        {
            "ServiceNamespace": "ecs",
            "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": "service/a/b",
            "MinCapacity": 1,
            "MaxCapacity": 2,
        },
    )
    group = resource("AWS::Logs::LogGroup", {"LogGroupName": "/one"})
    stacks.create("one", body({"Target": target, "Log": group}))
    assert stacks.create("two", body({"Target": target})) == "ROLLBACK_COMPLETE"
    assert stacks.create("three", body({"Log": group})) == "ROLLBACK_COMPLETE"
    assert any("already exists" in reason for reason in stacks.failures("two"))
    assert set(stacks.resolved("one")) == {"Target", "Log"}
    assert stacks.delete("one") == "DELETE_COMPLETE"
    assert stacks.create("four", body({"Target": target, "Log": group})) == "CREATE_COMPLETE"


def test_a_type_without_a_schema_is_refused(stacks: Stacks) -> None:
    with pytest.raises(Exception, match=r"Unrecognized resource types: \[AWS::Nothing::AtAll\]"):
        stacks.create("one", body({"Thing": resource("AWS::Nothing::AtAll")}))
    assert stacks.statuses() == {}


def test_state_holds_old_and_new_properties(stacks: Stacks, emulator: Emulator) -> None:
    from emulator.state import lines

    parameter = resource("AWS::SSM::Parameter", {"Name": "/a", "Type": "String", "Value": ref("Text")})
    template = body({"Item": parameter}, Parameters=text("Text"))
    stacks.create("one", template, {"Text": "first"})
    stacks.update("one", template, {"Text": "second"})
    stacks.delete("one")
    mine = [line for line in lines(emulator.state) if line["account"] == stacks.account and line["action"] != "stack"]
    assert [line["action"] for line in mine] == ["create", "update", "delete"]
    assert mine[1]["old_properties"]["Value"] == "first"
    assert mine[1]["properties"]["Value"] == "second"
    assert stacks.resolved("one") == {}
