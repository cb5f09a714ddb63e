"""What the alarms say of sample minutes: their expressions are evaluated, whatever they look like."""

from __future__ import annotations

from typing import Any

import pytest

from tests.generated import generated
from tests.platforms import ROOT
from tests.strategies.deployed import CASE, Deployment, Stack, deployments, stack
from tests.strategies.metric_math import value

FOUND = {path: generated(path) for path in (ROOT / "params", CASE)}
EVERY = [(path, one) for path, found in FOUND.items() for one in deployments(found)]
REQUESTS, ERRORS, REFUSED = "RequestCount", "HTTPCode_Target_5XX_Count", "TargetConnectionErrorCount"
SECONDS, UNHEALTHY = "TargetResponseTime", "UnHealthyHostCount"
RUNNING, DESIRED = "RunningTaskCount", "DesiredTaskCount"

Minute = dict[str, float]  # metric -> its value, of one target group
Alarm = dict[str, Any]


def named(one: tuple[Any, Deployment]) -> str:
    return f"{one[1].environment}-{one[1].file}"


@pytest.fixture(params=EVERY, ids=named)
def made(request: pytest.FixtureRequest) -> Stack:
    path, one = request.param
    return stack(FOUND[path], one.environment, one.service)


def alarms(found: Stack, kind: str) -> list[tuple[Alarm, list[str]]]:
    """The alarms of a kind, each with the target groups of its side of the service, the first one first."""
    groups = list(found.of_type("ElasticLoadBalancingV2::TargetGroup"))
    if len(found.of_type("ECS::Service")) > 1:
        sides = [("", [g for g in groups if not g.startswith("Green")]), ("Green", [g for g in groups if "Green" in g])]
    else:
        sides = [("", groups)]
    return [(found.resources[f"{prefix}{kind}Alarm"], members) for prefix, members in sides]


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
            metrics[query["Id"]] = found.get(metric["MetricName"])
    return value(expression, metrics)


def rings(alarm: Alarm, groups: list[str], *minutes: Minute, tasks: Minute | None = None) -> bool:
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    found, threshold = point(alarm, groups, *minutes, tasks=tasks), float(alarm["Threshold"])
    assert found is not None, "without a data point the alarm keeps its state"
    return found > threshold


def test_errors(made: Stack) -> None:
    for alarm, groups in alarms(made, "Errors"):
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
    for alarm, groups in alarms(made, "Latency"):
        assert point(alarm, groups) == 0
        assert point(alarm, groups, {REQUESTS: 19, SECONDS: 9}) == 0
        assert point(alarm, groups, {REQUESTS: 20, SECONDS: 1.5}) == 1500  # seconds, compared with milliseconds
        assert rings(alarm, groups, {REQUESTS: 20, SECONDS: 2.001})
        assert not rings(alarm, groups, {REQUESTS: 20, SECONDS: 2})
        (stat,) = {q["MetricStat"]["Stat"] for q in alarm["Metrics"] if q["Id"].startswith("t")}
        assert stat == "p95"


def test_a_release_is_seen_in_whichever_group_its_tasks_are(made: Stack) -> None:
    for alarm, groups in alarms(made, "Errors"):
        if len(groups) > 1:
            assert rings(alarm, groups, {}, {REQUESTS: 100, ERRORS: 6})
            assert rings(alarm, groups, {REQUESTS: 90}, {REQUESTS: 10, REFUSED: 6})
            assert rings(alarm, groups, {REQUESTS: 10, ERRORS: 2}, {REQUESTS: 10})  # together there are enough
            assert not rings(alarm, groups, {REQUESTS: 100}, {REQUESTS: 100, ERRORS: 10})
    for alarm, groups in alarms(made, "Latency"):
        if len(groups) > 1:
            assert rings(alarm, groups, {REQUESTS: 20, SECONDS: 0.1}, {REQUESTS: 1, SECONDS: 3})
            assert rings(alarm, groups, {}, {REQUESTS: 20, SECONDS: 3})


def test_tasks_that_do_not_get_ready_are_seen_where_no_circuit_breaker_counts_them(made: Stack) -> None:
    counted = [s for s in made.of_type("ECS::Service").values() if "DeploymentCircuitBreaker" in str(s)]
    assert bool(counted) != ("TasksAlarm" in made.resources)
    if counted:
        return
    ((alarm, groups),) = alarms(made, "Tasks")
    assert len(groups) == 2
    assert not rings(alarm, groups)
    assert not rings(alarm, groups, {UNHEALTHY: 0}, {})
    assert rings(alarm, groups, {UNHEALTHY: 1})
    assert rings(alarm, groups, {UNHEALTHY: 0}, {UNHEALTHY: 1})
    assert alarm["EvaluationPeriods"] == alarm["DatapointsToAlarm"] == made.values["AlarmTaskMinutes"]
    # Tasks that end before a load balancer knows them are unhealthy nowhere.
    service = made.one("ECS::Service")
    count = "TaskSetCount" if "DeploymentController" in service else "DeploymentCount"
    assert rings(alarm, groups, tasks={count: 2, DESIRED: 3, RUNNING: 3})
    assert rings(alarm, groups, tasks={count: 2, DESIRED: 3, RUNNING: 5})
    assert not rings(alarm, groups, tasks={count: 2, DESIRED: 3, RUNNING: 6})
    assert not rings(alarm, groups, tasks={count: 1, DESIRED: 3, RUNNING: 3})
    # The first release of a service has no old tasks beside it.
    assert rings(alarm, groups, tasks={count: 1, DESIRED: 6, RUNNING: 3})


def test_alarms_look_at_the_last_minutes_of_their_own_side_and_stay_calm_without_data(made: Stack) -> None:
    found = made.of_type("CloudWatch::Alarm")
    assert found
    for name, alarm in found.items():
        balancer = made.values["GreenLoadBalancerFullName" if name.startswith("Green") else "LoadBalancerFullName"]
        for query in alarm["Metrics"]:
            if "MetricStat" in query:
                metric = query["MetricStat"]["Metric"]
                dimensions = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
                if metric["Namespace"] == "ECS/ContainerInsights":
                    service = made.one("ECS::Service")
                    assert dimensions == {"ClusterName": service["Cluster"], "ServiceName": service["ServiceName"]}
                else:
                    assert metric["Namespace"] == "AWS/ApplicationELB"
                    assert dimensions["LoadBalancer"] == balancer
                assert query["MetricStat"]["Period"] == 60
                assert query["ReturnData"] is False
        assert alarm["TreatMissingData"] == "notBreaching"
        if "Tasks" not in name:
            assert alarm["EvaluationPeriods"] == alarm["DatapointsToAlarm"] == made.values["AlarmMinutes"]


@pytest.mark.parametrize(("path", "one"), EVERY, ids=map(named, EVERY))
def test_the_pipeline_watches_alarms_that_the_stack_makes(path: Any, one: Deployment) -> None:
    stages = FOUND[path].templates[f"pipeline-{one.service}.yaml"]["Resources"]["Pipeline"]["Properties"]["Stages"]
    (stage,) = [s for s in stages if any(a["Configuration"].get("StackName") == one.stack for a in s["Actions"])]
    rules = [rule for condition in stage["OnSuccess"]["Conditions"] for rule in condition["Rules"]]
    watched = {rule["Configuration"]["AlarmName"] for rule in rules if "AlarmName" in rule["Configuration"]}
    found = stack(FOUND[path], one.environment, one.service)
    if len(found.of_type("ECS::Service")) > 1:
        assert watched == set()  # a build watches those of the side that went live
        return
    made = {alarm["AlarmName"]: name for name, alarm in found.of_type("CloudWatch::Alarm").items()}
    assert {made[name] for name in watched} == {"ErrorsAlarm", "LatencyAlarm"}
