"""Whatever stands in a body, it is drawn or refused with words."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from sendy_cfn.pictures import body, picture
from tests.pictures.reading import SPECIMEN, subject

ODD: tuple[Any, ...] = (
    *(None, "", "x", "${A}", "SELECT", "-PT0S", "€" * 99),
    *(0, -1, 1.5, 1e300, True),
    *([], {}, [[]], ["x"], [{}], {"x": 1}),
)
WIDGETS = json.loads(SPECIMEN.read_text(encoding="utf-8"))["widgets"]


def paths(value: Any) -> Iterator[tuple[Any, ...]]:
    """The way to each part of a value."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (key,)
        yield from ((key, *rest) for rest in paths(part))


def changed(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    made = copy.deepcopy(value)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = by
    return made


@pytest.mark.parametrize("number", range(len(WIDGETS)))
def test_odd_values(number: int) -> None:
    drawn = refused = 0
    for path in paths(WIDGETS[number]):
        for odd in ODD:
            document = {"widgets": [changed(WIDGETS[number], path, odd)]}
            try:
                read = body.read(json.dumps(document))
            except body.BodyError as error:
                refused += bool(str(error))
                continue
            drawn += 1
            ET.fromstring(picture.draw(subject(read)))
    assert drawn > 0
    assert refused > 0


@pytest.mark.parametrize("path", [("start",), ("end",), ("variables",), ("variables", 0), ("variables", 0, "label")])
def test_odd_values_around_the_widgets(path: tuple[Any, ...]) -> None:
    whole = json.loads(SPECIMEN.read_text(encoding="utf-8")) | {"widgets": [], "end": "2026-01-15T12:00:00Z"}
    for odd in ODD:
        try:
            read = body.read(json.dumps(changed(whole, path, odd)))
        except body.BodyError:
            continue
        ET.fromstring(picture.draw(subject(read)))
