"""Metric math: its syntax.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<mark>==|!=|<=|>=|&&|\|\||[-+*/^<>(),\[\]])
    )""",
    re.VERBOSE,
)
_QUERY = re.compile(r"\s*SELECT\b", re.IGNORECASE)
# How tightly a sign binds; powers bind from the right.
_BINDS = {
    **dict.fromkeys(("OR", "||"), 1),
    **dict.fromkeys(("AND", "&&"), 2),
    **dict.fromkeys(("==", "!=", "<", ">", "<=", ">="), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/"), 5),
    "^": 7,
}
_UNARY = 6
_SAME = {"&&": "AND", "||": "OR"}


class MathSyntaxError(Exception):
    """An expression that can't be read."""


@dataclass(frozen=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True)
class Text:
    """A text in quotes."""

    value: str


@dataclass(frozen=True)
class Name:
    """The id of a metric, or a word such as DESC."""

    value: str


@dataclass(frozen=True)
class Call:
    """A function, or an operator as one."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Array:
    """Several series."""

    items: tuple[Node, ...]


Node = Number | Text | Name | Call | Array


def is_query(text: str) -> bool:
    """Whether it is a query of Metrics Insights rather than an expression.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/query_with_cloudwatch-metrics-insights.html
    """
    return bool(_QUERY.match(text))


def parse(text: str) -> Node:
    """The expression's tree.

    Raises:
        MathSyntaxError: It is none.
    """
    reader = _Reader(text)
    node = reader.expression()
    if reader.sign:
        raise MathSyntaxError(f"{reader.sign!r} is not expected in {text!r}")
    return node


def names(node: Node) -> set[str]:
    """The ids in an expression: words in capitals, such as DESC and LINEAR, are none."""
    if isinstance(node, Name):
        return {node.value} if node.value[0].islower() else set()
    inner = node.arguments if isinstance(node, Call) else node.items if isinstance(node, Array) else ()
    return {name for part in inner for name in names(part)}


def searched(node: Node) -> set[int]:
    """The periods that searches in an expression ask for, in seconds."""
    inner = node.arguments if isinstance(node, Call) else node.items if isinstance(node, Array) else ()
    found = {period for part in inner for period in searched(part)}
    if isinstance(node, Call) and node.function == "SEARCH" and inner:
        last = inner[-1]
        found |= {int(last.value)} if isinstance(last, Number) and last.value >= 1 else set()
    return found


class _Reader:
    """Reads from the left; `kind` and `sign` are what comes next, empty at the end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._scan()
        self.kind = self.sign = ""
        self.step()

    def _scan(self) -> Iterator[tuple[str, str]]:
        at, end = 0, len(self.text.rstrip())
        while at < end:
            found = _TOKEN.match(self.text, at)
            if not found or not found.lastgroup:
                raise MathSyntaxError(f"{self.text[at:].strip()[:20]!r} is not understood in {self.text!r}")
            at = found.end()
            yield found.lastgroup, found[found.lastgroup]

    def step(self) -> tuple[str, str]:
        """Take what comes next."""
        taken = self.kind, self.sign
        self.kind, self.sign = next(self.tokens, ("", ""))
        return taken

    def take(self, sign: str) -> None:
        if self.sign != sign:
            raise MathSyntaxError(f"{self.sign or 'the end'!r} where {sign!r} is expected in {self.text!r}")
        self.step()

    def expression(self, least: int = 0) -> Node:
        left = self.operand()
        while self.kind in ("mark", "name") and (binds := _BINDS.get(self.sign, 0)) > least:
            _, sign = self.step()
            right = self.expression(binds - 1 if sign == "^" else binds)
            left = Call(_SAME.get(sign, sign), (left, right))
        return left

    def operand(self) -> Node:
        kind, sign = self.step()
        if kind == "number":
            return Number(float(sign))
        if kind == "text":
            return Text(sign[1:-1])
        if kind == "name" and sign not in _BINDS:
            if self.sign != "(":
                return Name(sign)
            self.step()
            return Call(sign, self.several(")"))
        if sign == "-":
            return Call("negative", (self.expression(_UNARY),))
        if sign == "(":
            node = self.expression()
            self.take(")")
            return node
        if sign == "[":
            return Array(self.several("]"))
        raise MathSyntaxError(f"{sign or 'the end'!r} is not expected in {self.text!r}")

    def several(self, end: str) -> tuple[Node, ...]:
        found: list[Node] = []
        while self.sign != end:
            if found:
                self.take(",")
            found.append(self.expression())
        self.step()
        return tuple(found)
