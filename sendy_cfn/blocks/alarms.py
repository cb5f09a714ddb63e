"""Alarms of CloudWatch in their two forms, on one metric and on metric math, and what their descriptions have.

A description says what happened, what to look at first and where. It shows in the console and in e-mails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Sub, cloudwatch

from sendy_cfn.knobs import alarms as knobs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from troposphere import AWSHelperFn

    Value = AWSHelperFn | str
    Limit = AWSHelperFn | int
    Metric = tuple[str, Value, Mapping[str, Value]]  # namespace, name, dimensions

CONSOLE = "https://console.aws.amazon.com"


def link(page: str) -> str:
    """The address of a page of the console, for Sub; `page` is what comes after the host."""
    service, _, place = page.partition("/")
    path, mark, fragment = place.partition("#")
    return f"{CONSOLE}/{service}/{path}?region=${{AWS::Region}}{mark}{fragment}"


def on_metric(
    title: str,
    name: Sub,
    description: str,
    metric: Metric,
    statistic: str,
    limit: Limit,
    minutes: Limit,
    *,
    period: int = knobs.PERIOD,
    below: bool = False,
    missing: str = "notBreaching",
) -> cloudwatch.Alarm:
    """An alarm on one metric that is above its limit, or `below`, for `minutes` periods.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    namespace, metric_name, of = metric
    found = cloudwatch.Alarm(
        title,
        AlarmName=name,
        AlarmDescription=Sub(description),
        Namespace=namespace,
        MetricName=metric_name,
        Statistic=statistic,
        Period=period,
        ComparisonOperator="LessThanThreshold" if below else "GreaterThanThreshold",
        Threshold=limit,
        EvaluationPeriods=minutes,
        TreatMissingData=missing,
    )
    if of:
        found.Dimensions = dimensions(of)
    return found


def on_math(
    title: str,
    name: Sub,
    description: str,
    expression: str,
    metrics: Sequence[cloudwatch.MetricDataQuery],
    limit: Limit,
    minutes: Limit,
) -> cloudwatch.Alarm:
    """An alarm on metric math over metrics that is above its limit for some minutes. Without data, nothing is wrong."""
    value = cloudwatch.MetricDataQuery(Id="value", Expression=_sub(expression))
    return cloudwatch.Alarm(
        title,
        AlarmName=name,
        AlarmDescription=Sub(description),
        Metrics=[value, *metrics],
        ComparisonOperator="GreaterThanThreshold",
        Threshold=limit,
        EvaluationPeriods=minutes,
        TreatMissingData="notBreaching",
    )


def on_band(
    title: str,
    name: Sub,
    description: str,
    expression: str,
    metrics: Sequence[cloudwatch.MetricDataQuery],
    *,
    both_sides: bool,
    width: str,
) -> cloudwatch.Alarm:
    """An alarm on values out of the band that AWS expects at that hour, from up to two weeks before.

    Args:
        title: the logical id.
        name: the alarm's name.
        description: what happened, what to look at first, and where.
        expression: over the metrics; "" where there is one only.
        metrics: hidden ones, for the expression.
        both_sides: whether too little counts, too.
        width: of the band, in standard deviations; the name of a parameter.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Anomaly_Detection.html
    """
    if expression:
        values = [*metrics, cloudwatch.MetricDataQuery(Id="value", Expression=expression)]
    else:
        (only,) = metrics
        only.Id, only.ReturnData = "value", True
        values = [only]
    band = cloudwatch.MetricDataQuery(Id="band", Expression=Sub(f"ANOMALY_DETECTION_BAND(value, ${{{width}}})"))
    return cloudwatch.Alarm(
        title,
        AlarmName=name,
        AlarmDescription=Sub(description),
        Metrics=[*values, band],
        ComparisonOperator="LessThanLowerOrGreaterThanUpperThreshold" if both_sides else "GreaterThanUpperThreshold",
        ThresholdMetricId="band",
        EvaluationPeriods=knobs.BAND_PERIODS,
    )


def query(name: str, metric: Metric, statistic: str, period: int = knobs.PERIOD) -> cloudwatch.MetricDataQuery:
    """A metric for metric math, by this name."""
    namespace, metric_name, of = metric
    return cloudwatch.MetricDataQuery(
        Id=name,
        ReturnData=False,
        MetricStat=cloudwatch.MetricStat(
            Metric=cloudwatch.Metric(Namespace=namespace, MetricName=metric_name, Dimensions=dimensions(of)),
            Period=period,
            Stat=statistic,
        ),
    )


def dimensions(of: Mapping[str, Value]) -> list[cloudwatch.MetricDimension]:
    """Dimensions by name."""
    return [cloudwatch.MetricDimension(Name=key, Value=value) for key, value in of.items()]


def any_of(alarms: Sequence[cloudwatch.Alarm]) -> str:
    """A composite alarm's rule, for Sub: one of these is in ALARM.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
    """
    return " OR ".join(f"ALARM(${{{alarm.title}}})" for alarm in alarms)


def _sub(text: str) -> Value:
    return Sub(text) if "${" in text else text
