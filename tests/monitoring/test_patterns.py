"""Which events get into the event log: each of AWS's kinds that the platform makes, and nothing else."""

from __future__ import annotations

import re
from functools import cache

import pytest

from emulator import Emulator
from sendy_cfn.stacks import delivery_monitoring
from tests.monitoring import examples
from tests.monitoring.examples import example
from tests.platforms import platform
from tests.stacks.deliveries import Stack
from tests.stacks.test_artifacts import TWO_ACCOUNTS

VALUES = {"ArtifactKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/1", "LogRetentionDays": 90}
VALUES |= {"AWS::StackName": "courier-toolchain-DeliveryMonitoring"}
# By the beginning of the example's name; None where it is not kept.
KEPT = {
    "pipeline-": "PipelineEvents",
    "stage-": "PipelineEvents",
    "action-": "PipelineEvents",
    "approval-": "PipelineEvents",
    "build-started": None,
    "build-": "BuildEvents",
    "ecs-": "DeploymentEvents",
    "stack-updating": None,
    "stack-": "StackEvents",
    "scan-": "ScanEvents",
    "inspector-low": None,
    "inspector-closed": None,
    "inspector-": "InspectorEvents",
    "alarm-": None,
    "task-": None,
}


@cache
def monitoring(text: str | None = None) -> Stack:
    of = platform(text)
    template = delivery_monitoring.build(of, "orders").to_dict()
    return Stack(template, VALUES)


def keeping(emulator: Emulator, event: examples.Event, text: str | None = None) -> set[str]:
    """The rules that write the event to the log."""
    return {
        name
        for name, rule in monitoring(text).of_type("Events::Rule").items()
        if rule["Targets"][0]["Id"] == "EventLog" and examples.matches(emulator, rule["EventPattern"], event)
    }


def expected(name: str) -> set[str]:
    rule = next(rule for beginning, rule in KEPT.items() if name.startswith(beginning))
    return {rule} if rule else set()


@pytest.mark.parametrize("name", examples.names())
def test_one_rule_keeps_an_event_or_none_does(emulator: Emulator, name: str) -> None:
    assert keeping(emulator, example(name)) == expected(name)


@pytest.mark.parametrize("name", examples.names())
@pytest.mark.parametrize("other", ["courierx", "parcels", "my-courier"])
def test_another_platforms_events_are_not_kept(emulator: Emulator, name: str, other: str) -> None:
    """Resources of AWS's own names, as the artifact bucket in an action, don't count."""
    assert keeping(emulator, examples.renamed(example(name), "courier", other)) == set()


@pytest.mark.parametrize("name", examples.names())
def test_another_accounts_events_are_not_kept(emulator: Emulator, name: str) -> None:
    assert keeping(emulator, examples.elsewhere(example(name), "999999999999")) == set()


@pytest.mark.parametrize("name", examples.names())
def test_environments_in_other_accounts_send_what_happens_there(emulator: Emulator, name: str) -> None:
    """Deployments and stacks; pipelines, builds and images are the toolchain's."""
    there = examples.elsewhere(example(name), "333333333333")
    kept = expected(name) if name.startswith(("ecs-", "stack-")) else set()
    assert keeping(emulator, there, TWO_ACCOUNTS) == kept


def test_other_kinds_of_events_are_not_kept(emulator: Emulator) -> None:
    for name in examples.names():
        assert keeping(emulator, example(name) | {"detail-type": "AWS API Call via CloudTrail"}) == set()
        assert keeping(emulator, example(name) | {"source": "courier.jobs"}) == set()


def test_every_example_names_its_page() -> None:
    """By the beginning of its file's name, in the table."""
    beginnings = re.findall(r"`([a-z-]+-)\*`", (examples.FOLDER / "README.md").read_text())
    assert beginnings
    for name in examples.names():
        assert any(name.startswith(beginning) for beginning in beginnings), name


def test_releases_of_the_last_environment_are_written_down_when_they_have_ended(emulator: Emulator) -> None:
    rule = monitoring().resources["ReleaseEnded"]
    found = {name for name in examples.names() if examples.matches(emulator, rule["EventPattern"], example(name))}
    assert found == {"stage-succeeded", "stage-failed"}
