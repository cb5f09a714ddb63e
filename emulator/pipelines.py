"""CodePipeline's API for reading: recorded pipelines, in the form in which CodePipeline describes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from emulator import names, recorder

_TARGET = "CodePipeline_20150709"
_TYPE = "AWS::CodePipeline::Pipeline"
_OWN_KEYS = ("Configuration",)  # maps whose keys are the template's own, not CloudFormation's spelling of the API's
Response = tuple[int, dict[str, str], bytes]


class _NotFoundError(Exception):
    """There is no such pipeline."""


def install() -> None:
    """Answer requests for CodePipeline, which ministack knows nothing of."""
    names.load_module("ministack.core.router").__dict__["SERVICE_PATTERNS"]["codepipeline"] = {
        "target_prefixes": [_TARGET],
        "host_patterns": [r"codepipeline\."],
        "credential_scope": "codepipeline",
    }
    names.load_module("ministack.app").__dict__["SERVICE_HANDLERS"]["codepipeline"] = _handle


async def _handle(_method: str, _path: str, headers: Mapping[str, str], body: bytes, _query: Any) -> Response:
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    answer = _OPERATIONS.get(operation)
    if answer is None:
        return _error("InvalidActionException", f"the emulator has no operation {operation} of CodePipeline")
    try:
        return _response(200, answer(json.loads(body or b"{}")))
    except _NotFoundError as error:
        return _error("PipelineNotFoundException", str(error))


def _list(_request: Mapping[str, Any]) -> dict[str, Any]:
    found = recorder.held(_TYPE).values()
    return {
        "pipelines": [
            {key: pipeline[key] for key in ("name", "version", "pipelineType", "executionMode") if key in pipeline}
            for pipeline in map(_pipeline, found)
        ]
    }


def _get(request: Mapping[str, Any]) -> dict[str, Any]:
    properties = recorder.held(_TYPE).get(str(request.get("name")))
    if properties is None:
        raise _NotFoundError(f"Account '{names.account()}' does not have a pipeline with name '{request.get('name')}'")
    arn = f"arn:aws:codepipeline:{names.region()}:{names.account()}:{request['name']}"
    return {"pipeline": _pipeline(properties), "metadata": {"pipelineArn": arn}}


_OPERATIONS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {"ListPipelines": _list, "GetPipeline": _get}


def _pipeline(properties: Mapping[str, Any]) -> dict[str, Any]:
    left_out = ("Tags", "RestartExecutionOnUpdate", "DisableInboundStageTransitions")
    shown = _api({key: value for key, value in properties.items() if key not in left_out})
    return {"version": 1, **shown}


def _api(value: Any) -> Any:
    """CloudFormation's properties with the API's lower-case first letters."""
    if isinstance(value, list):
        return [_api(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {key[:1].lower() + key[1:]: dict(inner) if key in _OWN_KEYS else _api(inner) for key, inner in value.items()}


def _error(code: str, message: str) -> Response:
    return _response(400, {"__type": code, "message": message})


def _response(status: int, document: Mapping[str, Any]) -> Response:
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(document, default=str).encode()
