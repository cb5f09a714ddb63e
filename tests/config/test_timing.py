"""Worst cases, computed a second time: by hand for known cases, and by a model of its own from the emitted files."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sendy_cfn import knobs
from sendy_cfn.config import timing
from sendy_cfn.config.model import Service
from sendy_cfn.config.releases import NATIVE, Variant
from sendy_cfn.config.words import Strategy
from tests.generated import CASES, Generated, generated
from tests.platforms import ROOT, platform
from tests.strategies.deployed import Stack, deployments, stack

SERVICES = """
platform: demo
domain: demo.example
toolchain: {region: eu-west-1, source: {repository: demo/platform}}
cluster: {ec2: [amd64]}
environments: {test: {region: eu-west-1}}
services:
  plain: {kind: web, source: {repository: demo/a}}
  checked: {kind: web, source: {repository: demo/b}, health_command: [/check]}
  ec2: {kind: web, source: {repository: demo/c}, capacity: ec2}
  both: {kind: web, source: {repository: demo/d}, capacity: ec2, health_command: [/check]}
"""
FOUND = platform(SERVICES).services
VALUES = {
    "MinTasks": 2,
    "FailedTasks": 3,
    "HealthInterval": 10,
    "HealthTimeout": 5,
    "HealthyChecks": 2,
    "UnhealthyChecks": 3,
    "GracePeriod": 60,
    "DeregistrationDelay": 30,
    "StopTimeout": 30,
    "AlarmMinutes": 2,
    "AlarmTaskMinutes": 7,
    "BakeMinutes": 10,
    "CanaryBakeMinutes": 5,
    "StepPercent": 25,
    "StepBakeMinutes": 4,
    "PauseMinutes": 60,
}
ROLLING, BLUE_GREEN, LINEAR = Strategy.ROLLING, Strategy.BLUE_GREEN, Strategy.LINEAR
CANARY, CODEDEPLOY, SWITCH = Strategy.CANARY, Strategy.CODEDEPLOY, Strategy.CLUSTER_SWITCH

# Seconds: a task starts in 90, an instance in 180; CloudFormation's own work 60, a build's 90; a changed weight 30; a
# metric is 120 late. With the values above a task gets requests after 90 + 60, as its grace period is longer than
# 2 x 10 of checks, and is gone after 30 + 30.
# (strategy, service, pause, values that differ, seconds)
KNOWN: list[tuple[Strategy, str, bool, dict[str, int], int]] = [
    # update, new tasks ready, old ones gone, alarm (2 x 60 + 120), old ones ready again, new ones gone
    (ROLLING, "plain", False, {}, 60 + 150 + 60 + 240 + 150 + 60),
    # Three tasks fail one after the other: 90 to start, 60 of grace, a check of 5 + 10. Then gone, and back.
    (ROLLING, "plain", False, {"MinTasks": 1}, 60 + 3 * (90 + 60 + 15) + 60 + 150 + 60),
    # Five fail at once; that is decided sooner than an alarm is, and the drain of 600 + 120 counts twice.
    (ROLLING, "plain", False, {"MinTasks": 5, "DeregistrationDelay": 600, "StopTimeout": 120},
     60 + 150 + 720 + 240 + 150 + 720),
    # An instance first; its own check fails after 60 + 3 x 10 + 5, later than grace ends.
    (ROLLING, "both", False, {"MinTasks": 1}, 60 + 180 + 3 * (90 + 95 + 15) + 60 + 150 + 60),
    # The load balancer gives up after 10 x 30, later than grace ends; ready after 90 + 10 x 30. Two rounds of two.
    (ROLLING, "plain", False,
     {"HealthInterval": 30, "HealthTimeout": 20, "UnhealthyChecks": 10, "HealthyChecks": 10},
     60 + 2 * (90 + 300 + 50) + 60 + 390 + 60),
    # update, ready, weights, bake, weights back, gone
    (BLUE_GREEN, "plain", False, {}, 60 + 150 + 30 + 600 + 30 + 60),
    (BLUE_GREEN, "plain", True, {}, 60 + 150 + 3600 + 30 + 600 + 30 + 60),
    # A task may fail its checks for all of a long grace period, and be good then.
    (BLUE_GREEN, "plain", False, {"GracePeriod": 900}, 60 + (90 + 900) + 30 + 600 + 30 + 60),
    # Without one its checks decide; a check of its own has 60 in which failures don't count.
    (BLUE_GREEN, "plain", False, {"GracePeriod": 0}, 60 + (90 + 20) + 30 + 600 + 30 + 60),
    (BLUE_GREEN, "checked", False, {"GracePeriod": 0}, 60 + (90 + 60) + 30 + 600 + 30 + 60),
    (BLUE_GREEN, "checked", False, {"GracePeriod": 0, "HealthyChecks": 10}, 60 + (90 + 100) + 30 + 600 + 30 + 60),
    # Tasks that never get ready: instance, start, 15 minutes and the metric's delay, gone.
    (BLUE_GREEN, "ec2", False, {"BakeMinutes": 0, "AlarmTaskMinutes": 15}, 60 + 180 + 90 + 900 + 120 + 60),
    # 25, 50, 75, 100: three waits of four minutes
    (LINEAR, "plain", False, {}, 60 + 150 + 30 + 3 * 240 + 600 + 30 + 60),
    # 40, 80, 100: two waits
    (LINEAR, "plain", False, {"StepPercent": 40, "StepBakeMinutes": 7}, 60 + 150 + 30 + 2 * 420 + 600 + 30 + 60),
    # 3, 6, … 99, 100: thirty-three
    (LINEAR, "plain", False, {"StepPercent": 3, "StepBakeMinutes": 1}, 60 + 150 + 30 + 33 * 60 + 600 + 30 + 60),
    (LINEAR, "plain", False, {"StepPercent": 100, "StepBakeMinutes": 60}, 60 + 150 + 30 + 600 + 30 + 60),
    # 20, 40, 60, 80, 100 on instances, and half an hour for a person
    (LINEAR, "ec2", True, {"StepPercent": 20, "StepBakeMinutes": 3, "BakeMinutes": 5, "PauseMinutes": 30},
     60 + 180 + 150 + 1800 + 30 + 4 * 180 + 300 + 30 + 60),
    (CANARY, "plain", False, {}, 60 + 150 + 30 + 300 + 600 + 30 + 60),
    (CANARY, "ec2", True, {"CanaryBakeMinutes": 7, "BakeMinutes": 5, "PauseMinutes": 30},
     60 + 180 + 150 + 1800 + 30 + 420 + 300 + 30 + 60),
    (CANARY, "checked", False, {"CanaryBakeMinutes": 0, "BakeMinutes": 0}, 60 + 90 + 420 + 120 + 60),
    # The build that writes the revision comes before
    (CODEDEPLOY, "plain", False, {}, 90 + 60 + 150 + 30 + 600 + 30 + 60),
    # CodeDeploy's grace is 60 whatever the parameter says: its services have none.
    (CODEDEPLOY, "plain", False, {"BakeMinutes": 8, "GracePeriod": 3600, "MinTasks": 5},
     90 + 60 + 150 + 30 + 480 + 30 + 60),
    (CODEDEPLOY, "plain", False, {"BakeMinutes": 0}, 90 + 60 + 90 + 420 + 120 + 60),
    # state, prepare: update, ready, old ones gone; smoke: build, 120; switch; watch: build, bake; settle: update, gone
    (SWITCH, "plain", False, {}, 90 + 60 + 150 + 60 + 90 + 120 + 60 + 90 + 600 + 60 + 60),
    # The watch takes at least 60 for the records, 30 more, and the smoke test's 120.
    (SWITCH, "ec2", False, {"BakeMinutes": 2}, 90 + 60 + 180 + 150 + 60 + 90 + 120 + 60 + 90 + 210 + 60 + 60),
    # An idle side that never gets ready, task by task.
    (SWITCH, "plain", False, {"MinTasks": 1, "GracePeriod": 600, "BakeMinutes": 5},
     90 + 60 + 3 * (90 + 600 + 15) + 60 + (90 + 600) + 60),
    (SWITCH, "plain", False, {"MinTasks": 5, "FailedTasks": 11, "GracePeriod": 600},
     90 + 60 + 3 * (90 + 600 + 15) + 60 + (90 + 600) + 60),
]  # fmt: skip


def seconds(service: Service, variant: Variant, values: dict[str, int]) -> int:
    return sum(duration for _, duration in timing.worst_case(service, variant, values).steps)


@pytest.mark.parametrize(("strategy", "service", "pause", "more", "expected"), KNOWN)
def test_known_cases(strategy: Strategy, service: str, pause: bool, more: dict[str, int], expected: int) -> None:
    variant, values = Variant(strategy, pause), VALUES | more
    assert seconds(FOUND[service], variant, values) == expected
    assert timing.worst_case(FOUND[service], variant, values).minutes == -(-expected // 60)


def test_the_values_here_are_the_defaults() -> None:
    assert {name: knobs.find(name).default for name in VALUES} == VALUES


# More of these makes a release shorter: tasks that fail at once, and fewer steps.
SHORTENING = ("MinTasks", "StepPercent")


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Variant, str, dict[str, int], dict[str, int], str]:
    """A release, and the same with more of one number."""
    strategy = draw(st.sampled_from(list(Strategy)))
    limits = {name: (int(knobs.find(name).minimum or 0), int(knobs.find(name).maximum or 0)) for name in VALUES}
    values = {name: draw(st.integers(low, high)) for name, (low, high) in limits.items()}
    name = draw(st.sampled_from(list(VALUES)))
    more = values | {name: draw(st.integers(values[name], limits[name][1]))}
    pause = strategy in NATIVE and draw(st.booleans())
    return Variant(strategy, pause), draw(st.sampled_from(list(FOUND))), values, more, name


@given(pairs())
@settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_more_never_takes_less_time(pair: tuple[Variant, str, dict[str, int], dict[str, int], str]) -> None:
    variant, service, values, more, name = pair
    before, after = (seconds(FOUND[service], variant, numbers) for numbers in (values, more))
    assert before >= after if name in SHORTENING else before <= after


@given(pairs())
@settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_instances_checks_and_people_never_make_it_shorter(pair: tuple[Variant, str, Any, Any, str]) -> None:
    variant, _, values, _, _ = pair
    plain, checked, ec2, both = (seconds(FOUND[name], variant, values) for name in ("plain", "checked", "ec2", "both"))
    assert plain <= checked <= both
    assert plain < ec2 <= both
    if variant.pause:
        assert seconds(FOUND["plain"], variant._replace(pause=False), values) <= plain


def in_minutes(seconds: float) -> int:
    return math.ceil(seconds / 60)


def model(found: Stack) -> int:
    """Minutes, from nothing but a resolved template."""
    value, services = found.values, list(found.of_type("ECS::Service").values())
    (service, *others) = services
    task = next(iter(found.of_type("ECS::TaskDefinition").values()))
    container, *_ = task["ContainerDefinitions"]
    group = next(iter(found.of_type("ElasticLoadBalancingV2::TargetGroup").values()))
    deployment = service.get("DeploymentConfiguration", {})
    check = container.get("HealthCheck")
    interval, timeout = group["HealthCheckIntervalSeconds"], group["HealthCheckTimeoutSeconds"]
    delay = int(group["TargetGroupAttributes"][0]["Value"])
    until_failed = [service["HealthCheckGracePeriodSeconds"], group["UnhealthyThresholdCount"] * interval]
    if check:
        until_failed.append(check["StartPeriod"] + check["Retries"] * check["Interval"] + check["Timeout"])
    instance = 180 if task["RequiresCompatibilities"] == ["EC2"] else 0
    until_good = [service["HealthCheckGracePeriodSeconds"], group["HealthyThresholdCount"] * interval]
    if check:
        until_good.append(check["StartPeriod"])
    ready = 90 + max(until_good)
    gone = delay + container["StopTimeout"]
    alarms = found.of_type("CloudWatch::Alarm")
    fires = {name: 60 * alarm["EvaluationPeriods"] + 120 for name, alarm in alarms.items()}

    if "DeploymentCircuitBreaker" in deployment:
        allowed = deployment["DeploymentCircuitBreaker"]["ThresholdConfiguration"]["Value"]
        rounds = math.ceil(allowed / value["MinTasks"])
        bad = instance + rounds * (90 + max(until_failed) + timeout + interval) + gone + ready + gone
        if not others:
            good = instance + ready + gone + fires["ErrorsAlarm"] + ready + gone
            return in_minutes(60 + max(bad, good))
        watch = max(int(found.resources["Record"]["TTL"]) + 30 + 120, 60 * int(found.outputs["BakeMinutes"]))
        good = instance + ready + gone + (90 + 120) + 60 + (90 + watch) + (60 + gone)
        return in_minutes(90 + 60 + max(bad, good))

    bad = instance + 90 + fires["TasksAlarm"] + gone
    if "DeploymentController" in service:
        green = found.one("CodeDeploy::DeploymentGroup")["BlueGreenDeploymentConfiguration"]
        bake = green["TerminateBlueInstancesOnDeploymentSuccess"]["TerminationWaitTimeInMinutes"]
        return in_minutes(90 + 60 + max(bad, instance + ready + 30 + 60 * bake + 30 + gone))
    minutes = deployment["BakeTimeInMinutes"]
    minutes += sum(hook["TimeoutConfiguration"]["TimeoutInMinutes"] for hook in deployment.get("LifecycleHooks", []))
    if "CanaryConfiguration" in deployment:
        minutes += deployment["CanaryConfiguration"]["CanaryBakeTimeInMinutes"]
    if "LinearConfiguration" in deployment:
        linear = deployment["LinearConfiguration"]
        moved, waits = linear["StepPercent"], 0
        while moved < 100:
            moved, waits = moved + linear["StepPercent"], waits + 1
        minutes += waits * linear["StepBakeTimeInMinutes"]
    return in_minutes(60 + max(bad, instance + ready + 30 + 60 * minutes + 30 + gone))


@pytest.fixture(params=CASES, ids=lambda path: path.name)
def case(request: pytest.FixtureRequest) -> Generated:
    return generated(request.param)


def test_templates_say_what_their_numbers_give(case: Generated) -> None:
    assert deployments(case)
    for environment, service, file, _ in deployments(case):
        template = case.templates[file]
        minutes = template["Metadata"]["WorstCaseMinutes"]
        assert minutes[environment] == model(stack(case, environment, service)), (file, environment)
        output = template["Outputs"]["WorstCaseMinutes"]["Value"]
        assert output == ", ".join(f"{place} {count}" for place, count in minutes.items())
        assert set(minutes) == {place for place, of, _, _ in deployments(case) if of == service}


def project(folder: Path, case: str) -> Path:
    """The case with a cache of its own."""
    shutil.copytree(ROOT / "tests/cases" / case, folder / "params")
    shutil.copy(ROOT / "generate.py", folder)
    (folder / "sendy_cfn").symlink_to(ROOT / "sendy_cfn")
    return folder


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "generate.py", "--params", "params", "--out", "out"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_they_are_printed_each_time(tmp_path: Path) -> None:
    folder = project(tmp_path, "strategies")
    first, second = run(folder), run(folder)
    assert "nothing changed" in second.stdout
    found = generated(ROOT / "tests/cases/strategies")
    for done in (first, second):
        for environment, service, file, _ in deployments(found):
            minutes = found.templates[file]["Metadata"]["WorstCaseMinutes"][environment]
            (line,) = [text for text in done.stdout.splitlines() if re.match(rf" +{service} ", text)]
            assert f"{environment} {minutes} (" in line
    after = [done.stdout.partition("\nminutes")[2] for done in (first, second)]
    assert after[0] == after[1] != ""


def test_a_rolling_release_is_decided_within_fifteen_minutes_or_refused(tmp_path: Path) -> None:
    done = run(slow(project(tmp_path, "bare")))
    assert done.returncode == 2
    assert done.stderr.startswith("params/test.yaml:4: services.shop.GracePeriod: shop: ")
    assert "takes up to 23 minutes" in done.stderr
    assert "at most 15 are allowed" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("allowed", "status"), [(22, 2), (23, 0)])
def test_max_decision_minutes_is_the_limit(tmp_path: Path, allowed: int, status: int) -> None:
    done = run(slow(project(tmp_path, "bare"), f"    MaxDecisionMinutes: {allowed}\n"))
    assert done.returncode == status, done.stderr
    if status:
        assert done.stderr.startswith("params/test.yaml:5: services.shop.MaxDecisionMinutes: shop: ")
        assert f"at most {allowed} are allowed" in done.stderr


def slow(folder: Path, more: str = "") -> Path:
    """Two tasks at once, then the third: 60 + 2 x (90 + 300 + 15) + 60 + (90 + 300) + 60 = 1380 seconds."""
    with (folder / "params/test.yaml").open("a") as file:
        file.write(f"services:\n  shop:\n    GracePeriod: 300\n{more}")
    return folder


@pytest.mark.parametrize("strategy", list(Strategy))
def test_limits_unless_a_value_says_more(strategy: Strategy) -> None:
    usual = 15 if strategy is Strategy.ROLLING else 90
    assert timing.limit(Variant(strategy), {}) == usual
    assert timing.limit(Variant(strategy), {"MaxDecisionMinutes": 7}) == 7
