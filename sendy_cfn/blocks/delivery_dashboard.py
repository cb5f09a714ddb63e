"""The dashboard of delivery: four key measures of the last 28 days beside the 28 days before, then what is behind them.

CloudWatch has no shift in time. So widgets look at 56 days in daily values, and metric math adds up either half: a day
belongs to the last 28 when it is less than 28 days before the newest one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sendy_cfn.blocks import dashboards, delivery_queries, measures
from sendy_cfn.blocks.dashboards import DAY, expression, graph, metric, numbers, table, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn, cloudwatch

    from sendy_cfn.blocks.dashboards import Line, Widget
    from sendy_cfn.blocks.measures import Measure

DAYS = delivery_queries.DAYS
START = f"-P{2 * DAYS}D"
WEEK = 7 * DAY
SUITES = ("quality", "regression")  # that count their test cases
LAST, BEFORE = f"last {DAYS} days", f"{DAYS} days before"


def _half(base: str, of: str, *, last: bool) -> str:
    """The sum of a metric over either half of what is shown; `base` has the days."""
    days = f"EPOCH(FILL({base}, 0))"
    border = f"MAX({days}) - {DAYS * DAY}"
    return f"SUM(IF({days} {'>' if last else '<='} {border}, FILL({of}, 0), 0))"


def _both(formula: str) -> list[Line]:
    """Both halves; in the formula {name} stands for a half's sum of that metric, the first of which has the days."""
    base = formula.partition("{")[2].partition("}")[0]
    found = []
    for last in (True, False):
        filled = formula
        for name in ("r", "f", "s", "c"):
            filled = filled.replace(f"{{{name}}}", _half(base, name, last=last))
        label = LAST if last else BEFORE
        found.append(expression(f"TIME_SERIES({filled})", label, id="last" if last else "before", period=DAY))
    return found


def keys(platform: str, of: str, service: str | None = None) -> list[Widget]:
    """The four key measures as numbers, of all services or of one."""
    dimensions = {measures.SERVICE: service} if service else {}

    def hidden(measure: Measure, name: str, stat: str) -> Line:
        space = measures.namespace(platform)
        return metric(space, measure.name, dimensions, id=name, stat=stat, period=DAY, visible=False)

    released, failed = hidden(measures.RELEASED, "r", "Sum"), hidden(measures.FAILED, "f", "Sum")

    def mean(measure: Measure, per: int) -> list[Line]:
        parts = [hidden(measure, "s", "Sum"), hidden(measure, "c", "SampleCount")]
        return [*parts, *_both(f"{{s}} / {{c}} / {per}")]

    return [
        numbers(f"{of}: deployments", [released, *_both("{r}")]),
        numbers(f"{of}: lead time (hours, mean)", mean(measures.LEAD_TIME, 3600)),
        numbers(f"{of}: change failure rate (%)", [released, failed, *_both("100 * {f} / ({r} + {f})")]),
        numbers(f"{of}: time to restore (minutes, mean)", mean(measures.RESTORE_TIME, 60)),
    ]


def _search(space: str, dimensions: str, name: str, stat: str, period: int, more: str = "") -> str:
    found = f'{{{space},{dimensions}}} MetricName="{name}"{more}'
    return f"SEARCH('{found}', '{stat}', {period})"


def _over_time(platform: str) -> list[list[Widget]]:
    space = measures.namespace(platform)

    def of(measure: Measure, stat: str, label: str, **more: Any) -> Line:
        return metric(space, measure.name, stat=stat, period=WEEK, label=label, **more)

    by_service = _search(space, measures.SERVICE, measures.RELEASED.name, "Sum", WEEK)
    lead = [
        of(measures.LEAD_TIME, stat, label, id=f"l{stat}", visible=False)
        for stat, label in (("p50", "median"), ("p90", "p90"))
    ]
    restore = of(measures.RESTORE_TIME, "Average", "mean", id="m", visible=False)
    failed = [
        of(measures.FAILED, "Sum", "failed", id="f", visible=False),
        of(measures.RELEASED, "Sum", "ok", id="r", visible=False),
    ]
    return [
        [
            graph("Deployments by service", [expression(by_service, "", period=WEEK)], "per week", stacked=True),
            graph(
                "Lead time: commit to production",
                [
                    *lead,
                    *(
                        expression(f"l{stat} / 3600", label, period=WEEK)
                        for stat, label in (("p50", "median"), ("p90", "p90"))
                    ),
                ],
                "hours",
            ),
        ],
        [
            graph(
                "Change failure rate", [*failed, expression("100 * f / (f + r)", "failed", period=WEEK)], "% per week"
            ),
            graph("Time to restore", [restore, expression("m / 60", "mean", period=WEEK)], "minutes"),
        ],
    ]


def _builds(platform: str) -> list[Widget]:
    """CodeBuild's own metrics, of this platform's projects.

    https://docs.aws.amazon.com/codebuild/latest/userguide/cloudwatch_metrics-codebuild.html
    """

    def by_project(name: str) -> list[Line]:
        found = _search("AWS/CodeBuild", "ProjectName", name, "Average", DAY, f" ProjectName={platform}")
        return [expression(found, "", period=DAY)]

    return [
        graph("Build duration by project", by_project("Duration"), "seconds, mean per day"),
        graph("Builds waiting for a machine, by project", by_project("QueuedDuration"), "seconds, mean per day"),
    ]


def _tests(platform: str) -> Widget:
    space = measures.namespace(platform)
    lines = []
    for suite in SUITES:
        of_suite = f' Suite="{suite}"'
        passed, failed = (
            f"SUM({_search(space, 'Service,Suite', one.name, 'Sum', WEEK, of_suite)})" for one in measures.OF_TESTS
        )
        lines.append(expression(f"100 * {passed} / ({passed} + {failed})", suite, period=WEEK))
    return graph("Test cases that passed", lines, "% per week")


def _troubles(platform: str) -> Widget:
    space = measures.namespace(platform)
    stages = _search(space, "Pipeline,Stage", measures.FAILED_STAGES.name, "Sum", DAY)
    findings = [
        expression(f"SUM({_search(space, 'Repository', one.name, 'Maximum', DAY)})", label, period=DAY)
        for one, label in ((measures.CRITICAL_FINDINGS, "critical findings"), (measures.HIGH_FINDINGS, "high findings"))
    ]
    plain = [
        metric(space, one.name, stat="Sum", period=DAY, label=label)
        for one, label in (
            (measures.ROLLED_BACK_BY_ECS, "deployments rolled back by ECS"),
            (measures.FAILED_STACKS, "stacks that failed or turned back"),
        )
    ]
    return graph(
        "Failures and findings",
        [expression(f"SUM({stages})", "failed stages", period=DAY), *plain, *findings],
        "per day",
    )


def build(platform: str, environment: str, service: str, group: AWSHelperFn) -> cloudwatch.Dashboard:
    """The dashboard `<platform>-delivery`.

    Args:
        platform: its name.
        environment: the last one, whose releases are measured.
        service: the one that the second row shows at first; people choose another above the dashboard.
        group: the event log.
    """
    about = (
        f"Releases to **{environment}**, the last environment. Numbers: the last {DAYS} days, and the {DAYS} before. "
        "The second row is of the service chosen above. Definitions: docs/monitoring.md."
    )
    rows: Sequence[Sequence[Widget]] = [
        [text(about)],
        keys(platform, "All services"),
        keys(platform, "Service", service),
        *_over_time(platform),
        [
            table(
                "Releases by service; periods_ago 0: last 28 days, 1: the 28 days before",
                delivery_queries.BY_SERVICE,
                group,
            )
        ],
        [table("Duration of stages (minutes)", delivery_queries.STAGE_DURATIONS, group)],
        _builds(platform),
        [_tests(platform), _troubles(platform)],
        [table("Releases", delivery_queries.RELEASES, group, height=8)],
    ]
    choice = {
        "type": "property",
        "property": measures.SERVICE,
        "inputType": "select",
        "id": "service",
        "label": "Service",
        "visible": True,
        "defaultValue": service,
        "search": f'{{{measures.namespace(platform)},{measures.SERVICE}}} MetricName="{measures.RELEASED.name}"',
        "populateFrom": measures.SERVICE,
    }
    return dashboards.dashboard("DeliveryDashboard", f"{platform}-delivery", rows, start=START, variables=[choice])
