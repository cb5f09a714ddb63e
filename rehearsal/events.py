"""What happened when: every part of a rehearsal says so here, and the terminal, the page and the scenarios read it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class RehearsalError(Exception):
    """What was rehearsed did not do what it promises, or a part of the rehearsal broke; the message says which."""


class NotRehearsedError(RehearsalError):
    """Something deployed that a rehearsal cannot execute."""


@dataclass(frozen=True)
class Event:
    """One thing that happened."""

    at: float  # seconds since 1970
    kind: str  # scenario | stage | action | build | stack | deployment | task | target | record | health | note
    text: str  # a line for people
    data: dict[str, Any] = field(default_factory=dict)


class Events:
    """All events so far, oldest first; safe to use from several threads."""

    def __init__(self, path: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        """Also write each event as a line of JSON to `path`."""
        self._lock = threading.Lock()
        self._all: list[Event] = []
        self._listeners: list[Callable[[Event], None]] = []
        self._missing: dict[str, str] = {}
        self._clock = clock
        self._file = path.open("w", encoding="utf-8", buffering=1) if path else None

    def add(self, kind: str, text: str, **data: Any) -> None:
        """Something happened now."""
        event = Event(self._clock(), kind, text, data)
        with self._lock:
            self._all.append(event)
            if self._file:
                self._file.write(json.dumps({"at": event.at, "kind": kind, "text": text, **data}, default=str) + "\n")
            listeners = list(self._listeners)
        for listener in listeners:
            listener(event)

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call `listener` with every later event, in the thread in which it happens."""
        with self._lock:
            self._listeners.append(listener)

    def not_rehearsed(self, what: str, why: str) -> None:
        """Something deployed is left out; said once however often it comes up."""
        with self._lock:
            known = what in self._missing
            self._missing.setdefault(what, why)
        if not known:
            self.add("note", f"not rehearsed: {what} ({why})")

    @property
    def missing(self) -> dict[str, str]:
        """What is left out, and why."""
        with self._lock:
            return dict(self._missing)

    @property
    def all(self) -> list[Event]:
        """Every event so far."""
        with self._lock:
            return list(self._all)

    def close(self) -> None:
        """Nothing is written any more."""
        if self._file:
            self._file.close()
