"""Dashboards of CloudWatch: widgets, placed row by row, as the JSON text that the resource takes.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import re
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from troposphere import Region, cloudwatch

from sendy_cfn.blocks.references import compact, inside, json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from troposphere import AWSHelperFn, Sub

    Widget = dict[str, Any]
    Line = list[Any]  # a metric or an expression of a widget

WIDTH = 24  # columns of a dashboard
DAY = 86400  # seconds
SHORTEST = 12  # characters of a piece that is worth a variable


def metric(namespace: str, name: str, dimensions: Mapping[str, str] | None = None, **options: Any) -> Line:
    """A metric; `options` are those of AWS: id, stat, label, visible and others."""
    return [namespace, name, *(part for pair in (dimensions or {}).items() for part in pair), options]


def expression(formula: str, label: str, **options: Any) -> Line:
    """Metric math, or a SEARCH, which finds the metrics of all services.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
    """
    return [{"expression": formula, "label": label, **options}]


def text(markdown: str, *, width: int = WIDTH, height: int = 2) -> Widget:
    """Text."""
    return _widget("text", width, height, {"markdown": markdown})


def graph(title: str, lines: Sequence[Line], unit: str, *, width: int = 12, height: int = 6, **more: Any) -> Widget:
    """Lines over time; the axis begins at zero and names the unit."""
    axis = {"left": {"label": unit, "min": 0, "showUnits": False}}
    found = {"title": title, "view": "timeSeries", "stacked": False, "region": Region, "metrics": lines, "yAxis": axis}
    return _widget("metric", width, height, found | more)


def numbers(title: str, lines: Sequence[Line], *, width: int = 6, height: int = 4, **more: Any) -> Widget:
    """The last value of each line, as a number."""
    found = {"title": title, "view": "singleValue", "region": Region, "metrics": lines}
    return _widget("metric", width, height, found | more)


def table(title: str, query: str, group: AWSHelperFn, *, width: int = WIDTH, height: int = 6) -> Widget:
    """What a query of Logs Insights finds in a log group."""
    found = {"title": title, "view": "table", "region": Region, "query": f"SOURCE '{inside(group)}' | {query}"}
    return _widget("log", width, height, found)


def alarm(title: str, arn: str, *, width: int = 12, height: int = 6) -> Widget:
    """What an alarm looks at, over time, with its threshold or band."""
    found = {"view": "timeSeries", "region": Region, "annotations": {"alarms": [arn]}, "title": title}
    return _widget("metric", width, height, found)


def states(title: str, arns: Sequence[str], *, width: int = WIDTH, height: int = 4) -> Widget:
    """States of alarms, those that are on first. AWS: at most 100."""
    return _widget("alarm", width, height, {"title": title, "alarms": arns, "sortBy": "stateUpdatedTimestamp"})


def _widget(kind: str, width: int, height: int, properties: dict[str, Any]) -> Widget:
    return {"type": kind, "width": width, "height": height, "properties": properties}


def placed(rows: Iterable[Sequence[Widget]]) -> list[Widget]:
    """The widgets with their places: each row below the one before.

    Raises:
        ValueError: a row is wider than the dashboard.
    """
    found, y = [], 0
    for row in rows:
        x = 0
        for widget in row:
            found.append({"type": widget["type"], "x": x, "y": y, **widget})
            x += widget["width"]
        if x > WIDTH:
            raise ValueError(f"a row of {x} columns, expected at most {WIDTH}")
        y += max(widget["height"] for widget in row)
    return found


def pieces(name: str, of: Callable[[str], Sequence[Widget]]) -> dict[str, str]:
    """What rows of widgets have in common that differ by a word and their place, by names for `json_text`."""
    word, line = "\ue002", 1_000_000_007
    text = compact([{**widget, "y": line} for widget in placed([of(word)])])[1:-1]
    parts = {part for part in re.split(f"{word}|{line}", text) if len(part) > SHORTEST}
    longest = sorted(parts, key=lambda part: (-len(part), part))
    return {f"{name}{number}": part for number, part in enumerate(longest, 1)}


def body(
    rows: Iterable[Sequence[Widget]],
    *,
    start: str,
    shared: Mapping[str, str] | None = None,
    values: Mapping[str, Any] | None = None,
    **more: Any,
) -> Sub | str:
    """The body; `start` is the length of what it shows, such as "-P56D". Widgets keep their own periods.

    `shared` and `values` are those of `json_text`; with `shared`, a row is a line.
    """
    widgets: list[Any] = placed(rows)
    if shared:
        widgets = [list(row) for _, row in groupby(widgets, key=itemgetter("y"))]
    content = {"start": start, "periodOverride": "inherit", **more, "widgets": widgets}
    return json_text(content, spread="widgets", shared=shared, values=values)


def dashboard(
    title: str, name: AWSHelperFn | str, rows: Iterable[Sequence[Widget]], *, start: str, **more: Any
) -> cloudwatch.Dashboard:
    """The dashboard with this body."""
    return cloudwatch.Dashboard(title, DashboardName=name, DashboardBody=body(rows, start=start, **more))
