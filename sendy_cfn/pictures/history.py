"""A small made-up history of releases, from which everything about delivery is told: its metrics, and lines of its log.

So the numbers of one dashboard agree with each other. It is the same each time: made from the names of services.
What is measured, and how: docs/monitoring.md.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sendy_cfn.pictures.chance import chance
from sendy_cfn.pictures.moments import DAY, NOW
from sendy_cfn.pictures.names import FOUND, Names

DAYS = 91  # that it goes back
PERIOD = 28  # days that are compared
MINUTE, HOUR = 60, 3600
BAD = 0.12  # share of releases that fail
FIXED = 0.3  # share of failures that a new release mends, not the way back
PEOPLE = ("Ada", "Grace", "Edsger")
SUITES = {"quality": 118, "regression": 21}  # and how many cases they have
# Of a release's stages, in seconds; the last one includes tests and the time that alarms are watched.
_STAGES = {"Source": 25, "Quality": 150, "Build": 260}
_DEPLOY, _LAST, _APPROVE = 420, 900, 40 * MINUTE

Line = Mapping[str, Any]  # of the log: fields by name, those inside others with dots


@dataclass(frozen=True)
class Release:
    """One passage of a service through the stage of the last environment."""

    service: str
    ended: int  # seconds since 1970
    outcome: str
    commit: str
    templates: str
    trigger: str
    person: str
    execution: str
    took: tuple[tuple[str, int], ...]  # stages in their order, with seconds
    lead: int | None = None
    restore: int | None = None
    failed: Mapping[str, int] | None = None  # test cases, by suite
    by_ecs: bool = False  # whether ECS ended it
    by_stack: bool = False  # whether CloudFormation turned back then
    high: int = 0  # findings in its image
    critical: int = 0


@functools.cache
def releases(names: Names) -> tuple[Release, ...]:
    """All of them, the earliest first."""
    found = [release for service in names.services[:FOUND] for release in _of_service(service, names)]
    return tuple(sorted(found, key=lambda release: (release.ended, release.service)))


def _of_service(service: str, names: Names) -> Iterator[Release]:
    """Some on most working days, in working hours."""
    busy = 0.35 + 0.5 * chance(service)
    midnight = NOW // DAY * DAY
    for day in range(DAYS, -1, -1):
        start = midnight - day * DAY
        # What counts days and what counts hours agree on 28 days: nothing happens on the day with the border.
        if datetime.fromtimestamp(start, UTC).weekday() > 4 or day % PERIOD == 0:
            continue
        for number in range(2):
            seed = f"{service}/{day}/{number}"
            at = start + int((8.5 + 4 * number + 3.5 * chance(f"{seed}/at")) * HOUR)
            if chance(seed) > busy * (1.0 if number == 0 else 0.45) or at > NOW - HOUR:
                continue
            if chance(f"{seed}/bad") >= BAD:
                yield _release(service, seed, at, names)
                continue
            yield _release(service, seed, at, names, bad=True)
            if chance(f"{seed}/fixed") < FIXED:
                mended = at + int((50 + 60 * chance(f"{seed}/mended")) * MINUTE)
                yield _release(service, f"{seed}/mended", mended, names, broken=at)
            else:
                back = at + int((8 + 20 * chance(f"{seed}/back")) * MINUTE)
                yield _way_back(service, seed, back, names, broken=at)


def _release(
    service: str, seed: str, at: int, names: Names, *, bad: bool = False, broken: int | None = None
) -> Release:
    """One that ends well or not; where it mends an earlier one, `broken` is when that failed."""
    took = _stages(seed, names, bad)
    passed = sum(seconds for _, seconds in took)
    waited = int((0.1 + 2.2 * chance(f"{seed}/waited") * chance(f"{seed}/long")) * HOUR)
    by_tests = bad and chance(f"{seed}/tests") < 0.4
    age = int(chance(f"{service}/findings") * 5)
    return Release(
        service,
        at,
        "failed" if bad else "released",
        _commit(seed),
        _commit(f"templates/{at // (9 * DAY)}"),
        "StartPipelineExecution" if chance(f"{seed}/hand") < 0.12 else "Webhook",
        _person(seed),
        _commit(f"{seed}/execution"),
        took,
        None if bad else waited + passed,
        at - broken if broken is not None else None,
        {"regression": 1 + int(2 * chance(f"{seed}/cases"))} if by_tests else None,
        bad and not by_tests,
        chance(f"{seed}/stack") < 0.5,
        max(0, 3 - (at // (11 * DAY) + age) % 5),
        int((at // (6 * DAY) + age) % 9 == 0),
    )


def _way_back(service: str, seed: str, at: int, names: Names, *, broken: int) -> Release:
    """The stage's last good execution once more."""
    return Release(
        service,
        at,
        "rolled-back",
        _commit(f"{seed}/before"),
        _commit(f"templates/{at // (9 * DAY)}"),
        "AutomatedRollback",
        _person(seed),
        _commit(f"{seed}/back"),
        ((_last(names), int(_LAST * (0.5 + 0.3 * chance(f"{seed}/way")))),),
        restore=at - broken,
    )


def _person(seed: str) -> str:
    return PEOPLE[int(chance(f"{seed}/who") * len(PEOPLE) * 0.999)]


def _stages(seed: str, names: Names, bad: bool) -> tuple[tuple[str, int], ...]:
    """Their lengths; a stage that fails is shorter or longer, as it happens."""

    def about(name: str, seconds: int) -> tuple[str, int]:
        return name, int(seconds * (0.75 + 0.6 * chance(f"{seed}/{name}")))

    *earlier, last = names.environments
    deploys = [about(f"Deploy{name.capitalize()}", _DEPLOY) for name in earlier]
    factor = 0.4 + chance(f"{seed}/broke") if bad else 1.0
    ends = [about(f"Approve{last.capitalize()}", _APPROVE), about(_last(names), int(_LAST * factor))]
    return (*(about(*stage) for stage in _STAGES.items()), *deploys, *ends)


def _last(names: Names) -> str:
    """The stage that is measured."""
    return f"Deploy{names.environments[-1].capitalize()}"


def _commit(seed: str) -> str:
    return f"{int(chance(seed) * 0xFFFFFFF):07x}"


def instant(at: int) -> str:
    """As events have it: 2026-01-15T15:00:00Z."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def lines(names: Names) -> Iterator[Line]:
    """The log's lines: one of each release, and two of each stage of its execution."""
    for release in releases(names):
        measured = {"lead_seconds": release.lead, "restore_seconds": release.restore}
        yield {
            "@timestamp": release.ended * 1000,
            "measure": "release",
            "service": release.service,
            "environment": names.environments[-1],
            "at": instant(release.ended),
            "execution": release.execution,
            "outcome": release.outcome,
            "commit": release.commit,
            "templates": release.templates,
            "trigger": release.trigger,
            "approved_by": release.person,
            **{key: value for key, value in measured.items() if value is not None},
        }
        yield from _stage_lines(release, names)


def _stage_lines(release: Release, names: Names) -> Iterator[Line]:
    end = release.ended
    for number, (stage, seconds) in enumerate(reversed(release.took)):
        failed = number == 0 and release.outcome == "failed"
        for at, state in ((end - seconds, "STARTED"), (end, "FAILED" if failed else "SUCCEEDED")):
            yield {
                "@timestamp": at * 1000,
                "time": instant(at),
                "detail-type": "CodePipeline Stage Execution State Change",
                "detail.pipeline": f"{names.platform}-{release.service}",
                "detail.stage": stage,
                "detail.execution-id": release.execution,
                "detail.state": state,
            }
        end -= seconds


def summary(found: Sequence[float], stat: str) -> float | None:
    """A statistic of values; None where there are none.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
    """
    if not found:
        return None
    simple: dict[str, Callable[[Sequence[float]], float]] = {
        "Sum": sum,
        "SampleCount": len,
        "Minimum": min,
        "Maximum": max,
        "Average": lambda values: sum(values) / len(values),
    }
    if stat in simple:
        return float(simple[stat](found))
    share = float(stat[1:]) / 100 if stat[:1] == "p" and stat[1:].replace(".", "").isdigit() else 0.5
    return sorted(found)[min(int(share * len(found)), len(found) - 1)]


Numbers = Callable[[Release], Sequence[float]]


def _one(holds: Callable[[Release], bool]) -> Numbers:
    return lambda release: (1.0,) if holds(release) else ()


def _some(number: float | None) -> Sequence[float]:
    return () if not number else (float(number),)


# Metric -> what a release adds to it. Those in ZERO are 0 where nothing happened, unless they are of one service.
METRICS: dict[str, Numbers] = {
    "Released": _one(lambda release: release.outcome == "released"),
    "Failed": _one(lambda release: release.outcome == "failed"),
    "LeadTime": lambda release: _some(release.lead),
    "RestoreTime": lambda release: _some(release.restore),
    "FailedStages": _one(lambda release: release.outcome == "failed"),
    "RolledBackByEcs": _one(lambda release: release.by_ecs),
    "FailedStacks": _one(lambda release: release.by_ecs and release.by_stack),
    "HighFindings": lambda release: _some(release.high),
    "CriticalFindings": lambda release: _some(release.critical),
}
ZERO = ("Released", "Failed", "RolledBackByEcs", "FailedStacks")
UNITS = {"LeadTime": "Seconds", "RestoreTime": "Seconds"}


def is_told(namespace: str, name: str) -> bool:
    """Whether a metric is one of delivery, so that the history has its values."""
    return namespace.endswith("/Delivery") and (name in METRICS or name in ("TestsPassed", "TestsFailed"))


def numbers(names: Names, name: str, dimensions: Mapping[str, str], between: tuple[int, int]) -> list[float]:
    """The values that a metric got from the first of two moments on, until before the second."""
    first, last = between
    of = METRICS.get(name) or _cases(name, dimensions.get("Suite", ""))
    found = (release for release in releases(names) if first <= release.ended < last)
    return [number for release in found if _is_of(release, dimensions, names) for number in of(release)]


def _cases(name: str, suite: str) -> Numbers:
    def of(release: Release) -> Sequence[float]:
        if release.outcome == "rolled-back":
            return ()
        failed = (release.failed or {}).get(suite, 0)
        cases = SUITES.get(suite, 12 + int(30 * chance(suite)))
        return (float(failed if name == "TestsFailed" else cases - failed),)

    return of


def _is_of(release: Release, dimensions: Mapping[str, str], names: Names) -> bool:
    """Services are told by their names, pipelines and repositories also by names that begin with the platform's."""
    of = [value for key, value in dimensions.items() if key in ("Service", "Pipeline", "Repository")]
    own = (release.service, f"{names.platform}-{release.service}", f"{names.platform}/{release.service}")
    stage = _last(names)
    return dimensions.get("Stage", stage) == stage and all(value in own for value in of)
