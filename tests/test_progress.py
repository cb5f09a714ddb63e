"""Events as AWS lists them, newest first."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest

from sendy_cfn import progress

NESTED = "AWS::CloudFormation::Stack"
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


class Log:
    """describe_stack_events of growing logs."""

    def __init__(self) -> None:
        self.logs: dict[str, list[dict[str, Any]]] = {}
        self.looks: list[str] = []
        self._clock = 0

    def add(self, stack: str, name: str, status: str, physical: str = "", reason: str = "", kind: str = NESTED) -> None:
        self._clock += 1
        event = {
            "EventId": str(self._clock),
            "StackId": stack,
            "LogicalResourceId": name,
            "PhysicalResourceId": physical,
            "ResourceType": kind if physical else "AWS::EC2::VPC",
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
            "Timestamp": START + datetime.timedelta(seconds=self._clock),
        }
        self.logs.setdefault(stack, []).insert(0, event)

    def get_paginator(self, operation: str) -> Log:
        assert operation == "describe_stack_events"
        return self

    def paginate(self, *, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803 (AWS's)
        self.looks.append(StackName)
        events = self.logs[StackName]
        yield from ({"StackEvents": events[at : at + 2]} for at in range(0, len(events), 2))


@pytest.fixture
def log() -> Log:
    """A root that was created with one nested stack, and is updated since."""
    found = Log()
    for status in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"):
        found.add("child", "Vpc", status)
        found.add("root", "Network", status, "child")
        found.add("root", "root", status, "root")
    return found


def shown(events: list[progress.Event]) -> list[str]:
    return [f"{event.path}:{event.status}" for event in events]


def test_only_new_events_are_told_once_and_in_order(log: Log) -> None:
    watch = progress.Watch(log, "root")
    assert watch.new() == []
    log.add("root", "root", "UPDATE_IN_PROGRESS", "root")
    log.add("root", "Network", "UPDATE_IN_PROGRESS", "child")
    log.add("child", "child", "UPDATE_IN_PROGRESS", "child")
    log.add("child", "Vpc", "UPDATE_IN_PROGRESS")
    assert shown(watch.new()) == [":UPDATE_IN_PROGRESS", "Network:UPDATE_IN_PROGRESS", "Network/Vpc:UPDATE_IN_PROGRESS"]
    log.add("child", "Vpc", "UPDATE_COMPLETE")
    assert shown(watch.new()) == ["Network/Vpc:UPDATE_COMPLETE"]
    log.add("root", "Network", "UPDATE_COMPLETE", "child")
    assert shown(watch.new()) == ["Network:UPDATE_COMPLETE"]
    assert watch.new() == []


def test_what_ended_at_the_same_moment_is_history(log: Log) -> None:
    """A stack of few resources ends within a tick of the emulator's clock."""
    for events in log.logs.values():
        for event in events:
            event["Timestamp"] = START
    watch = progress.Watch(log, "root")
    log.add("root", "root", "UPDATE_IN_PROGRESS", "root")
    log.add("root", "Network", "UPDATE_IN_PROGRESS", "child")
    log.add("child", "Vpc", "UPDATE_COMPLETE")
    assert shown(watch.new()) == [":UPDATE_IN_PROGRESS", "Network:UPDATE_IN_PROGRESS", "Network/Vpc:UPDATE_COMPLETE"]


def test_finished_stacks_are_not_asked_again(log: Log) -> None:
    watch = progress.Watch(log, "root")
    log.add("root", "Network", "UPDATE_IN_PROGRESS", "child")
    log.add("root", "Network", "UPDATE_COMPLETE", "child")
    watch.new()
    log.looks.clear()
    watch.new()
    assert log.looks == ["root"]


def test_history_is_told_when_asked_for(log: Log) -> None:
    assert len(progress.Watch(log, "root", history=True).new()) == 6


def test_the_cause_is_told_and_not_what_follows_from_it(log: Log) -> None:
    watch = progress.Watch(log, "root")
    log.add("root", "Network", "UPDATE_IN_PROGRESS", "child")
    log.add("child", "Subnet", "UPDATE_FAILED", reason="Resource update cancelled")
    log.add("child", "Vpc", "UPDATE_FAILED", reason="no room")
    log.add("child", "Route", "UPDATE_FAILED", reason="no room either")
    log.add("root", "Network", "UPDATE_FAILED", "child", "Embedded stack child was not successfully updated")
    first = progress.first_failure(watch.new())
    assert first is not None
    assert (first.path, first.reason) == ("Network/Vpc", "no room")


def test_nothing_failed() -> None:
    assert progress.first_failure([]) is None
