"""Blue-green, linear and canary: ECS moves the traffic, with a role that can do that and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from sendy_cfn.config.releases import NATIVE
from sendy_cfn.config.words import Strategy
from tests.generated import generated
from tests.platforms import ROOT
from tests.stacks.authorization import allows
from tests.stacks.deliveries import policy_statements
from tests.strategies.deployed import CASE, NEW, STOPPING, Deployment, Stack, deployments, stack
from tests.strategies.metric_math import value
from tests.strategies.requests import create_service, refused

FOUND = {path: generated(path) for path in (ROOT / "params", CASE)}
WORDS = {strategy: strategy.upper().replace("-", "_") for strategy in NATIVE}
MADE = [
    (path, one)
    for path, found in FOUND.items()
    for one in deployments(found)
    if one.file.removesuffix("-pause.yaml").removesuffix(".yaml").endswith(NATIVE)
]
RULES, GROUPS = ("ListenerRule", "TestListenerRule"), ("TargetGroup", "AlternateTargetGroup")


@pytest.fixture(params=MADE, ids=[f"{one.environment}-{one.file}" for _, one in MADE])
def chosen(request: pytest.FixtureRequest) -> tuple[Any, Deployment]:
    found: tuple[Any, Deployment] = request.param
    return found


@pytest.fixture
def made(chosen: tuple[Any, Deployment]) -> Stack:
    path, one = chosen
    return stack(FOUND[path], one.environment, one.service)


def test_every_strategy_is_looked_at_with_and_without_a_pause() -> None:
    used = {(one.file.endswith("-pause.yaml"), name) for _, one in MADE for name in NATIVE if f"-{name}" in one.file}
    assert used == {(pause, name) for pause in (True, False) for name in NATIVE}


def test_ecs_takes_the_service_as_it_is(made: Stack) -> None:
    assert refused(create_service(made.one("ECS::Service"))) == ""


def test_the_deployment_is_what_aws_has_for_the_strategy(made: Stack, chosen: tuple[Any, Deployment]) -> None:
    deployment, value_of = made.one("ECS::Service")["DeploymentConfiguration"], made.values
    (strategy,) = [word for name, word in WORDS.items() if f"-{name}" in chosen[1].file]
    assert deployment["Strategy"] == strategy
    assert "DeploymentCircuitBreaker" not in deployment  # works for rolling only
    assert deployment["BakeTimeInMinutes"] == value_of["BakeMinutes"]
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (100, 200)
    expected: dict[str, Any] = {
        "CANARY": {
            "CanaryConfiguration": {
                "CanaryPercent": value_of.get("CanaryPercent"),
                "CanaryBakeTimeInMinutes": value_of.get("CanaryBakeMinutes"),
            }
        },
        "LINEAR": {
            "LinearConfiguration": {
                "StepPercent": value_of.get("StepPercent"),
                "StepBakeTimeInMinutes": value_of.get("StepBakeMinutes"),
            }
        },
        "BLUE_GREEN": {},
    }[strategy]
    assert {k: v for k, v in deployment.items() if k in ("CanaryConfiguration", "LinearConfiguration")} == expected
    assert "DeploymentController" not in made.one("ECS::Service")


def test_a_pause_asks_once_and_goes_back_without_an_answer(made: Stack, chosen: tuple[Any, Deployment]) -> None:
    hooks = made.one("ECS::Service")["DeploymentConfiguration"].get("LifecycleHooks", [])
    assert len(hooks) == int(chosen[1].file.endswith("-pause.yaml"))
    for hook in hooks:
        assert hook == {
            "TargetType": "PAUSE",
            "LifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
            "TimeoutConfiguration": {"TimeoutInMinutes": made.values["PauseMinutes"], "Action": "ROLLBACK"},
        }


def test_the_same_alarms_stop_a_deployment(made: Stack) -> None:
    alarms = made.one("ECS::Service")["DeploymentConfiguration"]["Alarms"]
    assert alarms["Enable"] is alarms["Rollback"] is True
    assert set(alarms["AlarmNames"]) == {f"{name}.id" for name in (*STOPPING, "TasksAlarm")}


def test_ecs_knows_both_groups_and_both_rules(made: Stack) -> None:
    (balancer,) = made.one("ECS::Service")["LoadBalancers"]
    assert balancer["TargetGroupArn"] == "TargetGroup.id"
    assert balancer["AdvancedConfiguration"] == {
        "AlternateTargetGroupArn": "AlternateTargetGroup.id",
        "ProductionListenerRule": "ListenerRule.id",
        "TestListenerRule": "TestListenerRule.id",
        "RoleArn": "InfrastructureRole.Arn",
    }
    assert set(made.of_type("ElasticLoadBalancingV2::TargetGroup")) == set(GROUPS)


def test_before_the_first_deployment_one_group_has_all_the_traffic(made: Stack) -> None:
    """ECS refuses a rule that leads to both, and one that leads elsewhere."""
    rules = made.of_type("ElasticLoadBalancingV2::ListenerRule")
    assert set(rules) == set(RULES)
    for name, wire in zip(RULES, ("ListenerArn", "TestListenerArn"), strict=True):
        (action,) = rules[name]["Actions"]
        weights = {group["TargetGroupArn"]: group["Weight"] for group in action["ForwardConfig"]["TargetGroups"]}
        assert set(weights) == {f"{group}.id" for group in GROUPS}
        assert weights["TargetGroup.id"] > weights["AlternateTargetGroup.id"] == 0
        assert rules[name]["ListenerArn"] == made.values[wire]
    production, test = ({k: v for k, v in rules[name].items() if k != "ListenerArn"} for name in RULES)
    assert production == test


def test_both_groups_are_checked_alike(made: Stack) -> None:
    group, alternate = (made.resources[name] for name in GROUPS)
    assert group == alternate


def test_the_role_is_there_before_and_as_long_as_ecs_needs_it(made: Stack) -> None:
    (name,) = made.of_type("ECS::Service")
    assert "InfrastructurePolicy" in made.depends_on(name)


def test_ecs_alone_takes_on_the_role(made: Stack) -> None:
    (statement,) = made.resources["InfrastructureRole"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "ecs.amazonaws.com"}
    assert statement["Action"] == ["sts:AssumeRole"]
    # AWS's own trust policy for it has no condition: one that demands a key could refuse every deployment.
    assert all(operator.endswith("IfExists") for operator in statement.get("Condition", {}))


BALANCING = "elasticloadbalancing:"
LOOKS = {f"{BALANCING}Describe{what}" for what in ("Listeners", "Rules", "TargetGroups", "TargetHealth")}


def test_the_role_moves_this_services_traffic_and_nothing_else(made: Stack) -> None:
    granted = policy_statements(made, "InfrastructureRole")
    for rule in RULES:
        assert allows(granted, f"{BALANCING}ModifyRule", f"{rule}.id")
    for group in GROUPS:
        for action in ("RegisterTargets", "DeregisterTargets"):
            assert allows(granted, f"{BALANCING}{action}", f"{group}.id")
    for action in LOOKS:
        assert allows(granted, action, "*")
    on: dict[str, set[str]] = {}
    for statement in granted:
        for action in statement["Action"]:
            on.setdefault(action, set()).update(statement["Resource"])
    assert {action: resources for action, resources in on.items() if action not in LOOKS} == {
        f"{BALANCING}ModifyRule": {f"{rule}.id" for rule in RULES},
        f"{BALANCING}RegisterTargets": {f"{group}.id" for group in GROUPS},
        f"{BALANCING}DeregisterTargets": {f"{group}.id" for group in GROUPS},
    }


def test_scaling_follows_requests_in_both_groups(made: Stack) -> None:
    policies = {
        name: policy["TargetTrackingScalingPolicyConfiguration"]
        for name, policy in made.of_type("ApplicationAutoScaling::ScalingPolicy").items()
    }
    specification = policies.pop("ScaleOnRequests")["CustomizedMetricSpecification"]
    assert all("PredefinedMetricSpecification" in policy for policy in policies.values())
    (result,) = [query for query in specification["Metrics"] if query["ReturnData"]]
    by_group = {}
    for query in specification["Metrics"]:
        if "MetricStat" in query:
            metric = query["MetricStat"]["Metric"]
            assert (metric["MetricName"], query["MetricStat"]["Stat"]) == ("RequestCountPerTarget", "Sum")
            ((dimension, group),) = [(d["Name"], d["Value"]) for d in metric["Dimensions"]]
            assert dimension == "TargetGroup"
            by_group[group.partition(".")[0]] = query["Id"]
    assert set(by_group) == set(GROUPS)
    blue, green = (by_group[group] for group in GROUPS)
    for before, after, total in ((700.0, None, 700), (None, 700.0, 700), (500.0, 200.0, 700)):
        assert value(result["Expression"], {blue: before, green: after}) == total


def test_test_traffic_has_an_address_of_its_own(made: Stack) -> None:
    assert made.outputs["TestUrl"] == f"{made.outputs['ServiceUrl']}:8443"


def test_a_release_changes_the_task_definition_and_no_more(chosen: tuple[Any, Deployment]) -> None:
    path, one = chosen
    before = stack(FOUND[path], one.environment, one.service).resources
    after = stack(FOUND[path], one.environment, one.service, **NEW).resources
    assert [name for name in before if before[name] != after[name]] == ["TaskDefinition"]


def test_a_name_in_dns_whatever_is_live(made: Stack) -> None:
    assert made.one("Route53::RecordSet")["ResourceRecords"] == [made.values["LoadBalancerDnsName"]]


def test_native_strategies_are_these() -> None:
    assert set(NATIVE) == {Strategy.BLUE_GREEN, Strategy.LINEAR, Strategy.CANARY}
