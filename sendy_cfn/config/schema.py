"""JSON Schemas of the input files, from the declarations that also check them: `python -m sendy_cfn.config.schema`.

Editors with a YAML language server complete and check from them. Rules over several keys are the generator's alone.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import sys
import types
import typing
from pathlib import Path
from typing import Any

from sendy_cfn import whole
from sendy_cfn.config.fields import Spec, declared, hints, spec_of
from sendy_cfn.config.model import Platform
from sendy_cfn.config.patterns import SERVICE_NAME
from sendy_cfn.knobs import OF_SERVICES, cluster, common, network, toolchain
from sendy_cfn.parameters import Knob

Schema = dict[str, Any]
ROLES = "Role of an environment in another account or region: an output of its stack"
_TYPES = {str: "string", int: "integer", bool: "boolean"}


def schemas() -> dict[str, Schema]:
    """File name -> schema, for params/."""
    environment_knobs = (*common.KNOBS, *network.KNOBS, *cluster.KNOBS)
    toolchain_knobs = (*toolchain.KNOBS, common.LOG_RETENTION_DAYS)
    return {
        "platform.schema.json": _head("What exists", _record(Platform)),
        "environment.schema.json": _head(
            "How much, in one environment",
            _closed(
                {
                    "environment": _knobs("Parameters of the environment's root", environment_knobs),
                    "defaults": _knobs("Parameters of every service", OF_SERVICES),
                    "services": {
                        "type": "object",
                        "description": "Parameters of one service",
                        "patternProperties": {f"^{SERVICE_NAME}$": _knobs("Parameters of this service", OF_SERVICES)},
                        "additionalProperties": False,
                    },
                }
            ),
        ),
        "toolchain.schema.json": _head(
            "How much, in the toolchain",
            _closed({"toolchain": _toolchain(toolchain_knobs)}),
        ),
    }


def text(schema: Schema) -> str:
    """The schema as the file has it."""
    return json.dumps(schema, indent=2) + "\n"


def write(folder: Path) -> list[Path]:
    """Write the schemas into the folder; the paths of those that changed."""
    changed = []
    for name, schema in schemas().items():
        path = folder / name
        if not path.exists() or path.read_text() != text(schema):
            whole.write(path, text(schema))
            changed.append(path)
    return changed


def _head(title: str, schema: Schema) -> Schema:
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": title, **schema}


def _closed(properties: dict[str, Schema], required: list[str] | None = None) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": required} if required else {})


def _record(cls: Any) -> Schema:
    fields = declared(cls)
    required = [
        name
        for name, item in fields.items()
        if item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
    ]
    properties: dict[str, Schema] = {}
    for name, item in fields.items():
        properties[name] = {"description": spec_of(item).doc} | _value(hints(cls)[name], spec_of(item))
        if isinstance(item.default, str | int | bool):  # a StrEnum is a str
            properties[name]["default"] = item.default
    return _closed(properties, required)


def _value(hint: Any, spec: Spec) -> Schema:
    origin = typing.get_origin(hint)
    if origin is types.UnionType:
        return _value(typing.get_args(hint)[0], spec)
    if origin is tuple:
        schema: Schema = {"type": "array", "items": _value(typing.get_args(hint)[0], spec)}
        limits = {"minItems": spec.min_items or None, "maxItems": spec.max_items, "uniqueItems": spec.unique or None}
        return schema | {name: limit for name, limit in limits.items() if limit is not None}
    if origin is dict:
        return _entries(typing.get_args(hint)[1], spec)
    if dataclasses.is_dataclass(hint):
        return _record(hint)
    if issubclass(hint, enum.Enum):
        return {"enum": [member.value for member in hint]}
    return _scalar(hint, spec)


def _entries(hint: Any, spec: Spec) -> Schema:
    schema: Schema = {
        "type": "object",
        "patternProperties": {f"^{spec.key_pattern}$": _value(hint, spec)},
        "additionalProperties": False,
    }
    limits = {"minProperties": spec.min_items or None, "maxProperties": spec.max_items}
    return schema | {name: limit for name, limit in limits.items() if limit is not None}


def _scalar(hint: type, spec: Spec) -> Schema:
    if spec.choices:
        return {"enum": list(spec.choices)}
    schema: Schema = {"type": _TYPES[hint]}
    if hint is str and spec.pattern:
        schema["pattern"] = f"^({spec.pattern})$"
    if hint is int:
        limits = {"minimum": spec.minimum, "maximum": spec.maximum}
        schema |= {name: limit for name, limit in limits.items() if limit is not None}
    return schema


def _knobs(description: str, knobs: tuple[Knob, ...]) -> Schema:
    return {"description": description} | _closed({knob.name: _knob(knob) for knob in knobs if not knob.computed})


def _toolchain(knobs: tuple[Knob, ...]) -> Schema:
    """As `_knobs`, with the roles that exist once per environment in another account or region."""
    roles = toolchain.environment_role("EachPipelineRoleArn")
    patterns = {
        "^[A-Z][A-Za-z0-9]*(PipelineRoleArn|CloudFormationRoleArn|ReaderRoleArn)$": _knob(roles)
        | {"description": ROLES}
    }
    return _knobs("Parameters of the toolchain's root", knobs) | {"patternProperties": patterns}


def _knob(knob: Knob) -> Schema:
    schema: Schema = {"description": knob.description}
    if knob.default is not None:
        schema["default"] = knob.default
    if knob.is_list:
        return schema | {
            "type": "array",
            "minItems": knob.min_items,
            "uniqueItems": True,
            "items": {"type": "string"} | ({"pattern": f"^{knob.pattern}$"} if knob.pattern else {}),
        }
    if knob.allowed:
        # Unquoted in YAML, these two are no texts.
        plain = [True, False] if set(knob.allowed) == {"true", "false"} else []
        return schema | {"enum": [*plain, *knob.allowed]}
    if knob.type == "Number":
        limits = {"minimum": knob.minimum, "maximum": knob.maximum}
        return schema | {"type": "integer"} | {name: limit for name, limit in limits.items() if limit is not None}
    return schema | {"type": "string"} | ({"pattern": f"^{knob.pattern}$"} if knob.pattern else {})


def main() -> int:
    """Write params/*.schema.json."""
    for path in write(Path("params")):
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
