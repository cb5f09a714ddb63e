"""The toolchain's monitoring of delivery: who may write, read and start what."""

from __future__ import annotations

import json
import re
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from emulator import Emulator
from sendy_cfn.blocks import buildspecs
from tests.generated import generated
from tests.monitoring.examples import example
from tests.monitoring.test_patterns import monitoring
from tests.monitoring.transformed import transformed
from tests.platforms import ROOT
from tests.stacks.authorization import allows
from tests.stacks.deliveries import policy_statements, role_of
from tests.stacks.deployment import arn

LOG = "EventLog.Arn"


def rules() -> dict[str, dict[str, Any]]:
    return monitoring().of_type("Events::Rule")


def test_only_the_rules_write_to_the_log() -> None:
    stack = monitoring()
    document = json.loads(stack.resources["EventLogPolicy"]["PolicyDocument"])
    to_log = [name for name, rule in rules().items() if rule["Targets"][0]["Id"] == "EventLog"]
    assert to_log
    for name in to_log:
        assert allows(document["Statement"], "logs:PutLogEvents", LOG, aws__SourceArn=f"{name}.Arn")
    assert not allows(document["Statement"], "logs:PutLogEvents", LOG, aws__SourceArn="arn:aws:events:::rule/other")
    assert not allows(document["Statement"], "logs:PutLogEvents", LOG)
    for action in ("logs:DeleteLogStream", "logs:FilterLogEvents", "logs:PutRetentionPolicy"):
        assert not allows(document["Statement"], action, LOG, aws__SourceArn=f"{to_log[0]}.Arn")
    for one in document["Statement"]:
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
        assert set(one["Principal"]["Service"]) == {"events.amazonaws.com", "delivery.logs.amazonaws.com"}
    assert len(json.dumps(document)) <= 5120  # AWS


def test_what_is_not_delivered_is_kept() -> None:
    stack = monitoring()
    (policy,) = stack.of_type("SQS::QueuePolicy").values()
    statements = policy["PolicyDocument"]["Statement"]
    for name, rule in rules().items():
        for target in rule["Targets"]:
            assert target["DeadLetterConfig"] == {"Arn": "UndeliveredEvents.Arn"}
        sent = {"aws__SourceArn": f"{name}.Arn", "aws__SecureTransport": "true"}
        assert allows(statements, "sqs:SendMessage", "UndeliveredEvents.Arn", **sent)
        assert not allows(
            statements, "sqs:SendMessage", "UndeliveredEvents.Arn", **sent | {"aws__SecureTransport": "false"}
        )
        assert not allows(statements, "sqs:ReceiveMessage", "UndeliveredEvents.Arn", **sent)
    other = {"aws__SourceArn": "arn:aws:events:eu-central-1:123456789012:rule/other", "aws__SecureTransport": "true"}
    assert not allows(statements, "sqs:SendMessage", "UndeliveredEvents.Arn", **other)


def test_the_key_lets_eventbridge_encrypt_what_it_could_not_deliver() -> None:
    key = generated(ROOT / "params").templates["artifacts.yaml"]["Resources"]["Key"]["Properties"]["KeyPolicy"]
    granted = [one for one in key["Statement"] if one["Principal"].get("Service") == "events.amazonaws.com"]
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        assert allows(granted, action, "*")
    assert not allows(granted, "kms:ScheduleKeyDeletion", "*")


def test_the_log_is_encrypted_kept_and_retained() -> None:
    stack = monitoring()
    log = stack.resources["EventLog"]
    assert log["KmsKeyId"] == stack.values["ArtifactKeyArn"]
    assert log["RetentionInDays"] == 90
    assert stack.made["EventLog"]["UpdateReplacePolicy"] == "Retain"


def test_the_build_gets_the_release_that_ended(emulator: Emulator) -> None:
    target = rules()["ReleaseEnded"]["Targets"][0]
    event = example("stage-succeeded")
    request = json.loads(transformed(emulator, target["InputTransformer"], event))
    start = botocore.session.get_session().get_service_model("codebuild").operation_model("StartBuild").input_shape
    report = ParamValidator().validate({"projectName": "x", **request}, start)
    assert not report.has_errors(), report.generate_report()
    given = {one["name"]: one["value"] for one in request["environmentVariablesOverride"]}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", given.pop("AT"))
    assert given == {
        "PIPELINE": "courier-orders",
        "STAGE": "DeployProduction",
        "STATE": "SUCCEEDED",
        "EXECUTION": event["detail"]["execution-id"],
    }


def test_the_build_has_all_that_its_specification_demands() -> None:
    project = monitoring().resources["RecordProject"]
    given = {one["Name"] for one in project["Environment"]["EnvironmentVariables"]}
    transformer = rules()["ReleaseEnded"]["Targets"][0]["InputTransformer"]["InputTemplate"]
    given |= {one["name"] for one in json.loads(transformer)["environmentVariablesOverride"]}
    assert project["Source"] == {"Type": "NO_SOURCE", "BuildSpec": buildspecs.load("record")}
    assert set(re.findall(r"\$\{([A-Z_]+):\?\}", project["Source"]["BuildSpec"])) == given


def test_roles_do_what_they_are_for() -> None:
    stack = monitoring()
    record = policy_statements(stack, "RecordRole")
    pipeline = arn("codepipeline", "courier-orders")
    for action in ("codepipeline:GetPipelineExecution", "codepipeline:ListActionExecutions"):
        assert allows(record, action, pipeline)
        assert not allows(record, action, arn("codepipeline", "parcels-orders"))
    for action in ("logs:FilterLogEvents", "logs:CreateLogStream", "logs:PutLogEvents"):
        assert allows(record, action, LOG)
    for action in ("codepipeline:StartPipelineExecution", "codepipeline:RollbackStage"):
        assert not allows(record, action, pipeline)
    start = policy_statements(stack, "StartRole")
    assert allows(start, "codebuild:StartBuild", "RecordProject.Arn")
    assert not allows(start, "codebuild:StartBuild", arn("codebuild", "project/courier-orders-image"))
    assert role_of(rules()["ReleaseEnded"]["Targets"][0]["RoleArn"]) == "StartRole"


def test_it_can_be_left_out() -> None:
    without = generated(ROOT / "tests/cases/throwaway")
    assert not without.platform.toolchain.monitoring
    assert "delivery-monitoring.yaml" not in without.templates
    counting = {
        file
        for file, template in without.templates.items()
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Logs::MetricFilter"
    }
    assert all(file.startswith(("monitoring", "service-")) for file in counting)  # what environments have
