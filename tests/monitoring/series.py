"""CloudWatch's metric math over daily values, as far as dashboards here use it.

A series has a value for some of the days of the range, None for the others; a scalar is a number or None.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions-list
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

DAY = 86400
Series = list[float | None]
_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.LtE: operator.le,
}


def evaluated(expression: str, metrics: Mapping[str, Series]) -> Series:
    """The series that the expression is; CloudWatch shows no scalars."""
    found = _value(ast.parse(expression, mode="eval").body, metrics)
    assert isinstance(found, list), f"{expression} is a scalar"
    return found


def _value(node: ast.AST, metrics: Mapping[str, Series]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return metrics[node.id]
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)
        arguments = [_value(argument, metrics) for argument in node.args]
        days = max((len(series) for series in metrics.values()), default=0)
        return _FUNCTIONS[node.func.id](days, *arguments)
    if isinstance(node, ast.Compare):
        (kind,), (right,) = node.ops, node.comparators
        return _each(type(kind), _value(node.left, metrics), _value(right, metrics))
    assert isinstance(node, ast.BinOp), ast.dump(node)
    return _each(type(node.op), _value(node.left, metrics), _value(node.right, metrics))


def _each(kind: type[ast.AST], left: Any, right: Any) -> Any:
    if isinstance(left, list) or isinstance(right, list):
        pairs = zip(_spread(left, right), _spread(right, left), strict=True)
        return [_each(kind, one, other) for one, other in pairs]
    if left is None or right is None or (kind is ast.Div and right == 0):
        return None  # what can't be computed is no data point
    return _OPERATORS[kind](left, right)


def _spread(value: Any, like: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] * len(like)


def _fill(_days: int, series: Series, filler: float) -> Series:
    if all(value is None for value in series):
        return series  # a metric without any data stays without
    return [filler if value is None else value for value in series]


def _epoch(_days: int, series: Series) -> Series:
    return [None if value is None else number * DAY for number, value in enumerate(series, 20000)]


def _total(_days: int, series: Series) -> float | None:
    known = [value for value in series if value is not None]
    return sum(known) if known else None


def _most(_days: int, series: Series) -> float | None:
    return max((value for value in series if value is not None), default=None)


def _choose(_days: int, condition: Series, then: Any, otherwise: Any) -> Series:
    return [
        None if met is None else one if met else other
        for met, one, other in zip(condition, _spread(then, condition), _spread(otherwise, condition), strict=True)
    ]


def _flat(days: int, scalar: float | None) -> Series:
    return [scalar] * days


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "FILL": _fill,
    "EPOCH": _epoch,
    "SUM": _total,
    "MAX": _most,
    "IF": _choose,
    "TIME_SERIES": _flat,
}
