"""Times in which releases may begin, as CodePipeline's DeploymentWindow takes them.

https://docs.aws.amazon.com/codepipeline/latest/userguide/rule-reference-DeploymentWindow.html
"""

from __future__ import annotations

import functools
import re

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...], str], ...] = (
    # name, least, most, words for the numbers from the least, what else a field may be
    ("seconds", 0, 59, (), ""),
    ("minutes", 0, 59, (), ""),
    ("hours", 0, 23, (), ""),
    ("day of month", 1, 31, (), r"\?|L|LW|L-[0-9]{1,2}|[0-9]{1,2}W"),
    ("month", 1, 12, _MONTHS, ""),
    ("day of week", 1, 7, _DAYS, r"\?|L|[1-7]L|[1-7]#[1-5]"),
    ("year", 1970, 2199, (), ""),
)
_NUMBER = re.compile("[0-9]{1,4}")
_TIME_ZONE = re.compile(r"[A-Za-z]+(/[A-Za-z_]+)+|UTC([+-][0-9]{2}:[0-9]{2})?|[A-Z]{3,5}")


def wrong_cron(text: str) -> str:
    """What is wrong with the cron expression; "" where nothing is."""
    fields = text.split()
    if len(fields) not in (6, 7):
        return f"{text!r} has {len(fields)} fields, expected 6 or 7: {' '.join(name for name, *_ in _FIELDS)}"
    for field, (name, least, most, words, other) in zip(fields, _FIELDS, strict=False):
        if not all(_item(item.upper(), least, most, words, other) for item in field.split(",")):
            return f"{name} {field!r}, expected {least}-{most}"
    if (fields[3] == "?") == (fields[5] == "?"):
        return f"{text!r}: either the day of month or the day of week has to be ?"
    return ""


def _item(item: str, least: int, most: int, words: tuple[str, ...], other: str) -> bool:
    if other and re.fullmatch(other, item):
        return True
    span, slash, step = item.partition("/")
    if slash and not _NUMBER.fullmatch(step):
        return False
    ends = [str(words.index(end) + least) if end in words else end for end in span.split("-")]
    if ends == ["*"]:
        return True
    return len(ends) <= 2 and all(_NUMBER.fullmatch(end) and least <= int(end) <= most for end in ends)


def wrong_zone(text: str) -> str:
    """What is wrong with the time zone; "" where nothing is, and for any name where this machine has no zones."""
    known = _zones() if "/" in text else frozenset()
    if not _TIME_ZONE.fullmatch(text) or (known and text not in known):
        return f"{text!r}, expected Region/City, UTC, UTC+hh:mm or an abbreviation"
    return ""


@functools.cache
def _zones() -> frozenset[str]:
    import zoneinfo  # here: few platforms have windows

    return frozenset(zoneinfo.available_timezones())
