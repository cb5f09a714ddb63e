"""Queries of CloudWatch Logs Insights: the columns that they give.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from sendy_cfn.pictures.moments import DAY

DEFAULT = ("@timestamp", "@message")  # columns of a query that names none
MOST = 10_000  # rows
_PARTS = re.compile(r"""\|(?=(?:[^"']|"[^"]*"|'[^']*')*$)""")
_COMMA = re.compile(r",(?![^(]*\))")
_BY = re.compile(r"\s+by\s+", re.IGNORECASE)
_BIN = re.compile(r"(?:datefloor|datetrunc|bin)\(", re.IGNORECASE)
_AS = re.compile(r"(.+?)\s+as\s+[`\"]?([\w@. -]+?)[`\"]?", re.IGNORECASE)
_FIXED = re.compile(r"""([\w.@-]+)\s*=\s*["']([^"']+)["']""")
_LONG = re.compile(r"(\d+)\s*(mo|[smhdwqy])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": DAY, "w": 7 * DAY, "mo": 30 * DAY, "q": 91 * DAY, "y": 365 * DAY}


@dataclass(frozen=True)
class Query:
    """What a query gives."""

    columns: tuple[str, ...] = DEFAULT  # of a table
    measures: tuple[str, ...] = ()  # those of them with numbers, of stats
    groups: tuple[str, ...] = ()  # those that stats groups by, without times
    times: tuple[str, ...] = ()  # those with times that stats groups by
    bin: int | None = None  # seconds of such a time
    limit: int = MOST
    fixed: Mapping[str, str] = field(default_factory=dict)  # columns of which a filter lets one value through


def read(text: str) -> Query:
    """The query's columns; of its commands, each changes what the ones before gave."""
    found = Query()
    for part in parts(text):
        command, _, rest = part.strip().partition(" ")
        found = _after(found, command.lower(), rest.strip())
    return found


def parts(text: str) -> list[str]:
    """Its commands."""
    return _PARTS.split(text)


def split(text: str) -> list[str]:
    """What commas separate."""
    return _COMMA.split(text)


def stats(rest: str) -> tuple[str, str]:
    """What stats computes, and by what."""
    made, *by = _BY.split(rest, maxsplit=1)
    return made, by[0] if by else ""


def named(text: str) -> list[tuple[str, str]]:
    """Columns, each with the expression behind it."""
    found = []
    for each in split(text) if text else []:
        renamed = _AS.fullmatch(each.strip())
        found.append((_name(each), renamed[1] if renamed else each.strip()))
    return found


def seconds(text: str) -> int:
    """Of a length such as 5m; 300 if it is none."""
    found = _LONG.search(text)
    return int(found[1]) * _SECONDS[found[2]] if found else 300


def _after(query: Query, command: str, rest: str) -> Query:
    given = query.__dict__
    if command == "stats":
        made, by = stats(rest)
        measures = tuple(map(_name, split(made)))
        grouped = [each.strip() for each in split(by)] if by else []
        binned = [each for each in grouped if _BIN.match(each)]
        groups = tuple(_name(each) for each in grouped if each not in binned)
        times = tuple(map(_name, binned))
        width = seconds(binned[0]) if binned else None
        named = (*map(_name, grouped), *measures)
        return Query(named, measures, groups, times, width, query.limit, query.fixed)
    if command == "display" or (command == "fields" and not query.measures):
        return Query(**{**given, "columns": tuple(map(_name, split(rest)))})
    if command in ("limit", "head") and rest.isdigit():
        return Query(**{**given, "limit": int(rest)})
    if command == "filter":
        return Query(**{**given, "fixed": {**query.fixed, **dict(_FIXED.findall(rest))}})
    return query


def _name(text: str) -> str:
    found = _AS.fullmatch(text.strip())
    return (found[2] if found else text).strip(" `")
