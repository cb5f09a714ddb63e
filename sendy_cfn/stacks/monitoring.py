"""How an environment goes: its event log, the metrics of its tasks and deployments, its dashboard; nested in its root.

Services that don't fit are on further pages, each a dashboard in a stack of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Equals, If, Join, Not, Output, Sub, cloudwatch

from sendy_cfn import wires
from sendy_cfn.blocks import (
    alarms,
    environment_dashboard,
    event_log,
    event_patterns,
    nat_alarms,
    service_queries,
    skeleton,
    task_measures,
    undelivered,
)
from sendy_cfn.blocks.environment_dashboard import NAT_GATEWAYS, NETWORK_HEALTH, UNDELIVERED, Cluster, Place
from sendy_cfn.blocks.environment_rows import Row
from sendy_cfn.knobs import common
from sendy_cfn.knobs import network as network_knobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn, Template

    from sendy_cfn.config.model import Platform
    from sendy_cfn.stacks.pages import Row as PageRow


WATCHES_FULLY = "WatchesFully"
HAS_NAT = "HasNat"
URL = "DashboardUrl"  # output


def build(
    platform: Platform,
    clusters: tuple[str, ...],
    shown: tuple[str, ...],
    rows: Sequence[PageRow],
    pages: int,
    *,
    existing_vpc: bool = False,
    throwaway: bool = False,
) -> Template:
    """The template of environments with these clusters, given by id, with the first page of their dashboard.

    Args:
        platform: the platform.
        clusters: those of all cells, whose events are kept.
        shown: those that the page shows.
        rows: its services.
        pages: how many there are.
        existing_vpc: there is no NAT and no flow log of ours to look at.
        throwaway: the log goes with its stack.
    """
    name = platform.platform
    template = skeleton.new(f"{name}: events, metrics and dashboard of an environment")
    common.ENVIRONMENT.take(template)
    key = wires.KEY_ARN.take(template)
    stem = f"{name}-${{Environment}}"

    group = event_log.group(key, common.LOG_RETENTION_DAYS.take(template), throwaway=throwaway)
    lost = undelivered.queue("UndeliveredEvents", key)
    named = [f"{stem}-{cluster}" for cluster in clusters]
    kept = {
        "TaskEvents": event_patterns.referring(event_patterns.task_failures(named)),
        "DeploymentEvents": event_patterns.referring(event_patterns.deployments_in(named)),
    }
    rules = event_log.rules(kept, group, lost)
    senders = {"events.amazonaws.com": [rule.get_att("Arn") for rule in rules]}
    for resource in (
        group,
        lost,
        *rules,
        event_log.writing(group, rules),
        undelivered.policy(lost, senders),
        *task_measures.filters(name, group.ref()),
        *service_queries.saved(name),
        alarms.undelivered(f"{stem}-{UNDELIVERED}", lost, "Events of the environment"),
    ):
        template.add_resource(resource)

    flow_log = None if existing_vpc else wires.FLOW_LOG_GROUP.take(template)
    values = {} if existing_vpc else _of_network(template, name)
    place = Place(pages, _clusters(template, shown), bool(platform.cluster.ec2), group.ref(), flow_log)
    _dashboard(template, name, stem, rows, place, values)
    return template


def build_page(platform: Platform, page: int, shown: tuple[str, ...], rows: Sequence[PageRow]) -> Template:
    """The template of a further page; `shown` are ids of clusters."""
    name = platform.platform
    template = skeleton.new(f"{name}: page {page} of the dashboard of an environment")
    common.ENVIRONMENT.take(template)
    place = Place(clusters=_clusters(template, shown), ec2=bool(platform.cluster.ec2))
    _dashboard(template, name, f"{name}-${{Environment}}-{page}", rows, place, {})
    return template


def _clusters(template: Template, ids: tuple[str, ...]) -> list[Cluster]:
    return [Cluster(one, wires.of_cluster(wires.LOAD_BALANCER_FULL_NAME, one).take(template)) for one in ids]


def _of_network(template: Template, platform: str) -> dict[str, AWSHelperFn]:
    """What the dashboard says of NAT gateways, of which there may be none."""
    template.add_condition(HAS_NAT, Not(Equals(network_knobs.NAT.take(template), "none")))
    here = "${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}"
    return {
        NAT_GATEWAYS: Join('\\" OR \\"', wires.NAT_GATEWAY_IDS.take(template)),
        NETWORK_HEALTH: If(HAS_NAT, Sub(f'","arn:{here}:alarm:{nat_alarms.stem(platform)}-{alarms.HEALTH}'), ""),
    }


def _dashboard(
    template: Template, platform: str, name: str, rows: Sequence[PageRow], place: Place, values: dict[str, AWSHelperFn]
) -> None:
    template.add_condition(WATCHES_FULLY, Equals(common.FULL_MONITORING.take(template), "true"))
    body: Any = environment_dashboard.build(platform, [Row(*row) for row in rows], place, values)
    template.add_resource(
        cloudwatch.Dashboard("Dashboard", Condition=WATCHES_FULLY, DashboardName=Sub(name), DashboardBody=body)
    )
    # Without a condition, because a root can show only outputs that exist.
    url = If(WATCHES_FULLY, Sub(alarms.dashboard_page(name)), "none: FullMonitoring is false")
    template.add_output(Output(URL, Description="Dashboard of the environment", Value=url))
