"""Alarms as templates have them: what they look at, and when they go off.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-compositealarm.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sendy_cfn.pictures import scale
from sendy_cfn.pictures.metrics import PERIOD

# Comparison with a threshold -> words of it; the last three are those with a band.
SIGNS = {
    "GreaterThanThreshold": "above",
    "GreaterThanOrEqualToThreshold": "from",
    "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "up to",
    "GreaterThanUpperThreshold": "above the band",
    "LessThanLowerThreshold": "below the band",
    "LessThanLowerOrGreaterThanUpperThreshold": "outside the band",
}


@dataclass(frozen=True)
class Alarm:
    """What a template says of an alarm."""

    name: str
    metrics: Sequence[Any] = ()  # as a widget would have them
    threshold: float | None = None  # None: a band, or a number that only AWS knows
    operator: str = "GreaterThanThreshold"
    periods: int = 1  # data points that are looked at
    datapoints: int = 1  # of them have to be beyond the threshold
    missing: str = "missing"  # what data points count as that are not there
    band: str = ""  # id of the expression whose band is the threshold
    rule: str | None = None  # of a composite alarm
    stat: str = "Average"
    period: int = PERIOD

    @property
    def says(self) -> str:
        """The condition, for people."""
        if self.threshold is None and not self.band:
            return ""
        limit = "" if self.band else f" {scale.digits(self.threshold or 0.0)}"
        return f"alarm {SIGNS.get(self.operator, '')}{limit}, {self.datapoints} of {self.periods}"


def composite(name: str, given: Mapping[str, Any]) -> Alarm:
    """A composite alarm, by its properties."""
    return Alarm(name, rule=str(given.get("AlarmRule", "")))


def of_metrics(name: str, given: Mapping[str, Any]) -> Alarm:
    """An alarm on a metric or on metric math, by its properties; both forms of writing it are one here."""
    periods = int(_number(given.get("EvaluationPeriods")) or 1)
    return Alarm(
        name,
        list(_metrics(given)),
        _number(given.get("Threshold")),
        str(given.get("ComparisonOperator", "")),
        periods,
        int(_number(given.get("DatapointsToAlarm")) or periods),
        str(given.get("TreatMissingData", "missing")),
        str(given.get("ThresholdMetricId", "")),
        stat=str(given.get("Statistic", given.get("ExtendedStatistic", "Average"))),
        period=int(next((number for each in _queries(given) if (number := _number(each.get("Period")))), PERIOD)),
    )


def in_widget(given: Mapping[str, Any], alarm: Alarm | None) -> Mapping[str, Any]:
    """A widget's properties; with the metrics of its alarm where it has none itself."""
    if alarm is None or given.get("metrics"):
        return given
    return {"stat": alarm.stat, "period": alarm.period, **given, "metrics": alarm.metrics}


def _number(value: object) -> float | None:
    """None where only AWS knows it."""
    try:
        return float(str(value))
    except ValueError:
        return None


def _queries(given: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield given
    for each in given.get("Metrics", []):
        yield each
        yield each.get("MetricStat", {})


def _metrics(given: Mapping[str, Any]) -> Iterator[list[Any]]:
    """An alarm's metrics as those of a widget."""
    if "MetricName" in given:
        yield [*_words(given), {}]
    for each in given.get("Metrics", []):
        options = {"id": each["Id"], "visible": _is_shown(each.get("ReturnData", True))}
        options |= {"label": each["Label"]} if "Label" in each else {}
        if "Expression" in each:
            yield [{**options, "expression": each["Expression"]}]
            continue
        stat = each["MetricStat"]
        yield [
            *_words(stat["Metric"]),
            {**options, "stat": stat["Stat"], "period": int(_number(stat["Period"]) or PERIOD)},
        ]


def _is_shown(value: object) -> bool:
    """Templates say "false" as a text, too."""
    return str(value).lower() != "false"


def _words(given: Mapping[str, Any]) -> list[str]:
    pairs = [str(word) for each in given.get("Dimensions", []) for word in (each["Name"], each["Value"])]
    return [str(given["Namespace"]), str(given["MetricName"]), *pairs]
