"""boto3 clients of the running server, and CloudFormation properties turned into API requests."""

import os
import threading
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator import names

Properties = Mapping[str, Any]
Made = tuple[str, dict[str, Any]]


def client(service: str) -> Any:
    """A client of this server for the account and region of the request under way."""
    return _client(service, names.account(), names.region())


_lock = threading.Lock()


@cache
def _session() -> Any:
    """One session for all clients: each session reads the API descriptions again. Not safe without the lock."""
    return boto3.session.Session()


@cache
def _client(service: str, account: str, region: str) -> Any:
    with _lock:
        return _session().client(
            service,
            endpoint_url=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
            region_name=region,
            aws_access_key_id=account,
            aws_secret_access_key="emulated",
            config=Config(retries={"total_max_attempts": 1}),
        )


def request(service: str, operation: str, properties: Properties, /, **more: object) -> dict[str, Any]:
    """The parameters of an API operation from a resource's properties.

    CloudFormation and the APIs differ in the case of letters; what the API does not have is left out. `more` is added
    as it is.
    """
    shape = client(service).meta.service_model.operation_model(operation).input_shape
    made = _converted(shape, dict(properties))
    return {**made, **more}


def _converted(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        members = {name.lower(): (name, member) for name, member in shape.members.items()}
        known = ((members[key.lower()], item) for key, item in value.items() if key.lower() in members)
        return {name: _converted(member, item) for (name, member), item in known if item is not None}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_converted(shape.member, item) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {key: _converted(shape.value, item) for key, item in value.items()}
    return _scalar(shape.type_name, value)


def _scalar(type_name: str, value: Any) -> Any:
    if type_name in ("integer", "long"):
        return int(value)
    if type_name in ("float", "double"):
        return float(value)
    if type_name == "boolean":
        return str(value).lower() == "true"
    return str(value) if isinstance(value, bool | int | float) else value


def changed_tags(old: Properties, new: Properties, key: str = "Tags") -> tuple[list[dict[str, str]], list[str]]:
    """The tags to set and the tag keys to take away."""
    before, after = as_map(old.get(key) or []), as_map(new.get(key) or [])
    changed = [{"Key": name, "Value": value} for name, value in after.items() if before.get(name) != value]
    return changed, sorted(before.keys() - after.keys())


def as_map(tags: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Tags as CloudFormation lists them, as one mapping."""
    return {str(tag["Key"]): str(tag["Value"]) for tag in tags}


def generated_name(stack_name: str, logical_id: str, limit: int = 64) -> str:
    """The name CloudFormation would generate."""
    return str(names.load("cloudformation.provisioners")._physical_name(stack_name, logical_id, max_len=limit))
