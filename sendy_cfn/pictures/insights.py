"""Runs queries of Logs Insights over lines that are at hand.

The commands filter, fields, stats, sort, limit and display, and of expressions what saved queries use.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sendy_cfn.pictures import queries
from sendy_cfn.pictures.expression import Array, Call, Name, Node, Number, Text
from sendy_cfn.pictures.history import Line
from sendy_cfn.pictures.moments import NOW

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>[0-9]+(?:\.[0-9]+)?(?![\w.]))
    | (?P<text>"[^"]*"|'[^']*')
    | (?P<quoted>`[^`]+`)
    | (?P<length>[0-9]+[a-z]+)
    | (?P<all>\*(?=\s*\)))
    | (?P<name>[@A-Za-z_][\w@.]*)
    | (?P<mark>!=|<=|>=|[-+*/%^=<>(),\[\]])
    )""",
    re.VERBOSE,
)
_BINDS = {
    "or": 1,
    "and": 2,
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">=", "in", "like"), 4),
    **dict.fromkeys(("+", "-"), 5),
    **dict.fromkeys(("*", "/", "%"), 6),
    "^": 7,
}
_NOT = 3
Row = dict[str, Any]
_ORDER = re.compile(r"(.+?)(?:\s+(asc|desc))?", re.IGNORECASE)


_LEAVES: Mapping[str, Callable[[str], Node]] = {
    "number": lambda sign: Number(float(sign)),
    "text": lambda sign: Text(sign[1:-1]),
    "length": Text,
    "quoted": lambda sign: Name(sign[1:-1]),
    "all": Name,
}


class NotRunError(Exception):
    """A query with something that is not built here."""


def run(text: str, given: Iterable[Line]) -> list[Row]:
    """What a query finds in the lines, with all columns that it made.

    Raises:
        NotRunError: It has a command, a function or a sign that is not known here.
    """
    rows = [dict(line) for line in given]
    for part in queries.parts(text):
        command, _, rest = part.strip().partition(" ")
        if command.lower() == "source" or not part.strip():
            continue
        if command.lower() not in _COMMANDS:
            raise NotRunError(command)
        rows = _COMMANDS[command.lower()](rows, rest.strip())
    return rows


def _filter(rows: list[Row], rest: str) -> list[Row]:
    node = parse(rest)
    return [row for row in rows if value(node, row)]


def _fields(rows: list[Row], rest: str) -> list[Row]:
    made = [(name, parse(text)) for name, text in queries.named(rest)]
    for row in rows:
        for name, node in made:
            row[name] = value(node, row)
    return rows


def _display(rows: list[Row], rest: str) -> list[Row]:
    made = [(name, parse(text)) for name, text in queries.named(rest)]
    return [{name: value(node, row) for name, node in made} for row in rows]


def _limit(rows: list[Row], rest: str) -> list[Row]:
    if not rest.isdigit():
        raise NotRunError(f"limit {rest}")
    return rows[: int(rest)]


def _sort(rows: list[Row], rest: str) -> list[Row]:
    for each in reversed(queries.split(rest)):
        found = _ORDER.fullmatch(each.strip())
        if found is None:
            raise NotRunError(f"sort {rest}")
        node, down = parse(found[1]), (found[2] or "asc").lower() == "desc"
        known = [row for row in rows if value(node, row) is not None]
        rows = [*sorted(known, key=lambda row: _key(value(node, row)), reverse=down), *_others(rows, known)]
    return rows


def _key(found: Any) -> tuple[bool, Any]:
    return isinstance(found, str), found


def _others(rows: list[Row], known: list[Row]) -> Iterator[Row]:
    there = set(map(id, known))
    return (row for row in rows if id(row) not in there)


def _stats(rows: list[Row], rest: str) -> list[Row]:
    made, by = queries.stats(rest)
    groups = [(name, parse(text)) for name, text in queries.named(by)]
    measures = [(name, parse(text)) for name, text in queries.named(made)]
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(value(node, row) for _, node in groups), []).append(row)
    results = []
    for key, members in found.items():
        result = dict(zip((name for name, _ in groups), key, strict=True))
        for name, node in measures:
            result[name] = value(node, result, members)
        results.append(result)
    return results


_COMMANDS: dict[str, Callable[[list[Row], str], list[Row]]] = {
    "filter": _filter,
    "fields": _fields,
    "display": _display,
    "limit": _limit,
    "head": _limit,
    "sort": _sort,
    "stats": _stats,
}


def parse(text: str) -> Node:
    """An expression's tree.

    Raises:
        NotRunError: It is not understood.
    """
    reader = _Reader(text)
    node = reader.expression()
    if reader.left:
        raise NotRunError(f"{reader.left[0][1]} in {text!r}")
    return node


class _Reader:
    """Reads from the left; `left` is what comes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.left: list[tuple[str, str]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if not found or not found.lastgroup:
                raise NotRunError(f"{text[at:].strip()[:20]!r}")
            self.left.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()

    def next(self) -> str:
        return self.left[0][1] if self.left else ""

    def take(self, sign: str) -> None:
        if self.next() != sign:
            raise NotRunError(f"{self.next() or 'the end'} where {sign} is expected in {self.text!r}")
        del self.left[0]

    def expression(self, least: int = 0) -> Node:
        left = self.operand()
        while (binds := _BINDS.get(self.next().lower(), 0)) > least:
            sign = self.left.pop(0)[1].lower()
            left = Call(sign, (left, self.expression(binds)))
        return left

    def operand(self) -> Node:
        kind, sign = self.left.pop(0) if self.left else ("", "the end")
        if kind in _LEAVES:
            return _LEAVES[kind](sign)
        if sign.lower() == "not":
            return Call("not", (self.expression(_NOT),))
        if sign == "-":
            return Call("-", (Number(0.0), self.expression(_BINDS["*"])))
        if kind == "name":
            return self.called(sign)
        if sign == "[":
            return Array(self.several("]"))
        if sign == "(":
            node = self.expression()
            self.take(")")
            return node
        raise NotRunError(f"{sign} in {self.text!r}")

    def called(self, name: str) -> Node:
        if self.next() != "(":
            return Name(name)
        self.take("(")
        return Call(name.lower(), self.several(")"))

    def several(self, end: str) -> tuple[Node, ...]:
        found: list[Node] = []
        while self.next() != end:
            if found:
                self.take(",")
            found.append(self.expression())
        self.take(end)
        return tuple(found)


def value(node: Node, row: Row, members: Sequence[Row] = ()) -> Any:
    """An expression's value, None where a field that it needs is not there.

    Args:
        node: The expression.
        row: The line; in stats what is known of the group already.
        members: In stats, the lines of the group.

    Raises:
        NotRunError: It has a function that is not known here.
    """
    if isinstance(node, Number | Text):
        return node.value
    if isinstance(node, Name):
        return row.get(node.value)
    if isinstance(node, Array):
        return [value(item, row, members) for item in node.items]
    name, arguments = node.function, node.arguments
    if name in _OVER_LINES and members:
        return _OVER_LINES[name](*(_column(argument, members) for argument in arguments))
    given = [value(argument, row, members) for argument in arguments]
    if name in _OF_ANY:
        return _OF_ANY[name](*given)
    if name not in _OF:
        raise NotRunError(name)
    if any(each is None for each in given):
        return None
    if name == "bin":
        given = [row.get("@timestamp"), *given]
    try:
        return _OF[name](*given)
    except (ArithmeticError, TypeError):
        return None


def _column(node: Node, members: Sequence[Row]) -> list[Any]:
    if isinstance(node, Name) and node.value == "*":
        return list(members)
    return [found for member in members if (found := value(node, member)) is not None]


def _of_numbers(of: Callable[[list[float]], float]) -> Callable[[list[Any]], float | None]:
    return lambda found: of([float(each) for each in found]) if found else None


def _share(found: list[Any], per_cent: list[Any]) -> float | None:
    if not found or not per_cent:
        return None
    ordered = sorted(map(float, found))
    return ordered[min(int(per_cent[0] / 100 * len(ordered)), len(ordered) - 1)]


_OVER_LINES: Mapping[str, Callable[..., Any]] = {
    "count": lambda found: float(len(found)),
    "count_distinct": lambda found: float(len(set(map(str, found)))),
    "sum": _of_numbers(sum),
    "avg": _of_numbers(lambda found: sum(found) / len(found)),
    "min": _of_numbers(min),
    "max": _of_numbers(max),
    "pct": _share,
}
_OF: Mapping[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "^": operator.pow,
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda one, among: one in among,
    "like": lambda text, part: str(part) in str(text),
    "floor": lambda number: float(math.floor(number)),
    "ceil": lambda number: float(math.ceil(number)),
    "abs": abs,
    "now": lambda: float(NOW),
    "tomillis": float,
    "bin": lambda at, length: at // (queries.seconds(length) * 1000) * queries.seconds(length) * 1000,
}
_OF_ANY: Mapping[str, Callable[..., Any]] = {  # also of what is not there
    "and": lambda one, other: bool(one and other),
    "or": lambda one, other: bool(one or other),
    "not": operator.not_,
    "ispresent": lambda found: found is not None,
}
