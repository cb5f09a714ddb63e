"""How delivery goes: the event log, its metrics, the build that writes down releases, dashboard and queries.

Nested once, in the toolchain's first root. Its size does not depend on the number of services.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import AccountId, Output, Sub

from sendy_cfn import wires
from sendy_cfn.blocks import (
    alarms,
    boundary,
    delivery_dashboard,
    delivery_queries,
    event_log,
    measures,
    release_record,
    skeleton,
    undelivered,
)
from sendy_cfn.knobs import common
from sendy_cfn.stacks.artifacts import accounts

if TYPE_CHECKING:
    from troposphere import Template

    from sendy_cfn.config.model import Platform


def build(platform: Platform, service: str) -> Template:
    """The template; `service` is the one that the dashboard shows until people choose another."""
    template = skeleton.new(f"{platform.platform}: events and measures of delivery")
    name = platform.platform
    last = list(platform.environments)[-1]
    key = wires.ARTIFACT_KEY_ARN.take(template)

    group = template.add_resource(event_log.group(key, common.LOG_RETENTION_DAYS.take(template)))
    lost = template.add_resource(undelivered.queue("UndeliveredEvents", key))
    kept = event_log.kept(name, [AccountId, *accounts(platform)])
    rules = [template.add_resource(rule) for rule in event_log.rules(kept, group, lost)]
    template.add_resource(event_log.writing(group, rules))
    resources, starter = release_record.recorder(name, last, key, group, lost, boundary.given(template))
    for resource in resources:
        template.add_resource(resource)
    senders = {"events.amazonaws.com": [rule.get_att("Arn") for rule in (*rules, starter)]}
    template.add_resource(undelivered.policy(lost, senders))
    template.add_resource(alarms.undelivered(f"{name}-toolchain-undelivered_events", lost, "Events of delivery"))
    for made in measures.filters(name, group.ref()):
        template.add_resource(made)
    for query in delivery_queries.saved(name, list(platform.environments), group.ref()):
        template.add_resource(query)
    board = template.add_resource(delivery_dashboard.build(name, last, service, group.ref()))
    url = Sub(alarms.dashboard_page(f"{name}-delivery"))
    template.add_output(Output(f"{board.title}Url", Description="Dashboard of delivery", Value=url))
    return template
