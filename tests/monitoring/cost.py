"""What monitoring of delivery costs a month, from the counts in the templates and AWS's list prices.

Prices are those of us-east-1 in US dollars: https://aws.amazon.com/cloudwatch/pricing/,
https://aws.amazon.com/codebuild/pricing/. Others differ by some per cent to about half.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sendy_cfn.blocks import delivery_dashboard
from sendy_cfn.costs import DASHBOARD, GIGABYTE, METRIC
from tests.generated import Generated
from tests.monitoring import examples

BUILD_MINUTE = 0.005
DAYS = 22  # with releases
RELEASES = 2  # a day, of each service
RECORD_MINUTES = 1  # of the build `record`
KILOBYTE = 1000


@dataclass(frozen=True)
class Cost:
    """Counts and dollars of a month; `metrics` if each had data in every hour, which is more than there will be."""

    filters: int
    metrics: int
    dashboards: int
    megabytes: int
    dollars: float


def _resources(found: Generated, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Those of the toolchain, with their files."""
    return [
        (file, resource["Properties"])
        for file, template in found.templates.items()
        for resource in template["Resources"].values()
        if resource["Type"] == kind and not file.startswith("monitoring")
    ]


def monthly(found: Generated, services: int) -> Cost:
    """Of a platform like this one with so many services."""
    stages = max(len(properties["Stages"]) for _, properties in _resources(found, "AWS::CodePipeline::Pipeline"))
    suites = len(delivery_dashboard.SUITES)
    values = {"Service": services, "Pipeline": services, "Repository": services, "Stage": stages, "Suite": suites}
    own = len(found.platform.services)
    filters = metrics = 0.0
    for file, properties in _resources(found, "AWS::Logs::MetricFilter"):
        if file.startswith("service-"):
            continue
        (metric,) = properties["MetricTransformations"]
        keys = [one["Key"] for one in metric.get("Dimensions", [])]
        if file.startswith("builds-"):  # one of them for each service
            keys.remove("Service")
            filters += services / own
            metrics += services / own * math.prod(values[key] for key in keys)
        else:
            filters += 1
            metrics += math.prod(values[key] for key in keys)
    boards = len(_resources(found, "AWS::CloudWatch::Dashboard"))
    releases = services * RELEASES * DAYS
    bytes_in = releases * _bytes(found, stages)
    builds = releases * RECORD_MINUTES * BUILD_MINUTE
    dollars = metrics * METRIC + boards * DASHBOARD + bytes_in / 1e9 * GIGABYTE + builds
    return Cost(round(filters), round(metrics), boards, round(bytes_in / 1e6), dollars)


def _bytes(found: Generated, stages: int) -> int:
    """Of a release in the event log: two events of the pipeline, of each stage and action, one of each build."""
    (_, pipeline), *_ = _resources(found, "AWS::CodePipeline::Pipeline")
    actions = [action for stage in pipeline["Stages"] for action in stage["Actions"]]
    builds = sum(action["ActionTypeId"]["Provider"] == "CodeBuild" for action in actions)
    size = {name: len((examples.FOLDER / f"{name}.json").read_text()) for name in examples.names()}
    places = len(found.platform.environments)
    total: int = (
        2 * size["pipeline-started"]
        + 2 * stages * size["stage-started"]
        + 2 * len(actions) * size["action-started"]
        + builds * size["build-succeeded"]
        + places * (2 * size["ecs-completed"] + 3 * size["stack-updated"])
        + size["scan-high"]
        + 10 * KILOBYTE  # the log of the build `record`
    )
    return total
