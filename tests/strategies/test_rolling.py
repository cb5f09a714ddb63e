from __future__ import annotations

from typing import Any

import pytest

from tests.generated import generated
from tests.platforms import ROOT
from tests.strategies.deployed import CASE, NEW, STOPPING, Stack, deployments, stack
from tests.strategies.requests import create_service, refused

FOUND = {path: generated(path) for path in (ROOT / "params", CASE, ROOT / "tests/cases/bare")}
MADE = [
    (path, one)
    for path, found in FOUND.items()
    for one in deployments(found)
    if f"service-{one.service}.yaml" == one.file
]


@pytest.fixture(params=MADE, ids=[f"{one.environment}-{one.file}" for _, one in MADE])
def made(request: pytest.FixtureRequest) -> Stack:
    path, one = request.param
    return stack(FOUND[path], one.environment, one.service)


def test_ecs_takes_the_service_as_it_is(made: Stack) -> None:
    assert refused(create_service(made.one("ECS::Service"))) == ""


def test_what_ecs_would_refuse_is_seen() -> None:
    path, one = MADE[0]
    service = stack(FOUND[path], one.environment, one.service).one("ECS::Service")
    mistakes: list[dict[str, Any]] = [
        {"DeploymentConfiguration": {"Strategy": "SLOWLY"}},
        {"DeploymentConfiguration": {"BakeTime": 3}},
        {"LoadBalancers": [{"AdvancedConfiguration": {"RoleArn": 1}}]},
        {"Placement": []},
    ]
    for wrong in mistakes:
        assert refused(create_service(service | wrong)) != ""


def test_failed_tasks_and_alarms_end_a_deployment_and_no_bake_time_prolongs_it(made: Stack) -> None:
    deployment = made.one("ECS::Service")["DeploymentConfiguration"]
    assert deployment["Strategy"] == "ROLLING"
    breaker = deployment["DeploymentCircuitBreaker"]
    assert breaker["ThresholdConfiguration"] == {"Type": "COUNT", "Value": made.values["FailedTasks"]}
    assert breaker["Enable"] is breaker["Rollback"] is True
    assert breaker["ResetOnHealthyTask"] is False  # else one good task in three prolongs it for ever
    assert set(deployment["Alarms"]["AlarmNames"]) == {f"{name}.id" for name in STOPPING}
    assert deployment["Alarms"]["Enable"] is deployment["Alarms"]["Rollback"] is True
    foreign = {"BakeTimeInMinutes", "CanaryConfiguration", "LinearConfiguration", "LifecycleHooks"}
    assert not foreign & set(deployment)  # with a bake time CloudFormation waits for up to 36 hours


def test_there_is_one_group_and_one_rule_and_no_role_for_traffic(made: Stack) -> None:
    (action,) = made.one("ElasticLoadBalancingV2::ListenerRule")["Actions"]
    assert action == {"Type": "forward", "TargetGroupArn": "TargetGroup.id"}
    (balancer,) = made.one("ECS::Service")["LoadBalancers"]
    assert balancer["TargetGroupArn"] == "TargetGroup.id"
    assert "AdvancedConfiguration" not in balancer
    assert set(made.of_type("IAM::Role")) == {"ExecutionRole", "TaskRole"}
    assert "TestUrl" not in made.outputs


def test_a_release_changes_the_task_definition_and_no_more() -> None:
    for path, one in MADE:
        before = stack(FOUND[path], one.environment, one.service).resources
        after = stack(FOUND[path], one.environment, one.service, **NEW).resources
        assert [name for name in before if before[name] != after[name]] == ["TaskDefinition"]
