"""Bodies that CloudWatch would refuse or change are errors that say where and what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sendy_cfn.pictures import body
from tests.pictures.reading import SPECIMEN, specimen

METRIC = {"region": "eu-central-1", "metrics": [["AWS/ECS", "CPUUtilization", "ServiceName", "orders"]]}
EXPRESSION = [{"expression": "m1 * 2", "id": "e1"}]
LOG = {"region": "eu-central-1", "query": "SOURCE '/demo' | fields @message"}


def widget(type_: str = "metric", properties: dict[str, Any] | None = None, **place: Any) -> dict[str, Any]:
    return {"type": type_, "properties": METRIC if properties is None else properties, **place}


def metric(**properties: Any) -> dict[str, Any]:
    return widget(properties={**METRIC, **properties})


def problems(*widgets: Any, **more: Any) -> list[str]:
    with pytest.raises(body.BodyError) as caught:
        body.read(json.dumps({"widgets": widgets, **more}))
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (widget("explorer", {}), "widgets[0].type: 'explorer', allowed: metric, log, alarm, text"),
        (widget("graph"), "widgets[0].type: 'graph', allowed: metric, log, alarm, text"),
        ("text", "widgets[0]: no mapping"),
        (widget(heigth=3), "widgets[0].heigth: unknown key, did you mean 'height'?"),
        (widget(x=24, y=0), "widgets[0].x: 24, allowed: whole numbers, 0 to 23"),
        (widget(x=20, y=0), "widgets[0]: ends at column 26 of 24"),
        (widget(width=25), "widgets[0].width: 25, allowed: whole numbers, 1 to 24"),
        (widget(height=0), "widgets[0].height: 0, allowed: whole numbers, 1 to 1000"),
        (widget(x=0, y=1.5), "widgets[0].y: 1.5, allowed: whole numbers, 0 or more"),
        (widget(x="0", y=0), "widgets[0].x: '0', allowed: whole numbers, 0 to 23"),
        (widget(x=0), "widgets[0]: has one of x and y; a place needs both"),
        (
            metric(view="lines"),
            "widgets[0].properties.view: 'lines', allowed: timeSeries, singleValue, gauge, bar, pie, table",
        ),
        (metric(titel="CPU"), "widgets[0].properties.titel: unknown key, did you mean 'title'?"),
        (widget(properties={"metrics": METRIC["metrics"]}), "widgets[0].properties.region: missing"),
        (widget(properties={"region": "eu-central-1"}), "widgets[0].properties: neither metrics nor an alarm"),
        (metric(view="gauge"), "widgets[0].properties: a gauge needs yAxis.left.min and .max"),
        (
            metric(yAxis={"left": {"min": 5, "max": 5}}),
            "widgets[0].properties.yAxis.left: min 5 is not below max 5",
        ),
        (
            metric(period=90),
            "widgets[0].properties.period: 90, allowed: 1, 5, 10, 30 or a multiple of 60 seconds",
        ),
        (
            metric(stat="Mean"),
            "widgets[0].properties.stat: 'Mean', allowed: Average, Sum, Minimum, Maximum, SampleCount, p99 and the "
            "like",
        ),
        (metric(stacked="yes"), "widgets[0].properties.stacked: 'yes', allowed: true, false"),
        (
            metric(start="6h"),
            "widgets[0].properties.start: '6h', allowed: a duration such as -PT6H, or a time such as "
            "2026-01-31T06:00:00Z",
        ),
        (
            metric(annotations={"horizontal": [{"value": "80"}]}),
            "widgets[0].properties.annotations.horizontal[0].value: '80' is no number",
        ),
        (
            metric(annotations={"horizontal": [{"value": 80, "fill": "over"}]}),
            "widgets[0].properties.annotations.horizontal[0].fill: 'over', allowed: above, below, none",
        ),
        (
            metric(annotations={"vertical": [{"value": "-PT1H"}]}),
            "widgets[0].properties.annotations.vertical[0].value: '-PT1H', allowed: a time such as "
            "2026-01-31T06:00:00Z",
        ),
        (
            metric(annotations={"alarms": ["AnswersErrors"]}),
            "widgets[0].properties.annotations.alarms[0]: 'AnswersErrors' is no ARN of an alarm",
        ),
        (
            metric(metrics=[["AWS/ECS", "CPUUtilization", "ServiceName"]]),
            "widgets[0].properties.metrics[0]: ['AWS/ECS', 'CPUUtilization', 'ServiceName'], allowed: namespace, name, "
            "and pairs of a dimension's name and value",
        ),
        (
            metric(metrics=[[".", "CPUUtilization"]]),
            "widgets[0].properties.metrics[0]: abbreviates what the entry before doesn't have",
        ),
        (
            metric(metrics=[["A", "B", {"id": "m1"}], ["A", "C", {"id": "m1"}]]),
            "widgets[0].properties.metrics[1]: id 'm1' is taken by widgets[0].properties.metrics[0]",
        ),
        (
            metric(metrics=[["A", "B", {"id": "M1"}]]),
            "widgets[0].properties.metrics[0].id: 'M1', allowed: letters, digits and _, the first one a small letter",
        ),
        (
            metric(metrics=[["A", "B", {"id": "m2"}], EXPRESSION]),
            "widgets[0].properties.metrics[1].expression: there is no metric with the id 'm1'",
        ),
        (
            metric(metrics=[[{"expression": "SUM(METRICS()"}]]),
            "widgets[0].properties.metrics[0].expression: 'the end' where ',' is expected in 'SUM(METRICS()'",
        ),
        (
            widget("log", {**LOG, "query": "fields @message"}),
            "widgets[0].properties.query: does not begin with SOURCE '<log group>' |",
        ),
        (widget("log", {"query": LOG["query"]}), "widgets[0].properties.region: missing"),
        (widget("text", {"text": "hello"}), "widgets[0].properties.text: unknown key"),
        (widget("alarm", {"alarms": []}), "widgets[0].properties.alarms: no list of 1 to 100 items"),
    ],
)
def test_mistakes_in_a_widget(given: Any, says: str) -> None:
    assert says in problems(given)


def test_widgets_on_top_of_each_other() -> None:
    first, second = widget(x=0, y=0, width=12, height=6), widget(x=11, y=5, width=12, height=6)
    assert problems(first, second) == ["widgets[1]: overlaps widgets[0], and CloudWatch would move one of them"]
    body.read(json.dumps({"widgets": [first, {**second, "x": 12}]}))


def test_mistakes_in_variables() -> None:
    assert problems(variables=[{"type": "pattern", "id": "x", "inputType": "list"}]) == [
        "variables[0].inputType: 'list', allowed: input, select, radio",
        "variables[0].pattern: missing",
    ]


def test_all_mistakes_are_told_at_once() -> None:
    found = problems(widget("graph"), widget(x=30, y=0), metric(view="lines"), end="yesterday", widget=[])
    assert [problem.partition(":")[0] for problem in found] == [
        "widget",
        "end",
        "widgets[0].type",
        "widgets[1].x",
        "widgets[2].properties.view",
    ]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"widgets": {}}', '{"widgets": [}'])
def test_what_is_no_dashboard(text: str) -> None:
    with pytest.raises(body.BodyError, match="the body is"):
        body.read(text)


def test_more_widgets_than_cloudwatch_takes() -> None:
    assert "widgets: 501, allowed: at most 500" in problems(*[widget(width=1, height=1)] * 501)


@pytest.mark.parametrize("key", sorted({key for w in specimen().widgets for key in w.properties}))
def test_a_misspelt_property_is_found(key: str) -> None:
    document = json.loads(SPECIMEN.read_text(encoding="utf-8"))
    of = next(w for w in document["widgets"] if key in w["properties"])
    of["properties"][f"{key}x"] = of["properties"].pop(key)
    with pytest.raises(body.BodyError) as caught:
        body.read(json.dumps(document))
    assert any(f".{key}x: unknown key, did you mean {key!r}?" in problem for problem in caught.value.problems)
