"""An alarm of a service, set off: which one, and what arrives in the queue that `make try` makes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from emulator import Emulator
from emulator.walk_alarm import Bell, bell, hear, listening
from emulator.walk_shell import StepError
from rehearsal.aws import Aws, Place
from tests.emulator.test_alarms import ONE

_ACCOUNTS = itertools.count(320000000000)


class Heard:
    """An account with a rule that tells a topic of alarms, as notifications.yaml does."""

    def __init__(self, emulator: Emulator) -> None:
        self.api = Aws(emulator)
        self.place = Place(str(next(_ACCOUNTS)), emulator.region)
        self.cloudwatch: Any = self.api.client("cloudwatch", self.place)
        self.topic: str = self.api.client("sns", self.place).create_topic(Name="alerts")["TopicArn"]
        events = self.api.client("events", self.place)
        events.put_rule(
            Name="rule", EventPattern='{"source": ["aws.cloudwatch"], "detail": {"state": {"value": ["ALARM"]}}}'
        )
        transformer = {"InputPathsMap": {"alarm": "$.detail.alarmName"}, "InputTemplate": '"Alarm <alarm> went off"'}
        events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": self.topic, "InputTransformer": transformer}])

    def alarm(self, *names: str) -> None:
        for name in names:
            self.cloudwatch.put_metric_alarm(AlarmName=name, **ONE)

    def press(self, name: str) -> None:
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")


@pytest.fixture
def heard(emulator: Emulator) -> Heard:
    return Heard(emulator)


@pytest.fixture
def queue(heard: Heard) -> Iterator[str]:
    with listening(heard.api, heard.place, [heard.topic]) as found:
        yield found


def test_a_service_without_alarms_has_nothing_to_press(heard: Heard) -> None:
    heard.alarm("shop-other-errors")
    assert bell(heard.api, heard.place, "shop-test-orders") is None


def test_without_a_composite_alarm_it_is_the_one_for_errors(heard: Heard) -> None:
    heard.alarm("shop-test-orders-cpu", "shop-test-orders-errors", "shop-test-orders-latency")
    assert bell(heard.api, heard.place, "shop-test-orders") == Bell(
        "shop-test-orders-errors", "shop-test-orders-errors"
    )


def test_a_part_is_pressed_and_the_composite_alarm_is_heard(heard: Heard, queue: str) -> None:
    heard.alarm("shop-test-orders-cpu", "shop-test-orders-errors", "shop-test-orders-idle")
    rule = 'ALARM("shop-test-orders-cpu") OR ALARM(shop-test-orders-errors)'
    heard.cloudwatch.put_composite_alarm(AlarmName="shop-test-orders-health", AlarmRule=rule)
    found = bell(heard.api, heard.place, "shop-test-orders")
    assert found == Bell("shop-test-orders-errors", "shop-test-orders-health")
    heard.press(found.pressed)
    assert hear(heard.api, heard.place, queue, found.heard) == (heard.topic, '"Alarm shop-test-orders-health went off"')


def test_messages_that_name_another_alarm_do_not_count(heard: Heard, queue: str) -> None:
    heard.alarm("shop-errors-more")
    heard.press("shop-errors-more")
    with pytest.raises(StepError, match=r"no message names the alarm shop-errors, heard \['\"Alarm shop-errors-more"):
        hear(heard.api, heard.place, queue, "shop-errors", tries=1)


def test_nothing_is_left_of_the_queue(heard: Heard) -> None:
    with listening(heard.api, heard.place, [heard.topic]):
        assert len(heard.api.client("sns", heard.place).list_subscriptions()["Subscriptions"]) == 1
    assert heard.api.client("sns", heard.place).list_subscriptions()["Subscriptions"] == []
    assert heard.api.client("sqs", heard.place).list_queues().get("QueueUrls", []) == []
