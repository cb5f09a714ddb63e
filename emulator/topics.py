"""Attributes of topics that ministack's CloudFormation drops: the key, and a display name that is empty unless given.

https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator import names

_TYPE = "AWS::SNS::Topic"
_ATTRIBUTES = ("KmsMasterKeyId", "SignatureVersion", "TracingConfig")


def install(handlers: dict[str, Any]) -> None:
    """Complete what ministack's handler makes."""
    plain = handlers[_TYPE]

    def create(logical_id: str, properties: Mapping[str, Any], stack_name: str) -> Any:
        return _completed(plain["create"](logical_id, properties, stack_name), properties)

    def update(physical_id: str, old: Any, new: Mapping[str, Any], stack_name: str, logical_id: str) -> Any:
        return _completed(plain["update"](physical_id, old, new, stack_name, logical_id), new)

    handlers[_TYPE] = {**plain, "create": create, "update": update}


def _completed(made: Any, properties: Mapping[str, Any]) -> Any:
    attributes = names.load("sns")._topics[made[0]]["attributes"]
    attributes["DisplayName"] = properties.get("DisplayName", "")
    for name in _ATTRIBUTES:
        attributes.pop(name, None)
        if properties.get(name):
            attributes[name] = str(properties[name])
    return made
