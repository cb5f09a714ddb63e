"""Alarms of clusters, NAT gateways and queues: what sample minutes make of them, and what people read."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest

from sendy_cfn.knobs import find
from tests.generated import CASES, Document, generated
from tests.platforms import ROOT
from tests.stacks.clusters import built
from tests.stacks.evaluate import Stack
from tests.stacks.test_network import NAT, PLATFORMS, ZONES, each_nat, each_zones
from tests.stacks.test_network import stack as network
from tests.strategies.metric_math import value

Alarm = dict[str, Any]
KINDS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")


@cache
def cluster(*, domain: bool = True, ec2: tuple[str, ...] = ("amd64", "arm64")) -> Stack:
    template = built(domain=domain, ec2=ec2)
    named = {name: f"value-of-{name}" for name in template["Parameters"]}
    defaults = {name: one["Default"] for name, one in template["Parameters"].items() if "Default" in one}
    place = {"Environment": "test", "ClusterId": "blue", "AWS::StackName": "stack"}
    place["AWS::StackId"] = "arn:aws:cloudformation:eu-central-1:123456789012:stack/stack/0a1b-2c"
    return Stack({"Conditions": {}, **template}, named | defaults | place)


def of_type(stack: Stack, suffix: str) -> dict[str, Alarm]:
    return stack.of_type(f"CloudWatch::{suffix}")


def point(alarm: Alarm, **metrics: float) -> float | None:
    """What the alarm compares with its threshold when these metrics have values, and others none."""
    named = {one["Id"]: one["MetricStat"]["Metric"]["MetricName"] for one in alarm["Metrics"] if "MetricStat" in one}
    assert set(metrics) <= set(named.values())
    (formula,) = [one["Expression"] for one in alarm["Metrics"] if one.get("ReturnData", True)]
    return value(formula, {key: metrics.get(name) for key, name in named.items()})


def rings(alarm: Alarm, **metrics: float) -> bool:
    found = point(alarm, **metrics)
    assert found is not None, "without a data point the alarm keeps its state"
    return found > float(alarm["Threshold"])


# The load balancer


def test_errors_of_the_load_balancer_are_a_share_of_all_requests() -> None:
    alarm = cluster().resources["LoadBalancerErrorsAlarm"]
    assert alarm["Threshold"] == 5
    assert point(alarm) == 0  # no traffic, no metrics at all
    assert point(alarm, RequestCount=100) == 0
    # RequestCount has only requests that got a target: 80 and 20 are 100.
    assert point(alarm, RequestCount=80, HTTPCode_ELB_5XX_Count=20) == 20
    assert rings(alarm, RequestCount=94, HTTPCode_ELB_5XX_Count=6)
    assert not rings(alarm, RequestCount=95, HTTPCode_ELB_5XX_Count=5)


def test_a_load_balancer_without_any_healthy_task_is_seen() -> None:
    """Then no request gets a target."""
    alarm = cluster().resources["LoadBalancerErrorsAlarm"]
    assert point(alarm, HTTPCode_ELB_5XX_Count=20) == 100
    assert not rings(alarm, HTTPCode_ELB_5XX_Count=19)  # fewer than LoadBalancerAlarmRequests


def test_rejected_connections() -> None:
    alarm = cluster().resources["RejectedConnectionsAlarm"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Period"]) == ("RejectedConnectionCount", "Sum", 300)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)


# EC2 capacity


@pytest.mark.parametrize("architecture", ["Amd64", "Arm64"])
def test_tasks_that_wait_for_instances(architecture: str) -> None:
    alarm = cluster().resources[f"{architecture}CapacityAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ECS/ManagedScaling", "CapacityProviderReservation")
    dimensions = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    assert dimensions == {"ClusterName": "Cluster.id", "CapacityProviderName": f"{architecture}CapacityProvider.id"}
    # 100: what runs is what is needed.
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 100)
    assert alarm["EvaluationPeriods"] * alarm["Period"] == 15 * 60


@pytest.mark.parametrize("architecture", ["Amd64", "Arm64"])
def test_a_group_that_can_not_grow(architecture: str) -> None:
    alarm = cluster().resources[f"{architecture}InstancesAlarm"]
    assert rings(alarm, GroupInServiceInstances=4, GroupMaxSize=4, GroupMinSize=0)
    assert not rings(alarm, GroupInServiceInstances=3, GroupMaxSize=4, GroupMinSize=0)
    assert not rings(alarm, GroupInServiceInstances=4, GroupMaxSize=4, GroupMinSize=4)  # of fixed size
    assert not rings(alarm)
    assert alarm["EvaluationPeriods"] == 15
    for one in alarm["Metrics"]:
        if "MetricStat" in one:
            (group,) = one["MetricStat"]["Metric"]["Dimensions"]
            assert group == {"Name": "AutoScalingGroupName", "Value": f"{architecture}AutoScalingGroup.id"}


def test_without_ec2_and_a_domain_there_are_fewer() -> None:
    assert set(of_type(cluster(domain=False, ec2=()), "Alarm")) == {
        "LoadBalancerErrorsAlarm",
        "RejectedConnectionsAlarm",
    }
    assert "CertificateAlarm" in of_type(cluster(ec2=()), "Alarm")


# The certificate


def test_a_certificate_that_was_not_renewed() -> None:
    alarm = cluster().resources["CertificateAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/CertificateManager", "DaysToExpiry")
    assert alarm["Dimensions"] == [{"Name": "CertificateArn", "Value": "Certificate.id"}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"], alarm["Statistic"]) == ("LessThanThreshold", 30, "Minimum")
    assert alarm["TreatMissingData"] == "ignore"  # after its end there is no metric, and still something to do


# NAT gateways


@each_nat
@each_zones
def test_each_nat_gateway_has_its_alarms(nat: str, zones: int) -> None:
    made = network("shipped", nat, zones)
    gateways = {f"{name}.id" for name in made.of_type("EC2::NatGateway")}
    ports, drops = [], []
    for alarm in of_type(made, "Alarm").values():
        if "Metrics" in alarm:
            of = {str(one["MetricStat"]["Metric"]["Dimensions"]) for one in alarm["Metrics"] if "MetricStat" in one}
            (dimensions,) = of
            drops.append(re.findall(r"'Value': '([^']+)'", dimensions)[0])
        else:
            ports.append(alarm["Dimensions"][0]["Value"])
            assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("ErrorPortAllocation", "Sum", 0)
    assert sorted(ports) == sorted(drops) == sorted(gateways)
    assert len(of_type(made, "CompositeAlarm")) == (nat != "none")
    listed = str(made.outputs["NatGatewayIds"])
    assert listed == (",".join(sorted(gateways)) or "none")


@pytest.mark.parametrize("name", PLATFORMS)
def test_dropped_packets_of_all_that_came_in(name: str) -> None:
    """AWS: more than 0.01 percent are too many."""
    alarm = network(name).resources["NatDropsAlarmA"]
    assert alarm["Threshold"] == 1
    assert not rings(alarm)
    assert not rings(alarm, PacketsInFromSource=600_000, PacketsInFromDestination=400_000)
    of_a_million = {"PacketsInFromSource": 600_000, "PacketsInFromDestination": 400_000}
    assert not rings(alarm, PacketsDropCount=100, **of_a_million)
    assert rings(alarm, PacketsDropCount=101, **of_a_million)
    assert not rings(alarm, PacketsDropCount=5)  # nothing came in


# All of them


def alarms_of(stack: Stack) -> dict[str, Alarm]:
    return of_type(stack, "Alarm") | of_type(stack, "CompositeAlarm")


def stacks() -> list[Stack]:
    return [
        cluster(),
        cluster(domain=False, ec2=()),
        *(network("shipped", nat, zones) for nat in NAT for zones in ZONES),
    ]


def test_the_composite_alarm_is_on_with_any_of_its_template() -> None:
    for stack in stacks():
        for composite in of_type(stack, "CompositeAlarm").values():
            rule = composite["AlarmRule"].split(" OR ")
            assert sorted(rule) == sorted(f"ALARM({name}.id)" for name in of_type(stack, "Alarm"))
            assert composite["AlarmName"] in ("courier-test-cluster_blue-health", "courier-test-nat_gateways-health")


def test_names_are_their_own() -> None:
    for stack in stacks():
        names = [alarm["AlarmName"] for alarm in alarms_of(stack).values()]
        assert len(set(names)) == len(names)
        assert all(name.startswith("courier-test-") for name in names)


def test_every_description_says_what_happened_what_to_look_at_and_where() -> None:
    for stack in stacks():
        for alarm in alarms_of(stack).values():
            says = alarm["AlarmDescription"]
            what, _, where = says.partition(" Look first at ")
            assert what.endswith(".")
            assert re.search(r": https://console\.aws\.amazon\.com/\S+\?region=eu-central-1#\S+$", where)
            assert len(says) <= 1024  # AWS


# Templates of environments, and what alarms begin with that are not theirs.
@pytest.mark.parametrize("params", CASES, ids=lambda path: path.name)
def test_thresholds_are_values_with_a_unit_or_come_from_aws(params: Any) -> None:
    case = generated(params)
    fixed = {"CapacityAlarm": 100, "InstancesAlarm": 0, "UndeliveredAlarm": 0}
    seen = 0
    for file, template in case.templates.items():
        if not file.startswith(("cluster", "network", "monitoring", "forwarding", "delivery", "notifications")):
            continue
        for name, resource in template["Resources"].items():
            if resource["Type"] != KINDS[0]:
                continue
            threshold = resource["Properties"]["Threshold"]
            if isinstance(threshold, dict):
                assert re.search("ercent|onnections|ackets|ays|inutes", described(template, threshold)), name
            else:
                assert any(name.endswith(end) and threshold == number for end, number in fixed.items()), name
            seen += 1
    assert seen


def described(template: Document, reference: dict[str, str]) -> str:
    return str(template["Parameters"][reference["Ref"]]["Description"])


@pytest.mark.parametrize("params", CASES, ids=lambda path: path.name)
def test_every_queue_for_what_was_not_delivered_has_an_alarm(params: Any) -> None:
    """Its name ends as those do that people get messages from, and no service's alarm can have it."""
    seen = 0
    for file, template in generated(params).templates.items():
        queues = [name for name, one in template["Resources"].items() if one["Type"] == "AWS::SQS::Queue"]
        watched = []
        for one in template["Resources"].values():
            if one["Type"] == KINDS[0] and one["Properties"].get("Namespace") == "AWS/SQS":
                watched += [part["Value"]["Fn::GetAtt"][0] for part in one["Properties"]["Dimensions"]]
                name = one["Properties"]["AlarmName"]
                assert re.search(r"_\w+-health$", name if isinstance(name, str) else name["Fn::Sub"]), file
        assert watched == queues, file
        seen += len(queues)
    assert seen >= 2


def test_the_web_acls_log_is_a_value() -> None:
    template = built()
    kinds = ("AWS::WAFv2::LoggingConfiguration",)
    (logging,) = [one for one in template["Resources"].values() if one["Type"] in kinds]
    assert logging["Condition"] == template["Resources"]["WebAclLogGroup"]["Condition"] == "HasFirewallLog"
    with_log, without = (Stack(template, cluster().values | {"FirewallLog": wanted}) for wanted in ("true", "false"))
    assert set(with_log.made) - set(without.made) == {"WebAclLogging", "WebAclLogGroup"}
    assert "WebAcl" in without.made


def test_the_page_says_the_values_that_hold() -> None:
    page = (ROOT / "docs/monitoring.md").read_text().partition("**Alarms.**")[2].partition("## Messages")[0]
    said = {name: int(number) for name, number in re.findall(r"`([A-Z]\w+)` \((\d+)", page)}
    assert {name: find(name).default for name in said} == said
    templates = generated(ROOT / "params").templates
    thresholds = {
        one["Properties"]["Threshold"]["Ref"]
        for file in ("cluster.yaml", "network.yaml")
        for one in templates[file]["Resources"].values()
        if one["Type"] == KINDS[0] and isinstance(one["Properties"]["Threshold"], dict)
    }
    assert thresholds <= set(said)
