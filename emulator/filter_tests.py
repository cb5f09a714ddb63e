"""What all filter patterns of CloudWatch Logs have in common: comparisons of a value that was found in a line."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

Test = Callable[[Any], bool]
MISSING = object()
_ORDER: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


class PatternError(ValueError):
    """The pattern is none, or of a kind that is not evaluated here."""


def refuse(pattern: str, reason: str) -> PatternError:
    """The error for a pattern."""
    return PatternError(f"{pattern!r}: {reason}")


def expression(text: str) -> re.Pattern[str]:
    """The regular expression between two %; AWS's have no groups.

    Raises:
        PatternError: it is none.
    """
    inner = text[1:-1]
    if re.search(r"[()]", inner):
        raise refuse(text, "groups are not supported")
    try:
        return re.compile(inner)
    except re.error as error:
        raise refuse(text, str(error)) from error


def compared(comparison: str, value: str, pattern: str) -> Test:
    """A number is compared as one; text may have * in it, or be an expression. What is missing fits no comparison.

    Raises:
        PatternError: a text is compared by size, or an expression is none.
    """
    number = _number(value)
    if comparison in _ORDER:
        if number is None:
            raise refuse(pattern, f"{value!r} is no number")
        return lambda found: _is_number(found) and _ORDER[comparison](found, number)
    same = _same(value, number)
    if comparison == "=":
        return lambda found: found is not MISSING and same(found)
    return lambda found: found is not MISSING and not same(found)


def _same(value: str, number: float | None) -> Test:
    if re.fullmatch("%[^%]+%", value):
        search = expression(value)
        return lambda found: isinstance(found, str) and search.search(found) is not None
    text = _glob(json.loads(value) if value.startswith('"') else value)

    def same(found: Any) -> bool:
        if number is not None and _is_number(found):
            return bool(found == number)
        return isinstance(found, str | int | float) and not isinstance(found, bool) and fnmatchcase(str(found), text)

    return same


def _glob(text: str) -> str:
    """Only * stands for something."""
    return re.sub(r"([?\[])", r"[\1]", text)


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _is_number(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool)
