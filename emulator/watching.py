"""What ministack's CloudWatch drops of alarms and dashboards: metric math, bands, suppressors, checks, events.

Alarms over expressions and bands are kept and described; their state is what SetAlarmState says, for nothing computes
them.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from emulator import names

Alarm = dict[str, Any]
_BANDS = ("LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")
_OF_ONE_METRIC = ("Namespace", "MetricName", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")
_SUPPRESSOR = ("ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
_ID = re.compile(r"[a-z][A-Za-z0-9_]*")
_DAY, _WEEK, _HOUR = 86_400, 604_800, 3600  # seconds
_NEW = {"value": "INSUFFICIENT_DATA", "reason": "Unchecked: Initial alarm creation"}
# (account, region, name) -> the state that the last event told
_told: dict[tuple[str, str, str], dict[str, str]] = {}


def install() -> None:
    """Change what ministack does on PutMetricAlarm, PutCompositeAlarm and PutDashboard, and when alarms change."""
    cloudwatch: Any = names.load("cloudwatch")
    put, put_composite, act = (
        cloudwatch._put_metric_alarm,
        cloudwatch._put_composite_alarm,
        cloudwatch._dispatch_alarm_actions,
    )

    def put_metric_alarm(parameters: Any, data: Mapping[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
        wrong = next(problems(data), None) if data else None
        if wrong is not None:
            return cloudwatch._error("ValidationError", wrong, 400, use_json=is_json, use_cbor=is_cbor)
        _forget(data, cloudwatch._alarms)
        answer = put(parameters, data, is_cbor, is_json)
        if answer[0] == 200 and data:
            _complete(cloudwatch._alarms[data["AlarmName"]], data)
        return answer

    def put_composite_alarm(parameters: Any, data: Mapping[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
        _forget(data, cloudwatch._composite_alarms)
        answer = put_composite(parameters, data, is_cbor, is_json)
        if answer[0] == 200 and data:
            given = {key: data[key] for key in _SUPPRESSOR if key in data}
            cloudwatch._composite_alarms[data["AlarmName"]].update(given)
        return answer

    def changed(alarm: Alarm, old: str, new: str, reason: str) -> None:
        _tell(alarm)
        act(alarm, old, new, reason)

    cloudwatch._put_metric_alarm = put_metric_alarm
    cloudwatch._put_composite_alarm = put_composite_alarm
    cloudwatch._dispatch_alarm_actions = changed
    _check_dashboards(cloudwatch)


def problems(data: Mapping[str, Any]) -> Iterator[str]:
    """What CloudWatch refuses in an alarm of one metric, of metric math, or of a band."""
    queries, band = data.get("Metrics") or [], data.get("ThresholdMetricId")
    if bool(queries) == bool(data.get("MetricName")):
        yield "One of MetricName and Metrics is required, and not both"
        return
    yield from _query_problems(queries, band)
    yield from (f"{key} can't stand beside Metrics" for key in _OF_ONE_METRIC if queries and data.get(key))
    if not queries and bool(data.get("Statistic")) == bool(data.get("ExtendedStatistic")):
        yield "One of Statistic and ExtendedStatistic is required, and not both"
    of_band = data.get("ComparisonOperator") in _BANDS
    if of_band is not bool(band):
        yield f"{data.get('ComparisonOperator')} and ThresholdMetricId {band} don't go together"
    if bool(band) is ("Threshold" in data):
        yield "One of Threshold and ThresholdMetricId is required, and not both"
    yield from _period_problems(data)


def _query_problems(queries: list[Mapping[str, Any]], band: str | None) -> Iterator[str]:
    ids = [str(query["Id"]) for query in queries]
    yield from (f"{one} is no id" for one in ids if not _ID.fullmatch(one))
    if len(set(ids)) < len(ids):
        yield f"ids are not unique: {', '.join(ids)}"
    for query in queries:
        if ("MetricStat" in query) == ("Expression" in query):
            yield f"{query['Id']}: one of MetricStat and Expression is required, and not both"
        yield from _expression_problems(query, ids)
    if band is not None:
        [found] = [query for query in queries if query["Id"] == band] or [{}]
        if not str(found.get("Expression", "")).startswith("ANOMALY_DETECTION_BAND("):
            yield f"ThresholdMetricId {band} is no ANOMALY_DETECTION_BAND"
    watched = [query["Id"] for query in queries if query.get("ReturnData", True) and query["Id"] != band]
    if queries and len(watched) != 1:
        yield f"one metric or expression has to return data, found {len(watched)}"


def _expression_problems(query: Mapping[str, Any], ids: list[str]) -> Iterator[str]:
    formula = re.sub(r"'[^']*'|\"[^\"]*\"", "", str(query.get("Expression", "")))
    if re.match(r"\s*SELECT\b", formula):
        return
    if re.search(r"\bSEARCH\s*\(", formula):
        yield f"{query['Id']}: SEARCH is not supported in alarms"
    yield from (
        f"{query['Id']}: {name} is not defined" for name in re.findall(r"\b[a-z]\w*", formula) if name not in ids
    )


def _period_problems(data: Mapping[str, Any]) -> Iterator[str]:
    queries = data.get("Metrics") or []
    stated = [query.get("MetricStat", query).get("Period") for query in queries] or [data.get("Period")]
    periods = [int(period) for period in stated if period is not None]
    yield from (f"{one} s is no period" for one in periods if one not in (10, 20, 30) and one % 60)
    count = int(data.get("EvaluationPeriods", 0))
    if count < 1:
        yield "EvaluationPeriods is required"
    if int(data.get("DatapointsToAlarm") or 1) > count:
        yield f"DatapointsToAlarm {data['DatapointsToAlarm']} is more than EvaluationPeriods {count}"
    longest = max(periods, default=60)
    limit = _WEEK if longest >= _HOUR else _DAY
    if longest * count > limit:
        yield f"{count} periods of {longest} s are longer than {limit} s"


def _complete(alarm: Alarm, data: Mapping[str, Any]) -> None:
    """The request's own values in place of ministack's defaults; what it leaves out is not described."""
    queries = [{"ReturnData": True, **query} for query in data.get("Metrics") or []]
    for key in (*_OF_ONE_METRIC, "Threshold"):
        alarm.pop(key, None)
    given = {key: data[key] for key in (*_OF_ONE_METRIC, "Threshold") if data.get(key) is not None}
    more = {key: data[key] for key in ("ThresholdMetricId", "EvaluateLowSampleCountPercentile") if key in data}
    alarm.update({"Dimensions": [], **given, **more, **({"Metrics": queries} if queries else {})})


def _forget(data: Mapping[str, Any], held: Mapping[str, Any]) -> None:
    """A new alarm has no past, also where another one had its name."""
    name = str(data.get("AlarmName"))
    if name not in held:
        _told.pop((names.account(), names.region(), name), None)


def _tell(alarm: Alarm) -> None:
    """Send EventBridge what changed.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    key = (names.account(), names.region(), str(alarm["AlarmName"]))
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
    data = {"reasonData": alarm["StateReasonData"]} if alarm.get("StateReasonData") else {}
    state = {"value": alarm["StateValue"], "reason": alarm["StateReason"], **data, "timestamp": now}
    before = _told.get(key, {**_NEW, "timestamp": now})
    _told[key] = state
    detail = {
        "alarmName": alarm["AlarmName"],
        "configuration": _configuration(alarm),
        "previousState": before,
        "state": state,
    }
    entry = {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Resources": [alarm["AlarmArn"]],
        "Detail": json.dumps(detail),
    }
    names.load("eventbridge")._put_events({"Entries": [entry]}, allow_aws_source=True)


def _configuration(alarm: Alarm) -> dict[str, Any]:
    description = {"description": alarm["AlarmDescription"]} if alarm.get("AlarmDescription") else {}
    if "AlarmRule" in alarm:
        suppressor = {key[:1].lower() + key[1:]: alarm[key] for key in _SUPPRESSOR if key in alarm}
        return {**description, "alarmRule": alarm["AlarmRule"], **suppressor}
    queries = alarm.get("Metrics") or [
        {
            "Id": str(uuid.uuid5(uuid.NAMESPACE_URL, alarm["AlarmArn"])),
            "MetricStat": {
                "Metric": {key: alarm.get(key) for key in ("Namespace", "MetricName", "Dimensions")},
                "Period": alarm.get("Period"),
                "Stat": alarm.get("ExtendedStatistic") or alarm.get("Statistic"),
            },
            "ReturnData": True,
        }
    ]
    return {**description, "metrics": [_query(query) for query in queries]}


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    """As events spell it."""
    found = {key[:1].lower() + key[1:]: value for key, value in query.items() if key != "MetricStat"}
    stat = query.get("MetricStat")
    if stat:
        metric = stat["Metric"]
        dimensions = {one["Name"]: one["Value"] for one in metric.get("Dimensions") or []}
        named = {"dimensions": dimensions, "name": metric["MetricName"], "namespace": metric["Namespace"]}
        found["metricStat"] = {"metric": named, "period": stat["Period"], "stat": stat["Stat"]}
    return found


def _check_dashboards(cloudwatch: Any) -> None:
    """A name has letters, digits, - and _ only; a body is an object of JSON with widgets.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
    """
    plain, keep = cloudwatch._put_dashboard, cloudwatch.cloudformation_put_dashboard

    def put(name: str, body: str) -> Any:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
            raise ValueError(f"The value {name} for field DashboardName contains invalid characters")
        try:
            content = json.loads(body)
        except ValueError as error:
            raise ValueError(f"The field DashboardBody must be a valid JSON object: {error}") from error
        if not isinstance(content, dict) or not isinstance(content.get("widgets"), list):
            raise ValueError("The dashboard body is invalid: it should have property 'widgets'")
        return keep(name, body)

    def put_dashboard(parameters: Any, data: Any, is_cbor: bool, is_json: bool = False) -> Any:
        try:
            return plain(parameters, data, is_cbor, is_json)
        except ValueError as error:
            return cloudwatch._error("InvalidParameterInput", str(error), 400, use_json=is_json, use_cbor=is_cbor)

    cloudwatch.cloudformation_put_dashboard = put
    cloudwatch._put_dashboard = put_dashboard
