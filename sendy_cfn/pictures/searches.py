"""Expressions that look for metrics: what they look for. What there is, only AWS knows.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_SCHEMA = re.compile(r"\{\s*\"?([^\",}]+)\"?((?:\s*,\s*\"?[^\",}]+\"?)*)\s*\}")
_EQUAL = re.compile(r'(\w+)\s*=\s*(?:"([^"]+)"|([A-Za-z0-9_./:-]+))')
_WORD = re.compile(r"[A-Za-z0-9_./:-]+")
_LOGIC = ("AND", "OR", "NOT")
_QUERY = re.compile(r'SELECT\s+(\w+)\((\w+|"[^"]+")\)\s+FROM\s+(?:SCHEMA\(\s*)?"?([^",)\s]+)', re.IGNORECASE)
_GROUP = re.compile(r"GROUP\s+BY\s+([\w\s,]+?)(?:\s+ORDER\b|\s+LIMIT\b|$)", re.IGNORECASE)
_STATS = {"AVG": "Average", "SUM": "Sum", "MIN": "Minimum", "MAX": "Maximum", "COUNT": "SampleCount"}


@dataclass(frozen=True)
class Wanted:
    """Metrics of a name, one for each value of a dimension."""

    namespace: str = ""
    name: str = "Metric"
    by: str = ""  # the dimension that tells them apart
    fixed: Mapping[str, str] = field(default_factory=dict)  # dimensions that have to have a value
    stat: str = "Average"
    within: str = ""  # a part that values of the dimension have


def search(text: str, stat: str) -> Wanted:
    """What a SEARCH is for."""
    schema = _SCHEMA.search(text)
    dimensions = [part.strip(' "') for part in schema[2].split(",") if part.strip()] if schema else []
    rest = text[schema.end() if schema else 0 :]
    # In quotes a value is the whole one, without them a part of it.
    exact = {key: quoted for key, quoted, _ in _EQUAL.findall(rest) if quoted}
    parts = {key: part for key, _, part in _EQUAL.findall(rest) if part}
    words = [word for word in _WORD.findall(_EQUAL.sub("", rest)) if word not in (*dimensions, *_LOGIC)]
    name = exact.pop("MetricName", "") or parts.pop("MetricName", "") or next(iter(words), "Metric")
    by = next((dimension for dimension in dimensions if dimension not in exact), "")
    return Wanted(schema[1].strip() if schema else "", name, by, exact, stat, parts.get(by, ""))


def query(text: str) -> Wanted:
    """What a query of Metrics Insights is for."""
    found, group = _QUERY.search(text), _GROUP.search(text)
    if not found:
        return Wanted()
    by = group[1].split(",")[0].strip() if group else ""
    return Wanted(found[3], found[2].strip('"'), by, {}, _STATS.get(found[1].upper(), "Average"))
