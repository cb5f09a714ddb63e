"""Saved queries of Logs Insights, which ministack's CloudWatch Logs lacks.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

from emulator import names, operations

_KEPT = ("name", "queryString", "logGroupNames", "queryLanguage", "parameters")
_MOST = 1000  # on a page
# (account, region, id) -> as it is described
_held: dict[tuple[str, str, str], dict[str, Any]] = {}


def install() -> None:
    """Answer the three operations."""
    operations.add(
        "logs",
        {"PutQueryDefinition": _put, "DescribeQueryDefinitions": _describe, "DeleteQueryDefinition": _delete},
    )


def _put(request: Mapping[str, Any]) -> dict[str, Any]:
    """An update keeps nothing of what was there."""
    given = request.get("queryDefinitionId")
    if given is not None:
        _existing(given)
    made = str(given or uuid.uuid4())
    kept = {key: request[key] for key in _KEPT if request.get(key) is not None}
    defaults = {"queryLanguage": "CWLI", "logGroupNames": []}
    now = int(time.time() * 1000)
    _held[_key(made)] = {**defaults, **kept, "queryDefinitionId": made, "lastModified": now}
    return {"queryDefinitionId": made}


def _describe(request: Mapping[str, Any]) -> dict[str, Any]:
    prefix, language = request.get("queryDefinitionNamePrefix", ""), request.get("queryLanguage")
    found = [
        one
        for key, one in sorted(_held.items(), key=lambda item: item[1]["name"])
        if key[:2] == _key("")[:2] and one["name"].startswith(prefix) and language in (None, one["queryLanguage"])
    ]
    start, most = int(request.get("nextToken", 0)), int(request.get("maxResults", _MOST))
    more = {"nextToken": str(start + most)} if len(found) > start + most else {}
    return {"queryDefinitions": found[start : start + most], **more}


def _delete(request: Mapping[str, Any]) -> dict[str, Any]:
    _existing(request["queryDefinitionId"])
    del _held[_key(request["queryDefinitionId"])]
    return {"success": True}


def _existing(given: str) -> None:
    if _key(given) not in _held:
        raise operations.RefusedError(
            "ResourceNotFoundException", f"The specified query definition does not exist: {given}"
        )


def _key(given: str) -> tuple[str, str, str]:
    return names.account(), names.region(), given
