"""Metric math against numbers from AWS's page, or computed by hand."""

from __future__ import annotations

import pytest

from sendy_cfn.pictures import expression
from sendy_cfn.pictures.evaluate import Scope, evaluate
from sendy_cfn.pictures.expression import MathSyntaxError
from sendy_cfn.pictures.functions import NotEvaluatedError, Point, Series, Value
from sendy_cfn.pictures.moments import NOW, Range

GIVEN: dict[str, tuple[Point, ...]] = {
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html, operators
    "metric1": (30, 20, 0, 0, None),
    "metric2": (20, None, 20, None, None),
    # the same page, IF
    "test": (1, 1, 0, 0, None),
    "then": (30, None, 0, 0, 30),
    "other": (0, 0, 20, None, 20),
    "up": (10, 20, 40, 40, 100),
    "gap": (10, None, None, 40, None),
}
OVER = Range(NOW - 5 * 60, 60, len(GIVEN["up"]))


def computed(text: str) -> Value:
    series = {name: Series(tuple(values), name, "Count", 60) for name, values in GIVEN.items()}

    def found(name: str) -> Value:
        return series[name]

    scope = Scope(OVER, found, lambda: {"m_up": series["up"], "gap": series["gap"]}, lambda *_a: [], lambda *_a: [])
    return evaluate(expression.parse(text), scope)


def points(text: str) -> tuple[Point, ...]:
    value = computed(text)
    assert isinstance(value, Series), value
    return value.values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # AWS's own examples, with a fifth data point that none of them has
        ("metric1 < metric2", (0, 0, 1, 0, None)),
        ("metric1 >= 30", (1, 0, 0, 0, None)),
        ("metric1 > 15 AND metric2 > 15", (1, 0, 0, 0, None)),
        ("IF(test, then, other)", (30, 0, 20, None, None)),
        ("IF(test, 5, other)", (5, 5, 20, None, None)),
        ("IF(test, then, 5)", (30, 0, 5, 5, None)),
        # by hand
        ("TIME_SERIES(1 / 0)", (None,) * 5),
        ("up * (SUM(metric1) / 0)", (None,) * 5),
        ("IF(up > 15, up)", (None, 20, 40, 40, 100)),
        ("IF(1, up, gap)", (10, 20, 40, 40, 100)),
        ("up + up * 2", (30, 60, 120, 120, 300)),
        ("(up + up) * 2", (40, 80, 160, 160, 400)),
        ("100 - up ^ 2 / 10", (90, 60, -60, -60, -900)),
        ("-up ^ 2", (-100, -400, -1600, -1600, -10000)),
        ("2 ^ 3 ^ 0 * up", (20, 40, 80, 80, 200)),
        ("up - gap", (0, 20, 40, 0, 100)),
        ("up / metric1", (10 / 30, 1, None, None, None)),
        ("up / 0", (None, None, None, None, None)),
        ("gap * 2", (20, None, None, 80, None)),
        ("up == 40 || up == 10", (1, 0, 1, 1, 0)),
        ("up != 40 && up < 50", (1, 1, 0, 0, 0)),
        ("FILL(gap, 0)", (10, 0, 0, 40, 0)),
        ("FILL(gap, REPEAT)", (10, 10, 10, 40, 40)),
        ("FILL(gap, LINEAR)", (10, 20, 30, 40, None)),
        ("FILL(gap, up)", (10, 20, 40, 40, 100)),
        ("FILL(gap, MAX(gap))", (10, 40, 40, 40, 40)),
        ("up - MIN(up)", (0, 10, 30, 30, 90)),
        ("up / SUM(up) * 210", (10, 20, 40, 40, 100)),
        ("up - AVG(up)", (-32, -22, -2, -2, 58)),
        ("SUM([up, gap])", (20, 20, 40, 80, 100)),
        ("AVG([up, gap])", (10, 10, 20, 40, 50)),
        ("MAX([up, metric1])", (30, 20, 40, 40, 100)),
        ("MIN([up, gap])", (10, 20, 40, 40, 100)),
        ("STDDEV([up, metric1])", (10, 0, 20, 20, 0)),
        ("SUM(METRICS())", (20, 20, 40, 80, 100)),
        ('SUM(METRICS("m_"))', (10, 20, 40, 40, 100)),
        ("SUM(100 / [up, up])", (20, 10, 5, 5, 2)),
        ("RATE(up)", (None, 10 / 60, 20 / 60, 0, 1)),
        ("RATE(gap)", (None, None, None, 30 / 180, None)),
        ("DIFF(up)", (None, 10, 20, 0, 60)),
        ("DIFF_TIME(gap)", (None, None, None, 180, None)),
        ("RUNNING_SUM(gap)", (10, 10, 10, 50, 50)),
        ("up / PERIOD(up)", (10 / 60, 20 / 60, 40 / 60, 40 / 60, 100 / 60)),
        ("ABS(0 - up)", (10, 20, 40, 40, 100)),
        ("CEIL(up / 30)", (1, 1, 2, 2, 4)),
        ("FLOOR(up / 30)", (0, 0, 1, 1, 3)),
        ("LOG10(up * 0 + 1000)", (3, 3, 3, 3, 3)),
        ("LOG(metric1 * 0)", (None, None, None, None, None)),
        ("TIME_SERIES(MAX(up))", (100, 100, 100, 100, 100)),
        ("up * DATAPOINT_COUNT(gap)", (20, 40, 80, 80, 200)),
        ("up / METRIC_COUNT(METRICS())", (5, 10, 20, 20, 50)),
        ("FIRST(SORT([gap, up], MAX, DESC))", (10, 20, 40, 40, 100)),
        ("LAST(SORT([gap, up], SUM, DESC))", (10, None, None, 40, None)),
        ("FIRST(SLICE([metric1, up, gap], 1, 2))", (10, 20, 40, 40, 100)),
        ("FIRST(REMOVE_EMPTY([up / 0, gap]))", (10, None, None, 40, None)),
        ("MINUTE(gap)", (55, 56, 57, 58, 59)),
        ("HOUR(gap)", (14, 14, 14, 14, 14)),
        ("DAY(gap)", (4, 4, 4, 4, 4)),
        ("IF(DAY(up) < 6, up)", (10, 20, 40, 40, 100)),
        ("DATE(up) + MONTH(up) + YEAR(up)", (2042, 2042, 2042, 2042, 2042)),
        ("EPOCH(up) - EPOCH(gap)", (0, 0, 0, 0, 0)),
    ],
)
def test_data_points(text: str, expected: tuple[Point, ...]) -> None:
    found = points(text)
    assert [point is None for point in found] == [point is None for point in expected]
    assert [p for p in found if p is not None] == pytest.approx([p for p in expected if p is not None])


def test_arrays_stay_arrays() -> None:
    value = computed("METRICS() * 2")
    assert isinstance(value, list)
    assert [(series.label, series.values[0]) for series in value] == [("up", 20), ("gap", 20)]
    sorted_ = computed("SORT(METRICS(), AVG, ASC, 1)")
    assert isinstance(sorted_, list)
    assert [series.label for series in sorted_] == ["gap"]


@pytest.mark.parametrize("text", ["SUM(up)", "1 + 2 * 3", "MAX([1 * up]) * 0 + 1"])
def test_what_is_a_number_and_what_is_a_series(text: str) -> None:
    assert isinstance(computed(text), Series) == text.startswith("MAX([")


@pytest.mark.parametrize(
    "text",
    [
        "SERVICE_QUOTA(up)",
        "[up, gap] + [up, gap]",
        "FILL(up, NEVER)",
        "SLICE([], 0)",
        "FIRST([])",
        "SUM([])",
        "MAX(up, 3, 4)",
    ],
)
def test_what_is_not_computed_says_so(text: str) -> None:
    with pytest.raises(NotEvaluatedError):
        computed(f"FIRST({text})" if text.startswith("SLICE") else text)


@pytest.mark.parametrize("text", ["", "m1 +", "(m1", "m1 m2", "m1 ? 1", "SUM(m1", "[m1", "'open", "* m1", "SUM(m1 m2)"])
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(MathSyntaxError):
        expression.parse(text)


def test_ids_in_an_expression() -> None:
    node = expression.parse("SORT([m1, FILL(m2, REPEAT)], AVG, DESC) / PERIOD(m1) + SUM(METRICS('m3'))")
    assert expression.names(node) == {"m1", "m2"}


@pytest.mark.parametrize(("text", "query"), [("SELECT AVG(x) FROM y", True), ("selected + 1", False)])
def test_queries_are_told_from_expressions(text: str, query: bool) -> None:
    assert expression.is_query(text) == query
