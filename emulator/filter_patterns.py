"""CloudWatch Logs' filter patterns for JSON lines: which lines match, and what a selector finds.

Patterns of terms and of columns are not in here.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-json-log-events.html
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

Test = Callable[[Any], bool]
MISSING = object()
_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>&&|\|\||[(){}])
    |(?P<selector>\$(?:\.[\w-]+|\[\d+\])+)
    |(?P<comparison>!=|>=|<=|=|>|<)
    |(?P<word>IS\s+NULL|IS\s+TRUE|IS\s+FALSE|NOT\s+EXISTS)
    |(?P<text>"(?:\\.|[^"\\])*")
    |(?P<bare>[^\s()&|=<>!"]+))""",
    re.VERBOSE,
)
_ORDER: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_STATES: dict[str, Test] = {
    "IS NULL": lambda found: found is None,
    "IS TRUE": lambda found: found is True,
    "IS FALSE": lambda found: found is False,
    "NOT EXISTS": lambda found: found is MISSING,
}


class PatternError(ValueError):
    """The pattern is none, or of a kind that is not evaluated here."""


@cache
def matcher(pattern: str) -> Callable[[str], bool]:
    """The function that says whether a line matches.

    Raises:
        PatternError: it is no JSON pattern.
    """
    test = _Parser(pattern).whole()

    def matches(line: str) -> bool:
        content = parsed(line)
        return content is not None and test(content)

    return matches


def parsed(line: str) -> dict[str, Any] | None:
    """The object that a line is, None where it is none."""
    try:
        content = json.loads(line)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def selected(selector: str, content: Any) -> Any:
    """What the selector finds, MISSING where there is nothing."""
    for key, number in re.findall(r"\.([\w-]+)|\[(\d+)\]", selector):
        if key and isinstance(content, dict) and key in content:
            content = content[key]
        elif number and isinstance(content, list) and int(number) < len(content):
            content = content[int(number)]
        else:
            return MISSING
    return content


class _Parser:
    """Recursive descent over the tokens; && binds stronger than ||."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._tokens = [*_tokens(pattern), ("end", "")]

    def whole(self) -> Test:
        self._take("{")
        test = self._either()
        self._take("}")
        self._take("")
        return test

    def _take(self, *wanted: str) -> str:
        kind, text = self._tokens.pop(0)
        if text not in wanted and kind not in wanted:
            raise PatternError(f"{self._pattern!r}: {text or 'its end'!r}, expected {' or '.join(wanted)}")
        return text

    def _either(self) -> Test:
        tests = [self._both()]
        while self._tokens[0][1] == "||":
            self._take("||")
            tests.append(self._both())
        return lambda content: any(test(content) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._tokens[0][1] == "&&":
            self._take("&&")
            tests.append(self._one())
        return lambda content: all(test(content) for test in tests)

    def _one(self) -> Test:
        if self._tokens[0][1] == "(":
            self._take("(")
            test = self._either()
            self._take(")")
            return test
        selector = self._take("selector")
        comparison = re.sub(r"\s+", " ", self._take("comparison", "word"))
        if comparison in _STATES:
            return lambda content: _STATES[comparison](selected(selector, content))
        value = self._take("text", "bare")
        test = _compared(comparison, value, self._pattern)
        return lambda content: test(selected(selector, content))


def _tokens(pattern: str) -> Iterator[tuple[str, str]]:
    position, text = 0, pattern.strip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise PatternError(f"{pattern!r}: unknown at {text[position:]!r}")
        yield str(found.lastgroup), found[str(found.lastgroup)]
        position = found.end()


def _compared(comparison: str, value: str, pattern: str) -> Test:
    """A number is compared as one; text may have * in it. What is missing fits no comparison."""
    number = _number(value)
    if comparison in _ORDER:
        if number is None:
            raise PatternError(f"{pattern!r}: {value!r} is no number")
        return lambda found: _is_number(found) and _ORDER[comparison](found, number)
    text = json.loads(value) if value.startswith('"') else value

    def same(found: Any) -> bool:
        if number is not None and _is_number(found):
            return bool(found == number)
        return (
            isinstance(found, str | int | float)
            and not isinstance(found, bool)
            and fnmatchcase(str(found), _glob(text))
        )

    if comparison == "=":
        return lambda found: found is not MISSING and same(found)
    return lambda found: found is not MISSING and not same(found)


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
