"""The rows of an environment's dashboard that are about services: traffic, errors, latency, tasks, deployments.

Widgets show alarms of the services' own stacks, whose names are known: CloudWatch draws what an alarm looks at, with
its threshold or band. Names of target groups and ECS services are known to those stacks only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sendy_cfn.blocks import measures, task_measures
from sendy_cfn.blocks.alarms import FIVE_MINUTES
from sendy_cfn.blocks.dashboards import alarm, expression, graph, pieces
from sendy_cfn.blocks.references import variable
from sendy_cfn.blocks.release_alarms import alarm_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sendy_cfn.blocks.dashboards import Widget

HEIGHT = 4
# What a widget is about, the alarm it shows, its width; the rest of the row has the deployments.
COLUMNS = (
    ("requests", "requests-band", 6),
    ("errors", "errors", 5),
    ("latency", "latency", 5),
    ("tasks", "too-few-tasks", 4),
)
STOPPING = ("errors", "latency")  # those of them that stop releases: every service has them
DEPLOYMENTS_WIDTH = 4
ENVIRONMENT = variable("Environment")


class Row(NamedTuple):
    """A service."""

    name: str
    mistakable: Sequence[str] = ()  # services whose names have all words of this one's
    has_all: bool = True  # alarms, not only those that stop releases


def alarm_arn(name: str) -> str:
    """The ARN of an alarm of this account and region, in texts that `json_text` takes."""
    partition, region, account = (variable(f"AWS::{part}") for part in ("Partition", "Region", "AccountId"))
    return f"arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}"


def stack(platform: str, service: str) -> str:
    """The name of a service's stack, in texts that `json_text` takes."""
    return f"{platform}-{ENVIRONMENT}-{service}"


def common(platform: str) -> dict[str, str]:
    """What the rows have in common: with it, those of 60 services fit into a template."""
    return pieces("Row", lambda name: widgets(platform, Row(name)))


def widgets(platform: str, row: Row) -> list[Widget]:
    """The widgets of a row."""
    return [*_of_alarms(platform, row), _deployments(platform, row)]


def _of_alarms(platform: str, row: Row) -> list[Widget]:
    return [
        alarm(
            f"{row.name}: {about}",
            alarm_arn(alarm_name(stack(platform, row.name), kind)),
            width=width,
            height=HEIGHT,
        )
        for about, kind, width in COLUMNS
        if row.has_all or kind in STOPPING
    ]


def _deployments(platform: str, row: Row) -> Widget:
    """Deployments that ended, as peaks in the minutes in which they did.

    CloudWatch's annotations are moments that stand in the dashboard's text: none of them can follow what happens. So
    this stands beside the other widgets, over the same time. A search, because names of ECS services have an end that
    CloudFormation makes up; it finds what happened in the last two weeks. It looks for words: what it would find of
    services with the same ones in their names is left out.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
    """
    dimensions = f"{task_measures.RESOURCE},{task_measures.OUTCOME}"
    wanted = f"{task_measures.RESOURCE}={stack(platform, row.name)}"
    wanted += "".join(f" NOT {task_measures.RESOURCE}={stack(platform, other)}" for other in row.mistakable)
    schema = f"{{{measures.namespace(platform, task_measures.SPACE)},{dimensions}}}"
    search = f"SEARCH('{schema} MetricName=\"{task_measures.DEPLOYMENTS.name}\" {wanted}', 'Sum', {FIVE_MINUTES})"
    return graph(
        f"{row.name}: deployments",
        [expression(f"FILL({search}, 0)", f"${{PROP('Dim.{task_measures.OUTCOME}')}}", period=FIVE_MINUTES)],
        "in 5 minutes",
        width=DEPLOYMENTS_WIDTH,
        height=HEIGHT,
        stacked=True,
    )
