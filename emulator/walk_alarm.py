"""An alarm of a service goes off, and people hear of it: from CloudWatch by EventBridge and SNS to a queue."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from emulator.walk_shell import StepError, run, say
from emulator.walk_standing import Standing
from emulator.walk_world import World
from rehearsal.aws import Aws, Place

_QUEUE = "make-try-listens"
_TOPICS = ("AlertTopic", "NoticeTopic")  # logical ids in notifications.yaml
_WAIT = 5  # seconds, of one try
_TYPES = ("MetricAlarm", "CompositeAlarm")


@dataclass(frozen=True)
class Bell:
    """An alarm that is set off, and the one that people hear of: the composite alarm above it, where there is one."""

    pressed: str
    heard: str


def show(world: World, stacks: Sequence[tuple[str, Standing]]) -> None:
    """Set an alarm of a service off and on again, and print what arrives in a queue that is subscribed to the topics.

    Args:
        world: where all is deployed.
        stacks: those that stand.

    Raises:
        StepError: no message arrives, or none that names the alarm.
    """
    topics = {(title, Place(*_place(stack))): arn for title, stack, arn in _topics(stacks)}
    homes = {place for _, place in topics}
    services = [stack for owner, stack in stacks if owner != "toolchain" and Place(*_place(stack)) in homes]
    found = ((stack, bell(world.api, Place(*_place(stack)), stack.name)) for stack in reversed(services))
    rung = next(((stack, one) for stack, one in found if one is not None), None)
    if rung is None:
        say("     no service with alarms stands where the topics are: nobody hears of any")
        return
    stack, one = rung
    place = Place(*_place(stack))
    with listening(world.api, place, [arn for (_, home), arn in topics.items() if home == place]) as queue:
        for state, title in (("ALARM", "AlertTopic"), ("OK", "NoticeTopic")):
            _set(world.api, place, one.pressed, state)
            topic, text = hear(world.api, place, queue, one.heard)
            if topic != topics[title, place]:
                raise StepError(f"{one.heard} in state {state} is told to {topic}, expected the {title}")
            say(f"     {title}:")
            for line in text.splitlines():
                say(f"       {line}")


def bell(api: Aws, place: Place, stack: str) -> Bell | None:
    """What to press in a service's stack, None where it has no alarms.

    Args:
        api: the emulator.
        place: of the stack.
        stack: its name, which the names of its alarms begin with.
    """
    query = ("--alarm-name-prefix", f"{stack}-", "--alarm-types", *_TYPES)
    [answer] = run([api.cli(place, "cloudwatch", "describe-alarms", *query, "--output", "json")])
    alarms = json.loads(answer)
    names = sorted(alarm["AlarmName"] for alarm in alarms["MetricAlarms"])
    for whole in alarms["CompositeAlarms"]:
        parts = [name for name in re.findall(r'ALARM\(\s*"?([^")]+?)"?\s*\)', whole["AlarmRule"]) if name in names]
        if parts:
            return Bell(_first(parts), whole["AlarmName"])
    return Bell(_first(names), _first(names)) if names else None


def _first(names: Sequence[str]) -> str:
    """The one for errors, if there is one."""
    return next((name for name in names if name.endswith("-errors")), names[0])


@contextmanager
def listening(api: Aws, place: Place, topics: Sequence[str]) -> Iterator[str]:
    """A queue that is subscribed to topics while the block runs; its address."""
    arn = f"arn:aws:sqs:{place.region}:{place.account}:{_QUEUE}"
    attributes = json.dumps({"Policy": json.dumps(_policy(arn, topics))})
    made = _ask(api, place, "sqs", "create-queue", "--queue-name", _QUEUE, "--attributes", attributes)
    queue = str(made["QueueUrl"])
    to = ("--protocol", "sqs", "--notification-endpoint", arn)
    subscribed = [_ask(api, place, "sns", "subscribe", "--topic-arn", topic, *to) for topic in topics]
    try:
        yield queue
    finally:
        for one in subscribed:
            _ask(api, place, "sns", "unsubscribe", "--subscription-arn", one["SubscriptionArn"])
        _ask(api, place, "sqs", "delete-queue", "--queue-url", queue)


def _policy(queue: str, topics: Sequence[str]) -> dict[str, Any]:
    """What AWS needs so that topics may write to a queue.

    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    """
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": list(topics)}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _set(api: Aws, place: Place, alarm: str, state: str) -> None:
    given = ("--alarm-name", alarm, "--state-value", state, "--state-reason", "make try sets it")
    run([api.cli(place, "cloudwatch", "set-alarm-state", *given)])


def hear(api: Aws, place: Place, queue: str, alarm: str, tries: int = 3) -> tuple[str, str]:
    """The topic and the text of the first message that names an alarm; others are left aside.

    Raises:
        StepError: there is none.
    """
    texts = []
    wait = ("--queue-url", queue, "--max-number-of-messages", "10", "--wait-time-seconds", str(_WAIT))
    for _ in range(tries):
        answer = _ask(api, place, "sqs", "receive-message", *wait)
        for message in answer.get("Messages", []):
            handle = ("--queue-url", queue, "--receipt-handle", message["ReceiptHandle"])
            _ask(api, place, "sqs", "delete-message", *handle)
            content = json.loads(message["Body"])
            texts.append(content["Message"])
            if re.search(rf"(?<![\w-]){re.escape(alarm)}(?![\w-])", content["Message"]):
                return content["TopicArn"], content["Message"]
    raise StepError(f"no message names the alarm {alarm}, heard {texts or 'nothing'}")


def _ask(api: Aws, place: Place, *arguments: str) -> Mapping[str, Any]:
    # Version 1 of the CLI has addresses of its own for queues, whatever the environment says.
    here = ("--endpoint-url", api.emulator.url) if arguments[0] == "sqs" else ()
    command = api.cli(place, *arguments, *here, "--output", "json")
    [answer] = run([command], shown=arguments[1] in ("subscribe", "receive-message"))
    found: Mapping[str, Any] = json.loads(answer) if answer.strip() else {}
    return found


def _topics(stacks: Iterable[tuple[str, Standing]]) -> Iterator[tuple[str, Standing, str]]:
    for owner, root in stacks:
        if owner == "toolchain":
            for stack in root.all():
                for title in stack.of("AWS::SNS::Topic"):
                    if title in _TOPICS:
                        yield title, root, stack.called(title).arn


def _place(stack: Standing) -> tuple[str, str]:
    return stack.place.account, stack.place.region
