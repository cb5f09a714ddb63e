"""What ministack lacks between an event and a number: log groups as targets of rules, and metric filters.

Events of AWS's own services are taken from callers, who stand for those services here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from emulator import filter_patterns, filter_tests, names, operations

_STREAM = "events"
_DIMENSIONS = 3  # AWS: of a metric filter at most


def install() -> None:
    """Change what ministack does on PutEvents and PutLogEvents, and answer TestMetricFilter."""
    bridge: Any = names.load("eventbridge")
    logs: Any = names.load("cloudwatch_logs")
    put_events, invoke, put_lines = bridge._put_events, bridge._invoke_target, logs._put_log_events
    bridge._put_events = lambda data, allow_aws_source=True: put_events(data, allow_aws_source=allow_aws_source)

    def invoke_target(target: Mapping[str, Any], event: Any, rule: Any, view: Any = None) -> None:
        _, _, service, region, account, *rest = str(target.get("Arn", "")).split(":", 6)
        if service != "logs":
            invoke(target, event, rule, view)
        elif (region, account) == (names.region(), names.account()):
            view = view or bridge._pattern_event_view(event)
            transformer = target.get("InputTransformer")
            whole = json.dumps(view.event_with_detail())
            _write(logs, rest[-1], bridge._apply_input_transformer(transformer, rule, view) if transformer else whole)

    def put_log_events(data: Mapping[str, Any]) -> Any:
        answer = put_lines(data)
        if answer[0] == 200:
            for line in data.get("logEvents", []):
                _count(logs, str(data["logGroupName"]), str(line.get("message", "")))
        return answer

    _follow_indices(bridge)
    plain_put = logs._put_metric_filter

    def put_metric_filter(data: Mapping[str, Any]) -> Any:
        try:
            _check_filter(data)
        except filter_tests.PatternError as error:
            answer = {"__type": "InvalidParameterException", "message": str(error)}
            return 400, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode()
        return plain_put(data)

    logs._put_metric_filter = put_metric_filter
    bridge._invoke_target = invoke_target
    logs._put_log_events = put_log_events
    operations.add("logs", {"TestMetricFilter": _test_filter})


def _check_filter(data: Mapping[str, Any]) -> None:
    """What CloudWatch Logs refuses in a metric filter.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html
    """
    filter_patterns.matcher(str(data.get("filterPattern", "")))
    for one in data.get("metricTransformations", []):
        dimensions = one.get("dimensions") or {}
        if len(dimensions) > _DIMENSIONS:
            raise filter_tests.PatternError(f"at most {_DIMENSIONS} dimensions, found {len(dimensions)}")
        if dimensions and one.get("defaultValue") is not None:
            raise filter_tests.PatternError("dimensions and default value are mutually exclusive properties")


def _follow_indices(bridge: Any) -> None:
    """Let input transformers name items of lists; what a path does not find is left out of the message."""
    plain = bridge._apply_input_transformer

    def apply(transformer: Mapping[str, Any], rule: Any, view: Any) -> Any:
        event = view.event_with_detail()
        paths = transformer.get("InputPathsMap", {})
        values = {name: filter_patterns.selected(path, event) for name, path in paths.items()}
        found = {name: "" if value is filter_tests.MISSING else value for name, value in values.items()}
        seen = _View({**event, "found": found}, view.envelope())
        return plain({**transformer, "InputPathsMap": {name: f"$.found.{name}" for name in found}}, rule, seen)

    bridge._apply_input_transformer = apply


class _View:
    """An event as ministack's transformer looks at it."""

    def __init__(self, event: dict[str, Any], envelope: Any) -> None:
        self._event, self._envelope = event, envelope

    def event_with_detail(self) -> dict[str, Any]:
        return self._event

    def envelope(self) -> Any:
        return self._envelope


def _write(logs: Any, group: str, text: str) -> None:
    """Where a target has an input transformer, it says time and message.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html
    """
    content = json.loads(text)
    now = int(time.time() * 1000)
    if set(content) == {"timestamp", "message"}:
        now, text = int(datetime.fromisoformat(content["timestamp"]).timestamp() * 1000), content["message"]
    logs._create_log_stream({"logGroupName": group, "logStreamName": _STREAM})
    lines = [{"timestamp": now, "message": text}]
    logs._put_log_events({"logGroupName": group, "logStreamName": _STREAM, "logEvents": lines})


def _count(logs: Any, group: str, line: str) -> None:
    for (of, _name), found in list(logs._metric_filters.items()):
        if of == group:
            for metric in metrics(found["filterPattern"], found["metricTransformations"], line):
                names.load("cloudwatch").record_metric(**metric)


def metrics(pattern: str, transformations: list[dict[str, Any]], line: str) -> list[dict[str, Any]]:
    """What a line adds to the metrics of a filter: the arguments of ministack's `record_metric`."""
    content = filter_patterns.content(pattern, line)
    matched = filter_patterns.matcher(pattern)(line)
    made = []
    for one in transformations:
        value: Any = one.get("defaultValue")
        chosen: dict[str, str] = {}
        if matched:
            value = _field(one["metricValue"], content)
            chosen = {name: _field(selector, content) for name, selector in (one.get("dimensions") or {}).items()}
        if value is None or None in chosen.values():
            continue  # without its number or one of its dimensions nothing is published
        where = {"namespace": one["metricNamespace"], "metric_name": one["metricName"]}
        made.append({**where, "value": float(value), "unit": one.get("unit", "None"), "dimensions": chosen})
    return made


def _field(value: str, content: Any) -> Any:
    if not value.startswith("$"):
        return value
    found = filter_patterns.selected(value, content)
    return None if found is filter_tests.MISSING else found


def _test_filter(asked: Mapping[str, Any]) -> dict[str, Any]:
    try:
        matches = filter_patterns.matcher(asked["filterPattern"])
    except filter_tests.PatternError as error:
        raise operations.RefusedError("InvalidParameterException", str(error)) from error
    found = [
        {"eventNumber": number, "eventMessage": line, "extractedValues": {}}
        for number, line in enumerate(asked["logEventMessages"], 1)
        if matches(line)
    ]
    return {"matches": found}
