"""Says what monitoring costs a month, by environment and service, from what the templates have: `make costs`.

    python -m sendy_cfn.costs [--params DIR] [--templates DIR] [--gigabytes N]

Counted are alarms, the metrics that filters make of logs, dashboards, and an assumed volume of logs. It is the most
that these can come to: CloudWatch charges for a metric by the hour, and only hours with data; here each has it in all.

Exit status 0 done, 2 bad input.
"""

from __future__ import annotations

import argparse
import errno
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sendy_cfn import config
from sendy_cfn.blocks import delivery_dashboard, measures, task_measures
from sendy_cfn.checks.action_templates import Library, TemplateError
from sendy_cfn.checks.rendering.stacks import TOOLCHAIN, renderings
from sendy_cfn.config import releases
from sendy_cfn.config.words import Strategy
from sendy_cfn.errors import BAD_INPUT, DONE, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sendy_cfn.checks.rendering.stacks import Rendered
    from sendy_cfn.config.model import Environment, Platform, Service

# US dollars a month, in us-east-1; other regions differ by some per cent to about half.
# https://aws.amazon.com/cloudwatch/pricing/
ALARM = 0.10  # for each metric that an alarm looks at
BAND = 2 * ALARM  # more, for the upper and lower end of an anomaly band
COMPOSITE = 0.50
METRIC = 0.30  # of the first 10,000
DASHBOARD = 3.00
GIGABYTE = 0.50  # of lines that are taken in

REST = "all else"  # of a place, beside its services
GIGABYTES = 1.0  # of lines of a service a month, unless another number is given


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a service in an environment, or of all else there, a month."""

    place: str  # environment, or toolchain
    of: str  # service
    alarms: int = 0
    looked_at: int = 0  # metrics that the alarms look at
    bands: int = 0  # of the alarms
    composites: int = 0
    metrics: int = 0  # made of logs
    dashboards: int = 0
    gigabytes: float = 0.0  # of logs

    @property
    def dollars(self) -> float:
        """What it comes to."""
        alarms = self.looked_at * ALARM + self.bands * BAND + self.composites * COMPOSITE
        return alarms + self.metrics * METRIC + self.dashboards * DASHBOARD + self.gigabytes * GIGABYTE


def costs(platform: Platform, templates: Path, gigabytes: float = GIGABYTES) -> list[Cost]:
    """What each service and all else costs in each environment, and in the toolchain, in the order of platform.yaml.

    Raises:
        TemplateError: A template can't be read.
    """
    counts: dict[tuple[str, str], Counter[str]] = {}
    for name, place in platform.environments.items():
        for service in platform.services.values():
            counts[name, service.name] = Counter(metrics=_shared(service, place))
        counts[name, REST] = Counter()
    counts[TOOLCHAIN, REST] = Counter()
    files = {
        (name, releases.service_file(service, releases.variant(service, place)), service.name)
        for name, place in platform.environments.items()
        for service in platform.services.values()
    }
    owners = {(place, file): service for place, file, service in files}
    found = list(renderings(platform, Library(templates)))
    widths = _widths(platform, found)
    builds = {f"builds-{name}.yaml" for name in platform.services}
    for one in found:
        whose = counts[one.place, owners.get((one.place, one.template), REST)]
        for resource in one.document.get("Resources", {}).values():
            # Builds are those of one service.
            whose.update(_counted(resource, widths | ({measures.SERVICE: 1} if one.template in builds else {})))
    return [
        Cost(place, of, gigabytes=0.0 if of == REST else gigabytes, **counted)
        for (place, of), counted in counts.items()
    ]


def _counted(resource: Mapping[str, Any], widths: Mapping[str, int]) -> dict[str, int]:
    kind, given = resource["Type"], resource.get("Properties", {})
    if kind == "AWS::CloudWatch::Alarm":
        asked = sum("MetricStat" in query for query in given.get("Metrics", ())) or 1
        return {"alarms": 1, "looked_at": asked, "bands": int("ThresholdMetricId" in given)}
    if kind == "AWS::CloudWatch::CompositeAlarm":
        return {"composites": 1}
    if kind == "AWS::CloudWatch::Dashboard":
        return {"dashboards": 1}
    if kind == "AWS::Logs::MetricFilter":
        return {"metrics": sum(_series(made, widths) for made in given["MetricTransformations"])}
    return {}


def _widths(platform: Platform, found: Sequence[Rendered]) -> dict[str, int]:
    """How many values a dimension can have."""
    resources = [resource for one in found for resource in one.document.get("Resources", {}).values()]
    stages = [len(r["Properties"]["Stages"]) for r in resources if r["Type"] == "AWS::CodePipeline::Pipeline"]
    services = len(platform.services)
    return {
        **dict.fromkeys((measures.SERVICE, "Pipeline", "Repository"), services),
        "Stage": max(stages, default=0),
        "Suite": len(delivery_dashboard.SUITES),
    }


def _series(made: Mapping[str, Any], widths: Mapping[str, int]) -> int:
    """How many metrics a filter makes: one for each combination of values that its dimensions can have."""
    found = 1
    for dimension in made.get("Dimensions", ()):
        if dimension["Key"] in (task_measures.GROUP, task_measures.RESOURCE):
            return 0  # counted with the services
        found *= widths[dimension["Key"]]
    return found


def _shared(service: Service, place: Environment) -> int:
    """Metrics that the environment makes of each ECS service: failed and killed tasks, deployments by their outcome."""
    outcomes = len(task_measures.ENDS)
    sides = 2 if releases.variant(service, place).strategy is Strategy.CLUSTER_SWITCH else 1
    return sides * (len(task_measures.ALL) - 1 + outcomes)


def table(found: Sequence[Cost]) -> str:
    """The costs as lines of text, and what they come to."""
    rows = [("", "", "alarms", "metrics", "dashboards", "GB of logs", "dollars"), *map(_row, found)]
    total = sum(one.dollars for one in found)
    rows.append(("all", "", "", "", "", "", f"{total:.2f}"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(_line(row, widths) for row in rows)


def _row(one: Cost) -> tuple[str, ...]:
    alarms = str(one.alarms + one.composites)
    return (
        *(one.place, one.of, alarms, str(one.metrics), str(one.dashboards)),
        *(f"{one.gigabytes:g}", f"{one.dollars:.2f}"),
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells: Iterator[str] = (
        cell.ljust(width) if column < 2 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    parser = argparse.ArgumentParser(prog="costs", description="Says what monitoring costs a month.")
    parser.add_argument("--params", type=Path, default=Path("params"), metavar="DIR", help="input folder (params)")
    parser.add_argument("--templates", type=Path, default=Path("templates"), metavar="DIR", help="(templates)")
    parser.add_argument("--gigabytes", type=float, default=GIGABYTES, metavar="N", help="logs of a service a month (1)")
    options = parser.parse_args(arguments)
    if not 0 <= options.gigabytes < float("inf"):
        parser.error(f"argument --gigabytes: {options.gigabytes}, expected a number from 0 on")
    try:
        if not options.templates.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "no folder", str(options.templates))
        found = costs(config.load(options.params), options.templates, options.gigabytes)
    except (ConfigError, TemplateError, OSError) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    print("At most, in US dollars a month in us-east-1, at list prices:\n")
    print(table(found))
    return DONE


if __name__ == "__main__":
    sys.exit(main())
