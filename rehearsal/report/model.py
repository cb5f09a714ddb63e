"""What a rehearsal found, as data: what the page shows and the JSON file holds.

The JSON file (`rehearsal.json`) begins with `"schema": 1`, `"passed"`, `"requests"`, `"failed"` and `"lost"` (failed
although nothing of the kind was to be shown); then come the members of `Result` under the same names, in the order of
the classes below. Members may be added under the same number; a changed or removed one raises it. Times are seconds
since 1970, durations are seconds, latencies are milliseconds, unless the name says otherwise. `start` and `end` are
called `from` and `to`; pairs and triples are objects: `measured` {label, value, unit}, `not_rehearsed` {what, why},
`played` and `real` {what, by}, `shortened` {what, from, to}, a point of `steps` {at, value}. The version "" stands for
answers that do not name theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SCHEMA = 1
UNKNOWN = ""  # the version of an answer that does not name one


@dataclass(frozen=True)
class Meta:
    """Which rehearsal this was."""

    platform: str
    service: str
    mode: str  # dry | short | long
    started: str  # ISO 8601
    seconds: float  # how long it took
    releases: int = 0  # how many versions were released
    machine: dict[str, str] = field(default_factory=dict)  # {"cores": "2", "podman": "4.3.1"}


@dataclass(frozen=True)
class Scenario:
    """Something that was tried, and what came of it."""

    name: str
    title: str
    expected: str
    outcome: str
    passed: bool
    start: float
    end: float
    measured: tuple[tuple[str, str, str], ...] = ()  # label, value, unit
    decision_seconds: float | None = None  # from the start of the failing stage until stopped and rolled back
    worst_case_minutes: float | None = None  # what the stack computed for that; the decision has to be within it
    requests: int = 0
    failed: int = 0
    failures_expected: bool = False  # a control: without failures it would show nothing


@dataclass(frozen=True)
class Entry:
    """A line of the timeline."""

    at: float
    kind: str
    text: str
    mark: str = ""  # a word or two for a mark in the charts; none without


@dataclass(frozen=True)
class Second:
    """The requests sent within one second."""

    at: float
    by_version: dict[str, float]  # answered as expected
    failed: float
    p50: float | None  # None: nothing was answered
    p95: float | None
    p99: float | None


@dataclass(frozen=True)
class Share:
    """The requests of one version."""

    requests: int
    failed: int
    p50: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True)
class Phase:
    """A part of the time, and its requests."""

    name: str
    start: float
    end: float
    requests: int
    failed: int
    errors: dict[str, int]  # by kind
    by_version: dict[str, Share]


@dataclass(frozen=True)
class Steps:
    """Values that stay until they change: weights of a name, tasks of a side."""

    title: str
    unit: str
    series: dict[str, tuple[tuple[float, float], ...]]  # label: points of (time, value from then on)


@dataclass(frozen=True)
class Result:
    """All of it."""

    meta: Meta
    scenarios: tuple[Scenario, ...] = ()
    timeline: tuple[Entry, ...] = ()
    seconds: tuple[Second, ...] = ()
    phases: tuple[Phase, ...] = ()
    steps: tuple[Steps, ...] = ()
    not_rehearsed: tuple[tuple[str, str], ...] = ()  # what, why
    played: tuple[tuple[str, str], ...] = ()  # what, by what
    real: tuple[tuple[str, str], ...] = ()  # what, by what
    shortened: tuple[tuple[str, str, str], ...] = ()  # what, from, to

    @property
    def requests(self) -> int:
        """All requests."""
        return round(sum(sum(second.by_version.values()) + second.failed for second in self.seconds))

    @property
    def failed(self) -> int:
        """All requests that failed, those of controls included."""
        return round(sum(second.failed for second in self.seconds))

    @property
    def wanted(self) -> int:
        """Requests that failed in controls, where that was to be shown."""
        return sum(each.failed for each in self.scenarios if each.failures_expected)

    @property
    def outages(self) -> int:
        """Requests that failed in other scenarios that passed: an outage is part of them, and it stayed in bounds."""
        return sum(each.failed for each in self.scenarios if each.passed and not each.failures_expected)

    @property
    def lost(self) -> int:
        """Requests that failed although nothing of the kind was to be shown."""
        return max(self.failed - self.wanted - self.outages, 0)

    def planned(self, at: float) -> bool:
        """Whether a request that failed in the second that begins then is part of what was to be shown."""
        return any(
            int(each.start) <= at < each.end and each.failed and (each.passed or each.failures_expected)
            for each in self.scenarios
        )

    @property
    def passed(self) -> bool:
        """Whether every scenario did what was expected; False without any."""
        return bool(self.scenarios) and all(each.passed for each in self.scenarios)

    @property
    def versions(self) -> tuple[str, ...]:
        """Every version, in the order of its first answer, unknown last."""
        seen = dict.fromkeys(version for second in self.seconds for version in second.by_version)
        return tuple(sorted(seen, key=lambda version: version == UNKNOWN))


_PAIRS: dict[str, tuple[str, ...]] = {
    "measured": ("label", "value", "unit"),
    "not_rehearsed": ("what", "why"),
    "played": ("what", "by"),
    "real": ("what", "by"),
    "shortened": ("what", "from", "to"),
}
_RENAMED = {"start": "from", "end": "to"}


def as_dict(result: Result) -> dict[str, Any]:
    """The document of the JSON file."""
    numbers = {"requests": result.requests, "failed": result.failed, "lost": result.lost}
    return {"schema": SCHEMA, "passed": result.passed, **numbers, **_plain(result)}


def _plain(value: Any, name: str = "") -> Any:
    if name in _PAIRS:
        return [dict(zip(_PAIRS[name], each, strict=True)) for each in value]
    if name == "series":
        return {label: [{"at": at, "value": each} for at, each in points] for label, points in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        names = value.__dataclass_fields__
        return {_RENAMED.get(each, each): _plain(getattr(value, each), each) for each in names}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value
