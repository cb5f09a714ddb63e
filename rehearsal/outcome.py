"""What a rehearsal found, put together for the report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rehearsal.events import Events
from rehearsal.full.traffic_requests import Requests
from rehearsal.report import collect
from rehearsal.report.model import Meta, Phase, Result, Scenario, Second
from rehearsal.scenarios import Scenario as Plan
from rehearsal.scenarios import Verdict

Pair = tuple[str, str]

REAL_ALWAYS: tuple[Pair, ...] = (
    ("templates", "the generated files, deployed by the AWS CLI to an emulator of CloudFormation and of the services"),
    ("Git", "repositories, commits, pushes and their hooks"),
    ("build specifications", "their phases in bash, with the project's variables and the AWS CLI"),
    ("quality checks and tests", "the commands that the specifications run"),
)
PLAYED_ALWAYS: tuple[Pair, ...] = (
    ("CodePipeline", "an interpreter of what GetPipeline tells: stages, actions, variables, artifacts, conditions"),
    ("CodeBuild", "this machine instead of CodeBuild's images"),
    ("CloudFormation's wait for services", "the rehearsal waits for tasks, and rolls a failed stack back"),
    ("IAM", "policies of roles asked in a simulation for what builds and actions call; nothing is refused by AWS"),
    ("CloudWatch alarms", "nobody evaluates them: they are what a scenario sets them to"),
    ("the person who approves", "approves at once"),
    ("secrets", "made-up values"),
    ("scans of images", "an answer without findings"),
    ("Application Auto Scaling", "its limits are kept; nothing scales by load"),
)
DRY_PLAYED: tuple[Pair, ...] = (
    ("docker", "a recorder; the program of an image runs as a process of this machine"),
    ("curl and host names", "one local server that follows records, listeners, rules and target groups, without TLS"),
    ("ECS, load balancers, Route 53", "looked up in the emulator for each request"),
)
FULL_REAL: tuple[Pair, ...] = (
    ("images", "built by buildah from the service's Dockerfile, pushed to the registry, pulled by digest"),
    ("containers", "crun, each task in a network namespace with its own address; SIGTERM, stop timeout, SIGKILL"),
    ("load balancing", "HAProxy with the deployed listeners, rules, target groups, health checks and draining"),
    ("name resolution", "Unbound, which keeps answers as long as their TTL says"),
    ("customers", "Locust, with kept connections and a look-up for each new one"),
    ("TLS", "certificates of a throw-away authority for the names that the deployed certificates have"),
)
FULL_PLAYED: tuple[Pair, ...] = (
    ("Application Load Balancer", "HAProxy, told by health checks with AWS's thresholds"),
    ("Route 53", "a name server that answers what the hosted zones hold, and its health checks from this machine"),
    ("ECS's scheduler", "the rehearsal's own: rolling updates, circuit breaker, replacement of tasks"),
    ("Fargate", "this machine: no availability zones, no limits of CPU and memory, no security groups, no NAT"),
    ("ECR", "the emulator's registry behind TLS"),
    ("BuildKit", "buildah; the base image is made of this machine's Debian packages"),
    ("GitHub and CodeConnections", "repositories on this machine"),
)


@dataclass(frozen=True)
class Played:
    """A scenario that was played."""

    plan: Plan[Any]
    verdict: Verdict
    start: float
    end: float
    requests: tuple[Requests, ...] = ()  # of its loads


def result(
    meta: Meta,
    played: Sequence[Played],
    events: Events,
    shortened: Sequence[tuple[str, str, str]],
    real: Iterable[Pair],
    stand_ins: Iterable[Pair],
) -> Result:
    """Everything that the report shows."""
    return Result(
        meta,
        tuple(_scenario(each) for each in played),
        collect.timeline(events.all),
        merged([second for each in played for requests in each.requests for second in collect.seconds(requests)]),
        tuple(_phases(played)),
        collect.steps(events.all),
        tuple(events.missing.items()),
        (*PLAYED_ALWAYS, *stand_ins),
        (*REAL_ALWAYS, *real),
        tuple(shortened),
    )


def started(seconds: float) -> str:
    """A moment as people and programs read it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def releases(events: Events) -> int:
    """How many versions were pushed."""
    return sum(event.kind == "note" and "commit" in event.data for event in events.all)


def tell(found: Result, page: Path, data: Path) -> None:
    """Print what came of it."""
    print()
    for each in found.scenarios:
        print(f"{'passed' if each.passed else 'FAILED'}  {each.title}: {each.outcome}")
    if found.requests:
        print(
            f"{found.requests:,} requests, {found.lost:,} lost; on purpose {found.outages:,} failed in outages "
            f"and {found.wanted:,} in controls"
        )
    if found.not_rehearsed:
        print(f"{len(found.not_rehearsed)} things were not rehearsed, the page lists them")
    print(f"report: {page}, {data}")


def merged(seconds: Iterable[Second]) -> tuple[Second, ...]:
    """One entry for each second: requests of several loads at once added up, the worse of their percentiles."""
    by_time: dict[float, list[Second]] = {}
    for second in seconds:
        by_time.setdefault(math.floor(second.at), []).append(second)
    return tuple(_together(at, group) for at, group in sorted(by_time.items()))


def _together(at: float, group: Sequence[Second]) -> Second:
    versions: dict[str, float] = {}
    for second in group:
        for version, count in second.by_version.items():
            versions[version] = versions.get(version, 0) + count
    worst = [
        max((value for value in values if value is not None), default=None)
        for values in ([s.p50 for s in group], [s.p95 for s in group], [s.p99 for s in group])
    ]
    return Second(at, versions, sum(second.failed for second in group), *worst)


def _scenario(each: Played) -> Scenario:
    measured = [requests.between() for requests in each.requests]
    return Scenario(
        each.plan.name,
        each.plan.title,
        each.plan.expected,
        each.verdict.outcome,
        each.verdict.passed,
        each.start,
        each.end,
        each.verdict.measured,
        each.verdict.decision_seconds,
        each.verdict.worst_case_minutes,
        sum(found.requests for found in measured),
        sum(found.failed for found in measured),
        each.verdict.failures_expected,
    )


def _phases(played: Sequence[Played]) -> Iterable[Phase]:
    for each in played:
        for number, requests in enumerate(each.requests, 1):
            name = each.plan.title if len(each.requests) == 1 else f"{each.plan.title}, load {number}"
            yield collect.phase(name, each.start, each.end, requests.between())
