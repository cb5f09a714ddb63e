"""What monitoring consists of, in one form for both sides: what templates say, and what the services describe."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator import schema

Item = Mapping[str, Any]
Ask = Callable[[Sequence[tuple[str, ...]]], list[Any]]  # commands of the AWS CLI -> what each printed
Found = Mapping[str, Mapping[str, Any]]  # name -> content

_ALARM = (
    *("AlarmDescription", "ComparisonOperator", "DatapointsToAlarm", "EvaluationPeriods", "ExtendedStatistic"),
    *("MetricName", "Namespace", "Period", "Statistic", "Threshold", "ThresholdMetricId", "Unit"),
    *("AlarmRule", "ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"),
)
_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


# Names that do not tell things apart: filters have theirs within a log group, several queries may have the same.
_IDENTITIES: dict[str, Callable[[Item, str, str], str]] = {
    "AWS::Logs::MetricFilter": lambda item, name, _identifier: f"{item['LogGroupName']}: {name}",
    "AWS::Athena::NamedQuery": lambda _item, name, identifier: f"{name} ({identifier})",
    "AWS::Glue::Table": lambda item, name, _identifier: f"{item['DatabaseName']}.{name}",
    "AWS::Logs::QueryDefinition": lambda _item, name, identifier: f"{name} ({identifier})",
}


@dataclass(frozen=True)
class Kind:
    """One kind of thing."""

    title: str  # in the plural
    type: str  # CloudFormation's
    key: str  # the property that is its name; "" where there is none
    form: Callable[[Item], dict[str, Any]]  # its content, from CloudFormation's properties
    look: Callable[[Ask], Found]  # all of them in an account and region

    def identity(self, properties: Item, identifier: str) -> str:
        """What tells it from others of its kind: the name in the template, or, where that has none, what Ref gives."""
        name = str(properties.get(self.key) or identifier.rsplit(":", 1)[-1])
        return _IDENTITIES[self.type](properties, name, identifier) if self.type in _IDENTITIES else name

    def content(self, properties: Item) -> dict[str, Any]:
        """What a template says, as the service would describe it."""
        return self.form(schema.coerced(self.type, properties))


def _alarm(item: Item) -> dict[str, Any]:
    content = {key: item[key] for key in _ALARM if item.get(key) not in (None, "")}
    content |= {key: sorted(item.get(key) or []) for key in _ACTIONS}
    content["ActionsEnabled"] = item.get("ActionsEnabled", True)
    if "AlarmRule" in content:
        return content
    content["TreatMissingData"] = item.get("TreatMissingData") or "missing"
    content["Dimensions"] = _dimensions(item)
    content["Metrics"] = {query["Id"]: _query(query) for query in item.get("Metrics") or []}
    return content


def _query(query: Item) -> dict[str, Any]:
    content = {"ReturnData": True, **{key: value for key, value in query.items() if key != "MetricStat"}}
    stat = query.get("MetricStat")
    if stat:
        content["MetricStat"] = {**stat, "Metric": {**stat["Metric"], "Dimensions": _dimensions(stat["Metric"])}}
    return content


def _dimensions(item: Item) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in item.get("Dimensions") or []}


def _alarms(kind: str) -> Callable[[Ask], Found]:
    def look(ask: Ask) -> Found:
        [answer] = ask([("cloudwatch", "describe-alarms", "--alarm-types", "MetricAlarm", "CompositeAlarm")])
        return {one["AlarmName"]: _alarm(one) for one in answer[f"{kind}s"]}

    return look


def _dashboard(item: Item) -> dict[str, Any]:
    body = item["DashboardBody"]
    return dict(json.loads(body) if isinstance(body, str) else body)


def _dashboards(ask: Ask) -> Found:
    [answer] = ask([("cloudwatch", "list-dashboards")])
    names = [one["DashboardName"] for one in answer["DashboardEntries"]]
    bodies = ask([("cloudwatch", "get-dashboard", "--dashboard-name", name) for name in names])
    return {name: _dashboard(body) for name, body in zip(names, bodies, strict=True)}


def _detector(item: Item) -> dict[str, Any]:
    plain = {key: item[key] for key in ("Namespace", "MetricName", "Dimensions", "Stat") if key in item}
    single = item.get("SingleMetricAnomalyDetector") or plain
    expressions = (item.get("MetricMathAnomalyDetector") or {}).get("MetricDataQueries") or []
    watched = {**single, "Dimensions": _dimensions(single)} if single else {}
    return {"metric": watched, "expressions": {query["Id"]: _query(query) for query in expressions}}


def _detectors(ask: Ask) -> Found:
    kinds = ("--anomaly-detector-types", "SINGLE_METRIC", "METRIC_MATH")
    [answer] = ask([("cloudwatch", "describe-anomaly-detectors", *kinds)])
    return {one["AnomalyDetectorId"]: _detector(one) for one in answer["AnomalyDetectors"]}


def _rule(item: Item) -> dict[str, Any]:
    pattern = item.get("EventPattern") or {}
    return {
        "EventBusName": str(item.get("EventBusName") or "default").rsplit("/", 1)[-1],
        "EventPattern": json.loads(pattern) if isinstance(pattern, str) else pattern,
        "ScheduleExpression": item.get("ScheduleExpression") or "",
        "State": item.get("State") or "ENABLED",
        "Targets": {target["Id"]: target for target in item.get("Targets") or []},
    }


def _rules(ask: Ask) -> Found:
    [buses] = ask([("events", "list-event-buses")])
    names = [bus["Name"] for bus in buses["EventBuses"]]
    answers = ask([("events", "list-rules", "--event-bus-name", name) for name in names])
    rules = [rule for answer in answers for rule in answer["Rules"]]
    targets = ask(
        [
            ("events", "list-targets-by-rule", "--rule", rule["Name"], "--event-bus-name", rule["EventBusName"])
            for rule in rules
        ]
    )
    return {rule["Name"]: _rule({**rule, **answer}) for rule, answer in zip(rules, targets, strict=True)}


def _log_group(item: Item) -> dict[str, Any]:
    kept = ("RetentionInDays", "KmsKeyId")
    return {"LogGroupClass": "STANDARD", **{key: item[key] for key in (*kept, "LogGroupClass") if item.get(key)}}


def _log_groups(ask: Ask) -> Found:
    [answer] = ask([("logs", "describe-log-groups")])
    return {one["logGroupName"]: _log_group(_upper(one)) for one in answer["logGroups"]}


def _filter(item: Item) -> dict[str, Any]:
    metrics = []
    for one in item["MetricTransformations"]:
        listed = one.get("Dimensions") or {}
        named = listed if isinstance(listed, Mapping) else {each["Key"]: each["Value"] for each in listed}
        metrics.append({"Unit": "None", **one, "Dimensions": dict(named)})
    return {**{key: item.get(key, "") for key in ("LogGroupName", "FilterPattern")}, "MetricTransformations": metrics}


def _filters(ask: Ask) -> Found:
    [answer] = ask([("logs", "describe-metric-filters")])
    found = {}
    for one in answer["metricFilters"]:
        metrics = [_upper(metric) for metric in one["metricTransformations"]]
        found[f"{one['logGroupName']}: {one['filterName']}"] = _filter(
            {**_upper(one), "MetricTransformations": metrics}
        )
    return found


def _saved(item: Item) -> dict[str, Any]:
    language = item.get("QueryLanguage") or "CWLI"
    groups = sorted(item.get("LogGroupNames") or [])
    return {"QueryString": item["QueryString"], "QueryLanguage": language, "LogGroupNames": groups}


def _saved_queries(ask: Ask) -> Found:
    [answer] = ask([("logs", "describe-query-definitions")])
    return {f"{one['name']} ({one['queryDefinitionId']})": _saved(_upper(one)) for one in answer["queryDefinitions"]}


def _topic(item: Item) -> dict[str, Any]:
    return {key: item[key] for key in ("KmsMasterKeyId", "DisplayName") if item.get(key)}


def _topics(ask: Ask) -> Found:
    [answer] = ask([("sns", "list-topics")])
    arns = [one["TopicArn"] for one in answer["Topics"]]
    details = ask([("sns", "get-topic-attributes", "--topic-arn", arn) for arn in arns])
    return {arn.rsplit(":", 1)[-1]: _topic(one["Attributes"]) for arn, one in zip(arns, details, strict=True)}


def _table(item: Item) -> dict[str, Any]:
    table = item.get("TableInput") or item
    return {
        key: table[key] for key in ("TableType", "PartitionKeys", "Parameters", "StorageDescriptor") if table.get(key)
    }


def _tables(ask: Ask) -> Found:
    [answer] = ask([("glue", "get-databases")])
    names = [one["Name"] for one in answer["DatabaseList"]]
    answers = ask([("glue", "get-tables", "--database-name", name) for name in names])
    return {f"{one['DatabaseName']}.{one['Name']}": _table(one) for found in answers for one in found["TableList"]}


def _named(item: Item) -> dict[str, Any]:
    return {key: item.get(key) for key in ("Database", "QueryString")} | {"WorkGroup": item.get("WorkGroup", "primary")}


def _named_queries(ask: Ask) -> Found:
    [answer] = ask([("athena", "list-work-groups")])
    names = [one["Name"] for one in answer["WorkGroups"]]
    lists = ask([("athena", "list-named-queries", "--work-group", name) for name in names])
    ids = [one for found in lists for one in found["NamedQueryIds"]]
    found = ask([("athena", "get-named-query", "--named-query-id", one) for one in ids])
    queries = [one["NamedQuery"] for one in found]
    return {f"{one['Name']} ({one['NamedQueryId']})": _named(one) for one in queries}


def _upper(item: Item) -> dict[str, Any]:
    """An answer of CloudWatch Logs, with CloudFormation's capital letters."""
    return {key[:1].upper() + key[1:]: value for key, value in item.items()}


KINDS = (
    Kind("alarms", "AWS::CloudWatch::Alarm", "AlarmName", _alarm, _alarms("MetricAlarm")),
    Kind("composite alarms", "AWS::CloudWatch::CompositeAlarm", "AlarmName", _alarm, _alarms("CompositeAlarm")),
    Kind("anomaly detectors", "AWS::CloudWatch::AnomalyDetector", "", _detector, _detectors),
    Kind("dashboards", "AWS::CloudWatch::Dashboard", "DashboardName", _dashboard, _dashboards),
    Kind("rules", "AWS::Events::Rule", "Name", _rule, _rules),
    Kind("topics", "AWS::SNS::Topic", "TopicName", _topic, _topics),
    Kind("log groups", "AWS::Logs::LogGroup", "LogGroupName", _log_group, _log_groups),
    Kind("metric filters", "AWS::Logs::MetricFilter", "FilterName", _filter, _filters),
    Kind("saved queries", "AWS::Logs::QueryDefinition", "Name", _saved, _saved_queries),
    Kind("Glue tables", "AWS::Glue::Table", "", _table, _tables),
    Kind("Athena queries", "AWS::Athena::NamedQuery", "Name", _named, _named_queries),
)


def differences(expected: Any, found: Any, at: str = "") -> Iterable[str]:
    """Where two contents differ, each with both values."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for key in [*expected, *(key for key in found if key not in expected)]:
            path = f"{at}.{key}" if at else str(key)
            yield from differences(expected.get(key), found.get(key), path)
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for number, pair in enumerate(zip(expected, found, strict=True)):
            yield from differences(*pair, f"{at}[{number}]")
    elif expected != found:
        yield f"{at} is {_brief(found)}, expected {_brief(expected)}"


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}…"
