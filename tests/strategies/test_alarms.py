"""What the alarms say of sample minutes: their expressions are evaluated, whatever they look like."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.generated import Generated, generated
from tests.platforms import ROOT
from tests.strategies.deployed import CASE, Deployment, Stack, deployments, stack
from tests.strategies.metric_math import value

FOUND = {path: generated(path) for path in (ROOT / "params", CASE)}
EVERY = [(path, one) for path, found in FOUND.items() for one in deployments(found)]
REQUESTS, ERRORS, REFUSED = "RequestCount", "HTTPCode_Target_5XX_Count", "TargetConnectionErrorCount"
SECONDS, SLOWEST, UNHEALTHY = "TargetResponseTime", "its p99", "UnHealthyHostCount"
RUNNING, DESIRED = "RunningTaskCount", "DesiredTaskCount"

Minute = dict[str, float]  # metric -> its value, of one target group
Alarm = dict[str, Any]


def named(one: tuple[Any, Deployment]) -> str:
    return f"{one[1].environment}-{one[1].file}"


@pytest.fixture(params=EVERY, ids=named)
def made(request: pytest.FixtureRequest) -> Stack:
    path, one = request.param
    return stack(FOUND[path], one.environment, one.service)


def watched(found: Stack, kind: str) -> tuple[Alarm, list[str]]:
    """The alarm of a kind, and the target groups that it has to look at, the first one first."""
    groups = list(found.of_type("ElasticLoadBalancingV2::TargetGroup"))
    if len(found.of_type("ECS::Service")) > 1:
        groups = [name for name in groups if name.startswith("Green") == (found.values["LiveCluster"] == "green")]
    return found.resources[f"{kind}Alarm"], groups


def point(alarm: Alarm, groups: list[str], *minutes: Minute, tasks: Minute | None = None) -> float | None:
    """What the alarm compares with its threshold, when the groups have these metrics in a minute, and others none.

    `tasks` are the ECS service's own.
    """
    metrics: dict[str, float | None] = {}
    (expression,) = [query["Expression"] for query in alarm["Metrics"] if query.get("ReturnData", True)]
    by_group = dict(zip((f"{group}.TargetGroupFullName" for group in groups), minutes, strict=False))
    for query in alarm["Metrics"]:
        if "MetricStat" in query:
            metric = query["MetricStat"]["Metric"]
            dimensions = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
            found = by_group.get(dimensions["TargetGroup"], {}) if "TargetGroup" in dimensions else tasks or {}
            name = metric["MetricName"]
            metrics[query["Id"]] = found.get(SLOWEST if query["MetricStat"]["Stat"] == "p99" else name)
    return value(expression, metrics)


def rings(alarm: Alarm, groups: list[str], *minutes: Minute, tasks: Minute | None = None) -> bool:
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    found, threshold = point(alarm, groups, *minutes, tasks=tasks), float(alarm["Threshold"])
    assert found is not None, "without a data point the alarm keeps its state"
    return found > threshold


def test_errors(made: Stack) -> None:
    alarm, groups = watched(made, "Errors")
    assert point(alarm, groups) == 0  # no traffic, no metrics at all
    assert point(alarm, groups, {REQUESTS: 0}) == 0
    assert point(alarm, groups, {REQUESTS: 19, ERRORS: 19}) == 0  # too few to say something
    assert point(alarm, groups, {REQUESTS: 20}) == 0
    assert point(alarm, groups, {REQUESTS: 100, ERRORS: 6}) == 6
    assert rings(alarm, groups, {REQUESTS: 20, ERRORS: 20})
    assert rings(alarm, groups, {REQUESTS: 100, ERRORS: 6})
    assert not rings(alarm, groups, {REQUESTS: 100, ERRORS: 5})
    assert rings(alarm, groups, {REQUESTS: 100, REFUSED: 6})
    assert rings(alarm, groups, {REQUESTS: 100, ERRORS: 3, REFUSED: 3})


def test_latency(made: Stack) -> None:
    alarm, groups = watched(made, "Latency")
    assert (made.values["AlarmP95Milliseconds"], made.values["AlarmP99Milliseconds"]) == (2000, 5000)
    assert point(alarm, groups) == 0
    assert point(alarm, groups, {REQUESTS: 19, SECONDS: 9, SLOWEST: 9}) == 0
    # Seconds, in percent of the limit that is nearer.
    assert point(alarm, groups, {REQUESTS: 20, SECONDS: 1.5, SLOWEST: 3}) == pytest.approx(75)
    assert point(alarm, groups, {REQUESTS: 20, SECONDS: 1.5, SLOWEST: 4.5}) == pytest.approx(90)
    assert rings(alarm, groups, {REQUESTS: 20, SECONDS: 2.001, SLOWEST: 2.001})
    assert rings(alarm, groups, {REQUESTS: 20, SECONDS: 0.1, SLOWEST: 5.001})
    assert not rings(alarm, groups, {REQUESTS: 20, SECONDS: 2, SLOWEST: 5})
    stats = {query["MetricStat"]["Stat"] for query in alarm["Metrics"] if "MetricStat" in query}
    assert stats == {"Sum", "p95", "p99"}


def test_a_release_is_seen_in_whichever_group_its_tasks_are(made: Stack) -> None:
    alarm, groups = watched(made, "Errors")
    if len(groups) > 1:
        assert rings(alarm, groups, {}, {REQUESTS: 100, ERRORS: 6})
        assert rings(alarm, groups, {REQUESTS: 80}, {REQUESTS: 20, REFUSED: 6})
        assert rings(alarm, groups, {REQUESTS: 100}, {REQUESTS: 100, ERRORS: 10})
        assert not rings(alarm, groups, {REQUESTS: 100, ERRORS: 5}, {REQUESTS: 100, ERRORS: 5})
    alarm, groups = watched(made, "Latency")
    if len(groups) > 1:
        assert rings(alarm, groups, {REQUESTS: 20, SECONDS: 0.1}, {REQUESTS: 20, SECONDS: 3})
        assert rings(alarm, groups, {}, {REQUESTS: 20, SECONDS: 3})


# Percent of the traffic that the new version has, and how much of that fails: all of it above a limit of 5 %.
@pytest.mark.parametrize(("share", "failing"), [(10, 0.5), (10, 0.3), (5, 1.0), (3, 1.0), (90, 0.06)])
def test_a_bad_canary_does_not_drown_in_the_good_requests_of_the_rest(made: Stack, share: int, failing: float) -> None:
    few: Minute = {REQUESTS: 10 * share, ERRORS: 10 * share * failing}
    slow: Minute = {REQUESTS: 10 * share, SECONDS: 3}
    rest: Minute = {REQUESTS: 10 * (100 - share)}
    alarm, groups = watched(made, "Errors")
    if len(groups) > 1:
        assert point(alarm, groups, rest, few) == pytest.approx(100 * failing)
        assert rings(alarm, groups, rest, few)
        assert rings(alarm, groups, few, rest)  # the next release goes the other way
    alarm, groups = watched(made, "Latency")
    if len(groups) > 1:
        assert rings(alarm, groups, rest | {SECONDS: 0.1}, slow)
        assert rings(alarm, groups, slow, rest | {SECONDS: 0.1})


def test_a_group_with_too_few_requests_says_nothing(made: Stack) -> None:
    fewest = made.values["AlarmRequests"]
    few: Minute = {REQUESTS: fewest - 1, ERRORS: fewest - 1, SECONDS: 9}
    enough: Minute = few | {REQUESTS: fewest}
    good: Minute = {REQUESTS: 1000, SECONDS: 0.1}
    for kind in ("Errors", "Latency"):
        alarm, groups = watched(made, kind)
        if len(groups) > 1:
            assert point(alarm, groups, few, few) == 0  # nor do two such groups together
            assert not rings(alarm, groups, good, few)
            assert not rings(alarm, groups, few, good)
            assert rings(alarm, groups, good, enough)


def test_tasks_that_do_not_get_ready_are_seen_where_no_circuit_breaker_counts_them(made: Stack) -> None:
    counted = [s for s in made.of_type("ECS::Service").values() if "DeploymentCircuitBreaker" in str(s)]
    assert bool(counted) != ("TasksAlarm" in made.resources)
    if counted:
        return
    alarm, groups = watched(made, "Tasks")
    assert len(groups) == 2
    assert not rings(alarm, groups)
    assert not rings(alarm, groups, {UNHEALTHY: 0}, {})
    assert alarm["EvaluationPeriods"] == made.values["AlarmTaskMinutes"]
    service = made.one("ECS::Service")
    count = "TaskSetCount" if "DeploymentController" in service else "DeploymentCount"
    beside: Minute = {count: 2, DESIRED: 3, RUNNING: 6}
    assert not rings(alarm, groups, {UNHEALTHY: 0}, {UNHEALTHY: 0}, tasks=beside)
    assert rings(alarm, groups, {UNHEALTHY: 1}, tasks=beside)
    assert rings(alarm, groups, {UNHEALTHY: 0}, {UNHEALTHY: 1}, tasks=beside)
    # Tasks that end before a load balancer knows them are unhealthy nowhere.
    assert rings(alarm, groups, tasks=beside | {RUNNING: 3})
    assert rings(alarm, groups, tasks=beside | {RUNNING: 5})


def test_without_a_deployment_on_its_way_the_alarm_on_tasks_rings_only_when_nothing_serves(made: Stack) -> None:
    """An alarm that is red when a deployment starts is one that ECS ignores, with all others."""
    if "TasksAlarm" not in made.resources:
        return
    alarm, groups = watched(made, "Tasks")
    count = "TaskSetCount" if "DeploymentController" in made.one("ECS::Service") else "DeploymentCount"
    alone: Minute = {count: 1, DESIRED: 3, RUNNING: 3}
    assert not rings(alarm, groups, {UNHEALTHY: 0}, tasks=alone)
    assert not rings(alarm, groups, {UNHEALTHY: 2}, {UNHEALTHY: 0}, tasks=alone)  # one crashes now and then
    assert not rings(alarm, groups, tasks=alone | {RUNNING: 1})  # too little room for more
    assert not rings(alarm, groups, tasks={count: 1, DESIRED: 0, RUNNING: 0})  # nobody wants any
    # As in the first release of a service, whose tasks never get ready.
    assert rings(alarm, groups, tasks=alone | {RUNNING: 0})
    assert rings(alarm, groups, tasks={count: 1, DESIRED: 3})
    assert rings(alarm, groups, {UNHEALTHY: 3}, {}, tasks=alone)
    assert rings(alarm, groups, {}, {UNHEALTHY: 3}, tasks=alone)


def test_alarms_look_at_the_last_minutes_of_the_live_side_and_stay_calm_without_data(made: Stack) -> None:
    for kind in ("Errors", "Latency", "ErrorLines"):
        alarm, groups = watched(made, kind)
        balancer = made.values[f"{'Green' if groups[0].startswith('Green') else ''}LoadBalancerFullName"]
        for query in alarm.get("Metrics", []):
            if "MetricStat" in query:
                metric = query["MetricStat"]["Metric"]
                dimensions = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
                assert metric["Namespace"] == "AWS/ApplicationELB"
                assert dimensions["LoadBalancer"] == balancer
                assert dimensions["TargetGroup"].removesuffix(".TargetGroupFullName") in groups
                assert query["MetricStat"]["Period"] == 60
                assert query["ReturnData"] is False
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["EvaluationPeriods"] == made.values["AlarmMinutes"]


def watching(found: Generated, one: Deployment) -> list[dict[str, str]]:
    """The configurations of the rules by which the stage of a deployment asks for alarms."""
    stages = found.templates[f"pipeline-{one.service}.yaml"]["Resources"]["Pipeline"]["Properties"]["Stages"]
    (stage,) = [s for s in stages if any(a["Configuration"].get("StackName") == one.stack for a in s["Actions"])]
    rules = [rule["Configuration"] for condition in stage["OnSuccess"]["Conditions"] for rule in condition["Rules"]]
    return [configuration for configuration in rules if "AlarmName" in configuration]


@pytest.mark.parametrize(("path", "one"), EVERY, ids=map(named, EVERY))
def test_the_pipeline_watches_alarms_that_the_stack_makes(path: Any, one: Deployment) -> None:
    watched = {configuration["AlarmName"] for configuration in watching(FOUND[path], one)}
    found = stack(FOUND[path], one.environment, one.service)
    if len(found.of_type("ECS::Service")) > 1:
        assert watched == set()  # a build watches those of the side that went live
        return
    made = {alarm["AlarmName"]: name for name, alarm in found.of_type("CloudWatch::Alarm").items()}
    assert {made[name] for name in watched} == {"ErrorsAlarm", "LatencyAlarm"}


def test_the_minutes_of_the_watch_are_those_of_the_values_files(tmp_path: Path) -> None:
    """As numbers in the pipeline: AWS does not say that it takes a variable there."""
    params = Path(shutil.copytree(ROOT / "params", tmp_path / "params"))
    for place, old, new in (
        ("production", "  pricing:\n", "  pricing:\n    WatchMinutes: 17\n"),
        ("staging", "defaults:", "defaults:\n  WatchMinutes: 9\n#"),
    ):
        text = (params / f"{place}.yaml").read_text()
        assert old in text
        (params / f"{place}.yaml").write_text(text.replace(old, new, 1))
    found = generated(params)
    waits = {
        (one.environment, one.service): {rule["WaitTime"] for rule in watching(found, one)}
        for one in deployments(found)
        if watching(found, one)
    }
    assert waits[("production", "pricing")] == {"17"}
    assert waits[("production", "tracking")] == {"5"}  # the default
    assert {time for (place, _), times in waits.items() if place == "staging" for time in times} == {"9"}
    for one in deployments(found):
        template = found.templates[one.file]
        assert "WatchMinutes" not in {**template["Parameters"], **template["Outputs"]}
        assert "WatchMinutes" not in found.configurations[f"{one.environment}/service-{one.service}.json"]["Parameters"]
