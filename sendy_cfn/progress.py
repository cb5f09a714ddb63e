"""Events of a stack and of the stacks nested in it, as they happen."""

from __future__ import annotations

import itertools
import re
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

STACK = "AWS::CloudFormation::Stack"
# Seconds between looks: soon where little is to do, then what AWS's request limits leave room for.
_PAUSES = (0.2, 0.5, 1.0, 2.0)
_EMBEDDED = re.compile(r"Embedded stack (arn:\S+)")
# Events that follow from another resource's failure.
_CONSEQUENCES = ("cancelled", "The following resource(s) failed", "Embedded stack")


@dataclass(frozen=True, slots=True)
class Event:
    """A line of CloudFormation's log."""

    time: datetime
    path: str  # logical ids, nested stacks first: "Network/Vpc"; "" for the root itself
    type: str
    status: str
    reason: str

    def __str__(self) -> str:
        """One line, in the reader's time zone."""
        reason = f"  {' '.join(self.reason.split())}" if self.reason else ""
        return f"{self.time.astimezone():%H:%M:%S}  {self.status:<27} {self.path or '(root)'}{reason}"


class Watch:
    """Tells what happened to a stack since the last look; what was before the first is history."""

    def __init__(self, client: Any, stack_id: str, *, history: bool = False) -> None:
        """`stack_id` is the root's ARN: names are taken over by later stacks. With `history`, all there ever was."""
        self._client = client
        self._root = stack_id
        self._seen: set[str] = set()
        self._busy: dict[str, str] = {}  # nested stacks under way, and the prefix of their resources
        latest = None if history else next(self._events(stack_id), None)
        self._start: datetime | None = latest["Timestamp"] if latest else None
        if latest:
            self._remember(stack_id)

    def _remember(self, stack_id: str) -> None:
        """Whatever happened at the moment of the latest event is history, in nested stacks too.

        What ended there at that moment did so in the stack around it: other nested stacks need not be asked.
        """
        for event in itertools.takewhile(self._is_new, self._events(stack_id)):
            self._seen.add(event["EventId"])
            if child := _child(event):
                self._remember(child)

    def new(self) -> list[Event]:
        """What happened since the last look, oldest first."""
        found: list[Event] = []
        waiting = deque([(self._root, ""), *self._busy.items()])
        looked_at = set()
        while waiting:
            stack_id, prefix = waiting.popleft()
            if stack_id in looked_at:
                continue
            looked_at.add(stack_id)
            for raw in reversed(list(itertools.takewhile(self._is_new, self._events(stack_id)))):
                self._seen.add(raw["EventId"])
                child = _child(raw)
                if not prefix or not _is_own(raw):  # the parent tells the same of its nested stacks
                    found.append(_event(raw, prefix))
                if child:
                    waiting.append((child, f"{prefix}{raw['LogicalResourceId']}/"))
                    self._note(child, f"{prefix}{raw['LogicalResourceId']}/", raw["ResourceStatus"])
        return sorted(found, key=_order)

    def _note(self, stack_id: str, prefix: str, status: str) -> None:
        if status.endswith("_IN_PROGRESS"):
            self._busy[stack_id] = prefix
        else:
            self._busy.pop(stack_id, None)

    def _is_new(self, event: dict[str, Any]) -> bool:
        return event["EventId"] not in self._seen and (self._start is None or event["Timestamp"] >= self._start)

    def _events(self, stack_id: str) -> Iterator[dict[str, Any]]:
        """Newest first."""
        for page in self._client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
            yield from page["StackEvents"]


def pauses() -> Iterator[float]:
    """Seconds to wait before each next look, without end."""
    yield from _PAUSES
    yield from itertools.repeat(_PAUSES[-1])


def _child(event: dict[str, Any]) -> str:
    """The nested stack that an event of its parent is about; "" for all other events."""
    if event["ResourceType"] != STACK or _is_own(event):
        return ""
    named = _EMBEDDED.match(event.get("ResourceStatusReason") or "")
    return event.get("PhysicalResourceId") or (named[1] if named else "")


def _order(event: Event) -> tuple[datetime, bool]:
    """By time; what happened at one moment keeps its order, but the root ends last."""
    return event.time, not event.path and event.status.endswith("_COMPLETE")


def _is_own(event: dict[str, Any]) -> bool:
    """Whether the event is about the stack that lists it."""
    return bool(event["ResourceType"] == STACK and event.get("PhysicalResourceId") == event["StackId"])


def _event(raw: dict[str, Any], prefix: str) -> Event:
    return Event(
        time=raw["Timestamp"],
        path="" if _is_own(raw) else prefix + raw["LogicalResourceId"],
        type=raw["ResourceType"],
        status=raw["ResourceStatus"],
        reason=raw.get("ResourceStatusReason") or "",
    )


def follow(client: Any, stack_id: str, watch: Watch, show: Callable[[Event], None]) -> tuple[str, list[Event]]:
    """Show events until the operation under way has ended; the stack's status then, and all events."""
    events: list[Event] = []
    for pause in pauses():
        # Status first: events that came before the end are then there to be read.
        status = str(client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"])
        new = watch.new()
        events += new
        for event in new:
            show(event)
        if not status.endswith("_IN_PROGRESS"):
            break
        time.sleep(pause)
    return status, events


def first_failure(events: list[Event]) -> Event | None:
    """The failure that the others follow from; None where nothing failed."""
    failed = [event for event in events if event.status.endswith("_FAILED")]
    causes = [event for event in failed if not any(word in event.reason for word in _CONSEQUENCES)]
    return min(causes or failed, key=lambda event: event.time, default=None)
