"""CloudWatch Logs' filter patterns: which lines match, and what a selector finds in lines of JSON.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/matching-terms-json-log-events.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from emulator import filter_text
from emulator.filter_tests import MISSING, PatternError, Test, compared

_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>&&|\|\||[(){}])
    |(?P<selector>\$(?:\.[\w-]+|\[\d+\])+)
    |(?P<comparison>!=|>=|<=|=|>|<)
    |(?P<word>IS\s+NULL|IS\s+TRUE|IS\s+FALSE|NOT\s+EXISTS)
    |(?P<regex>%[^%]+%)
    |(?P<text>"(?:\\.|[^"\\])*")
    |(?P<bare>[^\s()&|=<>!"%]+))""",
    re.VERBOSE,
)
_STATES: dict[str, Test] = {
    "IS NULL": lambda found: found is None,
    "IS TRUE": lambda found: found is True,
    "IS FALSE": lambda found: found is False,
    "NOT EXISTS": lambda found: found is MISSING,
}


@cache
def matcher(pattern: str) -> Callable[[str], bool]:
    """The function that says whether a line matches.

    Raises:
        PatternError: it is no pattern.
    """
    if pattern.lstrip().startswith("["):
        read = filter_text.columns(pattern)
        return lambda line: read(line) is not None
    if not pattern.lstrip().startswith("{"):
        return filter_text.terms(pattern)
    test = _Parser(pattern).whole()

    def matches(line: str) -> bool:
        content = parsed(line)
        return content is not None and test(content)

    return matches


def content(pattern: str, line: str) -> Mapping[str, Any] | None:
    """What selectors look into: the object of a line of JSON, the columns of one that matches a pattern of columns."""
    return filter_text.columns(pattern)(line) if pattern.lstrip().startswith("[") else parsed(line)


def parsed(line: str) -> dict[str, Any] | None:
    """The object that a line is, None where it is none."""
    try:
        content = json.loads(line)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def selected(selector: str, content: Any) -> Any:
    """What the selector finds, MISSING where there is nothing; those of columns have no dot."""
    for key, number in re.findall(r"[$.]([\w-]+)|\[(\d+)\]", selector):
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
        value = self._take("text", "bare", "regex")
        test = compared(comparison, value, self._pattern)
        return lambda content: test(selected(selector, content))


def _tokens(pattern: str) -> Iterator[tuple[str, str]]:
    position, text = 0, pattern.strip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise PatternError(f"{pattern!r}: unknown at {text[position:]!r}")
        yield str(found.lastgroup), found[str(found.lastgroup)]
        position = found.end()
