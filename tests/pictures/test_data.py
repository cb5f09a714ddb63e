"""What is shown: series, labels, colours and sample data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sendy_cfn.pictures import lines, moments, sample, scale
from sendy_cfn.pictures.lines import Shown
from sendy_cfn.pictures.metrics import Metric, read
from sendy_cfn.pictures.names import Names

DAY = moments.over((moments.NOW - moments.DAY, moments.NOW), 300)
CPU = ["AWS/ECS", "CPUUtilization", "ServiceName", "orders"]
NAMES = Names(("orders", "pricing"), ("test", "live"))


def metric(name: str, stat: str = "Average", namespace: str = "AWS/X", **dimensions: str) -> Metric:
    return Metric("m", namespace, name, dimensions, stat=stat, period=300)


def known(of: Metric, over: moments.Range = DAY) -> list[float]:
    return [point for point in sample.values(of, over) if point is not None]


def shown(*metrics: Any, **more: Any) -> Shown:
    span = (moments.NOW - 6 * 3600, moments.NOW)
    return lines.read({"region": "eu-central-1", "metrics": [*metrics], "period": 300, **more}, span, NAMES)


def labels(*metrics: Any) -> list[str]:
    return [line.label for line in shown(*metrics).lines]


def test_abbreviations_are_written_out() -> None:
    found = read(
        {"metrics": [[*CPU, "ClusterName", "blue"], [".", "Memory", ".", ".", ".", "green"], ["...", "red", {}]]}
    )
    assert [(each.namespace, each.name, dict(each.dimensions)) for each in found] == [
        ("AWS/ECS", "CPUUtilization", {"ServiceName": "orders", "ClusterName": "blue"}),
        ("AWS/ECS", "Memory", {"ServiceName": "orders", "ClusterName": "green"}),
        ("AWS/ECS", "Memory", {"ServiceName": "orders", "ClusterName": "red"}),
    ]


def test_a_metrics_own_options_go_before_those_of_the_widget() -> None:
    first, second = read({"stat": "Sum", "period": 60, "metrics": [CPU, [*CPU, {"stat": "p90", "period": 300}]]})
    assert (first.stat, first.period, second.stat, second.period) == ("Sum", 60, "p90", 300)


def test_data_is_the_same_each_time_and_another_for_another_metric() -> None:
    orders, pricing = metric("RequestCount", "Sum", of="orders"), metric("RequestCount", "Sum", of="pricing")
    assert sample.values(orders, DAY) == sample.values(orders, DAY)
    assert sample.values(orders, DAY) != sample.values(pricing, DAY)


def test_traffic_has_a_day_and_a_night() -> None:
    points = known(metric("RequestCount", "Sum"))
    hours = dict(zip((at // 3600 % 24 for at in DAY.times), points, strict=True))
    assert min(hours[hour] for hour in range(10, 16)) > 3 * max(hours[hour] for hour in range(1, 5))
    assert all(point == int(point) > 0 for point in points)


def test_traffic_is_counted_over_the_period() -> None:
    span = (moments.NOW - 6 * 3600, moments.NOW)
    requests = metric("RequestCount", "Sum")
    hour = known(replace(requests, period=3600), moments.over(span, 3600))
    minutes = known(requests, moments.over(span, 300))
    assert sum(hour) == pytest.approx(sum(minutes), rel=0.1)


def test_what_is_counted_is_as_high_in_a_picture_with_room_for_less_data_points() -> None:
    requests = metric("RequestCount", "Sum")
    few, all_ = (moments.over((moments.NOW - moments.DAY, moments.NOW), step) for step in (3600, 1200))
    assert (few.count, all_.count) == (24, 72)
    assert max(known(requests, few)) == pytest.approx(max(known(requests, all_)), rel=0.1)
    assert sample.stands_for(requests, few) == 300


@pytest.mark.parametrize("name", ["HTTPCode_Target_5XX_Count", "UnHealthyHostCount", "Errors"])
def test_errors_are_those_of_the_bad_release(name: str) -> None:
    points = sample.values(metric(name, "Sum"), DAY)
    begin, _, end = (int(share * DAY.count) for share in sample.TROUBLE)
    during = max(point or 0 for point in points[begin : end + 1])
    outside = max(point or 0 for point in (*points[:begin], *points[end + 1 :]))
    assert during > 0
    assert outside <= during / 5


@pytest.mark.parametrize("name", ["CPUUtilization", "MemoryUtilization", "SuccessPercent", "ErrorRate", "FailureRate"])
@pytest.mark.parametrize("stat", ["Average", "Maximum", "p99"])
def test_percentages_are_some(name: str, stat: str) -> None:
    points = known(metric(name, stat))
    assert sample.kind(metric(name)).unit == "Percent"
    assert points
    assert all(0 <= point <= 100 for point in points)


def test_a_mean_is_a_sum_by_a_count() -> None:
    month = moments.over((moments.NOW - 30 * moments.DAY, moments.NOW), moments.DAY)
    whole, count, mean = (
        sample.values(metric("LeadTime", stat, "courier/Delivery"), month) for stat in ("Sum", "SampleCount", "Average")
    )
    assert sum(number or 0 for number in count) > 20
    for added, number, average in zip(whole, count, mean, strict=True):
        assert (added is None) == (number is None) == (average is None)
        assert not number or (added or 0) / number == pytest.approx(average)


def test_percentiles_are_in_order() -> None:
    median, high, highest = (known(metric("TargetResponseTime", stat)) for stat in ("p50", "p95", "p99"))
    assert all(a < b < c for a, b, c in zip(median, high, highest, strict=True))


@pytest.mark.parametrize(
    ("namespace", "name", "unit"),
    [
        ("AWS/ApplicationELB", "TargetResponseTime", "Seconds"),
        ("courier/Delivery", "LeadTime", "Seconds"),
        ("courier/Delivery", "Released", "Count"),
        ("courier/Delivery", "Failed", "Count"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Count"),
        ("AWS/S3", "BucketSizeBytes", "Bytes"),
        ("AWS/ApplicationELB", "HealthyHostCount", "Count"),
        ("Custom", "Whatever", "No unit"),
    ],
)
def test_units_by_name(namespace: str, name: str, unit: str) -> None:
    assert sample.kind(metric(name, namespace=namespace)).unit == unit


def test_releases_are_rare_in_minutes_and_some_a_day() -> None:
    month = moments.over((moments.NOW - 30 * moments.DAY, moments.NOW), moments.DAY)
    released = metric("Released", "Sum", "courier/Delivery", Service="orders")
    assert None in sample.values(released, DAY)
    assert 10 < sum(known(released, month)) < 60
    failed = metric("Failed", "Sum", "courier/Delivery", Service="orders")
    assert 0 < sum(known(failed, month)) < sum(known(released, month)) / 3


def test_a_search_finds_a_series_for_each_service() -> None:
    text = "SEARCH('{AWS/ApplicationELB,TargetGroup,LoadBalancer} MetricName=\"RequestCount\"', 'Sum', 300)"
    assert labels([{"expression": text, "id": "e1", "label": ""}]) == ["orders", "pricing"]
    assert labels([{"expression": text, "id": "e1", "label": "Requests"}]) == ["Requests orders", "Requests pricing"]
    assert labels([{"expression": f"SUM({text})", "id": "e1", "label": "all"}]) == ["all"]


def test_a_search_is_asked_as_often_as_it_says_and_for_what_it_says() -> None:
    def found(suite: str) -> Shown:
        text = (
            f"SEARCH('{{courier/Delivery,Service,Suite}} MetricName=\"TestsPassed\" Suite=\"{suite}\"', 'Sum', 604800)"
        )
        return shown([{"expression": text, "id": "e1", "label": ""}], start="-P56D")

    assert found("load").over.step == 7 * moments.DAY
    assert [line.label for line in found("load").lines] == ["orders", "pricing"]
    assert found("load").lines[0].series.values != found("smoke").lines[0].series.values


def test_a_query_finds_a_series_for_each_group() -> None:
    text = 'SELECT AVG(CPUUtilization) FROM SCHEMA("AWS/ECS", ServiceName) GROUP BY ServiceName ORDER BY MAX() DESC'
    found = shown([{"expression": text, "id": "q1", "label": ""}])
    assert [line.label for line in found.lines] == ["orders", "pricing"]
    assert [line.series.unit for line in found.lines] == ["Percent", "Percent"]
    assert found.notes == ("the query q1 is not run",)


def test_labels_are_what_tells_metrics_apart() -> None:
    other = [*CPU[:3], "pricing"]
    assert labels(CPU) == ["CPUUtilization"]
    assert labels(CPU, other) == ["orders", "pricing"]
    assert labels(CPU, [*CPU[:1], "Memory", *CPU[2:]]) == ["CPUUtilization", "Memory"]
    assert labels(CPU, other, ["AWS/ECS", "Memory", "ServiceName", "orders"]) == [
        "orders CPUUtilization",
        "pricing CPUUtilization",
        "orders Memory",
    ]
    assert labels([*CPU, {"id": "m1", "visible": False}], [{"expression": "m1 * 2", "id": "e1"}]) == ["e1"]


def test_labels_hold_values() -> None:
    highest = [*CPU, {"label": "${LABEL} of ${PROP('Dim.ServiceName')} up to ${MAX}"}]
    found = shown(highest).lines[0]
    most = max(point for point in found.series.values if point is not None)
    assert found.label == f"CPUUtilization of orders up to {scale.digits(most)} %"


def test_colours_are_given_in_order_and_own_ones_are_kept() -> None:
    found = shown(CPU, [*CPU[:3], "a", {"color": "#123456"}], [*CPU[:3], "b"]).lines
    assert [line.colour for line in found] == [lines.COLOURS[0], "#123456", lines.COLOURS[1]]


def test_a_band_is_around_its_metric_but_for_the_bad_release() -> None:
    found = shown([*CPU, {"id": "m1"}], [{"expression": "ANOMALY_DETECTION_BAND(m1, 3)", "id": "b1", "label": "usual"}])
    line, band = found.lines
    assert band.lower is not None
    triples = list(zip(line.series.points, band.series.points, band.lower.points, strict=True))
    outside = [low <= point <= high for point, high, low in triples].count(False)
    assert 0 < outside < len(triples) / 5
    assert "an anomaly band is a sample" in found.notes


def test_periods_differ_in_one_widget() -> None:
    often, seldom = (line.series for line in shown([*CPU, {"period": 300}], [*CPU, {"period": 1800}]).lines)
    assert len(often.points) == 6 * len(seldom.points)


def test_an_expression_of_itself_is_not_computed() -> None:
    found = shown(CPU, [{"expression": "e2 + 1", "id": "e1"}], [{"expression": "e1 + 1", "id": "e2"}])
    assert any("refers to itself" in note for note in found.notes)


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        ("", "", 3 * 3600),
        ("-PT6H", "", 6 * 3600),
        ("-P7D", "", 7 * moments.DAY),
        ("-P1DT12H", "", 36 * 3600),
        ("-P3M", "", 90 * moments.DAY),
        ("2026-01-15T09:00:00Z", "2026-01-15T12:30:00Z", 12_600),
        ("-PT1H", "-PT2H", 3 * 3600),
    ],
)
def test_times_shown(start: str, end: str, seconds: int) -> None:
    begin, last = moments.span(start, end)
    assert last - begin == seconds


@pytest.mark.parametrize("seconds", [600, 3600, 6 * 3600, moments.DAY, 30 * moments.DAY])
@pytest.mark.parametrize("period", [1, 60, 300, 3600, moments.DAY])
def test_there_are_never_too_many_data_points(seconds: int, period: int) -> None:
    over = moments.over((moments.NOW - seconds, moments.NOW), period)
    assert 2 <= over.count <= moments.POINTS
    assert over.step % period == 0
    assert over.end <= moments.NOW < over.end + over.step


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "Count", "0"),
        (999.96, "", "1k"),
        (12_345, "Count", "12.3k"),
        (-4_500_000, "", "-4.5M"),
        (0.0123, "Seconds", "12.3 ms"),
        (5_400, "Seconds", "1.5 h"),
        (90, "Minutes", "1.5 h"),
        (64, "Milliseconds", "64 ms"),
        (45.25, "Percent", "45.2 %"),
        (3.2e8, "Bytes", "320 MB"),
    ],
)
def test_numbers_for_people(value: float, unit: str, text: str) -> None:
    assert scale.short(value, unit) == text


@pytest.mark.parametrize(
    ("values", "unit", "ticks"),
    [
        ([0, 87], "Count", ["0", "20", "40", "60", "80", "100"]),
        ([3, 97], "Percent", ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]),
        ([0, 5000], "Seconds", ["0 s", "30 min", "1 h", "1.5 h"]),
        ([99.2, 99.9], "Percent", ["99.2 %", "99.4 %", "99.6 %", "99.8 %", "100 %"]),
        ([-5, 5], "", ["-6", "-4", "-2", "0", "2", "4", "6"]),
        ([0], "", ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    ],
)
def test_axes_have_round_numbers(values: list[float], unit: str, ticks: list[str]) -> None:
    axis = scale.axis(values, unit, 5)
    assert axis.low <= min(values)
    assert max(values) <= axis.high
    assert axis.labels() == ticks


def test_limits_of_an_axis_are_kept() -> None:
    axis = scale.axis([20, 60], "", 4, low=10, high=40)
    assert (axis.low, axis.high, axis.share(10), axis.share(25), axis.share(99)) == (10, 40, 0, 0.5, 1)
