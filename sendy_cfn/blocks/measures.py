"""Metrics of delivery: metric filters that take numbers from the lines of a log group.

Dimensions come from fields of the lines, so that the filters are as many for sixty services as for one. What a measure
means is in docs/monitoring.md.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from troposphere import logs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troposphere import AWSHelperFn

SERVICE = "Service"
BY_SERVICE = {SERVICE: "$.service"}
RELEASE = '$.measure = "release"'
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-console-view-stack-data-resources-status-codes
BAD_ENDS = (
    *("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"),
    *("UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"),
)


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric: which lines count, and what they add to it."""

    name: str
    pattern: str
    value: str = "1"  # or the field that has it
    unit: str = "Count"
    dimensions: Mapping[str, str] = field(default_factory=dict)  # name -> field. AWS: at most 3
    # Without dimensions only: what lines that don't count add, so that the metric exists from the first line on.
    otherwise: int | None = None


def namespace(platform: str, of: str = "Delivery") -> str:
    """Namespace of the metrics of delivery, or of something else."""
    return f"{platform}/{of}"


def metric_filter(
    title: str, platform: str, measure: Measure, group: AWSHelperFn, of: str = "Delivery"
) -> logs.MetricFilter:
    """The filter of a measure on a log group. AWS: at most 100 per group."""
    more: dict[str, Any] = {}
    if measure.dimensions:
        more["Dimensions"] = [logs.Dimension(Key=key, Value=value) for key, value in measure.dimensions.items()]
    if measure.otherwise is not None:
        more["DefaultValue"] = measure.otherwise
    return logs.MetricFilter(
        title,
        LogGroupName=group,
        FilterPattern=measure.pattern,
        MetricTransformations=[
            logs.MetricTransformation(
                MetricNamespace=namespace(platform, of),
                MetricName=measure.name,
                MetricValue=measure.value,
                Unit=measure.unit,
                **more,
            )
        ],
    )


def _outcome(name: str) -> str:
    return f'{{ {RELEASE} && $.outcome = "{name}" }}'


# Of the lines that the build `record` writes, once per release of the last environment: the four key measures, of all
# services together and of each.
RELEASED = Measure("Released", _outcome("released"), otherwise=0)
FAILED = Measure("Failed", _outcome("failed"), otherwise=0)
LEAD_TIME = Measure(
    "LeadTime", f'{{ {RELEASE} && $.outcome = "released" && $.lead_seconds >= 0 }}', "$.lead_seconds", "Seconds"
)
RESTORE_TIME = Measure("RestoreTime", f"{{ {RELEASE} && $.restore_seconds >= 0 }}", "$.restore_seconds", "Seconds")
KEYS = (RELEASED, FAILED, LEAD_TIME, RESTORE_TIME)

_STAGE = '$.detail-type = "CodePipeline Stage Execution State Change"'
_SCAN = '$.detail-type = "ECR Image Scan" && $.detail.finding-severity-counts'
_STACK = '$.detail-type = "CloudFormation Stack Status Change"'
_BAD_END = " || ".join(f'$.detail.status-details.status = "{status}"' for status in BAD_ENDS)
FAILED_STAGES = Measure(
    "FailedStages",
    f'{{ {_STAGE} && $.detail.state = "FAILED" }}',
    dimensions={"Pipeline": "$.detail.pipeline", "Stage": "$.detail.stage"},
)
ROLLED_BACK_BY_ECS = Measure(
    "RolledBackByEcs",
    '{ $.detail-type = "ECS Deployment State Change" && $.detail.eventName = "SERVICE_DEPLOYMENT_FAILED" }',
    otherwise=0,
)
FAILED_STACKS = Measure("FailedStacks", f"{{ {_STACK} && ({_BAD_END}) }}", otherwise=0)
CRITICAL_FINDINGS = Measure(
    "CriticalFindings",
    f"{{ {_SCAN}.CRITICAL > 0 }}",
    "$.detail.finding-severity-counts.CRITICAL",
    dimensions={"Repository": "$.detail.repository-name"},
)
HIGH_FINDINGS = Measure(
    "HighFindings",
    f"{{ {_SCAN}.HIGH > 0 }}",
    "$.detail.finding-severity-counts.HIGH",
    dimensions={"Repository": "$.detail.repository-name"},
)
OF_EVENTS = (FAILED_STAGES, ROLLED_BACK_BY_ECS, FAILED_STACKS, CRITICAL_FINDINGS, HIGH_FINDINGS)

# Of the lines that a service's test builds write, in the log group of its builds.
_TESTS = '{ $.measure = "tests" }'
_BY_SUITE = {**BY_SERVICE, "Suite": "$.suite"}
TESTS_PASSED = Measure("TestsPassed", _TESTS, "$.passed", dimensions=_BY_SUITE)
TESTS_FAILED = Measure("TestsFailed", _TESTS, "$.failed", dimensions=_BY_SUITE)
OF_TESTS = (TESTS_PASSED, TESTS_FAILED)


def of_service(measure: Measure) -> Measure:
    """The same measure of each service alone."""
    return Measure(measure.name, measure.pattern, measure.value, measure.unit, BY_SERVICE)


def filters(platform: str, group: AWSHelperFn) -> list[logs.MetricFilter]:
    """The filters of the event log."""
    made = [metric_filter(f"{m.name}Filter", platform, m, group) for m in (*KEYS, *OF_EVENTS)]
    return made + [metric_filter(f"{m.name}OfServiceFilter", platform, of_service(m), group) for m in KEYS]


def test_filters(platform: str, group: AWSHelperFn) -> list[logs.MetricFilter]:
    """The filters of the log group of a service's builds."""
    return [metric_filter(f"{measure.name}Filter", platform, measure, group) for measure in OF_TESTS]
