"""Metrics of an environment's tasks and deployments: metric filters on its event log.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-json-log-events.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.blocks.event_patterns import FAILED_TO_RUN
from sendy_cfn.blocks.measures import Measure, metric_filter

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, logs

SPACE = "Tasks"  # <platform>/Tasks
GROUP, RESOURCE, OUTCOME = "Group", "Resource", "Outcome"  # dimensions
# AWS: at most 10 containers in a task definition.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
CONTAINERS = 10
# What ECS says of a container: "OutOfMemoryError: Container killed due to memory usage".
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/out-of-memory.html
_KILLED = 'reason = "OutOfMemoryError*"'

_STOPPED = '$.detail-type = "ECS Task State Change" && $.detail.lastStatus = "STOPPED"'
_OF_SERVICE = f'{_STOPPED} && $.detail.group = "service:*"'
_FAILED = " || ".join(f'$.detail.stopCode = "{code}"' for code in FAILED_TO_RUN)
# A selector names one item of a list, and ECS keeps no order: each place where a container may stand is asked.
_OUT_OF_MEMORY = " || ".join(f"$.detail.containers[{number}].{_KILLED}" for number in range(CONTAINERS))
_BY_GROUP = {GROUP: "$.detail.group"}
FAILED = Measure("Failed", f"{{ {_OF_SERVICE} && ({_FAILED}) }}", dimensions=_BY_GROUP)
OUT_OF_MEMORY = Measure("OutOfMemory", f"{{ {_OF_SERVICE} && ({_OUT_OF_MEMORY}) }}", dimensions=_BY_GROUP)
ENDS = ("SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_DEPLOYMENT_FAILED")
_ENDED = " || ".join(f'$.detail.eventName = "{name}"' for name in ENDS)
# The event names its service by the ARN alone.
DEPLOYMENTS = Measure(
    "Deployments",
    f'{{ $.detail-type = "ECS Deployment State Change" && $.resources[0] = "arn:*" && ({_ENDED}) }}',
    dimensions={RESOURCE: "$.resources[0]", OUTCOME: "$.detail.eventName"},
)
ALL = (FAILED, OUT_OF_MEMORY, DEPLOYMENTS)


def filters(platform: str, group: AWSHelperFn) -> list[logs.MetricFilter]:
    """The filters, on the environment's event log."""
    return [metric_filter(f"{measure.name}Filter", platform, measure, group, SPACE) for measure in ALL]
