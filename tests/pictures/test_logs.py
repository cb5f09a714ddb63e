"""Log widgets: columns of queries, and sample rows for those that no history answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sendy_cfn.pictures import logs, moments, queries
from sendy_cfn.pictures.names import Names
from tests.pictures.reading import drawn, one, texts, widgets

NAMES = Names(("orders", "pricing"), ("test", "live"))


@pytest.mark.parametrize(
    ("query", "columns", "measures", "bin_"),
    [
        ("fields @timestamp, @message | sort @timestamp desc", ("@timestamp", "@message"), (), None),
        ("filter level = 'ERROR'", queries.DEFAULT, (), None),
        (
            "stats count(*) as n, avg(size) by bin(5m), path",
            ("bin(5m)", "path", "n", "avg(size)"),
            ("n", "avg(size)"),
            300,
        ),
        ("stats max(a) as b by bin(1h) as hour | display b", ("b",), ("b",), 3600),
        ('parse @message "a | b *" as x | fields x', ("x",), (), None),
        ("stats pct(took, 95) as p95 by service", ("service", "p95"), ("p95",), None),
    ],
)
def test_columns_of_a_query(query: str, columns: Any, measures: Any, bin_: int | None) -> None:
    found = queries.read(f"SOURCE '/demo' | {query}")
    assert (found.columns, found.measures, found.bin) == (columns, measures, bin_)


def test_rows_of_groups_are_each_there_once() -> None:
    found = queries.read("SOURCE '/demo' | stats count(*) as n by service, outcome, bin(1d)")
    table = logs.rows(found, (moments.NOW - moments.DAY, moments.NOW), NAMES)
    groups = [tuple(text for text, _ in row[:2]) for row in table]
    assert len(set(groups)) == 4
    assert len({tuple(text for text, _ in row[:3]) for row in table}) == len(table)


def test_rows_obey_filters_and_limits() -> None:
    query = "SOURCE '/demo' | fields level, path | filter level = 'FATAL' | limit 2"
    [group] = widgets(drawn(one("log", {"region": "eu-central-1", "query": query})))
    assert [text for text in texts(group) if text == "FATAL"] == ["FATAL"] * 2


@pytest.mark.parametrize("view", ["table", "timeSeries", "bar", "pie"])
def test_every_view_of_a_query_shows_its_groups(view: str) -> None:
    query = "SOURCE '/demo' | stats count(*) as errors by service"
    [group] = widgets(drawn(one("log", {"region": "eu-central-1", "view": view, "query": query})))
    assert {"orders", "pricing", "tracking"} <= set(texts(group)), json.dumps(texts(group))
