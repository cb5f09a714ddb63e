"""Alarms: what all of them have, and the one that stands for those of a template.

Each says in its description what happened, what to look at first, and where. Messages come from the composite alarms:
people hear once of what sets off several.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import If, Join, NoValue, Sub, cloudwatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from troposphere import AWSHelperFn, Ref
    from troposphere import sqs as queues

    Value = AWSHelperFn | str
    Query = cloudwatch.MetricDataQuery
    Metric = tuple[str, Value, Mapping[str, Value]]  # namespace, name, dimensions

MINUTE = 60  # seconds
FIVE_MINUTES = 5 * MINUTE
HEALTH = "health"  # how names of alarms end that people get messages from


def console(page: str) -> str:
    """The address of a page of the console, for Sub."""
    return f"https://console.aws.amazon.com/{page.replace('?', '?region=${AWS::Region}')}"


def dashboard_page(name: str) -> str:
    """The address of a dashboard, for Sub; `name` may have references."""
    return console(f"cloudwatch/home?#dashboards/dashboard/{name}")


def metric(
    name: str, namespace: str, metric_name: str, statistic: str, dimensions: Mapping[str, Value], period: int = MINUTE
) -> Query:
    """A metric that a formula refers to by `name`; `period` in seconds."""
    return cloudwatch.MetricDataQuery(
        Id=name,
        ReturnData=False,
        MetricStat=cloudwatch.MetricStat(
            Metric=cloudwatch.Metric(Namespace=namespace, MetricName=metric_name, Dimensions=_pairs(dimensions)),
            Period=period,
            Stat=statistic,
        ),
    )


def of_formula(
    title: str, name: str, says: str, formula: Value, metrics: Sequence[Query], above: Ref | int, **more: Any
) -> cloudwatch.Alarm:
    """An alarm on metric math that goes off above a threshold.

    Args:
        title: its logical id.
        name: its name, for Sub.
        says: what happened, what to look at first, and a link, for Sub.
        formula: of the metrics.
        metrics: what the formula refers to.
        above: the threshold.
        more: EvaluationPeriods and what else differs.
    """
    value = cloudwatch.MetricDataQuery(Id="value", Expression=_sub(formula))
    return _alarm(title, name, says, **{"Threshold": above, "Metrics": [value, *metrics], **more})


def of_band(
    title: str, name: str, says: str, formula: str, metrics: Sequence[Query], width: Ref, **more: Any
) -> cloudwatch.Alarm:
    """An alarm on values out of the band that AWS expects at that hour, from up to two weeks before.

    Args:
        title: its logical id.
        name: its name, for Sub.
        says: what happened, what to look at first, and a link, for Sub.
        formula: of the metrics; "" where there is one only.
        metrics: what the formula refers to.
        width: of the band, in standard deviations; a parameter.
        more: EvaluationPeriods, ComparisonOperator and what else differs.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Anomaly_Detection.html
    """
    if formula:
        values = [*metrics, cloudwatch.MetricDataQuery(Id="value", Expression=formula)]
    else:
        (only,) = metrics
        only.Id, only.ReturnData = "value", True
        values = [only]
    expected = Sub(f"ANOMALY_DETECTION_BAND(value, ${{{width.data['Ref']}}})")
    band = cloudwatch.MetricDataQuery(Id="band", Expression=expected)
    # Without data nothing is known of it: neither well nor not.
    given = {"Metrics": [*values, band], "ThresholdMetricId": band.Id, "TreatMissingData": "missing"}
    return _alarm(title, name, says, **(given | more))


def of_metric(
    title: str,
    name: str,
    says: str,
    metric_of: Metric,
    above: Ref | int,
    **more: Any,
) -> cloudwatch.Alarm:
    """An alarm on a metric, given by namespace, name and dimensions: the sum of five minutes, or what `more` says."""
    namespace, metric_name, dimensions = metric_of
    given: dict[str, Any] = {
        "Namespace": namespace,
        "MetricName": metric_name,
        **({"Dimensions": _pairs(dimensions)} if dimensions else {}),
        "Statistic": "Sum",
        "Period": FIVE_MINUTES,
        "EvaluationPeriods": 1,
        "Threshold": above,
    }
    return _alarm(title, name, says, **(given | more))


def _alarm(title: str, name: str, says: str, **more: Any) -> cloudwatch.Alarm:
    given: dict[str, Any] = {
        "AlarmName": _sub(name),
        "AlarmDescription": Sub(says),
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",  # these metrics are missing where nothing happens
    }
    return cloudwatch.Alarm(title, **(given | more))


def _sub(text: Value) -> Value:
    return Sub(text) if isinstance(text, str) and "${" in text else text


def _pairs(dimensions: Mapping[str, Value]) -> list[cloudwatch.MetricDimension]:
    return [cloudwatch.MetricDimension(Name=key, Value=value) for key, value in dimensions.items()]


def health(name: str, of: str, alarms: Iterable[cloudwatch.Alarm], **more: Any) -> cloudwatch.CompositeAlarm:
    """The alarm that is on while one of the alarms is. Alarms with a condition count where it holds.

    Args:
        name: for Sub, without its end.
        of: what is not well then, in words.
        alarms: at least one of them without a condition, or with that of this one.
        more: a Condition, where there is one.
    """
    by_condition: dict[str, list[str]] = {}
    for alarm in alarms:
        by_condition.setdefault(alarm.resource.get("Condition", ""), []).append(f"ALARM(${{{alarm.title}}})")
    parts: list[Any] = []
    for condition, found in by_condition.items():
        part = Sub(" OR ".join(found))
        parts.append(If(condition, part, NoValue) if condition not in ("", more.get("Condition")) else part)
    page = console(f"cloudwatch/home?#alarmsV2:alarm/{name}-{HEALTH}")
    return cloudwatch.CompositeAlarm(
        "HealthAlarm",
        **more,
        AlarmName=Sub(f"{name}-{HEALTH}"),
        AlarmDescription=Sub(f"{of}. Look first at which of its alarms is on, and what that says: {page}"),
        AlarmRule=parts[0] if len(parts) == 1 else Join(" OR ", parts),
    )


def undelivered(name: str, queue: queues.Queue, what: str) -> cloudwatch.Alarm:
    """Something is in a queue for what could not be delivered; the only alarm of its template that has messages.

    `name` is for Sub, without its end; with a `_`, as no service's alarm can have it.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    page = console("sqs/v3/home?#/queues/https%3A%2F%2Fsqs.${AWS::Region}.${AWS::URLSuffix}%2F${AWS::AccountId}")
    says = (
        f"{what} could not be delivered. Look first at a message of the queue and its attribute ERROR_MESSAGE, then"
        f" at the policies of the target: {page}%2F${{{queue.title}.QueueName}}"
    )
    visible = ("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": queue.get_att("QueueName")})
    return of_metric("UndeliveredAlarm", f"{name}-{HEALTH}", says, visible, 0, Statistic="Maximum")
