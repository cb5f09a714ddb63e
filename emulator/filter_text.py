"""CloudWatch Logs' filter patterns for lines of text: terms, and columns between spaces.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-unstructured-log-events.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-space-delimited-log-events.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from emulator.filter_tests import Test, compared, expression, refuse

_TERM = re.compile(r'\s*(?P<mark>[?-]?)(?:"(?P<text>(?:\\.|[^"\\])*)"|(?P<regex>%[^%]+%)|(?P<word>\w+))(?=\s|$)')
_CELL = re.compile(r'(?:"(?:\\.|[^"\\])*"|%[^%]*%|[^,"%])*')
_CONDITION = re.compile(r'\s*([\w-]+)\s*(!=|>=|<=|=|>|<)\s*("(?:\\.|[^"\\])*"|%[^%]*%|[^\s&|"]+)\s*')
_FIELD = re.compile(r'\s*(?:\[(?P<bracketed>[^\]]*)\]|"(?P<quoted>[^"]*)"|(?P<plain>\S+))')
_ANY = "..."


@cache
def terms(pattern: str) -> Callable[[str], bool]:
    """The function that says whether a line has the terms; a space, or nothing, is the pattern for all lines.

    Raises:
        PatternError: a term with other characters than letters, digits and _ is not in quotation marks.
    """
    found: dict[str, list[Callable[[str], bool]]] = {"": [], "-": [], "?": []}
    position, text = 0, pattern.strip()
    while position < len(text):
        term = _TERM.match(text, position)
        if term is None:
            raise refuse(pattern, f"unknown at {text[position:]!r}")
        found[term["mark"]].append(_holder(term))
        position = term.end()

    def matches(line: str) -> bool:
        if any(holds(line) for holds in found["-"]) or not all(holds(line) for holds in found[""]):
            return False
        # Beside terms that have to be there, AWS ignores those with a question mark.
        optional = [] if found[""] else found["?"]
        return not optional or any(holds(line) for holds in optional)

    return matches


def _holder(term: re.Match[str]) -> Callable[[str], bool]:
    if term["regex"]:
        search = expression(term["regex"])
        return lambda line: search.search(line) is not None
    wanted = re.sub(r"\\(.)", r"\1", term["text"]) if term["word"] is None else term["word"]
    return lambda line: wanted in line


@cache
def columns(pattern: str) -> Callable[[str], Mapping[str, str] | None]:
    """The function that reads the columns of a line by their names, None where the line does not match.

    Raises:
        PatternError: it is no pattern of columns.
    """
    text = pattern.strip()
    if not (text.startswith("[") and text.endswith("]")):
        raise refuse(pattern, "no brackets around it")
    cells = [cell.strip() for cell in _cells(text[1:-1])]
    if cells.count(_ANY) > 1:
        raise refuse(pattern, f"more than one {_ANY}")
    tests = [_cell(cell, pattern) for cell in cells]

    def read(line: str) -> Mapping[str, str] | None:
        fields = [next(part for part in found if part is not None) for found in map(_parts, _FIELD.finditer(line))]
        taken = _taken(cells, fields)
        if taken is None:
            return None
        held = {name: field for (name, _), field in zip(tests, taken, strict=True) if name}
        return held if all(test(field) for (_, test), field in zip(tests, taken, strict=True)) else None

    return read


def _parts(found: re.Match[str]) -> tuple[str | None, ...]:
    return found["bracketed"], found["quoted"], found["plain"]


def _cells(text: str) -> list[str]:
    """Split at commas, but for those in quotation marks."""
    found, position = [], 0
    while True:
        cell = _CELL.match(text, position)
        end = cell.end() if cell else position
        found.append(text[position:end])
        if end >= len(text):
            return found
        position = end + 1


def _taken(cells: list[str], fields: list[str]) -> list[str] | None:
    """A field for each cell; the one that stands for any number gets none."""
    if _ANY not in cells:
        return fields if len(fields) == len(cells) else None
    at = cells.index(_ANY)
    after = len(cells) - at - 1
    if len(fields) < at + after:
        return None
    return [*fields[:at], "", *fields[len(fields) - after :]]


def _cell(cell: str, pattern: str) -> tuple[str, Test]:
    """Its name, and what it asks of its field."""
    if cell in ("", _ANY) or re.fullmatch(r"[\w-]+", cell):
        return cell if cell != _ANY else "", lambda _field: True
    alternatives, names = [], set()
    for alternative in cell.split("||"):
        together = []
        for part in alternative.split("&&"):
            condition = _CONDITION.fullmatch(part)
            if condition is None:
                raise refuse(pattern, f"unknown at {part!r}")
            names.add(condition[1])
            together.append(_on_text(condition[2], condition[3], pattern))
        alternatives.append(together)
    if len(names) != 1:
        raise refuse(pattern, f"conditions of several columns in one: {', '.join(sorted(names))}")

    def test(field: Any) -> bool:
        return any(all(one(field) for one in together) for together in alternatives)

    return names.pop(), test


def _on_text(comparison: str, value: str, pattern: str) -> Test:
    """A field is a text; where it is compared by size it is a number or nothing."""
    test = compared(comparison, value, pattern)
    if comparison in ("=", "!="):
        return test

    def sized(field: str) -> bool:
        try:
            return test(float(field))
        except ValueError:
            return False

    return sized
