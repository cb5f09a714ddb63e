"""Log widgets, with sample rows for the columns that their queries give."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from sendy_cfn.pictures import chart, history, insights, moments, queries, sample, tables
from sendy_cfn.pictures.body import Widget
from sendy_cfn.pictures.chance import chance
from sendy_cfn.pictures.functions import Series
from sendy_cfn.pictures.lines import COLOURS, Shown
from sendy_cfn.pictures.lines import Line as Drawn
from sendy_cfn.pictures.metrics import Metric
from sendy_cfn.pictures.names import Names
from sendy_cfn.pictures.queries import Query
from sendy_cfn.pictures.setting import Notes, Setting, titled
from sendy_cfn.pictures.shares import Share, bars, pie
from sendy_cfn.pictures.svg import INK, Area

ROWS = 12  # of a sample
MADE_UP = "rows of queries about other logs than that of delivery are samples"

# What a column with such a name holds; the first that fits. Numbers are made from their name as metrics' are.
_WORDS: tuple[tuple[re.Pattern[str], Sequence[str]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (
            r"message",
            ("request failed: connection reset by peer", "slow answer of the database", "retry 2 of 3 succeeded"),
        ),
        (r"outcome|result", ("released", "released", "rolled back", "released")),
        (r"stage|action", ("DeployProduction", "DeployStaging", "Build", "Quality")),
        (r"state|status", ("SUCCEEDED", "FAILED", "SUCCEEDED", "SUPERSEDED")),
        (r"suite|test", ("regression", "load", "smoke")),
        (r"level|severity", ("ERROR", "WARN", "ERROR")),
        (r"commit|version|revision|digest|templates|image", ("9f31c07", "2b8e4d1", "e05a9c6", "71d3f28")),
        (r"author|user|who|principal|_by$", ("Ada", "Grace", "Edsger")),
        (r"_ago$", ("0", "1")),
        (r"trigger", ("Webhook", "StartPipelineExecution", "Webhook")),
        (r"reason|cause", ("alarm AnswersErrors", "tests failed", "timed out")),
        (r"path|uri|url|resource", ("/orders", "/orders/{id}", "/prices")),
        (r"method", ("GET", "POST", "PUT")),
        (r"stream|@log|host|task|instance", ("a/3f9c", "b/77d1", "a/c204")),
    )
)
_TIME = re.compile(r"@timestamp|@ingestionTime|time$|_at$|^at$|^when$|^started$|^ended$", re.IGNORECASE)
_NAMED = re.compile(r"service|pipeline|repository|project|environment|cluster", re.IGNORECASE)
_COUNTED = re.compile(
    r"count|sum|avg|min|max|pct|stddev|seconds|minutes|hours|duration|bytes|number|total|percent|rate|errors|requests"
    r"|released|failed|passed|code|p\d\d",
    re.IGNORECASE,
)


def draw(parent: ET.Element, area: Area, widget: Widget, setting: Setting) -> Notes:
    """A log widget."""
    given = widget.properties
    query = queries.read(given["query"])
    room = titled(parent, area, given.get("title", ""))
    between = moments.span(given["start"], given.get("end", "")) if "start" in given else setting.between
    view = given.get("view", "table")
    found = told(given["query"], query, between, setting.names)
    if view == "timeSeries":
        shown = _series(query, between, setting.names) if found is None else _series_of(found, query, between)
        chart.over_time(parent, room, shown, {"stacked": given.get("stacked", False)})
    elif view in ("bar", "pie"):
        shares = _shares(query, between, setting.names) if found is None else _shares_of(found, query)
        bars(parent, room, shares) if view == "bar" else pie(parent, room, shares, labels=False, right=False)
    elif found is None:
        tables.table(parent, room, query.columns, rows(query, between, setting.names))
    else:
        cells = [[(_shown(column, row.get(column), query), INK) for column in query.columns] for row in found]
        tables.table(parent, room, query.columns, cells)
    return [MADE_UP] if found is None else []


def told(text: str, query: Query, between: tuple[int, int], names: Names) -> list[insights.Row] | None:
    """What the query finds in the history of releases; None if it is about something else.

    Each column has to have a value somewhere, and a filter has to have let lines through: other logs have other fields.
    """
    first, last = between
    if not any(part.strip().lower().startswith("filter ") for part in queries.parts(text)):
        return None
    lines = (line for line in history.lines(names) if first * 1000 <= line["@timestamp"] < last * 1000)
    try:
        found = insights.run(text, lines)
    except insights.NotRunError:
        return None
    there = {column for row in found for column in query.columns if row.get(column) is not None}
    return found if there == set(query.columns) else None


def _shown(column: str, value: Any, query: Query) -> str:
    """A value as the console has it, with two digits after the point at most."""
    if value is None:
        return ""
    if isinstance(value, float | int) and (column in query.times or column.startswith("@timestamp")):
        return f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%d %H:%M}"
    if isinstance(value, float | int):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)


def _group(row: insights.Row, query: Query) -> str:
    return " ".join(str(row.get(group)) for group in query.groups)


def _series_of(found: Sequence[insights.Row], query: Query, between: tuple[int, int]) -> Shown:
    """A series for each measure of each group; where nothing was found there is no data point."""
    over = moments.over(between, query.bin or 300)
    time = query.times[0] if query.times else ""
    points: dict[str, dict[int, float]] = {}
    for row in found:
        place = int(row.get(time) or 0) // 1000 // over.step * over.step
        for measure in query.measures:
            group = _group(row, query)
            label = " ".join(filter(None, (group, measure if len(query.measures) > 1 or not group else "")))
            series = points.setdefault(label, {})
            series[place] = series.get(place, 0.0) + float(row.get(measure) or 0.0)
    lines = [
        Drawn(label, _of(series, label, over), COLOURS[n % len(COLOURS)])
        for n, (label, series) in enumerate(points.items())
    ]
    return Shown(over, tuple(lines))


def _of(points: Mapping[int, float], label: str, over: moments.Range) -> Series:
    return Series(tuple(points.get(at) for at in over.times), label, "", over.step)


def _shares_of(found: Sequence[insights.Row], query: Query) -> list[Share]:
    """The first measure of each group."""
    totals: dict[str, float] = {}
    for row in found:
        label = _group(row, query) or query.measures[0]
        totals[label] = totals.get(label, 0.0) + float(row.get(query.measures[0]) or 0.0)
    shares = [Share(label, total, COLOURS[n % len(COLOURS)]) for n, (label, total) in enumerate(totals.items())]
    return sorted(shares, key=lambda share: -share.value)


def _metric(measure: str, group: str) -> Metric:
    stat = "Sum" if re.search(r"count|sum|released|failed|errors", measure, re.IGNORECASE) else "Average"
    name = measure if _COUNTED.search(measure) else f"{measure}Count"
    return Metric("", "logs", name.title().replace("_", ""), {"group": group}, stat=stat, period=60)


def _groups(query: Query, names: Names) -> list[str]:
    if not query.groups:
        return [""]
    return list(dict.fromkeys(_text(query.groups[0], number, query, names) for number in range(3)))


def _series(query: Query, between: tuple[int, int], names: Names) -> Shown:
    over = moments.over(between, query.bin or 300)
    found: list[Drawn] = []
    for measure in query.measures or ("count(*)",):
        for group in _groups(query, names):
            metric = _metric(measure, group)
            label = " ".join(filter(None, (group, measure if len(query.measures) > 1 or not group else "")))
            series = Series(sample.values(metric, over), label, sample.unit(metric), over.step, metric)
            found.append(Drawn(label, series, COLOURS[len(found) % len(COLOURS)]))
    return Shown(over, tuple(found))


def _shares(query: Query, between: tuple[int, int], names: Names) -> list[Share]:
    shown = _series(query, between, names)
    found = [Share(line.label, sum(line.series.points), line.colour) for line in shown.lines]
    return sorted(found, key=lambda share: -share.value)


def rows(query: Query, between: tuple[int, int], names: Names) -> list[tables.Cells]:
    """Sample rows for the columns, the latest first."""
    count = min(query.limit, ROWS)
    made: list[tables.Cells] = []
    for number in range(count):
        at = between[1] - (number * number + 1) * (between[1] - between[0]) // (count * count + 1)
        made.append([(_cell(column, number, at, query, names), INK) for column in query.columns])
    return _different(made, query)


def _different(made: Sequence[tables.Cells], query: Query) -> list[tables.Cells]:
    """Without rows of groups that are there already."""
    places = [place for place, column in enumerate(query.columns) if column in (*query.groups, *query.times)]
    if not places:
        return list(made)
    return list({tuple(row[place][0] for place in places): row for row in reversed(made)}.values())[::-1]


def _cell(column: str, number: int, at: int, query: Query, names: Names) -> str:
    if column in query.times or _TIME.search(column):
        rounded = at // query.bin * query.bin if query.bin and column in query.times else at
        return f"{datetime.fromtimestamp(rounded, UTC):%Y-%m-%d %H:%M}"
    return _text(column, number, query, names)


def _text(column: str, number: int, query: Query, names: Names) -> str:
    if column in query.fixed:
        return query.fixed[column]
    if column in query.measures or (_COUNTED.search(column) and not _NAMED.search(column)):
        return str(_chance(column, number) % (900 if re.search(r"seconds|bytes|avg|pct", column) else 40) + 1)
    words = _words(column, names)
    if column in query.groups:  # each combination of groups once
        words = tuple(dict.fromkeys(words))
        earlier = query.groups[: query.groups.index(column)]
        number //= math.prod(len(set(_words(group, names))) for group in earlier)
    return words[number % len(words)]


def _words(column: str, names: Names) -> Sequence[str]:
    """What a column holds."""
    if _NAMED.search(column):
        return names.of(column)
    return next((words for pattern, words in _WORDS if pattern.search(column)), (f"{column} 1", f"{column} 2"))


def _chance(column: str, number: int) -> int:
    return int(chance(f"{column}{number}") * 0xFFFFFFFF)
