"""What EventBridge hears when alarms change, beside the examples of AWS's page.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from emulator import Emulator
from tests.emulator.test_alarms import BAND, MATH, ONE, OUTSIDE, OVER
from tests.emulator.test_observing import Account

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000"


class Watched(Account):
    """An account whose log group gets the events of alarms."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__(emulator)
        self.events.put_rule(Name="rule", EventPattern='{"source": ["aws.cloudwatch"]}')
        self.cloudwatch = self.client("cloudwatch")

    def set(self, name: str, state: str, reason: str = "because") -> None:
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason)

    def heard(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines()]

    def arn(self, name: str) -> str:
        return f"arn:aws:cloudwatch:{self.emulator.region}:{self.name}:alarm:{name}"


@pytest.fixture
def account(emulator: Emulator) -> Watched:
    return Watched(emulator)


def test_an_alarm_of_one_metric(account: Watched) -> None:
    dimensions = [{"Name": "ClusterName", "Value": "a"}]
    account.cloudwatch.put_metric_alarm(AlarmName="cpu", AlarmDescription="busy", Dimensions=dimensions, **ONE)
    account.set("cpu", "OK", "well")
    account.set("cpu", "ALARM", "too much")
    account.set("cpu", "ALARM", "still")
    first, second = account.heard()
    assert second["detail-type"] == "CloudWatch Alarm State Change"
    assert second["resources"] == [account.arn("cpu")]
    detail = second["detail"]
    assert detail["alarmName"] == "cpu"
    [metric] = detail["configuration"].pop("metrics")
    assert detail["configuration"] == {"description": "busy"}
    named = {"dimensions": {"ClusterName": "a"}, "name": "CPUUtilization", "namespace": "AWS/ECS"}
    stat = {"metric": named, "period": 60, "stat": "Average"}
    assert re.fullmatch(r"[0-9a-f-]{36}", metric.pop("id"))
    assert metric == {"metricStat": stat, "returnData": True}
    assert {key: detail["state"][key] for key in ("value", "reason")} == {"value": "ALARM", "reason": "too much"}
    assert re.fullmatch(STAMP, detail["state"]["timestamp"])
    assert detail["previousState"] == first["detail"]["state"]
    before = first["detail"]["previousState"]
    assert (before["value"], before["reason"]) == ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")


def test_alarms_of_expressions(account: Watched) -> None:
    account.cloudwatch.put_metric_alarm(AlarmName="rate", Metrics=MATH, **OVER)
    account.cloudwatch.put_metric_alarm(AlarmName="band", Metrics=BAND, ThresholdMetricId="band", **OUTSIDE)
    account.set("rate", "ALARM")
    account.set("band", "ALARM")
    rate, band = (event["detail"]["configuration"]["metrics"] for event in account.heard())
    expression = {"id": "rate", "expression": MATH[0]["Expression"], "label": "errors", "returnData": True}
    assert rate[0] == expression
    assert [metric["metricStat"]["metric"]["name"] for metric in rate[1:]] == [
        "HTTPCode_Target_5XX_Count",
        "RequestCount",
    ]
    assert band[1]["expression"] == "ANOMALY_DETECTION_BAND(requests, 3)"


def test_a_composite_alarm_follows_its_parts(account: Watched) -> None:
    account.cloudwatch.put_metric_alarm(AlarmName="cpu", **ONE)
    account.cloudwatch.put_composite_alarm(AlarmName="health", AlarmRule="ALARM(cpu)", AlarmDescription="all")
    account.set("cpu", "ALARM")
    made, part, whole = account.heard()
    assert made["detail"]["state"]["value"] == "OK"
    assert part["detail"]["alarmName"] == "cpu"
    detail = whole["detail"]
    assert (detail["alarmName"], detail["state"]["value"]) == ("health", "ALARM")
    assert detail["configuration"] == {"description": "all", "alarmRule": "ALARM(cpu)"}
    assert detail["state"]["reason"].startswith(f"{account.arn('cpu')} transitioned to ALARM at ")
    triggering = json.loads(detail["state"]["reasonData"])["triggeringAlarms"]
    assert [one["arn"] for one in triggering] == [account.arn("cpu")]


def test_a_metric_alarm_follows_its_metric(account: Watched) -> None:
    account.cloudwatch.put_metric_alarm(AlarmName="cpu", **ONE)
    account.cloudwatch.put_metric_data(Namespace="AWS/ECS", MetricData=[{"MetricName": "CPUUtilization", "Value": 99}])
    [event] = account.heard()
    assert event["detail"]["state"]["value"] == "ALARM"


def test_a_new_alarm_has_no_past(account: Watched) -> None:
    for _ in range(2):
        account.cloudwatch.put_metric_alarm(AlarmName="cpu", **ONE)
        account.set("cpu", "ALARM")
        account.cloudwatch.delete_alarms(AlarmNames=["cpu"])
    assert [event["detail"]["previousState"]["value"] for event in account.heard()] == ["INSUFFICIENT_DATA"] * 2
