"""A dashboard's body: read, checked, and its widgets placed.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sendy_cfn.pictures import grid, properties
from sendy_cfn.pictures.properties import is_number, known, one_of

KEYS = ("start", "end", "periodOverride", "variables", "widgets")
WIDGET_KEYS = ("type", "x", "y", "width", "height", "properties")
MOST = 500  # widgets
Problem = str  # the path in the body, a colon, what is wrong


class BodyError(Exception):
    """A body that CloudWatch would refuse, or show otherwise than it was meant."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Remember everything that is wrong."""
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class Widget:
    """One widget as the body has it."""

    number: int
    type: str
    cell: grid.Cell
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Variable:
    """A choice above the widgets."""

    label: str
    value: str  # at first
    free: bool  # whether people write it, or choose


@dataclass(frozen=True)
class Body:
    """A dashboard."""

    widgets: tuple[Widget, ...]
    start: str = ""  # as written, "" where it is not said
    end: str = ""
    variables: tuple[Variable, ...] = ()  # that people see


def read(text: str) -> Body:
    """The dashboard of a body.

    Raises:
        BodyError: It is not JSON, or not a dashboard's; with all that is wrong.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BodyError([f"the body is not JSON: {error}"]) from None
    if not isinstance(document, dict) or not isinstance(document.get("widgets"), list):
        raise BodyError(["the body is no mapping with a list of widgets"])
    problems = [*known("", document, KEYS), *_times(document), *properties.variables(document.get("variables", []))]
    given: list[Any] = document["widgets"]
    if len(given) > MOST:
        problems.append(f"widgets: {len(given)}, allowed: at most {MOST}")
    shapes = {number: list(_shape(f"widgets[{number}]", widget)) for number, widget in enumerate(given)}
    problems += [problem for found in shapes.values() for problem in found]
    sound = [number for number, found in shapes.items() if not found]
    cells = dict(zip(sound, grid.place([_wish(given[number]) for number in sound]), strict=True))
    problems += _in_the_way(cells)
    for number in sound:
        problems += properties.problems(
            f"widgets[{number}].properties", given[number]["type"], _properties(given[number])
        )
    if problems:
        raise BodyError(problems)
    widgets = (Widget(n, given[n]["type"], cells[n], _properties(given[n])) for n in sound)
    return Body(
        tuple(widgets),
        document.get("start", ""),
        document.get("end", ""),
        tuple(_variable(each) for each in document.get("variables", []) if each.get("visible", True)),
    )


def _variable(given: Mapping[str, Any]) -> Variable:
    name = given.get("label") or given.get("property") or given.get("pattern") or given["id"]
    return Variable(name, given.get("defaultValue", ""), given.get("inputType", "input") == "input")


def _properties(widget: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = widget.get("properties", {})
    return found


def _times(document: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("start", "end"):
        yield from properties.time(name, document.get(name, ""))
    yield from one_of("periodOverride", document.get("periodOverride", "auto"), ("auto", "inherit"))


def _shape(place: str, widget: Any) -> Iterator[Problem]:
    """What is wrong with a widget apart from its properties."""
    if not isinstance(widget, dict):
        yield f"{place}: no mapping"
        return
    yield from known(place, widget, WIDGET_KEYS)
    yield from one_of(f"{place}.type", widget.get("type"), tuple(properties.OF))
    if not isinstance(widget.get("properties", {}), dict):
        yield f"{place}.properties: no mapping"
    if ("x" in widget) != ("y" in widget):
        yield f"{place}: has one of x and y; a place needs both"
    limits = {
        "x": (0, grid.COLUMNS - 1),
        "y": (0, None),
        "width": (1, grid.COLUMNS),
        "height": (1, grid.TALLEST),
    }
    wrong = False
    for name, (least, most) in limits.items():
        value = widget.get(name, least)
        if not is_number(value) or value != int(value) or value < least or (most is not None and value > most):
            wrong = True
            allowed = f"{least} to {most}" if most is not None else f"{least} or more"
            yield f"{place}.{name}: {value!r}, allowed: whole numbers, {allowed}"
    if not wrong and (right := widget.get("x", 0) + widget.get("width", grid.DEFAULT)) > grid.COLUMNS:
        yield f"{place}: ends at column {right} of {grid.COLUMNS}"


def _wish(widget: Mapping[str, Any]) -> grid.Wish:
    given = {name: int(widget[name]) for name in ("x", "y", "width", "height") if name in widget}
    return grid.Wish(given.pop("x", None), given.pop("y", None), **given)


def _in_the_way(cells: Mapping[int, grid.Cell]) -> Iterator[Problem]:
    numbers = list(cells)
    for earlier, later in grid.overlaps(list(cells.values())):
        yield f"widgets[{numbers[later]}]: overlaps widgets[{numbers[earlier]}], and CloudWatch would move one of them"
