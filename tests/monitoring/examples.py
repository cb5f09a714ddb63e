"""Example events, and the emulator's EventBridge asked about them."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

from emulator import Emulator

FOLDER = Path(__file__).parent / "events"
ACCOUNT, REGION = "123456789012", "eu-central-1"  # those of tests.stacks.evaluate
Event = dict[str, Any]


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json"))


@cache
def _read(name: str) -> str:
    return (FOLDER / f"{name}.json").read_text()


def example(name: str) -> Event:
    found: Event = json.loads(_read(name))
    return found


def renamed(event: Event, old: str, new: str) -> Event:
    """The same event of something that has another name."""
    made: Event = json.loads(json.dumps(event).replace(old, new))
    assert made != event
    return made


def elsewhere(event: Event, account: str) -> Event:
    """The same event in another account."""
    moved = renamed(event, ACCOUNT, account)
    assert moved["account"] == account
    return moved


def changed(event: Event, **detail: Any) -> Event:
    made = copy.deepcopy(event)
    made["detail"] |= detail
    return made


def matches(emulator: Emulator, pattern: object, event: Event) -> bool:
    """As EventBridge's TestEventPattern says."""
    answer = emulator.client("events").test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))
    return bool(answer["Result"])
