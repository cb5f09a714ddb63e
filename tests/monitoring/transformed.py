"""What a target gets: input transformers run by the emulator's EventBridge, in the place of the real target a queue."""

from __future__ import annotations

import itertools
import json
from typing import Any

from emulator import Emulator
from tests.monitoring.examples import Event

_ACCOUNTS = itertools.count(290000000000)


def transformed(emulator: Emulator, transformer: dict[str, Any], event: Event) -> str:
    """What EventBridge makes of the event; account, region, id and time of it are the emulator's."""
    account = str(next(_ACCOUNTS))
    sqs, events = emulator.client("sqs", account), emulator.client("events", account)
    url = sqs.create_queue(QueueName="queue")["QueueUrl"]
    arn = f"arn:aws:sqs:{emulator.region}:{account}:queue"
    events.put_rule(Name="rule", EventPattern=json.dumps({"source": [event["source"]]}))
    events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": arn, "InputTransformer": transformer}])
    entry = {"Source": event["source"], "DetailType": event["detail-type"], "Resources": event["resources"]}
    assert events.put_events(Entries=[entry | {"Detail": json.dumps(event["detail"])}])["FailedEntryCount"] == 0
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    return str(message["Body"])
