"""The dashboard of an environment: alarms, services, load balancers, clusters, network, and tasks that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sendy_cfn.blocks import cluster_alarms, environment_queries, environment_rows
from sendy_cfn.blocks.alarms import FIVE_MINUTES, HEALTH
from sendy_cfn.blocks.dashboards import body, expression, graph, metric, states, table, text
from sendy_cfn.blocks.environment_rows import ENVIRONMENT, alarm_arn, stack
from sendy_cfn.blocks.references import inside, variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from troposphere import AWSHelperFn, Sub

    from sendy_cfn.blocks.dashboards import Line, Widget
    from sendy_cfn.blocks.environment_rows import Row

START = "-PT12H"
HOUR = 3600  # seconds
NAT_GATEWAYS = "NatGateways"  # variable: their ids, as a search takes them
NETWORK_HEALTH = "NetworkHealth"  # variable: the end of an alarm's text, and the network's alarm, where there is one
UNDELIVERED = "undelivered_events"  # the alarm of the event log's rules
MOST_STATES = 100  # AWS: alarms in a widget
# US dollars in us-east-1; elsewhere up to about twice as much. https://aws.amazon.com/vpc/pricing/
NAT_GIGABYTE = NAT_GATEWAY_HOUR = 0.045
# US dollars in us-east-1. https://aws.amazon.com/elasticloadbalancing/pricing/
LCU_HOUR = 0.008


class Cluster(NamedTuple):
    """A cluster of the environment."""

    id: str
    balancer: AWSHelperFn  # the load balancer's name in metrics


class Place(NamedTuple):
    """What a page has beside services."""

    pages: int = 1  # that there are, where it is the first one
    clusters: Sequence[Cluster] = ()
    ec2: bool = False
    event_log: AWSHelperFn | None = None
    flow_log: AWSHelperFn | None = None  # of a VPC that is ours


def build(platform: str, rows: Sequence[Row], place: Place, values: Mapping[str, AWSHelperFn]) -> AWSHelperFn | str:
    """The body of the dashboard; `values` are those of the variables that it has."""
    found: list[Sequence[Widget]] = [[text(_about(platform, place.pages))], [_states(platform, rows, place)]]
    found += [environment_rows.widgets(platform, row) for row in rows]
    if place.clusters:
        found += [*_load_balancers(place.clusters), _clusters(platform, place)]
    if place.flow_log is not None:
        found += [_nat(), [table("Rejected connections of the VPC", environment_queries.REJECTS, place.flow_log)]]
    if place.event_log is not None:
        found.append([table("Tasks that failed", environment_queries.TASK_STOPS, place.event_log)])
    shared = environment_rows.common(platform) | {"Alarm": alarm_arn(stack(platform, ""))}
    made: Sub | str = body(found, start=START, shared=shared, values=values)
    return made


def _about(platform: str, pages: int) -> str:
    more = f" Further services: {platform}-{ENVIRONMENT}-2" if pages > 1 else ""
    more += f" to -{pages}" if pages > 2 else ""
    return (
        f"**{platform}-{ENVIRONMENT}**. A row for each service: requests with the band of what is usual, errors and"
        " latency with the thresholds of their alarms, running tasks, deployments that ended. Then load balancers,"
        f" clusters, network. Meanings: docs/monitoring.md.{more}{'.' if more else ''}"
    )


def _states(platform: str, rows: Sequence[Row], place: Place) -> Widget:
    """States of what people get messages from."""
    arns = [
        alarm_arn(f"{cluster_alarms.stem(platform, cluster.id, ENVIRONMENT)}-{HEALTH}") for cluster in place.clusters
    ]
    if place.event_log is not None:
        more = "" if place.flow_log is None else variable(NETWORK_HEALTH)
        arns.append(alarm_arn(f"{stack(platform, UNDELIVERED)}-{HEALTH}{more}"))
    arns += [alarm_arn(f"{stack(platform, name)}-{HEALTH}") for name in (row.name for row in rows)]
    return states("Alarms", arns[:MOST_STATES], height=2 + (len(arns) + 3) // 4)


def _of_balancers(clusters: Sequence[Cluster], metrics: Iterable[tuple[str, str, str]], period: int) -> list[Line]:
    several = len(clusters) > 1
    return [
        metric(
            "AWS/ApplicationELB",
            name,
            {"LoadBalancer": inside(cluster.balancer)},
            stat=stat,
            period=period,
            label=f"{cluster.id} {label}" if several else label,
        )
        for cluster in clusters
        for name, stat, label in metrics
    ]


def _load_balancers(clusters: Sequence[Cluster]) -> list[list[Widget]]:
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html."""

    def of(title: str, unit: str, width: int, *metrics: tuple[str, str, str], period: int = FIVE_MINUTES) -> Widget:
        return graph(f"Load balancer: {title}", _of_balancers(clusters, metrics, period), unit, width=width, height=5)

    return [
        [
            of("requests", "in 5 minutes", 8, ("RequestCount", "Sum", "requests")),
            of(
                "server errors",
                "in 5 minutes",
                8,
                ("HTTPCode_ELB_5XX_Count", "Sum", "of the load balancer"),
                ("HTTPCode_Target_5XX_Count", "Sum", "of tasks"),
            ),
            of("latency", "seconds", 8, ("TargetResponseTime", "p50", "p50"), ("TargetResponseTime", "p95", "p95")),
        ],
        [
            of(
                "connections",
                "in 5 minutes",
                12,
                ("NewConnectionCount", "Sum", "new"),
                ("ActiveConnectionCount", "Sum", "active"),
                ("RejectedConnectionCount", "Sum", "rejected"),
            ),
            # AWS charges the highest of new and active connections, bytes and rule evaluations as these units.
            of(
                f"capacity units (${LCU_HOUR} each)",
                "an hour",
                12,
                ("ConsumedLCUs", "Sum", "consumed"),
                period=HOUR,
            ),
        ],
    ]


def _clusters(platform: str, place: Place) -> list[Widget]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html."""

    def of(title: str, unit: str, *metrics: tuple[str, str]) -> Widget:
        lines = [
            metric(
                "ECS/ContainerInsights",
                name,
                {"ClusterName": stack(platform, cluster.id)},
                stat="Average",
                period=FIVE_MINUTES,
                label=f"{cluster.id} {label}" if len(place.clusters) > 1 else label,
            )
            for cluster in place.clusters
            for name, label in metrics
        ]
        return graph(f"Cluster: {title}", lines, unit, width=6 if place.ec2 else 8, height=5)

    found = [
        of("CPU", "units, 1,024 are a vCPU", ("CpuReserved", "reserved"), ("CpuUtilized", "used")),
        of("memory", "MiB", ("MemoryReserved", "reserved"), ("MemoryUtilized", "used")),
        of("running tasks", "tasks", ("TaskCount", "tasks")),
    ]
    return [*found, of("EC2 instances", "instances", ("ContainerInstanceCount", "instances"))] if place.ec2 else found


def _nat() -> list[Widget]:
    """All gateways together; alarms tell which one.

    https://docs.aws.amazon.com/vpc/latest/userguide/metrics-dimensions-nat-gateway.html
    """

    def total(name: str, key: str, label: str, *, stat: str = "Sum", period: int, visible: bool = True) -> Line:
        search = f'{{AWS/NATGateway,NatGatewayId}} MetricName="{name}" ("{variable(NAT_GATEWAYS)}")'
        return expression(f"SUM(SEARCH('{search}', '{stat}', {period}))", label, id=key, period=period, visible=visible)

    def plain(title: str, unit: str, *metrics: tuple[str, str]) -> Widget:
        lines = [total(name, f"m{n}", label, period=FIVE_MINUTES) for n, (name, label) in enumerate(metrics)]
        return graph(f"NAT: {title}", lines, unit, width=6, height=5)

    # Each byte that comes in is charged, from either side; a gateway has one data point a minute.
    dollars = [
        total("BytesInFromSource", "a", "from tasks", period=HOUR, visible=False),
        total("BytesInFromDestination", "b", "from outside", period=HOUR, visible=False),
        total("ActiveConnectionCount", "c", "minutes", stat="SampleCount", period=HOUR, visible=False),
        expression(f"{NAT_GIGABYTE} * (a + b) / 1000000000", "for bytes", id="d", period=HOUR),
        expression(f"{NAT_GATEWAY_HOUR} * c / 60", "for gateways", id="e", period=HOUR),
    ]
    return [
        plain("bytes", "in 5 minutes", ("BytesOutToDestination", "out"), ("BytesInFromDestination", "in")),
        plain("connections without a port", "in 5 minutes", ("ErrorPortAllocation", "errors")),
        plain("dropped packets", "in 5 minutes", ("PacketsDropCount", "dropped")),
        graph("NAT: about what it costs", dollars, "US dollars an hour", width=6, height=5, stacked=True),
    ]
