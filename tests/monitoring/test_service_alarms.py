"""Alarms of services beside those that stop releases: what they look at, what they say, which of them are one message.

Those that stop releases are computed in tests/strategies.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from troposphere import Ref as Reference
from troposphere import Template, logs

from emulator import Emulator
from sendy_cfn import config, services, yamlfile
from sendy_cfn.blocks.service_alarms import WARNINGS
from sendy_cfn.config.releases import Variant
from sendy_cfn.config.words import Alarms, Strategy
from sendy_cfn.knobs import alarms as knobs
from tests.generated import generated
from tests.monitoring.deployed import Deployed
from tests.platforms import ROOT
from tests.strategies.deployed import CASE, STOPPING, Deployment, Stack, deployed, deployments

EVERY = [
    (path, one)
    for path in (ROOT / "params", CASE)
    for one in deployments(generated(path))
    if generated(path).platform.services[one.service].alarms is Alarms.ALL
]
LEAN = """
platform: demo
domain: demo.example
toolchain: {region: eu-west-1, source: {repository: demo/platform}}
environments: {live: {region: eu-west-1, clusters: [blue, green]}}
services: {shop: {kind: web, source: {repository: demo/shop}, alarms: release}}
"""
SERIOUS = ("UnhealthyAlarm", "TooFewTasksAlarm", "RestartsAlarm", "MemoryKillsAlarm")
COSTLY = ("CpuAlarm", "MemoryAlarm", "RequestsBandAlarm", "LatencyBandAlarm")


def named(part: Any) -> str:
    return f"{part[0].name}-{part[1].environment}-{part[1].file}"


@pytest.fixture(params=EVERY, ids=named)
def of(request: pytest.FixtureRequest) -> tuple[Any, Deployment]:
    found: tuple[Any, Deployment] = request.param
    return found


@pytest.fixture
def full(of: tuple[Any, Deployment]) -> Stack:
    """The stack with all its alarms."""
    path, one = of
    return deployed(generated(path), one, FullMonitoring="true")


def alarms(stack: Stack) -> dict[str, dict[str, Any]]:
    return stack.of_type("CloudWatch::Alarm")


def test_there_are_all_kinds(full: Stack) -> None:
    more = {"TasksAlarm"} if "TasksAlarm" in full.resources else set()
    assert set(alarms(full)) == {*STOPPING, *SERIOUS, *COSTLY} | more


def test_costly_ones_can_be_left_out(of: tuple[Any, Deployment]) -> None:
    path, one = of
    spared = deployed(generated(path), one, FullMonitoring="false")
    full = deployed(generated(path), one, FullMonitoring="true")
    assert set(full.made) - set(spared.made) == set(COSTLY)
    assert spared.resources["HealthAlarm"] == full.resources["HealthAlarm"]


@pytest.mark.parametrize("strategy", Strategy)
def test_a_service_may_have_only_those_that_stop_releases(strategy: Strategy) -> None:
    found = config.read(yamlfile.parse(LEAN.encode(), "platform.yaml"), "platform.yaml")
    made = services.build(found, found.services["shop"], Variant(strategy), {"live": 10}).to_dict()["Resources"]
    kinds = {name for name, resource in made.items() if resource["Type"].startswith("AWS::CloudWatch::")}
    assert kinds - {"TasksAlarm"} == {*STOPPING, "HealthAlarm"}
    assert made["ErrorLines"]["Type"] == "AWS::Logs::MetricFilter"
    named_in_rule = set(re.findall(r"\$\{(\w+)\}", made["HealthAlarm"]["Properties"]["AlarmRule"]["Fn::Sub"]))
    assert named_in_rule == kinds - {"HealthAlarm"}


def test_names_are_those_of_one_service_only(full: Stack) -> None:
    """`shop` and `shop-memory` may be services side by side: no kind is another one's end."""
    kinds = {a["AlarmName"].removeprefix(f"{full.values['AWS::StackName']}-") for a in alarms(full).values()} | {
        "health"
    }
    assert len(kinds) == len(alarms(full)) + 1
    for kind in kinds:
        assert not any(kind.endswith(f"-{other}") for other in kinds), kind


def test_every_alarm_says_what_happened_and_where_to_look_first(full: Stack, of: tuple[Any, Deployment]) -> None:
    for name, alarm in (alarms(full) | full.of_type("CloudWatch::CompositeAlarm")).items():
        said = alarm["AlarmDescription"]
        assert len(said) <= 1024  # AWS
        assert of[1].service in said, name
        text, mark, page = said.partition("https://console.aws.amazon.com/")
        assert mark, name
        assert " first" in text or "find the leak" in text, name
        assert re.fullmatch(r"(cloudwatch/home|ecs/v2/clusters\S*)\?region=eu-\w+-1(#\S+)?", page), page
        assert "${" not in said


def test_limits_are_values(full: Stack) -> None:
    """A number that stands in the template is none that people want to choose."""
    fixed = {"UnhealthyAlarm": 0, "MemoryKillsAlarm": 0, "LatencyAlarm": 100, "TasksAlarm": 0}
    limits = {name: alarm["Threshold"] for name, alarm in alarms(full).items() if "Threshold" in alarm}
    assert {name: limit for name, limit in limits.items() if name in fixed} == {
        name: limit for name, limit in fixed.items() if name in limits
    }
    values = full.values
    assert {name: limit for name, limit in limits.items() if name not in fixed} == {
        "ErrorsAlarm": values["AlarmErrorPercent"],
        "ErrorLinesAlarm": values["AlarmLogErrors"],
        "TooFewTasksAlarm": values["MinTasks"],
        "RestartsAlarm": values["AlarmRestarts"],
        "CpuAlarm": values["AlarmCpuPercent"],
        "MemoryAlarm": values["AlarmMemoryPercent"],
    }


def live(stack: Stack) -> tuple[str, str]:
    """Cluster and name of the ECS service that customers reach."""
    services = stack.of_type("ECS::Service")
    title = "GreenService" if len(services) > 1 and stack.values["LiveCluster"] == "green" else next(iter(services))
    return services[title]["Cluster"], f"{title}.Name"


@pytest.mark.parametrize("colour", ["blue", "green"])
def test_they_look_at_the_service_that_customers_reach(of: tuple[Any, Deployment], colour: str) -> None:
    path, one = of
    stack = deployed(generated(path), one, FullMonitoring="true", LiveCluster=colour)
    cluster, service = live(stack)
    for name in ("TooFewTasksAlarm", "CpuAlarm", "MemoryAlarm"):
        dimensions = {d["Name"]: d["Value"] for d in stack.resources[name]["Dimensions"]}
        assert dimensions == {"ClusterName": cluster, "ServiceName": service}
    for name in ("RestartsAlarm", "MemoryKillsAlarm"):
        # As ECS's events have it: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
        assert stack.resources[name]["Dimensions"] == [{"Name": "Group", "Value": f"service:{service}"}]
    for name in ("UnhealthyAlarm", "RequestsBandAlarm", "LatencyBandAlarm"):
        alarm = stack.resources[name]
        asked = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query] or [
            alarm
        ]
        groups = {d["Value"] for metric in asked for d in metric["Dimensions"] if d["Name"] == "TargetGroup"}
        made = list(stack.of_type("ElasticLoadBalancingV2::TargetGroup"))
        if len(stack.of_type("ECS::Service")) > 1:
            made = [g for g in made if g.startswith("Green") == (colour == "green")]
        assert groups == {f"{group}.TargetGroupFullName" for group in made}


def test_bands_are_round_a_value_of_the_same_alarm(full: Stack) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
    for name in ("RequestsBandAlarm", "LatencyBandAlarm"):
        alarm = full.resources[name]
        queries = {query["Id"]: query for query in alarm["Metrics"]}
        band = queries[alarm["ThresholdMetricId"]]["Expression"]
        found = re.fullmatch(r"ANOMALY_DETECTION_BAND\((\w+), (\d+)\)", band)
        assert found is not None
        assert int(found[2]) == full.values["BandWidth"]
        assert queries[found[1]].get("ReturnData", True) is True
        shown = [query for query in queries.values() if query.get("ReturnData", True)]
        assert len(shown) == 2
        assert not {"Threshold", "MetricName"} & set(alarm)
    # Fewer requests than expected are as bad as more; nobody minds quick answers.
    assert full.resources["RequestsBandAlarm"]["ComparisonOperator"] == "LessThanLowerOrGreaterThanUpperThreshold"
    assert full.resources["LatencyBandAlarm"]["ComparisonOperator"] == "GreaterThanUpperThreshold"


def well(rule: str, red: set[str]) -> bool:
    """A composite alarm's state: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html"""
    parts = rule.split(" OR ")
    found = [re.fullmatch(r"ALARM\(([^()\s\"]+)\)", part) for part in parts]
    return not any(one is not None and one[1] in red for one in found) and all(found)


def test_one_alarm_says_whether_the_service_is_well(full: Stack) -> None:
    (health,) = full.of_type("CloudWatch::CompositeAlarm").values()
    rule = health["AlarmRule"]
    assert well(rule, set())
    serious = set(alarms(full)) - set(COSTLY)
    for name in serious:
        assert not well(rule, {f"{name}.id"}), name
    assert well(rule, {f"{name}.id" for name in COSTLY})
    assert health["AlarmName"].endswith("-health")
    assert {
        alarms(full)[name]["AlarmName"].rpartition(f"{full.values['AWS::StackName']}-")[2] for name in COSTLY
    } == set(WARNINGS)


GOOD = ('{"level": "info"}', '{"level": "warning", "message": "ERROR"}', "ERROR in plain text", '{"message": "fatal"}')
BAD = ('{"level": "error"}', '{"level": "ERROR"}', '{"level": "CRITICAL"}', '{"level": "fatal"}', '{"level": "err"}')


def test_error_lines_are_counted(emulator: Emulator, full: Stack) -> None:
    """What the default pattern takes for one, among lines as services write them."""
    (made,) = full.of_type("Logs::MetricFilter").values()
    template = Template()
    template.add_parameter(knobs.LOG_ERROR_PATTERN.parameter())
    template.add_resource(logs.LogGroup("LogGroup"))
    (metric,) = made["MetricTransformations"]
    template.add_resource(
        logs.MetricFilter(
            "ErrorLines",
            LogGroupName=Reference("LogGroup"),
            FilterPattern=Reference("LogErrorPattern"),
            MetricTransformations=[logs.MetricTransformation(**metric)],
        )
    )
    stack = Deployed(emulator, template)
    stack.write("LogGroup", *GOOD, *BAD)
    assert stack.sums(metric["MetricNamespace"]) == {(metric["MetricName"], ()): len(BAD)}
    alarm = full.resources["ErrorLinesAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (metric["MetricNamespace"], metric["MetricName"])
    assert "Dimensions" not in alarm
    assert made["FilterPattern"] == full.values["LogErrorPattern"] == knobs.LOG_ERROR_PATTERN.default
