"""Delivery's sample data is one history: whatever shows it, as metric or by query, shows the same numbers."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from sendy_cfn import config
from sendy_cfn.checks.action_templates import Library
from sendy_cfn.pictures import __main__ as command
from sendy_cfn.pictures import body, history, insights, lines, logs, moments, picture, queries
from sendy_cfn.pictures.body import Widget
from sendy_cfn.pictures.names import Names
from sendy_cfn.pictures.sources import dashboards
from tests.pictures.reading import texts, widgets
from tests.platforms import ROOT

DAYS = 28
NAMES = Names()


@functools.cache
def delivery() -> body.Body:
    """The dashboard of this repository's templates."""
    found = dashboards(config.load(ROOT / "params"), Library(ROOT / "templates"))
    return body.read(str(next(each.text for each in found if each.name == "courier-delivery")))


def titled(title: str) -> Widget:
    """The widget whose title begins like that; the shortest one."""
    found = [widget for widget in delivery().widgets if widget.properties.get("title", "").startswith(title)]
    return min(found, key=lambda widget: len(widget.properties["title"]))


def halves(title: str) -> list[float]:
    """The last 28 days and those before, as a widget of single values has them."""
    shown = lines.read(titled(title).properties, moments.span(delivery().start), NAMES)
    return [line.series.points[-1] for line in shown.lines]


def rows(title: str) -> list[dict[str, Any]]:
    text = titled(title).properties["query"]
    found = logs.told(text, queries.read(text), moments.span(delivery().start), NAMES)
    assert found
    return found


def of_half(outcome: str, ago: int, service: str = "") -> list[dict[str, Any]]:
    found = rows("Releases by service")
    return [
        row
        for row in found
        if row["outcome"] == outcome and row["periods_ago"] == ago and service in ("", row["service"])
    ]


def added(found: Sequence[dict[str, Any]], weight: str = "releases", value: str = "") -> float:
    return float(
        sum(row[weight] * (row[value] if value else 1) for row in found if not value or row[value] is not None)
    )


@pytest.mark.parametrize(("of", "service"), [("All services", ""), ("Service", "orders")])
def test_numbers_above_are_those_of_the_table_below(of: str, service: str) -> None:
    for ago, (count, lead, share) in enumerate(
        zip(
            halves(f"{of}: deployments"),
            halves(f"{of}: lead time"),
            halves(f"{of}: change failure rate"),
            strict=True,
        )
    ):
        good, bad = of_half("released", ago, service), of_half("failed", ago, service)
        assert count == added(good) > 5
        assert lead == pytest.approx(added(good, value="mean_lead_hours") / added(good))
        assert share == pytest.approx(100 * added(bad) / (added(bad) + added(good)))


def test_all_services_are_the_sum_of_each() -> None:
    listed = rows("Releases by service")
    assert {row["service"] for row in listed} == set(NAMES.services)
    weeks = lines.read(titled("Deployments by service").properties, moments.span(delivery().start), NAMES)
    assert len(weeks.lines) == len(NAMES.services)
    assert sum(sum(line.series.points) for line in weeks.lines) == sum(halves("All services: deployments"))
    for line in weeks.lines:
        each = sum(added(of_half("released", ago, line.label)) for ago in (0, 1))
        assert sum(line.series.points) == each


def test_each_failure_is_mended_once_and_in_its_time() -> None:
    restored = [release for release in history.releases(NAMES) if release.restore is not None]
    failed = [release for release in history.releases(NAMES) if release.outcome == "failed"]
    assert len(restored) == len(failed) > 5
    for release in restored:
        broken = release.ended - (release.restore or 0)
        assert (release.service, broken) in {(each.service, each.ended) for each in failed}


def test_a_release_takes_as_long_as_its_stages_and_its_commit_is_older() -> None:
    stages = [row for row in history.lines(NAMES) if "detail.stage" in row]
    for release in history.releases(NAMES):
        of_it = [row["@timestamp"] // 1000 for row in stages if row["detail.execution-id"] == release.execution]
        assert max(of_it) == release.ended
        assert release.lead is None or release.ended - min(of_it) <= release.lead
    assert len({release.execution for release in history.releases(NAMES)}) == len(history.releases(NAMES))


def test_the_picture_has_these_numbers() -> None:
    svg = command.pictures(config.load(ROOT / "params"), ROOT / "templates")["delivery.svg"]
    groups = {int(group.attrib["data-widget"]): texts(group) for group in widgets(ET.fromstring(svg))}
    for of, service in (("All services", ""), ("Service", "orders")):
        shown = groups[titled(f"{of}: deployments").number]
        assert {f"{added(of_half('released', ago, service)):g}" for ago in (0, 1)} <= set(shown)
    latest = groups[titled("Releases").number]
    commits = [row["commit"] for row in rows("Releases")[:10]]
    assert [text for text in latest if text in commits] == commits


LINES = [
    {"@timestamp": 1000 * (moments.NOW - 60 * at), "level": level, "took": took, "http.path": path}
    for at, level, took, path in (
        (1, "ERROR", 40, "/a"),
        (2, "INFO", 10, "/a"),
        (3, "ERROR", 20, "/b"),
        (70, "ERROR", 60, "/a"),
        (80, "INFO", None, "/b"),
    )
]


def found(query: str) -> list[Any]:
    """Values of the columns, a row after the other."""
    text = f"SOURCE 'demo' | {query}"
    return [[row.get(column) for column in queries.read(text).columns] for row in insights.run(text, LINES)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('filter level = "ERROR" | stats count(*) as n', [[3]]),
        ('filter level != "ERROR" and ispresent(took) | stats count(*) as n', [[1]]),
        ('filter not (level = "ERROR" or took < 15) | stats count(*) as n', [[1]]),
        ('filter level in ["INFO", "WARN"] | stats count(took) as n', [[1]]),
        ('filter `http.path` like "a" | stats sum(took) as s', [[110]]),
        ("stats avg(took), min(took), max(took), pct(took, 50) as half", [[32.5, 10, 60, 40]]),
        ("stats count(*) as n by http.path | sort n desc", [["/a", 3], ["/b", 2]]),
        ("stats max(took) as most, min(took) as least, (most - least) / 10 as tenths", [[60, 10, 5]]),
        (
            "stats count(*) as n by level, http.path | stats max(n) as most by level | sort level",
            [["ERROR", 2], ["INFO", 1]],
        ),
        (
            "fields took * 2 + 1 as t | filter t > 0 | sort t desc | limit 2 | display t, level",
            [[121, "ERROR"], [81, "ERROR"]],
        ),
        (
            "fields floor((now() * 1000 - toMillis(@timestamp)) / 3600000) as h | stats count(*) as n by h | sort h",
            [[0, 3], [1, 2]],
        ),
        ("stats count(*) as n by bin(1h) | sort `bin(1h)` | display n", [[2], [3]]),
        ("sort took asc | display took", [[10], [20], [40], [60], [None]]),
        ("fields took / 0 as x | filter took = 10 | display x", [[None]]),
    ],
)
def test_a_query_over_lines(query: str, expected: list[Any]) -> None:
    assert found(query) == expected


@pytest.mark.parametrize(
    "query", ["parse @message 'a *' as x", "filter level =~ /E/", "stats median(took)", "filter (level", "limit all"]
)
def test_what_is_not_run_is_told(query: str) -> None:
    with pytest.raises(insights.NotRunError):
        insights.run(f"SOURCE 'demo' | {query}", LINES)


@pytest.mark.parametrize(
    ("query", "known"),
    [
        ('filter measure = "release" | display at, service', True),
        ('filter level = "ERROR" | display at', False),
        ('filter measure = "release" | display at, colour', False),
        ("stats count(*) as n by bin(5m)", False),
        ('filter measure = "release" | parse a "*" as b', False),
    ],
)
def test_queries_about_other_logs_are_not_answered_from_the_history(query: str, known: bool) -> None:
    text = f"SOURCE 'log' | {query}"
    told = logs.told(text, queries.read(text), moments.span("-P56D"), NAMES)
    assert (told is not None) == known


@pytest.mark.parametrize("view", ["table", "timeSeries", "bar", "pie"])
def test_every_view_of_a_query_over_releases_has_its_groups(view: str) -> None:
    query = "SOURCE 'log' | filter measure = \"release\" | stats count(*) as n by service"
    query += ", bin(1d)" if view == "timeSeries" else ""
    widget = {"type": "log", "width": 12, "height": 6}
    widget |= {"properties": {"region": "eu-central-1", "view": view, "query": query}}
    read = body.read(json.dumps({"start": "-P56D", "widgets": [widget]}))
    svg = ET.fromstring(picture.draw(picture.Subject("demo", read, "demo.yaml", NAMES)))
    [group] = widgets(svg)
    assert set(NAMES.services) <= set(texts(group))
    assert "are samples" not in " ".join(texts(svg))
    if view in ("table", "bar"):
        since = moments.span("-P56D")[0]
        orders = [each for each in history.releases(NAMES) if each.service == "orders" and each.ended >= since]
        assert str(len(orders)) in texts(group)
