"""Between an event and a number: what rules write to log groups, and what metric filters make of it."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator import Emulator

_ACCOUNTS = itertools.count(270000000000)


class Account:
    """An account with a log group that a rule for all events of ECR writes to."""

    def __init__(self, emulator: Emulator, **target: Any) -> None:
        self.name = str(next(_ACCOUNTS))
        self.emulator = emulator
        self.logs, self.events = self.client("logs"), self.client("events")
        self.logs.create_log_group(logGroupName="log")
        self.events.put_rule(Name="rule", EventPattern='{"source": ["aws.ecr"]}')
        arn = f"arn:aws:logs:{emulator.region}:{self.name}:log-group:log"
        self.events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": arn, **target}])

    def client(self, service: str) -> Any:
        return self.emulator.client(service, self.name)

    def send(self, **detail: Any) -> None:
        entry = {"Source": "aws.ecr", "DetailType": "ECR Image Scan", "Detail": json.dumps(detail)}
        assert self.events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    def lines(self) -> list[str]:
        return [event["message"] for event in self.logs.filter_log_events(logGroupName="log")["events"]]

    def count(self, pattern: str, value: str, **more: Any) -> None:
        metric = {"metricName": "metric", "metricNamespace": "space", "metricValue": value, **more}
        self.logs.put_metric_filter(
            logGroupName="log", filterName="filter", filterPattern=pattern, metricTransformations=[metric]
        )

    def sums(self) -> dict[tuple[str, ...], float]:
        """By the values of the dimensions."""
        cloudwatch, now, found = self.client("cloudwatch"), datetime.now(UTC), {}
        for metric in cloudwatch.list_metrics(Namespace="space", MetricName="metric")["Metrics"]:
            points = cloudwatch.get_metric_statistics(
                Namespace="space",
                MetricName="metric",
                Dimensions=metric["Dimensions"],
                StartTime=now - timedelta(hours=1),
                EndTime=now + timedelta(hours=1),
                Period=86400,
                Statistics=["Sum"],
            )["Datapoints"]
            found[tuple(one["Value"] for one in metric["Dimensions"])] = sum(point["Sum"] for point in points)
        return found


def test_a_rule_writes_the_whole_event(emulator: Emulator) -> None:
    account = Account(emulator)
    account.send(found=3)
    account.send(found=4)
    events = [json.loads(line) for line in account.lines()]
    assert [event["detail"]["found"] for event in events] == [3, 4]
    assert {event["detail-type"] for event in events} == {"ECR Image Scan"}
    assert {event["account"] for event in events} == {account.name}


def test_or_the_message_that_its_transformer_makes(emulator: Emulator) -> None:
    paths = {"at": "$.time", "found": "$.detail.found"}
    template = '{"timestamp": <at>, "message": "found <found>"}'
    account = Account(emulator, InputTransformer={"InputPathsMap": paths, "InputTemplate": template})
    account.send(found=3)
    assert account.lines() == ["found 3"]


@pytest.mark.parametrize(
    ("value", "more", "sums"),
    [
        ("1", {}, {(): 2}),
        ("$.detail.found", {}, {(): 7}),
        ("$.detail.found", {"dimensions": {"Name": "$.detail.name"}}, {("a",): 3, ("b",): 4}),
        ("1", {"dimensions": {"Name": "$.detail.missing"}}, {}),
        ("$.detail.missing", {}, {}),
        ("5", {"defaultValue": 1}, {(): 2 * 5 + 1}),
    ],
)
def test_lines_that_match_are_counted(
    emulator: Emulator, value: str, more: dict[str, Any], sums: dict[tuple[str, ...], float]
) -> None:
    account = Account(emulator)
    account.count("{ $.detail.found > 0 }", value, **more)
    account.send(found=3, name="a")
    account.send(found=4, name="b")
    account.send(found=0, name="c")
    assert account.sums() == sums


@pytest.mark.parametrize(
    ("pattern", "more"),
    [
        ("{ $.a = ", {}),
        ("ERROR", {"dimensions": {"A": "$.a"}, "defaultValue": 0}),
        ("ERROR", {"dimensions": dict.fromkeys("ABCD", "$.a")}),
    ],
)
def test_filters_that_cloudwatch_logs_refuses(emulator: Emulator, pattern: str, more: dict[str, Any]) -> None:
    account = Account(emulator)
    with pytest.raises(account.logs.exceptions.InvalidParameterException):
        account.count(pattern, "1", **more)
    assert account.logs.describe_metric_filters()["metricFilters"] == []


def test_columns_are_values_and_dimensions(emulator: Emulator) -> None:
    account = Account(emulator)
    account.count("[action=REJECT, port, bytes]", "$bytes", dimensions={"Port": "$port"})
    account.logs.create_log_stream(logGroupName="log", logStreamName="flow")
    lines = ["REJECT 22 40", "ACCEPT 443 100", "REJECT 22 2", "REJECT 23 7"]
    events = [{"timestamp": int(datetime.now(UTC).timestamp() * 1000), "message": line} for line in lines]
    account.logs.put_log_events(logGroupName="log", logStreamName="flow", logEvents=events)
    assert account.sums() == {("22",): 42, ("23",): 7}
