"""Resolved properties of an ECS service as the API call that CloudFormation makes of them, held against botocore's."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

# Property -> parameter, where the first letter is not the only difference.
_NAMES = {"PlacementStrategies": "placementStrategy"}


@cache
def _model() -> Any:
    return botocore.session.get_session().get_service_model("ecs").operation_model("CreateService").input_shape


def create_service(properties: dict[str, Any]) -> dict[str, Any]:
    """The call's parameters."""
    parameters: dict[str, Any] = {"serviceName": "name"} | _lowered(properties)
    return parameters


def refused(parameters: dict[str, Any]) -> str:
    """What botocore's model has against them: unknown names, types, and words that are none of a list."""
    problems = ParamValidator().validate(parameters, _model()).generate_report()
    return "\n".join([*filter(None, [problems]), *_wrong_words(parameters, _model(), "")])


def _lowered(node: Any) -> Any:
    if isinstance(node, list):
        return [_lowered(item) for item in node]
    if isinstance(node, dict):
        return {_NAMES.get(key, key[:1].lower() + key[1:]): _lowered(item) for key, item in node.items()}
    return node


def _wrong_words(node: Any, shape: Any, at: str) -> list[str]:
    if shape.type_name == "structure":
        known = shape.members
        return [p for key, item in node.items() if key in known for p in _wrong_words(item, known[key], f"{at}.{key}")]
    if shape.type_name == "list":
        return [problem for item in node for problem in _wrong_words(item, shape.member, at)]
    words = getattr(shape, "enum", [])
    return [f"{at}: {node}"] if words and node not in words else []
