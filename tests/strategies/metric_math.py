"""CloudWatch's metric math, as far as alarms here use it; a data point that is missing is None.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

Number = float | None
_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.GtE: operator.ge,
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
}


def value(expression: str, metrics: Mapping[str, Number]) -> Number:
    """The expression's data point of one minute, in which the metrics have these."""
    found: Number = _value(
        ast.parse(expression.replace(" AND ", " and ").replace(" OR ", " or "), mode="eval").body, metrics
    )
    return found


def _value(node: ast.AST, metrics: Mapping[str, Number]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return metrics[node.id]
    if isinstance(node, ast.List):
        return [_value(item, metrics) for item in node.elts]
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name)
        return _FUNCTIONS[node.func.id](*(_value(argument, metrics) for argument in node.args))
    if isinstance(node, ast.BoolOp):
        parts = [_value(part, metrics) for part in node.values]
        return None if None in parts else all(parts) if isinstance(node.op, ast.And) else any(parts)
    if isinstance(node, ast.Compare):
        (kind,), (right,) = node.ops, node.comparators
        return _combined(kind, _value(node.left, metrics), _value(right, metrics))
    assert isinstance(node, ast.BinOp), ast.dump(node)
    return _combined(node.op, _value(node.left, metrics), _value(node.right, metrics))


def _combined(kind: ast.AST, left: Number, right: Number) -> Any:
    if left is None or right is None or (isinstance(kind, ast.Div) and right == 0):
        return None  # what can't be computed is no data point
    return _OPERATORS[type(kind)](left, right)


def _most(series: list[Number]) -> Number:
    return max((number for number in series if number is not None), default=None)


def _chosen(condition: Number, then: Number, otherwise: Number) -> Number:
    return None if condition is None else then if condition else otherwise


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "FILL": lambda series, number: number if series is None else series,
    "MAX": _most,
    "IF": _chosen,
}
