"""The numbers that metric filters take from events and from the lines of builds, in the emulator."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator import Emulator
from sendy_cfn.blocks import measures
from sendy_cfn.stacks import builds, delivery_monitoring
from tests.generated import CASES, Generated, generated
from tests.monitoring import examples
from tests.monitoring.deployed import Deployed, Sums, of, positive
from tests.platforms import platform

NAMESPACE = "courier/Delivery"


def release(outcome: str, service: str = "orders", **more: object) -> str:
    """A line of the build `record`."""
    return json.dumps(
        {"measure": "release", "service": service, "environment": "production", "outcome": outcome, **more}
    )


@pytest.fixture
def monitored(emulator: Emulator) -> Deployed:
    return Deployed(emulator, delivery_monitoring.build(platform(), "orders"), LogRetentionDays=90)


def test_events_become_lines_and_numbers(monitored: Deployed) -> None:
    for name in examples.names():
        monitored.send(examples.example(name))
    lines = [json.loads(line) for line in monitored.lines("EventLog")]
    unkept = {"build-started", "stack-updating", "inspector-low", "inspector-closed"}
    kept = [name for name in examples.names() if name not in unkept and not name.startswith(("alarm-", "task-"))]
    assert [line["detail"] for line in lines] == [examples.example(name)["detail"] for name in kept]
    assert positive(monitored.sums(NAMESPACE)) == {
        of("FailedStages", Pipeline="courier-orders", Stage="DeployProduction"): 1,
        of("FailedStages", Pipeline="courier-orders", Stage="DeployTest"): 1,
        of("FailedStages", Pipeline="courier-orders", Stage="ApproveProduction"): 1,
        of("RolledBackByEcs"): 1,
        of("FailedStacks"): 1,
        of("CriticalFindings", Repository="courier/orders"): 2,
        of("HighFindings", Repository="courier/orders"): 5 + 3,
    }


@pytest.mark.parametrize(
    ("lines", "sums"),
    [
        (
            [release("released", lead_seconds=5400)],
            {
                of("Released"): 1,
                of("Released", Service="orders"): 1,
                of("LeadTime"): 5400,
                of("LeadTime", Service="orders"): 5400,
            },
        ),
        ([release("released")], {of("Released"): 1, of("Released", Service="orders"): 1}),
        ([release("failed", lead_seconds=7)], {of("Failed"): 1, of("Failed", Service="orders"): 1}),
        (
            [release("rolled-back", restore_seconds=600)],
            {of("RestoreTime"): 600, of("RestoreTime", Service="orders"): 600},
        ),
        ([release("rollback-failed")], {}),
        (
            [
                release("released", "orders"),
                release("released", "pricing", restore_seconds=60),
                release("failed", "pricing"),
            ],
            {
                of("Released"): 2,
                of("Released", Service="orders"): 1,
                of("Released", Service="pricing"): 1,
                of("Failed"): 1,
                of("Failed", Service="pricing"): 1,
                of("RestoreTime"): 60,
                of("RestoreTime", Service="pricing"): 60,
            },
        ),
        (["[Container] Phase complete: BUILD State: SUCCEEDED", '{"outcome": "released"}', '"released"'], {}),
    ],
)
def test_a_release_counts_for_its_service_and_for_all(monitored: Deployed, lines: list[str], sums: Sums) -> None:
    monitored.write("EventLog", *lines)
    found = monitored.sums(NAMESPACE)
    assert positive(found) == sums
    # These exist from the first line on, so that dashboards show a zero instead of nothing.
    assert {of("Released"), of("Failed"), of("RolledBackByEcs"), of("FailedStacks")} <= set(found)


def test_test_cases_count_for_their_service_and_suite(emulator: Emulator) -> None:
    of_platform = platform()
    service = of_platform.services["orders"]
    stack = Deployed(emulator, builds.build(of_platform, service), ArtifactBucket="artifacts", LogRetentionDays=90)
    for suite, passed, failed in (("quality", 40, 2), ("quality", 42, 0), ("smoke", 0, 1)):
        line = {
            "measure": "tests",
            "service": "orders",
            "suite": suite,
            "passed": passed,
            "failed": failed,
            "skipped": 1,
        }
        stack.write("BuildLogs", json.dumps(line), "plain")
        stack.client("logs").delete_log_stream(
            logGroupName=stack.resources["BuildLogs"].physical_id, logStreamName="build"
        )
    assert stack.sums(NAMESPACE) == {
        of("TestsPassed", Service="orders", Suite="quality"): 82,
        of("TestsFailed", Service="orders", Suite="quality"): 2,
        of("TestsPassed", Service="orders", Suite="smoke"): 0,
        of("TestsFailed", Service="orders", Suite="smoke"): 1,
    }


def filters(case: Generated) -> list[tuple[str, dict[str, Any]]]:
    """Those of delivery and of environments."""
    return [
        (file, resource["Properties"])
        for file, template in case.templates.items()
        if not file.startswith("service-")
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Logs::MetricFilter"
    ]


@pytest.mark.parametrize("params", CASES, ids=lambda path: path.name)
def test_filters_keep_to_cloudwatchs_limits(params: Any) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html"""
    case = generated(params)
    found = filters(case)
    assert any(file == "delivery-monitoring.yaml" for file, _ in found) == case.platform.toolchain.monitoring
    assert any(file.startswith("monitoring") for file, _ in found)
    for file, one in found:
        (metric,) = one["MetricTransformations"]
        assert len(metric.get("Dimensions", [])) <= 3
        assert not ("DefaultValue" in metric and metric.get("Dimensions"))
        assert len(one["FilterPattern"]) <= 1024
        space = "Tasks" if file.startswith("monitoring") else "Delivery"
        assert metric["MetricNamespace"] == measures.namespace(case.platform.platform, space)
    assert len([file for file, _ in found if file == "delivery-monitoring.yaml"]) <= 100


def test_the_stack_is_the_same_for_any_number_of_services() -> None:
    few, many = generated(CASES[0].parent / "tests/cases/bare"), generated(CASES[0].parent / "tests/cases/full")
    counts = [
        len(case.templates["delivery-monitoring.yaml"]["Resources"])
        - len(case.platform.environments)  # a query of each
        for case in (few, many)
    ]
    assert len(few.platform.services) < len(many.platform.services)
    assert counts[0] == counts[1]
