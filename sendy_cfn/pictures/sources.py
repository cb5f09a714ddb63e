"""The dashboards of a platform's templates, with the values of each environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sendy_cfn.checks.action_templates import Block, Library, readable
from sendy_cfn.checks.rendering.stacks import Rendered, renderings
from sendy_cfn.config.model import Platform
from sendy_cfn.pictures import scale, unknown
from sendy_cfn.pictures.metrics import PERIOD
from sendy_cfn.pictures.setting import Alarm
from sendy_cfn.pictures.unknown import ACCOUNT, Words

DASHBOARD = "AWS::CloudWatch::Dashboard"
_SIGNS = {
    "GreaterThanThreshold": "above",
    "GreaterThanOrEqualToThreshold": "from",
    "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "up to",
}


@dataclass(frozen=True)
class Dashboard:
    """A dashboard as one stack has it."""

    template: str  # file
    logical_id: str
    line: int  # of the template, 1-based
    place: str  # environment, or "toolchain"
    name: str
    text: object  # the body; a text unless the template is wrong
    alarms: Mapping[str, Alarm]  # by ARN: those of the same stack, and those of others that have a name of their own


def dashboards(platform: Platform, library: Library) -> Iterator[Dashboard]:
    """Every dashboard of every stack, in the order of promotion."""
    if not library.names(DASHBOARD):
        return
    stacks = [(rendered, words_of(rendered, platform)) for rendered in renderings(platform, library)]
    named: dict[str, Alarm] = {}
    for rendered, words in stacks:
        named |= alarms_of(rendered, words)
    for rendered, words in stacks:
        alarms = named | alarms_of(rendered, words)
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
                    alarms,
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


def alarms_of(rendered: Rendered, words: Words) -> dict[str, Alarm]:
    """The alarms of a stack, by ARN."""
    found = {}
    for logical_id, resource in rendered.document.get("Resources", {}).items():
        if resource["Type"] in unknown.ALARM_TYPES:
            properties = unknown.text(resource.get("Properties", {}), words)
            name = words.resource(logical_id)
            found[words.arn(logical_id, name)] = _alarm(name, properties)
    return found


def _alarm(name: str, given: Mapping[str, Any]) -> Alarm:
    period = int(next((number for each in _queries(given) if (number := _number(each.get("Period")))), PERIOD))
    threshold = _number(given.get("Threshold"))
    sign = _SIGNS.get(given.get("ComparisonOperator", ""), "")
    says = ""
    if sign and threshold is not None:
        periods = given.get("EvaluationPeriods", 1)
        says = f"alarm {sign} {scale.digits(threshold)}, {given.get('DatapointsToAlarm', periods)} of {periods}"
    return Alarm(
        name,
        list(_metrics(given)),
        threshold,
        says,
        str(given.get("Statistic", given.get("ExtendedStatistic", "Average"))),
        period,
    )


def _number(value: object) -> float | None:
    """None where only AWS knows it."""
    try:
        return float(str(value))
    except ValueError:
        return None


def _queries(given: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield given
    for each in given.get("Metrics", []):
        yield each
        yield each.get("MetricStat", {})


def _metrics(given: Mapping[str, Any]) -> Iterator[list[Any]]:
    """An alarm's metrics as those of a widget."""
    if "MetricName" in given:
        yield [*_words(given), {}]
    for each in given.get("Metrics", []):
        options = {"id": each["Id"], "visible": bool(each.get("ReturnData", True))}
        options |= {"label": each["Label"]} if "Label" in each else {}
        if "Expression" in each:
            yield [{**options, "expression": each["Expression"]}]
            continue
        stat = each["MetricStat"]
        yield [
            *_words(stat["Metric"]),
            {**options, "stat": stat["Stat"], "period": int(_number(stat["Period"]) or PERIOD)},
        ]


def _words(given: Mapping[str, Any]) -> list[str]:
    pairs = [str(word) for each in given.get("Dimensions", []) for word in (each["Name"], each["Value"])]
    return [str(given["Namespace"]), str(given["MetricName"]), *pairs]
