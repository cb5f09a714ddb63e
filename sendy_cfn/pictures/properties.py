"""What widgets may say of themselves.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from sendy_cfn.pictures import metrics, moments

Properties = Mapping[str, Any]
Check = Callable[[str, Any], Iterator[str]]

COLOUR = re.compile(r"#[0-9a-fA-F]{6}|#[0-9a-fA-F]{3}")
ARN = re.compile(r"arn:[a-z-]+:cloudwatch:[a-z0-9-]*:[0-9]{12}:alarm:.+")
SOURCE = re.compile(r"\s*SOURCE\b", re.IGNORECASE)
MOST_ALARMS = 100
STATES = ("ALARM", "INSUFFICIENT_DATA", "OK")


def is_number(value: object) -> bool:
    """Whether it is a number of JSON."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def known(place: str, given: Mapping[str, Any], allowed: Collection[str]) -> Iterator[str]:
    """Keys that nobody knows, with the nearest known one."""
    for key in given:
        if key not in allowed:
            near = difflib.get_close_matches(key, allowed, 1)
            yield f"{place}{'.' if place else ''}{key}: unknown key" + (f", did you mean {near[0]!r}?" if near else "")


def one_of(place: str, value: object, allowed: Collection[str]) -> Iterator[str]:
    """A word that is not among the allowed ones."""
    if value not in allowed:
        yield f"{place}: {value!r}, allowed: {', '.join(allowed)}"


def time(place: str, value: object) -> Iterator[str]:
    """A time that is neither a duration nor a moment."""
    if value and (not isinstance(value, str) or not moments.readable(value)):
        yield f"{place}: {value!r}, allowed: a duration such as -PT6H, or a time such as 2026-01-31T06:00:00Z"


def problems(place: str, type_: str, given: Properties) -> Iterator[str]:
    """What is wrong with the properties of a widget of this type."""
    checks, required, rule = OF[type_]
    yield from known(place, given, checks)
    for name in required:
        if name not in given:
            yield f"{place}.{name}: missing"
    found = [
        problem for name, value in given.items() if name in checks for problem in checks[name](f"{place}.{name}", value)
    ]
    yield from found
    if not found:
        yield from rule(place, given)


def _text(place: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{place}: {value!r} is no text"


def _switch(place: str, value: Any) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"{place}: {value!r}, allowed: true, false"


def _any(_place: str, _value: Any) -> Iterator[str]:
    return iter(())


def _word(*allowed: str) -> Check:
    return lambda place, value: one_of(place, value, allowed)


def _mapping(**checks: Check) -> Check:
    def check(place: str, value: Any) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{place}: no mapping"
            return
        yield from known(place, value, checks)
        for name, part in value.items():
            if name in checks:
                yield from checks[name](f"{place}.{name}", part)

    return check


def _list(item: Check, least: int = 0, most: int | None = None) -> Check:
    def check(place: str, value: Any) -> Iterator[str]:
        if not isinstance(value, list) or len(value) < least or (most is not None and len(value) > most):
            yield f"{place}: no list of {least} to {most} items" if most else f"{place}: no list"
            return
        for number, part in enumerate(value):
            yield from item(f"{place}[{number}]", part)

    return check


def _number(place: str, value: Any) -> Iterator[str]:
    if not is_number(value):
        yield f"{place}: {value!r} is no number"


def _colour(place: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str) or not COLOUR.fullmatch(value):
        yield f"{place}: {value!r}, allowed: a colour such as #1f77b4"


def _moment(place: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str) or value.startswith("-P") or not moments.readable(value):
        yield f"{place}: {value!r}, allowed: a time such as 2026-01-31T06:00:00Z"


def _arn(place: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str) or not ARN.fullmatch(value):
        yield f"{place}: {value!r} is no ARN of an alarm"


def _band(edge: Check) -> Check:
    """An annotation, or the two that are a band."""

    def with_value(place: str, given: Any) -> Iterator[str]:
        yield from edge(place, given)
        if isinstance(given, dict) and "value" not in given:
            yield f"{place}.value: missing"

    band = _list(with_value, 2, 2)
    return lambda place, given: band(place, given) if isinstance(given, list) else with_value(place, given)


_PAINT: dict[str, Check] = {"label": _text, "color": _colour, "visible": _switch}
_HORIZONTAL = _mapping(value=_number, fill=_word("above", "below", "none"), yAxis=_word("left", "right"), **_PAINT)
_VERTICAL = _mapping(value=_moment, fill=_word("before", "after", "none"), **_PAINT)
_AXIS = _mapping(min=_number, max=_number, label=_text, showUnits=_switch)
VIEWS = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")

_METRIC: dict[str, Check] = {
    "accountId": _text,
    "annotations": _mapping(
        horizontal=_list(_band(_HORIZONTAL)),
        vertical=_list(_band(_VERTICAL)),
        alarms=_list(_arn, 1, 1),
    ),
    "end": time,
    "labels": _mapping(visible=_switch),
    "legend": _mapping(position=_word("right", "bottom", "hidden")),
    "liveData": _switch,
    "metrics": metrics.problems,
    "period": metrics.period,
    "region": _text,
    "setPeriodToTimeRange": _switch,
    "singleValueFullPrecision": _switch,
    "sparkline": _switch,
    "stacked": _switch,
    "start": time,
    "stat": metrics.statistic,
    "table": _mapping(
        layout=_word("horizontal", "vertical"),
        showTimeSeriesData=_switch,
        stickySummary=_switch,
        summaryColumns=_list(_word("MIN", "MAX", "SUM", "AVG")),
    ),
    "timezone": _text,
    "title": _text,
    "trend": _switch,
    "view": _word(*VIEWS),
    "yAxis": _mapping(left=_AXIS, right=_AXIS),
}
_LOG: dict[str, Check] = {
    "accountId": _text,
    "end": time,
    "query": _text,
    "queryLanguage": _word("CWLI", "SQL", "PPL"),
    "region": _text,
    "stacked": _switch,
    "start": time,
    "title": _text,
    "view": _word("table", "timeSeries", "bar", "pie"),
}
_ALARM: dict[str, Check] = {
    "alarms": _list(_arn, 1, MOST_ALARMS),
    "sortBy": _word("default", "stateUpdatedTimestamp", "timestamp"),
    "states": _list(_word(*STATES)),
    "title": _text,
}
_TEXT: dict[str, Check] = {"markdown": _text, "background": _word("solid", "transparent")}


def _metric_rule(place: str, given: Properties) -> Iterator[str]:
    alarms = given.get("annotations", {}).get("alarms")
    if not given.get("metrics") and not alarms:
        yield f"{place}: neither metrics nor an alarm"
    if given.get("view") == "gauge" and not {"min", "max"} <= set(given.get("yAxis", {}).get("left", {})):
        yield f"{place}: a gauge needs yAxis.left.min and .max"
    for side, axis in given.get("yAxis", {}).items():
        if axis.get("min", 0) >= axis.get("max", float("inf")):
            yield f"{place}.yAxis.{side}: min {axis.get('min', 0)} is not below max {axis['max']}"


def _log_rule(place: str, given: Properties) -> Iterator[str]:
    if given.get("queryLanguage", "CWLI") == "CWLI" and not SOURCE.match(given.get("query", "")):
        yield f"{place}.query: does not begin with SOURCE '<log group>' |"


def _no_rule(_place: str, _given: Properties) -> Iterator[str]:
    return iter(())


_VALUE = _mapping(value=_text, label=_text)
_VARIABLE: dict[str, Check] = {
    "type": _word("property", "pattern"),
    "property": _text,
    "pattern": _text,
    "inputType": _word("input", "select", "radio"),
    "id": _text,
    "label": _text,
    "defaultValue": _text,
    "visible": _switch,
    "search": _text,
    "populateFrom": _text,
    "values": _list(_VALUE),
}


def variables(given: Any) -> Iterator[str]:
    """What is wrong with the choices above the widgets."""
    yield from _list(_mapping(**_VARIABLE))("variables", given)
    for number, each in enumerate(given if isinstance(given, list) else []):
        if isinstance(each, dict):
            of = each.get("type", "")
            needed = ("id", "type", "inputType", *([of] if of in ("property", "pattern") else []))
            yield from (f"variables[{number}].{name}: missing" for name in needed if name not in each)


# Type -> what is checked by name, what must be there, and a rule over all of it. CloudWatch has more types: explorer,
# custom and chart. Nothing of theirs could be drawn, so they are refused.
OF: dict[str, tuple[dict[str, Check], tuple[str, ...], Callable[[str, Properties], Iterator[str]]]] = {
    "metric": (_METRIC, ("region",), _metric_rule),
    "log": (_LOG, ("query", "region"), _log_rule),
    "alarm": (_ALARM, ("alarms",), _no_rule),
    "text": (_TEXT, ("markdown",), _no_rule),
}
