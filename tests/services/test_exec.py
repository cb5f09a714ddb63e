"""ECS Exec: off unless platform.yaml and the values ask for it, then encrypted, logged and no more than it needs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.generated import CASES, Document, Generated, generated
from tests.platforms import ROOT
from tests.stacks.authorization import allows
from tests.strategies.deployed import CASE, deployments, stack

OFF, ON = {"ExecuteCommand": "false"}, {"ExecuteCommand": "true"}
LOGS = ("/shop/live/cluster-blue/command-log-group-arn", "/shop/live/cluster-green/command-log-group-arn")


@pytest.fixture(scope="module", params=CASES, ids=lambda path: path.name)
def made(request: pytest.FixtureRequest) -> Generated:
    return generated(request.param)


def services(found: Any) -> list[dict[str, Any]]:
    return list(found.of_type("ECS::Service").values())


def test_it_is_literally_off_where_nobody_asked(made: Generated) -> None:
    seen = 0
    for one in deployments(made):
        if not made.platform.services[one.service].exec:
            template = made.templates[one.file]
            for body in template["Resources"].values():
                if body["Type"] == "AWS::ECS::Service":
                    assert body["Properties"]["EnableExecuteCommand"] is False, one.file
                    seen += 1
            assert "ssmmessages" not in str(template), one.file
    assert seen


@pytest.mark.parametrize("service", ["switched", "shifted"])
def test_the_values_switch_it(service: str) -> None:
    found = generated(CASE)
    off, on = stack(found, "live", service, **OFF), stack(found, "live", service, **ON)
    assert {one["EnableExecuteCommand"] for one in services(off)} == {False}
    assert {one["EnableExecuteCommand"] for one in services(on)} == {True}
    assert "CommandPolicy" not in off.resources
    assert on.resources["CommandPolicy"]["Roles"] == ["TaskRole.id"]


def test_it_is_off_until_the_values_say_so() -> None:
    found = generated(CASE)
    assert {one["EnableExecuteCommand"] for one in services(stack(found, "live", "shifted"))} == {False}
    assert {one["EnableExecuteCommand"] for one in services(stack(found, "live", "switched"))} == {True}


def test_the_agent_may_talk_and_log_and_nothing_else() -> None:
    found = stack(generated(CASE), "live", "switched", **ON)
    statements = found.resources["CommandPolicy"]["PolicyDocument"]["Statement"]
    for channel in ("ControlChannel", "DataChannel"):
        for verb in ("Create", "Open"):
            assert allows(statements, f"ssmmessages:{verb}{channel}", "*")
    for group in LOGS:
        assert allows(statements, "logs:PutLogEvents", group)
    assert not allows(statements, "logs:PutLogEvents", "/shop/test/cluster-blue/command-log-group-arn")
    assert not allows(statements, "logs:CreateLogGroup", LOGS[0])
    assert allows(statements, "kms:Decrypt", "/shop/live/network/key-arn")
    assert len({action for one in statements for action in one["Action"]}) == 4 + 4 + 1


def clusters(made: Generated) -> dict[str, Document]:
    return {name: template for name, template in made.templates.items() if name.startswith("cluster")}


def test_clusters_log_commands_where_a_service_has_some(made: Generated) -> None:
    wanted = any(service.exec for service in made.platform.services.values())
    for file, template in clusters(made).items():
        assert ("Configuration" in template["Resources"]["Cluster"]["Properties"]) == wanted, file


def test_the_log_is_encrypted_and_kept() -> None:
    for template in clusters(generated(CASE)).values():
        resources, key = template["Resources"], {"Ref": "KeyArn"}
        settings = resources["Cluster"]["Properties"]["Configuration"]["ExecuteCommandConfiguration"]
        assert (settings["KmsKeyId"], settings["Logging"]) == (key, "OVERRIDE")
        log = settings["LogConfiguration"]
        assert log == {"CloudWatchLogGroupName": {"Ref": "CommandLogGroup"}, "CloudWatchEncryptionEnabled": True}
        group = resources["CommandLogGroup"]
        assert group["Properties"] == {"KmsKeyId": key, "RetentionInDays": {"Ref": "LogRetentionDays"}}
        assert group["UpdateReplacePolicy"] == "Retain"


def test_without_nat_there_are_endpoints_for_it() -> None:
    full = generated(ROOT / "tests/cases/full")
    without = generated(ROOT / "tests/cases/throwaway").templates["network.yaml"]
    for template in (full.templates["network.yaml"], without):
        endpoints = [
            body
            for body in template["Resources"].values()
            if body["Type"] == "AWS::EC2::VPCEndpoint" and body["Properties"]["VpcEndpointType"] == "Interface"
        ]
        named = {str(body["Properties"]["ServiceName"]["Fn::Sub"]).rpartition(".")[2]: body for body in endpoints}
        for service in ("ssmmessages", "kms", "logs"):
            assert named[service].get("Condition") in (None, "HasNoNat")
