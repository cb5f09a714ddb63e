"""Types for which ministack has no service: their place in a stack is kept, and nothing runs behind it.

What a template can see of such a resource comes from its provider schema: Ref from `primaryIdentifier`, GetAtt from
`readOnlyProperties`, replacement from `createOnlyProperties`. Everything made here is marked as recorded.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from emulator import names, schema

Properties = Mapping[str, Any]
Made = tuple[str, dict[str, Any]]

# Where AWS's format differs from `arn:<service>:<region>:<account>:<type>/<name>`.
_ARNS = {
    "AWS::ApplicationAutoScaling::ScalingPolicy": (
        "autoscaling:{region}:{account}:scalingPolicy:{uuid}:resource/{ServiceNamespace}/{ResourceId}:policyName/{name}"
    ),
    "AWS::CodeBuild::ReportGroup": "codebuild:{region}:{account}:report-group/{name}",
    "AWS::CodeConnections::Connection": "codeconnections:{region}:{account}:connection/{uuid}",
    "AWS::CodePipeline::Pipeline": "codepipeline:{region}:{account}:{name}",
    "AWS::CodeStarConnections::Connection": "codestar-connections:{region}:{account}:connection/{uuid}",
}
# A connection waits for one click in the console, which nobody does here.
_VALUES = {"ConnectionStatus": "PENDING", "Version": "1"}

# Properties by (account, region, type, physical id), of everything recorded and not deleted.
_live: dict[tuple[str, str, str, str], Properties] = {}


def is_recorded(resource_type: str, physical_id: str) -> bool:
    """Whether this resource exists on paper only."""
    return (names.account(), names.region(), resource_type, physical_id) in _live


def held(resource_type: str) -> dict[str, Properties]:
    """The properties of everything recorded of a type in the account and region of the request, by physical id."""
    here = (names.account(), names.region(), resource_type)
    return {key[3]: properties for key, properties in _live.items() if key[:3] == here}


def handler(resource_type: str) -> dict[str, Any]:
    """What ministack wants of a type: create, update and delete."""

    def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
        return _create(resource_type, logical_id, properties, stack_name)

    def update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Made:
        if replaces(resource_type, old, new):
            return _create(resource_type, logical_id, new, stack_name)
        _live[names.account(), names.region(), resource_type, physical_id] = new
        return physical_id, attributes(resource_type, logical_id, physical_id, new, stack_name)

    def delete(physical_id: str, _properties: Properties) -> None:
        _live.pop((names.account(), names.region(), resource_type, physical_id), None)

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}


def replaces(resource_type: str, old: Properties, new: Properties) -> bool:
    """Whether the change touches a property that is fixed at creation."""
    return any(at(old, path) != at(new, path) for path in schema.paths(resource_type, "createOnlyProperties"))


def kept_name(resource_type: str, old: Properties, new: Properties) -> str | None:
    """The identifier when the template gives it and the change keeps it, else None."""
    paths = schema.paths(resource_type, "primaryIdentifier")
    before, after = [at(old, path) for path in paths], [at(new, path) for path in paths]
    return "|".join(map(str, after)) if paths and None not in after and before == after else None


def attributes(
    resource_type: str, logical_id: str, physical_id: str, properties: Properties, stack_name: str
) -> dict[str, Any]:
    """A value for every attribute that GetAtt may ask for, the same each time for the same resource."""
    make = _Maker(resource_type, logical_id, properties, stack_name)
    identifier, read_only = (schema.paths(resource_type, key) for key in ("primaryIdentifier", "readOnlyProperties"))
    return {
        name: physical_id if [path] == identifier and path in read_only else make.value(path)
        for name, path in schema.attributes(resource_type).items()
        if path in read_only or at(properties, path) is not None
    }


def _create(resource_type: str, logical_id: str, properties: Properties, stack_name: str) -> Made:
    make = _Maker(resource_type, logical_id, properties, stack_name)
    physical_id = "|".join(str(make.value(path)) for path in schema.paths(resource_type, "primaryIdentifier"))
    key = (names.account(), names.region(), resource_type, physical_id)
    if key in _live:
        raise ValueError(f"Resource of type '{resource_type}' with identifier '{physical_id}' already exists.")
    _live[key] = properties
    return physical_id, attributes(resource_type, logical_id, physical_id, properties, stack_name)


def at(properties: Any, path: tuple[str, ...]) -> Any:
    """What stands at a property path, or None."""
    for part in path:
        properties = properties.get(part) if isinstance(properties, Mapping) else None
    return properties


class _Maker:
    """Makes up the values that AWS would give to one resource."""

    def __init__(self, resource_type: str, logical_id: str, properties: Properties, stack_name: str) -> None:
        self._type = resource_type
        self._properties = properties
        self._name: str = names.load("cloudformation.provisioners")._physical_name(stack_name, logical_id, max_len=64)
        self._digest = hashlib.sha256(
            f"{names.account()}|{names.region()}|{resource_type}|{self._name}".encode()
        ).hexdigest()

    def value(self, path: tuple[str, ...]) -> Any:
        """The given property, or one made up from the schema."""
        given = at(self._properties, path)
        if given is not None:
            return given
        last = path[-1]
        if last in _VALUES:
            return _VALUES[last]
        if last == "Arn" or last.endswith("Arn"):
            return self._arn()
        if last.endswith("AccountId"):
            return names.account()
        return self._typed(path)

    def _typed(self, path: tuple[str, ...]) -> Any:
        root = schema.of(self._type) or {}
        found: Any = root
        for part in path:
            found = (schema.dereferenced(root, found).get("properties") or {}).get(part) or {}
        found = schema.dereferenced(root, found)
        if found.get("enum"):
            return found["enum"][0]
        by_type = {"array": [], "object": {}, "integer": 1, "number": 1, "boolean": False}
        kind = found.get("type")
        if isinstance(kind, str) and kind in by_type:
            return by_type[kind]
        return self._uuid() if path[-1].endswith("Id") else self._given_name()

    def _given_name(self) -> str:
        """The name in the template, or the one CloudFormation would generate."""
        for path in schema.paths(self._type, "createOnlyProperties"):
            if path[-1].endswith("Name") and isinstance(at(self._properties, path), str):
                return str(at(self._properties, path))
        return str(self._properties.get("Name") or self._name)

    def _uuid(self) -> str:
        digest = self._digest
        return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"

    def _arn(self) -> str:
        _, service, kind = self._type.split("::")
        default = f"{service.lower()}:{{region}}:{{account}}:{_kebab(kind)}/{{name}}"
        strings = {key: value for key, value in self._properties.items() if isinstance(value, str)}
        return "arn:aws:" + _ARNS.get(self._type, default).format_map(
            _Defaults(
                strings,
                region=names.region(),
                account=names.account(),
                name=self._given_name(),
                uuid=self._uuid(),
            )
        )


class _Defaults(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return key


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
