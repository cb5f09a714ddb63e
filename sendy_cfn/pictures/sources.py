"""The dashboards of a platform's templates, with the values of each environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sendy_cfn.checks.action_templates import Block, Library, readable
from sendy_cfn.checks.rendering.stacks import TOOLCHAIN, Rendered, renderings
from sendy_cfn.config.model import Platform
from sendy_cfn.pictures import alarms, unknown
from sendy_cfn.pictures.alarms import Alarm
from sendy_cfn.pictures.unknown import ACCOUNT, Words

DASHBOARD = "AWS::CloudWatch::Dashboard"


@dataclass(frozen=True)
class Dashboard:
    """A dashboard as one stack has it."""

    template: str  # file
    logical_id: str
    line: int  # of the template, 1-based
    place: str  # environment, or "toolchain"
    name: str
    text: object  # the body; a text unless the template is wrong
    alarms: Mapping[str, Alarm]  # by ARN: those that there are for it


def dashboards(platform: Platform, library: Library) -> Iterator[Dashboard]:
    """Every dashboard of every stack, in the order of promotion.

    There are for it: alarms of its stack, and of other stacks those that have a name of their own; for a dashboard of
    an environment those of the environment, for one of the toolchain all.
    """
    if not library.names(DASHBOARD):
        return
    stacks = [(rendered, words_of(rendered, platform)) for rendered in renderings(platform, library)]
    named: dict[str, dict[str, Alarm]] = {}
    for rendered, words in stacks:
        named.setdefault(rendered.place, {}).update(alarms_of(rendered, words, named=True))
    everywhere = {arn: alarm for of_place in named.values() for arn, alarm in of_place.items()}
    for rendered, words in stacks:
        if not any(each["Type"] == DASHBOARD for each in rendered.document.get("Resources", {}).values()):
            continue
        others = everywhere if rendered.place == TOOLCHAIN else named[rendered.place]
        found = others | alarms_of(rendered, words)
        for logical_id, resource in rendered.document.get("Resources", {}).items():
            if resource["Type"] == DASHBOARD:
                properties = resource.get("Properties", {})
                yield Dashboard(
                    rendered.template,
                    logical_id,
                    line_of(library, rendered.template, logical_id),
                    rendered.place,
                    str(unknown.text(properties.get("DashboardName", logical_id), words)),
                    unknown.text(properties.get("DashboardBody"), words),
                    found,
                )


def words_of(rendered: Rendered, platform: Platform) -> Words:
    """Words for what a stack's template refers to."""
    environment = platform.environments.get(rendered.place)
    account = (environment.account if environment else None) or platform.toolchain.account or ACCOUNT
    stack = stack_name(platform, rendered.place, rendered.template)
    return Words(rendered.document.get("Resources", {}), stack, rendered.region, account)


def stack_name(platform: Platform, place: str, template: str) -> str:
    """The name of a root's stack; a nested one's begins with it, and CloudFormation adds the rest."""
    of = max((name for name in platform.services if template.startswith(f"service-{name}")), key=len, default="")
    return "-".join(filter(None, (platform.platform, place, of)))


def line_of(library: Library, template: str, logical_id: str) -> int:
    """Where a resource begins in its file."""
    resources = readable(library, template).get("Resources")
    return resources.lines.get(logical_id, 1) if isinstance(resources, Block) else 1


def alarms_of(rendered: Rendered, words: Words, *, named: bool = False) -> dict[str, Alarm]:
    """The alarms of a stack, by ARN; only those whose name the template gives, or all."""
    found = {}
    for logical_id, resource in rendered.document.get("Resources", {}).items():
        given = resource.get("Properties", {})
        if resource["Type"] in unknown.ALARM_TYPES and ("AlarmName" in given or not named):
            read = alarms.composite if resource["Type"] == unknown.COMPOSITE else alarms.of_metrics
            name = words.resource(logical_id)
            found[words.arn(logical_id, name)] = read(name, unknown.text(given, words))
    return found
