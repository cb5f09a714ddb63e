"""The structure of a dashboard's body, as a JSON Schema: what AWS's page lists, and nothing else.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
SWITCH: Schema = {"type": "boolean"}
SECONDS: Schema = {"type": "integer", "minimum": 1}


def _object(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _one_of(*values: str) -> Schema:
    return {"enum": list(values)}


AXIS = _object({"label": TEXT, "min": {"type": "number"}, "max": {"type": "number"}, "showUnits": SWITCH})
OPTIONS = {
    "color": {"type": "string", "pattern": "^#[0-9a-f]{6}$"},
    "id": {"type": "string", "pattern": "^[a-z][A-Za-z0-9_]*$"},
    "label": TEXT,
    "period": SECONDS,
    "region": TEXT,
    "stat": {"type": "string", "pattern": r"^(SampleCount|Average|Sum|Minimum|Maximum|p[0-9]{1,2}(\.[0-9]+)?|p100)$"},
    "visible": SWITCH,
    "yAxis": _one_of("left", "right"),
}
# [namespace, name, dimension, value, …, {options}], or [{expression}]. AWS: at most 30 dimensions.
METRIC = {
    "type": "array",
    "minItems": 3,
    "maxItems": 63,
    "items": {"anyOf": [TEXT, _object(OPTIONS)]},
}
EXPRESSION = {
    "type": "array",
    "minItems": 1,
    "maxItems": 1,
    "items": _object({**OPTIONS, "expression": {"type": "string", "minLength": 1, "maxLength": 2048}}, "expression"),
}
LINES = {"type": "array", "minItems": 1, "maxItems": 500, "items": {"anyOf": [METRIC, EXPRESSION]}}
ALARM = {"type": "string", "pattern": r"^arn:[a-z-]+:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:.+$"}
# Without metrics it shows what the alarm in its annotations looks at.
OF_ALARM = {"required": ["annotations"], "properties": {"annotations": {"required": ["alarms"]}}}
SHOWN = {"anyOf": [{"required": ["metrics"]}, OF_ALARM]}
PROPERTIES: dict[str, Schema] = {
    "metric": _object(
        {
            "accountId": TEXT,
            "annotations": _object({"alarms": {"type": "array", "minItems": 1, "maxItems": 1, "items": ALARM}}),
            "legend": _object({"position": _one_of("right", "bottom", "hidden")}),
            "liveData": SWITCH,
            "metrics": LINES,
            "period": SECONDS,
            "region": TEXT,
            "setPeriodToTimeRange": SWITCH,
            "singleValueFullPrecision": SWITCH,
            "sparkline": SWITCH,
            "stacked": SWITCH,
            "stat": TEXT,
            "table": {"type": "object"},
            "timezone": TEXT,
            "title": TEXT,
            "trend": SWITCH,
            "view": _one_of("timeSeries", "singleValue", "gauge", "bar", "pie", "table"),
            "yAxis": _object({"left": AXIS, "right": AXIS}),
        },
        "region",
    )
    | SHOWN,
    "alarm": _object(
        {
            "alarms": {"type": "array", "minItems": 1, "maxItems": 100, "uniqueItems": True, "items": ALARM},
            "sortBy": _one_of("default", "stateUpdatedTimestamp", "timestamp"),
            "states": {"type": "array", "items": _one_of("ALARM", "INSUFFICIENT_DATA", "OK")},
            "title": TEXT,
        },
        "alarms",
    ),
    "text": _object({"background": _one_of("solid", "transparent"), "markdown": TEXT}, "markdown"),
    "log": _object(
        {
            "accountId": TEXT,
            "query": TEXT,
            "region": TEXT,
            "stacked": SWITCH,
            "title": TEXT,
            "view": _one_of("table", "timeSeries", "bar", "pie"),
        },
        "query",
        "region",
    ),
}
WIDGET = {
    "oneOf": [
        _object(
            {
                "type": {"const": kind},
                "x": {"type": "integer", "minimum": 0, "maximum": 23},
                "y": {"type": "integer", "minimum": 0},
                "width": {"type": "integer", "minimum": 1, "maximum": 24},
                "height": {"type": "integer", "minimum": 1, "maximum": 1000},
                "properties": properties,
            },
            *("type", "x", "y", "width", "height", "properties"),
        )
        for kind, properties in PROPERTIES.items()
    ]
}
VARIABLE = _object(
    {
        "type": _one_of("property", "pattern"),
        "property": TEXT,
        "pattern": TEXT,
        "inputType": _one_of("input", "radio", "select"),
        "id": {"type": "string", "maxLength": 32},
        "label": TEXT,
        "visible": SWITCH,
        "defaultValue": TEXT,
        "search": TEXT,
        "populateFrom": TEXT,
        "values": {"type": "array"},
    },
    *("type", "inputType", "id"),
)
BODY = _object(
    {
        "start": {"type": "string", "pattern": "^-P[0-9TDHM]+$"},
        "end": TEXT,
        "periodOverride": _one_of("auto", "inherit"),
        "widgets": {"type": "array", "maxItems": 500, "items": WIDGET},
        "variables": {"type": "array", "maxItems": 25, "items": VARIABLE},
    },
    "widgets",
)
