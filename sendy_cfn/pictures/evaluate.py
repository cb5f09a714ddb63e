"""Metric math: its values, over the data points of a picture.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sendy_cfn.pictures import functions
from sendy_cfn.pictures.expression import Array, Call, Name, Node, Number, Text
from sendy_cfn.pictures.functions import NotEvaluatedError, Point, Series, Value
from sendy_cfn.pictures.moments import Range

Search = Callable[[str, str, int], list[Series]]
Band = Callable[[Series, float], list[Series]]


def _divided(left: float, right: float) -> Point:
    return left / right if right else None


def _power(left: float, right: float) -> Point:
    try:
        return math.pow(left, right)
    except (ValueError, OverflowError):
        return None


_OPERATORS: dict[str, Callable[[float, float], Point]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "^": _power,
    "==": lambda left, right: float(left == right),
    "!=": lambda left, right: float(left != right),
    "<": lambda left, right: float(left < right),
    ">": lambda left, right: float(left > right),
    "<=": lambda left, right: float(left <= right),
    ">=": lambda left, right: float(left >= right),
    "AND": lambda left, right: float(bool(left) and bool(right)),
    "OR": lambda left, right: float(bool(left) or bool(right)),
}


@dataclass(frozen=True)
class Scope:
    """What an expression may ask for."""

    over: Range
    series: Callable[[str], Value]  # by id
    metrics: Callable[[], Mapping[str, Series]]  # all metrics of the widget, no expressions, by id
    search: Search
    band: Band


def evaluate(node: Node, scope: Scope) -> Value:
    """A number, a series or several.

    Raises:
        NotEvaluatedError: It asks for something that only AWS knows, or that is not built here.
    """
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Name):
        if node.value[0].isupper():
            raise NotEvaluatedError(node.value)
        return scope.series(node.value)
    if isinstance(node, Array):
        found = [evaluate(item, scope) for item in node.items]
        return [series for value in found for series in functions.several(value)]
    if isinstance(node, Call):
        return _call(node, scope)
    raise NotEvaluatedError(f"a text, {node.value!r},")


def _call(node: Call, scope: Scope) -> Value:
    name, arguments = node.function, node.arguments
    if name in _OPERATORS and len(arguments) == 2:
        left, right = (evaluate(argument, scope) for argument in arguments)
        return combined(_OPERATORS[name], left, right)
    if name == "negative":
        return combined(operator.sub, 0.0, evaluate(arguments[0], scope))
    if name in _SPECIAL:
        return _SPECIAL[name](arguments, scope)
    if name in functions.OF:
        words = {"REPEAT", "LINEAR", "ASC", "DESC", "AVG", "MIN", "MAX", "SUM"}
        given = [
            argument.value if isinstance(argument, Name) and argument.value in words else evaluate(argument, scope)
            for argument in arguments
        ]
        try:
            return functions.OF[name](scope.over, *given)
        except TypeError:
            raise NotEvaluatedError(f"{name} with {len(given)} arguments of these kinds") from None
    raise NotEvaluatedError(name)


def combined(sign: Callable[[float, float], Point], left: Value, right: Value) -> Value:
    """The operator between two values, for each data point and each series.

    A data point that one of two series lacks counts as 0; there is none where both lack it.
    """
    if isinstance(left, list) or isinstance(right, list):
        if isinstance(left, list) and isinstance(right, list):
            raise NotEvaluatedError("an operator between two arrays")
        if isinstance(left, list):
            return [_series(combined(sign, each, right), each) for each in left]
        return [_series(combined(sign, left, each), each) for each in functions.several(right)]
    if isinstance(left, Series) and isinstance(right, Series):
        pairs = zip(left.values, right.values, strict=True)
        points = (None if a is None and b is None else sign(a or 0.0, b or 0.0) for a, b in pairs)
        return left.but(points)
    if isinstance(left, Series):
        number = float(right) if isinstance(right, float | int) else 0.0
        return left.but(None if point is None else _sound(sign(point, number)) for point in left.values)
    if isinstance(right, Series):
        return right.but(None if point is None else _sound(sign(left, point)) for point in right.values)
    result = sign(left, right)
    return math.nan if result is None else result


def _sound(point: Point) -> Point:
    """None for what a division by 0 gave before."""
    return None if point is None or math.isnan(point) else point


def _series(value: Value, of: Series) -> Series:
    return value if isinstance(value, Series) else of


def _metrics(arguments: Sequence[Node], scope: Scope) -> Value:
    wanted = arguments[0].value if arguments and isinstance(arguments[0], Text) else ""
    return [series for name, series in scope.metrics().items() if wanted in name]


def _search(arguments: Sequence[Node], scope: Scope) -> Value:
    if len(arguments) not in (2, 3) or not all(isinstance(each, Text) for each in arguments[:2]):
        raise NotEvaluatedError("SEARCH with these arguments")
    text, stat = (each.value for each in arguments[:2] if isinstance(each, Text))
    period = arguments[2].value if len(arguments) == 3 and isinstance(arguments[2], Number) else scope.over.step
    return scope.search(text, stat, int(period))


def _band(arguments: Sequence[Node], scope: Scope) -> Value:
    of = evaluate(arguments[0], scope)
    wide = evaluate(arguments[1], scope) if len(arguments) > 1 else 2.0
    if not isinstance(of, Series) or not isinstance(wide, float):
        raise NotEvaluatedError("ANOMALY_DETECTION_BAND with these arguments")
    return [replace(series, band=True) for series in scope.band(of, wide)]


def _period(arguments: Sequence[Node], scope: Scope) -> Value:
    of = evaluate(arguments[0], scope)
    if not isinstance(of, Series):
        raise NotEvaluatedError("PERIOD of what is no metric")
    return float(of.period)


_SPECIAL: dict[str, Callable[[Sequence[Node], Scope], Value]] = {
    "METRICS": _metrics,
    "SEARCH": _search,
    "ANOMALY_DETECTION_BAND": _band,
    "PERIOD": _period,
}
