"""Monitoring stacks deployed to the emulator, where events go in and lines, metrics and messages come out."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from troposphere import Template

from emulator import Emulator, Resolved
from emulator.driver import Stacks
from sendy_cfn.render import render
from tests.monitoring.examples import REGION, Event

_ACCOUNTS = itertools.count(280000000000)
Sums = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Deployed:
    """A stack in an account of its own."""

    def __init__(self, emulator: Emulator, template: Template, **parameters: object) -> None:
        self.stacks = Stacks(emulator, str(next(_ACCOUNTS)), REGION)
        key = self.client("kms").create_key()["KeyMetadata"]["Arn"]
        values = {"ArtifactKeyArn": key, **parameters}
        taken = {name: value for name, value in values.items() if name in template.parameters}
        status = self.stacks.create("stack", render(template), taken, Capabilities=["CAPABILITY_IAM"])
        assert status == "CREATE_COMPLETE", self.stacks.failures("stack")
        self.resources: dict[str, Resolved] = self.stacks.resolved("stack")

    def client(self, service: str) -> Any:
        return self.stacks.client(service)

    def send(self, event: Event) -> None:
        """As the service of AWS would; EventBridge sets account, region, id and time itself."""
        entry = {
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Resources": event["resources"],
            "Detail": json.dumps(event["detail"]),
        }
        assert self.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0

    def write(self, group: str, *lines: str) -> None:
        """As a build would, into the log group of this logical id."""
        logs, name = self.client("logs"), self.resources[group].physical_id
        logs.create_log_stream(logGroupName=name, logStreamName="build")
        now = int(datetime.now(UTC).timestamp() * 1000)
        lines_now = [{"timestamp": now, "message": line} for line in lines]
        logs.put_log_events(logGroupName=name, logStreamName="build", logEvents=lines_now)

    def lines(self, group: str) -> list[str]:
        found = self.client("logs").filter_log_events(logGroupName=self.resources[group].physical_id)
        return [event["message"] for event in found["events"]]

    def sums(self, namespace: str) -> Sums:
        """The sum of every metric, by its name and dimensions."""
        cloudwatch, now, found = self.client("cloudwatch"), datetime.now(UTC), {}
        for metric in cloudwatch.list_metrics(Namespace=namespace)["Metrics"]:
            points = cloudwatch.get_metric_statistics(
                Namespace=namespace,
                MetricName=metric["MetricName"],
                Dimensions=metric["Dimensions"],
                StartTime=now - timedelta(hours=1),
                EndTime=now + timedelta(hours=1),
                Period=86400,
                Statistics=["Sum"],
            )["Datapoints"]
            dimensions = tuple(sorted((one["Name"], one["Value"]) for one in metric["Dimensions"]))
            found[metric["MetricName"], dimensions] = sum(point["Sum"] for point in points)
        for name, dimensions in found:
            if not dimensions:  # the emulator adds those with dimensions to it; CloudWatch does not
                found[name, ()] -= sum(total for (other, more), total in found.items() if other == name and more)
        return found


def of(name: str, **dimensions: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A metric as `sums` names it."""
    return name, tuple(sorted(dimensions.items()))


def positive(sums: Mapping[Any, float]) -> Sums:
    """Those that counted something."""
    return {metric: total for metric, total in sums.items() if total}
