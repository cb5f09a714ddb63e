"""Alarms in widgets: their numbers are where the scale says, and their states are those of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from sendy_cfn.pictures import alarm_checks, alarm_states, alarms, body, lines, moments, picture
from sendy_cfn.pictures.alarms import Alarm
from sendy_cfn.pictures.functions import Point, Series
from sendy_cfn.pictures.lines import Line, Shown
from sendy_cfn.pictures.moments import Range
from sendy_cfn.pictures.names import Names
from tests.pictures import drawing
from tests.pictures.reading import ALARM, ARN, SVG, one, texts, widgets

PREFIX = ARN.rpartition(":")[0]
REQUESTS = {
    "Namespace": "AWS/ApplicationELB",
    "MetricName": "RequestCount",
    "Dimensions": [{"Name": "LoadBalancer", "Value": "app/demo/1"}],
}
BAND = alarms.of_metrics(
    "usual",
    {
        "Metrics": [
            {"Id": "m1", "MetricStat": {"Metric": REQUESTS, "Period": 300, "Stat": "Sum"}},
            {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 3)", "Label": "expected"},
        ],
        "ThresholdMetricId": "ad1",
        "ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold",
        "EvaluationPeriods": 3,
    },
)
SPAN = moments.span("-PT6H")
NAMES = Names()


def drawn(alarm: Alarm, **properties: Any) -> ET.Element:
    """The widget of an alarm."""
    given = {"region": "eu-central-1", "annotations": {"alarms": [ARN]}, **properties}
    svg = picture.draw(picture.Subject("demo", one("metric", given), "demo.yaml", NAMES, {ARN: alarm}))
    [group] = widgets(ET.fromstring(svg))
    return group


def data(alarm: Alarm) -> Shown:
    return lines.read(alarms.in_widget({}, alarm), SPAN, NAMES)


def test_a_band_is_shaded_where_its_numbers_are_and_the_line_goes_through_it() -> None:
    group = drawn(BAND)
    zero, per = drawing.heights(group)
    metric, borders = data(BAND).lines
    assert borders.lower is not None
    upper, lower = drawing.band(group)
    for places, series in ((upper, borders.series), (lower, borders.lower), (drawing.line(group), metric.series)):
        assert len(places) == len(series.values) == 72
        assert [y for _, y in places] == pytest.approx([zero - per * (value or 0) for value in series.values], abs=0.3)
    assert drawing.dashed(group) == []


def test_a_wider_band_is_higher() -> None:
    def height(wide: int) -> float:
        metrics = [BAND.metrics[0], [{"id": "ad1", "expression": f"ANOMALY_DETECTION_BAND(m1, {wide})"}]]
        group = drawn(replace(BAND, metrics=metrics))
        upper, lower = drawing.band(group)
        return (lower[0][1] - upper[0][1]) / drawing.heights(group)[1]

    assert height(4) == pytest.approx(2 * height(2), rel=0.02)


@pytest.mark.parametrize("threshold", [1.0, 2.0, 7.5])
def test_a_threshold_is_a_line_at_its_height(threshold: float) -> None:
    alarm = replace(ALARM, threshold=threshold)
    group = drawn(alarm)
    zero, per = drawing.heights(group)
    [y] = drawing.dashed(group)
    assert y == pytest.approx(zero - per * threshold, abs=0.3)
    beyond = [point > threshold for point in data(alarm).lines[0].series.points]
    assert [place_y < y for _, place_y in drawing.line(group)] == beyond


@pytest.mark.parametrize("share", [0.92, 1.2])
def test_the_label_of_a_threshold_is_not_on_the_line(share: float) -> None:
    """Just below the line it is below the threshold, else above."""
    alarm = replace(BAND, metrics=BAND.metrics[:1], band="", operator="LessThanThreshold")
    usual = data(alarm).lines[0].series.points[-20:]
    group = drawn(replace(alarm, threshold=share * sum(usual) / len(usual)))
    text = next(each for each in group.iter(f"{SVG}text") if (each.text or "").startswith("alarm below"))
    left, bottom, wide = (float(text.attrib[name]) for name in ("x", "y", "textLength"))
    assert not [1 for x, y in drawing.line(group) if left <= x <= left + wide and bottom - 8 <= y <= bottom]
    [threshold] = drawing.dashed(group)
    assert (bottom > threshold) == (share < 1)


def test_both_ways_of_writing_an_alarm_are_the_same_one() -> None:
    rest = {"ComparisonOperator": "LessThanThreshold", "Threshold": "3", "EvaluationPeriods": "5"}
    single = alarms.of_metrics("few", {**REQUESTS, "ExtendedStatistic": "p95", "Period": 60, **rest})
    stat = {"Metric": REQUESTS, "Period": "60", "Stat": "p95"}
    math = alarms.of_metrics("few", {"Metrics": [{"Id": "m1", "MetricStat": stat, "ReturnData": "true"}], **rest})
    assert (
        (single.threshold, single.periods, single.datapoints)
        == (math.threshold, math.periods, math.datapoints)
        == (3, 5, 5)
    )
    assert data(single).lines[0].series.values == data(math).lines[0].series.values
    assert data(single).over.step == 300  # one data point of 60 s in 300 s; no more have room
    assert data(single).lines[0].series.period == 60


OVER = Range(moments.NOW - 6 * 60, 60, 6)


def shown(*values: Point, borders: tuple[float, float] | None = None, over: Range = OVER) -> Shown:
    found = [Line("value", Series(values), "#000000")]
    if borders:
        low, high = (Series((border,) * len(values)) for border in borders)
        found.append(Line("band", high, "#000000", lower=low))
    return Shown(over, tuple(found))


@pytest.mark.parametrize(
    ("values", "more", "state"),
    [
        ((0, 0, 0, 9, 9, 9), {}, "ALARM"),
        ((9, 9, 9, 9, 9, 1), {}, "OK"),
        ((0, 0, 0, 9, 9, 1), {"datapoints": 2}, "ALARM"),
        ((0, 0, 9, 9, 1, 1), {"datapoints": 2}, "OK"),
        ((0, 0, 0, 5, 5, 5), {}, "OK"),
        ((0, 0, 0, 5, 5, 5), {"operator": "GreaterThanOrEqualToThreshold"}, "ALARM"),
        ((9, 9, 9, 1, 1, 1), {"operator": "LessThanThreshold"}, "ALARM"),
        ((9, 9, 9, None, None, None), {}, "INSUFFICIENT_DATA"),
        ((9, 9, 9, None, None, None), {"missing": "notBreaching"}, "OK"),
        ((0, 0, 0, None, None, None), {"missing": "breaching"}, "ALARM"),
        ((9, 9, 9, 9, 9, 9), {"threshold": None}, "INSUFFICIENT_DATA"),
    ],
)
def test_the_state_is_that_of_the_last_data_points(values: Sequence[Point], more: dict[str, Any], state: str) -> None:
    alarm = replace(Alarm("demo", threshold=5.0, periods=3, datapoints=3, period=60), **more)
    assert alarm_states.of_data(alarm, shown(*values)) == state


@pytest.mark.parametrize(
    ("operator", "value", "state"),
    [
        ("GreaterThanUpperThreshold", 21, "ALARM"),
        ("GreaterThanUpperThreshold", 9, "OK"),
        ("LessThanLowerThreshold", 9, "ALARM"),
        ("LessThanLowerThreshold", 21, "OK"),
        ("LessThanLowerOrGreaterThanUpperThreshold", 21, "ALARM"),
        ("LessThanLowerOrGreaterThanUpperThreshold", 9, "ALARM"),
        ("LessThanLowerOrGreaterThanUpperThreshold", 15, "OK"),
    ],
)
def test_the_state_of_an_alarm_with_a_band(operator: str, value: float, state: str) -> None:
    alarm = Alarm("demo", operator=operator, periods=2, datapoints=2, band="ad1", period=60)
    assert alarm_states.of_data(alarm, shown(*[value] * 6, borders=(10, 20))) == state


def test_where_a_data_point_stands_for_several_fewer_are_looked_at() -> None:
    alarm = Alarm("demo", threshold=5.0, periods=10, datapoints=10, period=60)
    thin = replace(OVER, step=300)
    assert alarm_states.of_data(alarm, shown(0, 0, 0, 0, 9, 9, over=thin)) == "ALARM"
    assert alarm_states.of_data(alarm, shown(9, 9, 9, 9, 0, 9, over=thin)) == "OK"


@pytest.mark.parametrize(
    ("rule", "true"),
    [
        ('ALARM("bad")', True),
        ("ALARM('fine') OR ALARM(bad)", True),
        ('ALARM("bad") AND ALARM("fine")', False),
        ('ALARM("bad") OR ALARM("fine") AND ALARM("fine")', True),
        ('(ALARM("bad") OR ALARM("fine")) AND NOT OK("fine")', False),
        ('INSUFFICIENT_DATA("gone") AND NOT FALSE', True),
        (f'ALARM("{PREFIX}:bad")', True),
        ('ALARM("inner")', True),
        ('ALARM("circle")', False),
    ],
)
def test_the_state_of_a_composite_alarm_is_that_of_its_rule(rule: str, true: bool) -> None:
    metrics = BAND.metrics[:1]
    among = {
        f"{PREFIX}:bad": Alarm("bad", metrics, -1.0, period=300),
        f"{PREFIX}:fine": Alarm("fine", metrics, 1e12, period=300),
        f"{PREFIX}:inner": Alarm("inner", rule='ALARM("fine") OR ALARM("bad")'),
        f"{PREFIX}:circle": Alarm("circle", rule='ALARM("demo")'),
        f"{PREFIX}:demo": Alarm("demo", rule=rule),
    }
    assert alarm_states.state(among[f"{PREFIX}:demo"], among, SPAN, NAMES) == ("ALARM" if true else "OK")


@pytest.mark.parametrize(
    "rule", ["", "ALARM", 'ALARM("a") ALARM("b")', '(ALARM("a")', 'ALARM("a") XOR TRUE', "OR TRUE"]
)
def test_what_is_no_rule(rule: str) -> None:
    with pytest.raises(alarm_states.RuleError):
        alarm_states.holds(rule, lambda _name: "OK")


def tiles(*of: Alarm, width: int = 12, height: int = 4, **properties: Any) -> list[str]:
    among = {f"{PREFIX}:{each.name}": each for each in of}
    dashboard = one("alarm", {"alarms": list(among), **properties}, width, height)
    svg = picture.draw(picture.Subject("demo", dashboard, "demo.yaml", NAMES, among))
    [group] = widgets(ET.fromstring(svg))
    return texts(group)


RED, GREEN = (Alarm(name, BAND.metrics[:1], limit, period=300) for name, limit in (("a-red", -1.0), ("b-green", 1e12)))


def test_tiles_have_the_states_that_charts_have() -> None:
    assert tiles(RED, GREEN)[1:] == ["1 of 2 in alarm", "a-red", "In alarm", "b-green", "OK"]
    assert "In alarm" in texts(drawn(RED))
    assert "OK" in texts(drawn(GREEN))
    assert tiles(RED, GREEN, states=["OK"])[1:] == ["0 of 1 in alarm", "b-green", "OK"]


def test_names_that_are_cut_keep_the_end_that_tells_them_apart() -> None:
    kinds = ("too-few-tasks", "requests-band", "latency-band")
    long = [replace(GREEN, name=f"courier-production-customer-statements-{kind}") for kind in kinds]
    shown_ = [text for text in tiles(*long, width=6, height=4) if "…" in text]
    assert [text.rpartition("…")[2] for text in shown_] != []
    assert all(any(text.endswith(kind[-9:]) for kind in kinds) for text in shown_)


def problems(type_: str, properties: dict[str, Any], among: dict[str, Alarm]) -> list[str]:
    read = one(type_, properties)
    assert isinstance(read, body.Body)
    return list(alarm_checks.problems(read, among, "live"))


HEALTH = Alarm("health", rule='ALARM("errors")')
AMONG = {f"{PREFIX}:errors": replace(ALARM, name="errors"), f"{PREFIX}:health": HEALTH}


@pytest.mark.parametrize(
    ("type_", "arn", "says"),
    [
        ("metric", f"{PREFIX}:errors", ""),
        ("alarm", f"{PREFIX}:health", ""),
        ("metric", f"{PREFIX}:errorz", "there is no alarm 'errorz' in live, did you mean 'errors'?"),
        ("alarm", f"{PREFIX}:errorz", "there is no alarm 'errorz' in live, did you mean 'errors'?"),
        ("metric", f"{PREFIX}:health", "'health' is a composite alarm, of no metric; a widget of type alarm shows it"),
        (
            "metric",
            f"{PREFIX.replace('eu-central-1', 'us-east-1')}:errors",
            f"the alarm 'errors' of live is {PREFIX}:errors, not {PREFIX.replace('eu-central-1', 'us-east-1')}:errors",
        ),
    ],
)
def test_alarms_have_to_be_there_and_to_have_something_to_draw(type_: str, arn: str, says: str) -> None:
    of = {"region": "eu-central-1", "annotations": {"alarms": [arn]}} if type_ == "metric" else {"alarms": [arn]}
    path = "annotations.alarms" if type_ == "metric" else "alarms"
    assert problems(type_, of, AMONG) == ([f"widgets[0].properties.{path}[0]: {says}"] if says else [])


def test_a_rule_that_can_not_be_read_is_told() -> None:
    broken = {**AMONG, f"{PREFIX}:health": replace(HEALTH, rule='ALARM("errors"')}
    [said] = problems("alarm", {"alarms": [f"{PREFIX}:health"]}, broken)
    assert said.startswith("widgets[0].properties.alarms[0]: rule of 'health': ")
