"""The state of an alarm, computed from the data that its picture shows; a composite one's from those of others.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence

from sendy_cfn.pictures import lines
from sendy_cfn.pictures.alarms import Alarm, in_widget
from sendy_cfn.pictures.functions import Point
from sendy_cfn.pictures.lines import Shown
from sendy_cfn.pictures.names import Names

ALARM, UNKNOWN, OK = "ALARM", "INSUFFICIENT_DATA", "OK"
_BEYOND: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_RULE = re.compile(
    r"\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:\"(?P<quoted>[^\"]+)\"|'(?P<single>[^']+)'|(?P<bare>[^)\s]+))"
    r"\s*\)|(?P<word>TRUE|FALSE|AND|OR|NOT|\(|\)))"
)


class RuleError(Exception):
    """A composite alarm's rule that can't be read."""


def state(alarm: Alarm, among: Mapping[str, Alarm], between: tuple[int, int], names: Names) -> str:
    """The state of an alarm at the end of the time that a dashboard shows.

    Args:
        alarm: An alarm of either kind.
        among: Those that a composite alarm may name, by ARN.
        between: The time that the dashboard shows.
        names: For what searches find.

    Raises:
        RuleError: A composite alarm's rule can't be read.
    """
    if alarm.rule is None:
        return of_data(alarm, lines.read(in_widget({}, alarm), between, names))
    named = {key: each for arn, each in among.items() for key in (arn, each.name)}

    def of(name: str, asking: tuple[str, ...]) -> str:
        each = named.get(name)
        if each is None or each.rule is None:
            return UNKNOWN if each is None else state(each, {}, between, names)
        if each.name in asking:  # round in circles
            return UNKNOWN
        return ALARM if holds(each.rule, lambda inner: of(inner, (*asking, each.name))) else OK

    return ALARM if holds(alarm.rule, lambda name: of(name, (alarm.name,))) else OK


def of_data(alarm: Alarm, shown: Shown) -> str:
    """The state by the last data points: as many of them as the alarm looks at, where each stands for several fewer."""
    found = beyond(alarm, shown)
    if found is None:
        return UNKNOWN
    span = max(alarm.period, shown.over.step)
    count = max(-(-alarm.periods * alarm.period // span), 1)
    needed = max(-(-alarm.datapoints * count // alarm.periods), 1)
    last = list(found[:: max(alarm.period // shown.over.step, 1)])[-count:]
    if alarm.missing == "missing" and all(point is None for point in last):
        return UNKNOWN
    bad = sum(alarm.missing == "breaching" if point is None else point for point in last)
    return ALARM if bad >= needed else OK


def beyond(alarm: Alarm, shown: Shown) -> Sequence[bool | None] | None:
    """Of each data point whether it is beyond the threshold, None where there is none; None where nothing is known."""
    borders = next((each for each in shown.lines if each.lower), None)
    line = next((each for each in shown.lines if not each.lower), None)
    if line is None:
        return None
    values = line.series.values
    if alarm.band:
        if borders is None or borders.lower is None:
            return None
        edges = zip(values, borders.lower.values, borders.series.values, strict=True)
        return [_outside(alarm.operator, *three) for three in edges]
    if alarm.threshold is None or alarm.operator not in _BEYOND:
        return None
    compare, limit = _BEYOND[alarm.operator], alarm.threshold
    return [None if point is None else compare(point, limit) for point in values]


def _outside(sign: str, point: Point, low: Point, high: Point) -> bool | None:
    if point is None or low is None or high is None:
        return None
    return ("Upper" in sign and point > high) or ("Lower" in sign and point < low)


def holds(rule: str, of: Callable[[str], str]) -> bool:
    """Whether a composite alarm's rule is true.

    Args:
        rule: For instance `ALARM("a") OR ALARM("b")`.
        of: The state of an alarm, by name or ARN.

    Raises:
        RuleError: It can't be read.
    """
    reader = _Rule(rule, of)
    value = reader.either()
    if reader.left:
        raise RuleError(f"{reader.left[0]!r} is not expected in {rule!r}")
    return value


class _Rule:
    """Reads from the left; NOT binds tighter than AND, AND tighter than OR."""

    def __init__(self, rule: str, of: Callable[[str], str]) -> None:
        self.rule, self.of = rule, of
        self.left: list[str | tuple[str, str]] = []
        at, end = 0, len(rule.rstrip())
        while at < end:
            found = _RULE.match(rule, at)
            if not found:
                raise RuleError(f"{rule[at:].strip()[:20]!r} is not understood in {rule!r}")
            name = found["quoted"] or found["single"] or found["bare"]
            self.left.append((found["state"], name) if name else found["word"])
            at = found.end()

    def either(self) -> bool:
        value = self.both()
        while self.left[:1] == ["OR"]:
            del self.left[0]
            value = self.both() or value
        return value

    def both(self) -> bool:
        value = self.one()
        while self.left[:1] == ["AND"]:
            del self.left[0]
            value = self.one() and value
        return value

    def one(self) -> bool:
        if not self.left:
            raise RuleError(f"{self.rule!r} ends too early")
        sign = self.left.pop(0)
        if isinstance(sign, tuple):
            return self.of(sign[1]) == sign[0]
        if sign == "NOT":
            return not self.one()
        if sign == "(":
            value = self.either()
            if self.left[:1] != [")"]:
                raise RuleError(f"')' is missing in {self.rule!r}")
            del self.left[0]
            return value
        if sign in ("TRUE", "FALSE"):
            return sign == "TRUE"
        raise RuleError(f"{sign!r} is not expected in {self.rule!r}")
