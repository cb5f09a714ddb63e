from __future__ import annotations

import pytest

from rehearsal.full.deployments import Breaker, Limits, LoadBalancer, Member, Plan, plan
from rehearsal.full.scheduler_checks import Check, CheckDefinition
from rehearsal.full.scheduler_reading import completed, not_rehearsed, refused
from tests.rehearsal.scheduled import until

DEFINITION = {
    "containerDefinitions": [{"name": "orders", "portMappings": [{"containerPort": 8080}]}],
    "networkMode": "awsvpc",
}
TWO = [{"name": "orders"}, {"name": "sidecar"}]


def members(prefix: str, *healthy: bool) -> list[Member]:
    return [Member(f"{prefix}{number}", good, float(number)) for number, good in enumerate(healthy)]


@pytest.mark.parametrize(
    ("kind", "value", "desired", "threshold"),
    [
        ("BOUNDED_PERCENT", 50, 2, 3),
        ("BOUNDED_PERCENT", 50, 25, 13),
        ("BOUNDED_PERCENT", 50, 1000, 200),
        ("UNBOUNDED_PERCENT", 50, 2, 1),
        ("UNBOUNDED_PERCENT", 50, 1000, 500),
        ("COUNT", 2, 1000, 2),
    ],
)
def test_threshold_of_the_circuit_breaker(kind: str, value: int, desired: int, threshold: int) -> None:
    breaker = Breaker.read({"enable": True, "thresholdConfiguration": {"type": kind, "value": value}})
    assert breaker.threshold(desired) == threshold
    assert breaker.trips(threshold, desired)
    assert not breaker.trips(threshold - 1, desired)


def test_a_breaker_that_is_off_never_trips() -> None:
    assert Breaker.read({}) == Breaker(reset_on_healthy_task=True)
    assert not Breaker.read({}).trips(1000, 1)


@pytest.mark.parametrize(
    ("limits", "new", "old", "start", "stop"),
    [
        # Full capacity throughout: new ones first, old ones as new ones become healthy.
        ((2, 100, 200), (), (True, True), 2, set()),
        ((2, 100, 200), (True, False), (True, True), 0, {"old0"}),
        ((2, 100, 200), (True, True), (True, True), 0, {"old0", "old1"}),
        ((2, 100, 200), (False, False), (True, True), 0, set()),
        # No more than the maximum: an old one makes room.
        ((2, 50, 100), (), (True, True), 1, {"old0"}),
        ((2, 50, 100), (False,), (True,), 0, set()),
        ((2, 50, 100), (True,), (True,), 1, {"old0"}),
        ((3, 100, 150), (), (True, True, True), 1, set()),  # floor(4.5)
        ((3, 50, 200), (False, False, False), (True, True, True), 0, {"old0"}),  # ceil(1.5)
        # The desired count went down, or to nothing.
        ((1, 100, 200), (True, False, True), (), 0, {"new1", "new2"}),
        ((0, 100, 200), (True,), (True,), 0, {"new0", "old0"}),
        # What never became healthy is not kept.
        ((2, 100, 200), (), (False, True, True), 2, {"old0"}),
        ((2, 100, 100), (), (False, False), 2, {"old0", "old1"}),
    ],
)
def test_plan(
    limits: tuple[int, int, int], new: tuple[bool, ...], old: tuple[bool, ...], start: int, stop: set[str]
) -> None:
    found = plan(Limits(*limits), members("new", *new), members("old", *old))
    assert (found.start, set(found.stop)) == (start, stop)


def test_tasks_of_the_last_completed_deployment_are_kept_while_they_are_needed() -> None:
    old = members("old", True, False)
    assert plan(Limits(2, 100, 200), [], old, source={"old0", "old1"}).stop == ()
    assert set(plan(Limits(2, 100, 200), members("new", True, True), old, source={"old0", "old1"}).stop) == {
        "old0",
        "old1",
    }


def test_a_failed_deployment_starts_nothing_and_keeps_what_is_there() -> None:
    assert plan(Limits(2, 100, 200), [], members("old", True, True), may_start=False) == Plan(0, ())


@pytest.mark.parametrize(
    ("service", "definition", "machine", "why"),
    [
        ({}, {}, "x86_64", ""),
        ({"deploymentConfiguration": {"strategy": "BLUE_GREEN"}}, {}, "x86_64", "BLUE_GREEN"),
        ({"deploymentController": {"type": "CODE_DEPLOY"}}, {}, "x86_64", "CODE_DEPLOY"),
        ({"launchType": "EC2"}, {}, "x86_64", "EC2"),
        ({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}], "launchType": "EC2"}, {}, "x86_64", ""),
        ({"capacityProviderStrategy": [{"capacityProvider": "mine"}]}, {}, "x86_64", "capacity provider mine"),
        ({}, {"runtimePlatform": {"cpuArchitecture": "ARM64"}}, "x86_64", "ARM64"),
        ({}, {"runtimePlatform": {"cpuArchitecture": "ARM64"}}, "aarch64", ""),
        ({}, {"runtimePlatform": {"cpuArchitecture": "X86_64"}}, "aarch64", "X86_64"),
        ({}, {"containerDefinitions": TWO}, "x86_64", "2 containers"),
        ({}, {"volumes": [{"name": "data"}]}, "x86_64", "volumes"),
        ({}, {"containerDefinitions": [{"name": "a", "healthCheck": {"command": ["curl"]}}]}, "x86_64", "curl"),
    ],
)
def test_what_is_not_rehearsed(
    service: dict[str, object], definition: dict[str, object], machine: str, why: str
) -> None:
    found = not_rehearsed(service, DEFINITION | definition, machine)
    assert why in found
    assert bool(why) == bool(found)


def test_load_balancers_must_fit_the_task_definition() -> None:
    containers = [{"name": "orders", "portMappings": [{"containerPort": 8080}]}]
    assert not refused([LoadBalancer("group", "orders", 8080)], containers)
    assert refused([LoadBalancer("group", "orders", 80)], containers)
    assert refused([LoadBalancer("group", "web", 8080)], containers)


def test_what_the_api_leaves_out_is_filled_in() -> None:
    lost = {"DeploymentCircuitBreaker": {"Enable": False, "ThresholdConfiguration": {"Type": "COUNT", "Value": 4}}}
    properties = {"DeploymentConfiguration": lost, "HealthCheckGracePeriodSeconds": 9}
    described = {"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True}}}
    found = completed(described, properties)
    assert Breaker.read(found["deploymentConfiguration"]["deploymentCircuitBreaker"]) == Breaker(
        enabled=True, kind="COUNT", value=4
    )
    assert found["healthCheckGracePeriodSeconds"] == 9


def test_failures_in_the_start_period_do_not_count() -> None:
    definition = CheckDefinition(("true",), interval=5, retries=2, start_period=18)
    check = Check(definition, lambda _command: False, now=0)
    found = {now: _settled(check, now) for now in range(40)}
    # Runs begin at 5, 10, 15, and, counted, at 20 and 25.
    assert found[24] == "UNKNOWN"
    assert found[26] == "UNHEALTHY"


def test_one_success_makes_it_healthy_again() -> None:
    answers = iter([True, False, True, False, False])
    definition = CheckDefinition(("true",), interval=1, retries=2)
    check = Check(definition, lambda _command: next(answers, True), now=0)
    found = [_settled(check, now) for now in range(1, 6)]
    assert found == ["HEALTHY", "HEALTHY", "HEALTHY", "HEALTHY", "UNHEALTHY"]


def test_shell_commands_and_none() -> None:
    shell = CheckDefinition.read({"healthCheck": {"command": ["CMD-SHELL", "curl -f localhost || exit 1"]}})
    assert shell is not None
    assert shell.command == ("/bin/sh", "-c", "curl -f localhost || exit 1")
    assert (shell.interval, shell.timeout, shell.retries, shell.start_period) == (30, 5, 3, 0)
    assert CheckDefinition.read({"healthCheck": {"command": ["NONE"]}}) is None
    assert CheckDefinition.read({}) is None


def _settled(check: Check, now: float) -> str:
    """Where the check stands once the run that begins now has ended."""
    check.step(now)
    until(lambda: not check.running)
    return check.step(now)
