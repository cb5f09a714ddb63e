"""What the live view knows: events become the state of now."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.events import Event

LAST = 50  # events that are kept


def state_of(data: Mapping[str, Any]) -> str:
    """The state that an event of kind task tells: ECS's last status, or HEALTHY once requests may come."""
    state = str(data.get("state", ""))
    return "HEALTHY" if state == "RUNNING" and data.get("healthy") else state


def is_healthy(state: str) -> bool:
    """Whether a task in this state gets requests."""
    return state.upper() == "HEALTHY"


def is_gone(state: str) -> bool:
    """Whether a task in this state does not exist any more."""
    return state.upper() in {"STOPPED", "DEPROVISIONING", "DELETED"}


@dataclass(frozen=True)
class Task:
    """A task, as its last event describes it."""

    cluster: str
    service: str
    task: str
    version: str
    state: str


@dataclass(frozen=True)
class Group:
    """The tasks of one version on one side."""

    cluster: str
    service: str
    version: str
    number: int
    healthy: int


@dataclass(frozen=True)
class Snapshot:
    """The state at one moment."""

    scenario: str = ""
    step: str = ""
    scenarios: dict[str, str] = field(default_factory=dict)  # scenario: state, in order
    stages: dict[str, str] = field(default_factory=dict)  # stage: state, in order
    actions: dict[str, dict[str, str]] = field(default_factory=dict)  # stage: {action: state}
    groups: tuple[Group, ...] = ()
    weights: dict[str, dict[str, float]] = field(default_factory=dict)  # name: {side: weight}
    last: tuple[Event, ...] = ()


def grouped(tasks: list[Task]) -> tuple[Group, ...]:
    """How many tasks of each version there are on each side, and how many of them are healthy."""
    number: Counter[tuple[str, str, str]] = Counter()
    healthy: Counter[tuple[str, str, str]] = Counter()
    for task in tasks:
        key = (task.cluster, task.service, task.version)
        number[key] += not is_gone(task.state)
        healthy[key] += is_healthy(task.state)
    return tuple(Group(*key, count, healthy[key]) for key, count in sorted(number.items()) if count)


class View:
    """The state of now; `take` may be called in any thread."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._lock = threading.Lock()
        self._scenario = self._step = ""
        self._scenarios: dict[str, str] = {}
        self._stages: dict[str, str] = {}
        self._actions: dict[str, dict[str, str]] = {}
        self._tasks: dict[tuple[str, str], Task] = {}
        self._weights: dict[str, dict[str, float]] = {}
        self._last: deque[Event] = deque(maxlen=LAST)

    def take(self, event: Event) -> None:
        """Something happened.

        Data that is understood: scenario {scenario, step, state}, stage {stage, state}, action {stage, action, state},
        task {cluster, service, task, version, state}, record {name, weights}; a stage named like the first one that is
        in progress again begins a new execution.
        """
        taker = {
            "scenario": self._take_scenario,
            "stage": self._take_stage,
            "action": self._take_action,
            "task": self._take_task,
            "record": self._take_record,
        }.get(event.kind)
        with self._lock:
            self._last.append(event)
            if taker:
                taker(event.text, event.data)

    def snapshot(self) -> Snapshot:
        """The state at this moment."""
        with self._lock:
            return Snapshot(
                self._scenario,
                self._step,
                dict(self._scenarios),
                dict(self._stages),
                {stage: dict(actions) for stage, actions in self._actions.items()},
                grouped(list(self._tasks.values())),
                {name: dict(weights) for name, weights in self._weights.items()},
                tuple(self._last),
            )

    def _take_scenario(self, text: str, data: dict[str, Any]) -> None:
        if "scenario" in data and str(data["scenario"]) != self._scenario:
            self._scenario, self._step = str(data["scenario"]), ""
        if "step" in data or not data:
            self._step = str(data.get("step", text))
        if "scenario" in data and "state" in data:
            self._scenarios[self._scenario] = str(data["state"])
            self._step = text

    def _take_stage(self, _: str, data: dict[str, Any]) -> None:
        stage, state = str(data.get("stage", "")), str(data.get("state", ""))
        if state == "InProgress" and self._stages and stage == next(iter(self._stages)):
            self._stages.clear()
            self._actions.clear()
        if stage:
            self._stages[stage] = state

    def _take_action(self, _: str, data: dict[str, Any]) -> None:
        stage, action = str(data.get("stage", "")), str(data.get("action", ""))
        if stage and action:
            self._stages.setdefault(stage, "InProgress")
            self._actions.setdefault(stage, {})[action] = str(data.get("state", ""))

    def _take_task(self, _: str, data: dict[str, Any]) -> None:
        task = Task(*[*(str(data.get(name, "")) for name in ("cluster", "service", "task", "version")), state_of(data)])
        if is_gone(task.state):
            self._tasks.pop((task.cluster, task.task), None)
        elif task.task:
            self._tasks[task.cluster, task.task] = task

    def _take_record(self, _: str, data: dict[str, Any]) -> None:
        if isinstance(data.get("weights"), dict):
            self._weights[str(data.get("name", ""))] = {
                str(side): float(value) for side, value in data["weights"].items()
            }
