"""What a metric widget shows: its series with sample data, their labels and colours."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sendy_cfn.pictures import expression, metrics, moments, sample, scale, searches
from sendy_cfn.pictures.evaluate import Scope, evaluate
from sendy_cfn.pictures.expression import MathSyntaxError
from sendy_cfn.pictures.functions import NotEvaluatedError, Series, Value, several
from sendy_cfn.pictures.metrics import Metric
from sendy_cfn.pictures.moments import Range
from sendy_cfn.pictures.names import FOUND, Names
from sendy_cfn.pictures.searches import Wanted

# In the order in which CloudWatch's console gives them away.
COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf")
BAND = "#95a5a6"
_DYNAMIC = re.compile(r"\$\{(PROP\('(?:Dim\.)?([^']+)'\)|[A-Z_]+)\}")


@dataclass(frozen=True)
class Line:
    """A series as it is drawn; of a band, its lower border too."""

    label: str
    series: Series
    colour: str
    right: bool = False
    lower: Series | None = None


@dataclass(frozen=True)
class Shown:
    """All series of a widget, and what of them is not computed."""

    over: Range
    lines: tuple[Line, ...]
    notes: tuple[str, ...] = ()


def read(properties: Mapping[str, Any], between: tuple[int, int], names: Names) -> Shown:
    """The series of a widget.

    Args:
        properties: Of the widget, checked.
        between: The times that the dashboard shows; the widget may have its own.
        names: For what searches find.
    """
    given = metrics.read(properties)
    if "start" in properties:
        between = moments.span(properties["start"], properties.get("end", ""))
    over = moments.over(between, min(_periods(given), default=metrics.PERIOD))
    work = _Work(given, over, names)
    lines = tuple(_coloured(work.lines()))
    return Shown(over, lines, tuple(work.notes))


def _periods(given: Sequence[Metric]) -> set[int]:
    """Of the data points that a widget asks for: those of its metrics and searches, else those of its expressions."""
    found = {metric.period for metric in given if not metric.expression}
    for metric in given:
        with contextlib.suppress(MathSyntaxError):
            found |= expression.searched(expression.parse(metric.expression)) if metric.expression else set()
    return found or {metric.period for metric in given}


def _coloured(found: Iterator[tuple[Metric, list[tuple[str, Series]]]]) -> Iterator[Line]:
    number = 0
    for metric, labelled in found:
        bands = [series for _, series in labelled if series.band]
        if len(bands) == 2 and len(labelled) == 2:
            yield Line(labelled[0][0], bands[0], metric.colour or BAND, metric.right, bands[1])
            continue
        for label, series in labelled:
            # AWS: "you can't change the colors" of the series of one expression.
            colour = metric.colour if metric.colour and len(labelled) == 1 else COLOURS[number % len(COLOURS)]
            number += metric.colour is None or len(labelled) > 1
            yield Line(label, series, colour, metric.right)


@dataclass
class _Work:
    """A widget that is being computed."""

    given: Sequence[Metric]
    over: Range
    names: Names
    notes: list[str] = field(default_factory=list)
    done: dict[str, Value] = field(default_factory=dict)

    def lines(self) -> Iterator[tuple[Metric, list[tuple[str, Series]]]]:
        """Each visible entry with its labelled series."""
        default = _default_labels(self.given)
        for metric in self.given:
            if not metric.visible:
                continue
            value = self.value(metric)
            if isinstance(value, float):
                # AWS: "all final results of expressions must be a single time series or an array of time series".
                self.notes.append(f"{metric.label or metric.id} is a number, and no series that CloudWatch would draw")
            array = [_constant(value, self.over)] if isinstance(value, float) else several(value)
            yield metric, [(self.label(metric, series, isinstance(value, list), default), series) for series in array]

    def label(self, metric: Metric, series: Series, one_of_several: bool, default: Mapping[str, str]) -> str:
        own = series.label if isinstance(value := series.metric, Metric) and value.id != metric.id else ""
        if metric.label is None:
            fallback = default[metric.id]
            return own if own and one_of_several else fallback
        text = _dynamic(metric.label, series, own or default[metric.id])
        if one_of_several and series.label and "${LABEL}" not in metric.label and not series.band:
            return f"{text} {series.label}".strip()
        return text or default[metric.id]

    def value(self, metric: Metric) -> Value:
        if metric.id not in self.done:
            self.done[metric.id] = Series(())  # what refers to itself has no data
            self.done[metric.id] = self.compute(metric) if metric.expression else self.of(metric)
        return self.done[metric.id]

    def of(self, metric: Metric) -> Series:
        values = sample.values(metric, self.over, self.names)
        return Series(values, metric.name, sample.unit(metric), sample.stands_for(metric, self.over), metric)

    def compute(self, metric: Metric) -> Value:
        if expression.is_query(metric.expression):
            self.notes.append(f"the query {metric.label or metric.id} is not run")
            return self.made_up(searches.query(metric.expression), self.over.step)
        scope = Scope(self.over, self.by_id, self.raw, self.search, self.band)
        try:
            return evaluate(expression.parse(metric.expression), scope)
        except (NotEvaluatedError, MathSyntaxError) as error:
            self.notes.append(f"{metric.label or metric.id}: {error} is not evaluated")
            return self.of(Metric(metric.id, "", metric.label or metric.id, {}, period=metric.period))

    def by_id(self, name: str) -> Value:
        metric = next((each for each in self.given if each.id == name), None)
        if metric is None:
            raise NotEvaluatedError(name)
        value = self.value(metric)
        if isinstance(value, Series) and not value.values:
            raise NotEvaluatedError(f"{name}, which refers to itself,")
        return value

    def raw(self) -> dict[str, Series]:
        return {metric.id: self.of(metric) for metric in self.given if not metric.expression}

    def search(self, text: str, stat: str, period: int) -> list[Series]:
        self.notes.append(f"a search has up to {FOUND} series of made-up names")
        return self.made_up(searches.search(text, stat), period)

    def made_up(self, wanted: Wanted, period: int) -> list[Series]:
        series = []
        for word in self.names.of(wanted.by) if wanted.by else ("",):
            value = f"{wanted.within}-{word}" if wanted.within else word
            given = {wanted.by: value, **wanted.fixed}
            metric = Metric("", wanted.namespace, wanted.name, given, stat=wanted.stat, period=period)
            label, values = value or wanted.name, sample.values(metric, self.over, self.names)
            series.append(Series(values, label, sample.unit(metric), period, metric))
        return series

    def band(self, of: Series, wide: float) -> list[Series]:
        """Around what is expected; of what is computed, around the average of neighbours."""
        if isinstance(of.metric, Metric):
            middle = sample.values(of.metric, self.over, self.names, quiet=True)
        else:
            near = [[p for p in of.values[max(n - 4, 0) : n + 5] if p is not None] for n in range(len(of.values))]
            middle = tuple(sum(points) / len(points) if points else None for points in near)
        self.notes.append("an anomaly band is a sample")
        share = 0.07 * wide
        return [of.but(None if p is None else p * factor for p in middle) for factor in (1 + share, max(1 - share, 0))]


def _constant(value: float, over: Range) -> Series:
    return Series((None if math.isnan(value) else value,) * over.count)


def _default_labels(given: Sequence[Metric]) -> dict[str, str]:
    """By id: what tells a widget's metrics apart, the name or the last dimension; an expression's is its id."""
    raw = [metric for metric in given if not metric.expression]
    by_name = len({metric.name for metric in raw}) == len(raw)
    found = {}
    for metric in given:
        values = list(metric.dimensions.values())
        told_apart = values[-1] if values and not by_name else metric.name
        if values and not by_name and len({each.name for each in raw}) > 1:
            told_apart = f"{values[-1]} {metric.name}"
        found[metric.id] = told_apart or (metric.expression if metric.id.startswith("#") else metric.id)
    return found


def _dynamic(label: str, series: Series, default: str) -> str:
    """The label with what it says of the data.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/graph-dynamic-labels.html
    """
    points = series.points
    of = series.metric

    def value(found: re.Match[str]) -> str:
        if found[1] == "LABEL":
            return default
        if found[2]:
            of_metric = (
                {"MetricName": of.name, "Namespace": of.namespace, "Stat": of.stat} if isinstance(of, Metric) else {}
            )
            dimensions = of.dimensions if isinstance(of, Metric) else {}
            return of_metric.get(found[2]) or dimensions.get(found[2], found[2])
        numbers = {"AVG": lambda: sum(points) / len(points), "MIN": lambda: min(points), "MAX": lambda: max(points)}
        numbers |= {"SUM": lambda: sum(points), "LAST": lambda: points[-1], "FIRST": lambda: points[0]}
        return scale.short(numbers[found[1]](), series.unit) if found[1] in numbers and points else scale.NOTHING

    return _DYNAMIC.sub(value, label)
