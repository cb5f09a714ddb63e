"""The metrics of a widget: its array, with what it abbreviates written out.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sendy_cfn.pictures import expression

MOST = 500
PERIOD = 300  # seconds, unless the widget says otherwise
HIGH_RESOLUTION = (1, 5, 10, 30)
ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
_BOUND = r"[0-9]+(?:\.[0-9]{1,10})?"
STATISTIC = re.compile(
    rf"SampleCount|Average|Sum|Minimum|Maximum|IQM|(?:p|tm|wm|tc|ts){_BOUND}"
    rf"|(?:TM|WM|PR|TC|TS)\((?:{_BOUND}%?)?:(?:{_BOUND}%?)?\)"
)
OPTIONS = (
    *("accountId", "color", "expression", "id", "label", "period", "region", "stat", "visible", "yAxis"),
    *("searchAccount", "searchRegion"),
)


@dataclass(frozen=True)
class Metric:
    """A metric or an expression, with what the widget says of all of them."""

    id: str
    namespace: str = ""
    name: str = ""
    dimensions: Mapping[str, str] = field(default_factory=dict)
    expression: str = ""
    stat: str = "Average"
    period: int = PERIOD
    label: str | None = None
    colour: str | None = None
    visible: bool = True
    right: bool = False  # which y axis


def read(properties: Mapping[str, Any]) -> tuple[Metric, ...]:
    """The metrics of a widget whose properties have been checked."""
    found: list[Metric] = []
    previous: Sequence[str] = ()
    for number, entry in enumerate(properties.get("metrics", ())):
        words, options = _split(entry)
        words = _written_out(words, previous)
        previous = words or previous
        found.append(
            Metric(
                id=options.get("id", f"#{number}"),
                namespace=words[0] if words else "",
                name=words[1] if words else "",
                dimensions=dict(zip(words[2::2], words[3::2], strict=True)),
                expression=options.get("expression", ""),
                stat=options.get("stat", properties.get("stat", "Average")),
                period=options.get("period", properties.get("period", PERIOD)),
                label=options.get("label"),
                colour=options.get("color"),
                visible=options.get("visible", True),
                right=options.get("yAxis") == "right",
            )
        )
    return tuple(found)


def _split(entry: Sequence[Any]) -> tuple[list[str], dict[str, Any]]:
    options = entry[-1] if entry and isinstance(entry[-1], dict) else {}
    return [word for word in entry if isinstance(word, str)], options


def _written_out(words: Sequence[str], previous: Sequence[str]) -> list[str]:
    """Without "." for the same word of the entry before, and "..." for all those that are left out."""
    if "..." in words:
        at = words.index("...")
        gap = len(previous) - len(words) + 1
        words = [*words[:at], *previous[at : at + max(gap, 0)], *words[at + 1 :]]
    return [previous[place] if word == "." and place < len(previous) else word for place, word in enumerate(words)]


def problems(place: str, given: Any) -> Iterator[str]:
    """What is wrong with a widget's array of metrics."""
    if not isinstance(given, list) or not 1 <= len(given) <= MOST:
        yield f"{place}: no list of 1 to {MOST} items"
        return
    previous: Sequence[str] = ()
    ids: dict[str, str] = {}
    expressions: dict[str, str] = {}
    for number, entry in enumerate(given):
        here = f"{place}[{number}]"
        if not isinstance(entry, list) or not entry or not all(isinstance(word, str) for word in entry[:-1]):
            yield f"{here}: no list of texts, with options at its end"
            continue
        words, options = _split(entry)
        yield from _words(here, words, previous, options)
        previous = _written_out(words, previous) or previous
        yield from _options(here, options)
        name = options.get("id")
        if isinstance(name, str):
            if name in ids:
                yield f"{here}: id {name!r} is taken by {ids[name]}"
            ids[name] = here
        if isinstance(options.get("expression"), str):
            expressions[here] = options["expression"]
    for here, text in expressions.items():
        yield from _expression(here, text, set(ids))


def _words(place: str, words: Sequence[str], previous: Sequence[str], options: Mapping[str, Any]) -> Iterator[str]:
    if "expression" in options:
        if words:
            yield f"{place}: both a metric and an expression"
        return
    full = _written_out(words, previous)
    if ("..." in words and len(words) - 1 > len(previous)) or any(word in (".", "...") for word in full):
        yield f"{place}: abbreviates what the entry before doesn't have"
    elif len(full) < 2 or len(full) % 2:
        yield f"{place}: {full}, allowed: namespace, name, and pairs of a dimension's name and value"


def _options(place: str, options: Mapping[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        if name not in OPTIONS:
            yield f"{place}.{name}: unknown option, allowed: {', '.join(OPTIONS)}"
        elif name == "period":
            yield from period(f"{place}.period", value)
        elif name == "stat":
            yield from statistic(f"{place}.stat", value)
        elif name == "yAxis" and value not in ("left", "right"):
            yield f"{place}.yAxis: {value!r}, allowed: left, right"
        elif name == "visible" and not isinstance(value, bool):
            yield f"{place}.visible: {value!r}, allowed: true, false"
        elif name == "id" and (not isinstance(value, str) or not ID.fullmatch(value)):
            yield f"{place}.id: {value!r}, allowed: letters, digits and _, the first one a small letter"
        elif name in ("expression", "label", "color") and not isinstance(value, str):
            yield f"{place}.{name}: {value!r} is no text"


def _expression(place: str, text: str, ids: set[str]) -> Iterator[str]:
    if expression.is_query(text):
        return
    try:
        node = expression.parse(text)
    except expression.MathSyntaxError as error:
        yield f"{place}.expression: {error}"
        return
    for name in sorted(expression.names(node) - ids):
        yield f"{place}.expression: there is no metric with the id {name!r}"


def period(place: str, value: Any) -> Iterator[str]:
    """A period that CloudWatch doesn't have."""
    whole = isinstance(value, int) and not isinstance(value, bool) and value > 0
    if not whole or (value % 60 and value not in HIGH_RESOLUTION):
        yield f"{place}: {value!r}, allowed: {', '.join(map(str, HIGH_RESOLUTION))} or a multiple of 60 seconds"


def statistic(place: str, value: Any) -> Iterator[str]:
    """A statistic that CloudWatch doesn't have."""
    if not isinstance(value, str) or not STATISTIC.fullmatch(value):
        yield f"{place}: {value!r}, allowed: Average, Sum, Minimum, Maximum, SampleCount, p99 and the like"
