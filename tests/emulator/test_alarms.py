"""Alarms of every kind, deployed by the AWS CLI: what CloudFormation takes, what CloudWatch then says, what it refuses.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-compositealarm.html
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator import Emulator
from tests.emulator.aws_cli import Account
from tests.emulator.templates import att, body, ref, resource

GROUP = {
    "Namespace": "AWS/ApplicationELB",
    "Dimensions": [{"Name": "TargetGroup", "Value": "targetgroup/a/0123456789abcdef"}],
}
ERRORS = {"Metric": {**GROUP, "MetricName": "HTTPCode_Target_5XX_Count"}, "Period": 60, "Stat": "Sum"}
REQUESTS = {"Metric": {**GROUP, "MetricName": "RequestCount"}, "Period": 60, "Stat": "Sum"}
MATH = [
    {"Id": "rate", "Expression": "100 * FILL(errors, 0) / requests", "Label": "errors", "ReturnData": True},
    {"Id": "errors", "MetricStat": ERRORS, "ReturnData": False},
    {"Id": "requests", "MetricStat": REQUESTS, "ReturnData": False},
]
BAND = [
    {"Id": "requests", "MetricStat": REQUESTS, "ReturnData": True},
    {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(requests, 3)", "ReturnData": True},
]
OVER = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 3, "Threshold": 5}
OUTSIDE = {"ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold", "EvaluationPeriods": 3}
ONE = {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Statistic": "Average", "Period": 60, **OVER}


@pytest.fixture
def account(emulator: Emulator) -> Account:
    return Account(emulator)


def alarm(**properties: Any) -> str:
    return body(
        {"Alarm": resource("AWS::CloudWatch::Alarm", properties)}, {"Name": ref("Alarm"), "Arn": att("Alarm", "Arn")}
    )


def described(account: Account, kind: str = "MetricAlarm") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = account.aws("cloudwatch", "describe-alarms", "--alarm-types", kind)[f"{kind}s"]
    return found


def test_an_alarm_over_metric_math(account: Account) -> None:
    made = account.deploy(alarm(AlarmName="errors", Metrics=MATH, DatapointsToAlarm=2, AlarmDescription="why", **OVER))
    assert made == {"Name": "errors", "Arn": account.arn("cloudwatch", "alarm:errors")}
    [found] = described(account)
    assert found["Metrics"] == MATH
    assert (found["Threshold"], found["EvaluationPeriods"], found["DatapointsToAlarm"]) == (5, 3, 2)
    assert found["StateValue"] == "INSUFFICIENT_DATA"
    assert not {"MetricName", "Namespace", "Statistic", "Period", "ThresholdMetricId"} & set(found)

    account.aws("cloudwatch", "set-alarm-state", "--alarm-name", "errors", "--state-value", "OK", "--state-reason", "x")
    less = [{**MATH[0], "Expression": "FILL(errors, 0)"}, MATH[1]]
    assert account.update(alarm(AlarmName="errors", Metrics=less, **{**OVER, "Threshold": "7.5"})) == made
    [found] = described(account)
    assert found["Metrics"] == less
    assert (found["Threshold"], found["StateValue"]) == (7.5, "OK")
    assert "DatapointsToAlarm" not in found

    assert account.update(alarm(AlarmName="others", Metrics=MATH, **OVER))["Name"] == "others"
    assert [one["AlarmName"] for one in described(account)] == ["others"]
    account.delete()
    assert described(account) == []


def test_an_alarm_over_a_band(account: Account) -> None:
    made = account.deploy(alarm(Metrics=BAND, ThresholdMetricId="band", **OUTSIDE))
    [found] = described(account)
    assert found["AlarmName"] == made["Name"]
    assert made["Name"].startswith("small-Alarm-")
    assert found["ThresholdMetricId"] == "band"
    assert found["ComparisonOperator"] == "LessThanLowerOrGreaterThanUpperThreshold"
    assert found["Metrics"] == BAND
    assert "Threshold" not in found
    above = {**OUTSIDE, "ComparisonOperator": "GreaterThanUpperThreshold"}
    assert account.update(alarm(Metrics=BAND, ThresholdMetricId="band", **above)) == made
    assert described(account)[0]["ComparisonOperator"] == "GreaterThanUpperThreshold"


def test_an_alarm_over_a_percentile_has_no_other_statistic(account: Account) -> None:
    given = {key: value for key, value in ONE.items() if key != "Statistic"}
    account.deploy(alarm(**given, ExtendedStatistic="p95", Dimensions=[{"Name": "ClusterName", "Value": "a"}]))
    [found] = described(account)
    assert found["ExtendedStatistic"] == "p95"
    assert found["Dimensions"] == [{"Name": "ClusterName", "Value": "a"}]
    assert "Statistic" not in found


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({**ONE, "Metrics": MATH}, "not both"),
        (OVER, "One of MetricName and Metrics"),
        ({"Metrics": MATH[1:], **OVER}, "has to return data, found 0"),
        ({"Metrics": [*MATH[:2], {**MATH[2], "ReturnData": True}], **OVER}, "has to return data, found 2"),
        ({"Metrics": MATH[:2], **OVER}, "rate: requests is not defined"),
        ({"Metrics": [*MATH, MATH[1]], **OVER}, "not unique"),
        ({"Metrics": [{"Id": "Rate", "Expression": "1"}], **OVER}, "Rate is no id"),
        ({"Metrics": [{"Id": "a", "Expression": "SEARCH('{A}', 'Sum')"}], **OVER}, "SEARCH is not supported"),
        ({"Metrics": [{**MATH[1], "Expression": "1", "ReturnData": True}], **OVER}, "MetricStat and Expression"),
        ({"Metrics": BAND, "ThresholdMetricId": "band", **OUTSIDE, "Threshold": 1}, "Threshold and ThresholdMetricId"),
        ({"Metrics": BAND, "ThresholdMetricId": "requests", **OUTSIDE}, "no ANOMALY_DETECTION_BAND"),
        ({"Metrics": BAND, "ThresholdMetricId": "none", **OUTSIDE}, "no ANOMALY_DETECTION_BAND"),
        ({"Metrics": BAND, "ThresholdMetricId": "band", **OVER}, "don't go together"),
        ({**ONE, "ComparisonOperator": "GreaterThanUpperThreshold"}, "don't go together"),
        ({**ONE, "EvaluationPeriods": 25, "Period": 3540}, "longer than 86400 s"),
        ({**ONE, "Period": 90}, "90 s is no period"),
        ({**ONE, "DatapointsToAlarm": 4}, "more than EvaluationPeriods"),
    ],
)
def test_what_cloudwatch_refuses(account: Account, properties: dict[str, Any], reason: str) -> None:
    with pytest.raises(ClientError, match=reason):
        account.stacks.client("cloudwatch").put_metric_alarm(AlarmName="bad", **properties)
    assert account.stacks.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_what_cloudwatch_refuses_fails_the_stack(account: Account) -> None:
    assert account.stacks.create("bad", alarm(**ONE, DatapointsToAlarm=4)) == "ROLLBACK_COMPLETE"
    assert "more than EvaluationPeriods" in account.stacks.failures("bad")[-1]


def test_a_composite_alarm(account: Account) -> None:
    def template(rule: str, name: str = "health", **more: Any) -> str:
        parts = {
            name: resource("AWS::CloudWatch::Alarm", {"AlarmName": name.lower(), **ONE}) for name in ("Cpu", "Old")
        }
        whole = {"AlarmName": name, "AlarmRule": {"Fn::Sub": rule}, **more}
        outputs = {"Name": ref("Health"), "Arn": att("Health", "Arn")}
        return body({**parts, "Health": resource("AWS::CloudWatch::CompositeAlarm", whole)}, outputs)

    made = account.deploy(template("ALARM(${Cpu}) OR ALARM(${Old})", AlarmDescription="first look"))
    assert made == {"Name": "health", "Arn": account.arn("cloudwatch", "alarm:health")}
    [found] = described(account, "CompositeAlarm")
    assert found["AlarmRule"] == "ALARM(cpu) OR ALARM(old)"
    assert found["StateValue"] == "OK"
    account.aws("cloudwatch", "set-alarm-state", "--alarm-name", "cpu", "--state-value", "ALARM", "--state-reason", "x")
    assert described(account, "CompositeAlarm")[0]["StateValue"] == "ALARM"

    quiet: dict[str, Any] = {
        "ActionsSuppressor": ref("Old"),
        "ActionsSuppressorWaitPeriod": 60,
        "ActionsSuppressorExtensionPeriod": 120,
    }
    assert account.update(template("ALARM(${Cpu}) AND NOT ALARM(${Old})", **quiet)) == made
    [found] = described(account, "CompositeAlarm")
    assert found["AlarmRule"] == "ALARM(cpu) AND NOT ALARM(old)"
    assert (found["ActionsSuppressor"], found["ActionsSuppressorWaitPeriod"]) == ("old", 60)

    assert account.update(template("ALARM(${Cpu})", name="whole"))["Name"] == "whole"
    assert [one["AlarmName"] for one in described(account, "CompositeAlarm")] == ["whole"]
    with pytest.raises(RuntimeError, match="composite alarm"):
        account.aws("cloudwatch", "delete-alarms", "--alarm-names", "cpu")
    account.delete()
    assert described(account) + described(account, "CompositeAlarm") == []


def test_stack_tags_reach_alarms_of_both_kinds(account: Account) -> None:
    parts = {
        "Cpu": resource("AWS::CloudWatch::Alarm", {"AlarmName": "cpu", **ONE, "Tags": [{"Key": "own", "Value": "1"}]}),
        "Health": resource(
            "AWS::CloudWatch::CompositeAlarm", {"AlarmName": "h", "AlarmRule": {"Fn::Sub": "OK(${Cpu})"}}
        ),
    }
    account.stacks.create("one", body(parts), Tags=[{"Key": "team", "Value": "shop"}])
    for name, own in (("cpu", {"team": "shop", "own": "1"}), ("h", {"team": "shop"})):
        arn = account.arn("cloudwatch", f"alarm:{name}")
        found = account.aws("cloudwatch", "list-tags-for-resource", "--resource-arn", arn)["Tags"]
        tags = {one["Key"]: one["Value"] for one in found}
        assert {key: value for key, value in tags.items() if not key.startswith("aws:")} == own
