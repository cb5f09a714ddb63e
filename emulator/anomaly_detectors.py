"""Models of CloudWatch's anomaly detection, which ministack lacks: they are kept and described, and never trained.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutAnomalyDetector.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from emulator import names, operations

Request = Mapping[str, Any]
_SINGLE, _MATH = "SingleMetricAnomalyDetector", "MetricMathAnomalyDetector"
_PLAIN = ("Namespace", "MetricName", "Dimensions", "Stat")
_SETTINGS = ("Configuration", "MetricCharacteristics")
_TYPES = {"SINGLE_METRIC": _SINGLE, "METRIC_MATH": _MATH}
_MOST = 100  # on a page
# (account, region, id) -> as it is described
_held: dict[tuple[str, str, str], dict[str, Any]] = {}


def install() -> None:
    """Answer the three operations."""
    operations.add(
        "monitoring",
        {"PutAnomalyDetector": _put, "DescribeAnomalyDetectors": _describe, "DeleteAnomalyDetector": _delete},
    )


def _put(request: Request) -> dict[str, Any]:
    """There is one for each metric and statistic, or expression; putting it again changes its settings."""
    watched = _watched(request)
    found = next((one for one in _here() if _watched(one) == watched), None)
    made = found or {"AnomalyDetectorId": str(uuid.uuid4()), **watched, "StateValue": "PENDING_TRAINING"}
    settings = {key: request[key] for key in _SETTINGS if request.get(key)}
    kept = {key: value for key, value in made.items() if key not in _SETTINGS}
    _held[_key(made["AnomalyDetectorId"])] = {**kept, **settings}
    return {"AnomalyDetectorId": made["AnomalyDetectorId"]}


def _describe(request: Request) -> dict[str, Any]:
    kinds = [_TYPES[kind] for kind in request.get("AnomalyDetectorTypes") or ["SINGLE_METRIC"]]
    ids, asked = request.get("AnomalyDetectorIds"), {key: request[key] for key in _PLAIN if key in request}
    found = [
        one
        for one in _here()
        if (one["AnomalyDetectorId"] in ids if ids else any(kind in one for kind in kinds))
        and asked.items() <= one.get(_SINGLE, {}).items()
    ]
    start, most = int(request.get("NextToken", 0)), int(request.get("MaxResults", _MOST))
    more = {"NextToken": str(start + most)} if len(found) > start + most else {}
    return {"AnomalyDetectors": found[start : start + most], **more}


def _delete(request: Request) -> dict[str, Any]:
    given = request.get("AnomalyDetectorId")
    if given is None:
        watched = _watched(request)
        given = next((one["AnomalyDetectorId"] for one in _here() if _watched(one) == watched), None)
    if given is None or _key(given) not in _held:
        raise operations.RefusedError("ResourceNotFoundException", "The anomaly detector does not exist")
    del _held[_key(given)]
    return {}


def _watched(request: Request) -> dict[str, Any]:
    """The metric or the expression, in the form in which both are described today.

    Raises:
        RefusedError: there are two of them, or none.
    """
    plain = {key: request[key] for key in _PLAIN if request.get(key)}
    given = [key for key in (_SINGLE, _MATH) if request.get(key)]
    if len(given) + bool(plain) != 1:
        code = "InvalidParameterCombinationException" if given else "MissingRequiredParameterException"
        raise operations.RefusedError(code, f"One metric or one expression is needed, found {[*plain, *given]}")
    [key] = given or [_SINGLE]
    found = json.loads(json.dumps(request[key] if given else plain))
    if key == _SINGLE:
        missing = [name for name in ("Namespace", "MetricName", "Stat") if not found.get(name)]
        if missing:
            raise operations.RefusedError("MissingRequiredParameterException", f"{', '.join(missing)} is missing")
        found["Dimensions"] = sorted(found.get("Dimensions") or [], key=lambda one: str(one["Name"]))
    return {key: found}


def _here() -> list[dict[str, Any]]:
    return [one for key, one in _held.items() if key[:2] == _key("")[:2]]


def _key(given: str) -> tuple[str, str, str]:
    return names.account(), names.region(), given
