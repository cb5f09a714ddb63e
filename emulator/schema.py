"""Resolved properties against the provider schemas that cfn-lint carries.

Properties are read the way CloudFormation reads them: a value is first made the type the schema names ("80" is an
integer where an integer is wanted), then checked. The messages follow CloudFormation's own.
"""

import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

# AWS publishes all schemas in every region that has the type; this one is the reference.
REGION = "us-east-1"
Schema = Mapping[str, Any]


class PropertiesError(ValueError):
    """Properties that CloudFormation would refuse; the text is the reason of the failed resource."""


def types() -> frozenset[str]:
    """Every resource type that has a schema."""
    return frozenset(_manager().get_resource_types(REGION))


@cache
def of(resource_type: str) -> Schema | None:
    """The schema of a type, or None."""
    if resource_type not in types():
        return None
    found: Schema = _manager().get_resource_schema(REGION, resource_type).schema
    return found


def paths(resource_type: str, key: str) -> list[tuple[str, ...]]:
    """Property paths below a key such as `readOnlyProperties`: `/properties/A/B` gives `("A", "B")`."""
    return [tuple(path.split("/")[2:]) for path in (of(resource_type) or {}).get(key) or []]


@cache
def attributes(resource_type: str) -> Mapping[str, tuple[str, ...]]:
    """The attributes that GetAtt may ask for, each with the property that it stands for; none for nested stacks."""
    if of(resource_type) is None:
        return {}
    found = _manager().get_resource_schema(REGION, resource_type).get_atts
    # Patterns, such as the outputs of a nested stack, are not names.
    return {name: tuple(path.split("/")[2:]) for name, path in dict(found).items() if "*" not in name}


def checked(resource_type: str, logical_id: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties with every value in the type that the schema names.

    Raises:
        PropertiesError: CloudFormation would refuse them; all reasons are given.
    """
    schema = of(resource_type)
    typed = coerced(resource_type, properties)
    if schema is None:
        return typed
    problems = [*_read_only(resource_type, typed), *_check(schema, schema, typed, "#")]
    if problems:
        raise PropertiesError(
            f"Properties validation failed for resource {logical_id} with message:\n" + "\n".join(problems)
        )
    return typed


def coerced(resource_type: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties with every value in the type that the schema names, where that is possible; nothing is checked."""
    schema = of(resource_type)
    return dict(properties) if schema is None else _coerce(schema, schema, properties)


@cache
def _manager() -> Any:
    return importlib.import_module("cfnlint.schema.manager").PROVIDER_SCHEMA_MANAGER


def _read_only(resource_type: str, properties: Mapping[str, Any]) -> Iterator[str]:
    settable = {path[0] for path in paths(resource_type, "createOnlyProperties")}
    for path in paths(resource_type, "readOnlyProperties"):
        if len(path) == 1 and path[0] in properties and path[0] not in settable:
            yield f"#: read-only property [{path[0]}] cannot be specified"


def dereferenced(root: Schema, schema: Schema) -> Schema:
    """The schema with its `$ref` followed; what stands beside the reference wins."""
    while "$ref" in schema:
        target: Any = root
        for part in str(schema["$ref"]).removeprefix("#/").split("/"):
            target = target[part]
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def _types(schema: Schema) -> list[str]:
    named = schema.get("type", [])
    return [named] if isinstance(named, str) else list(named)


def _coerce(root: Schema, schema: Schema, value: Any) -> Any:
    schema = dereferenced(root, schema)
    if isinstance(value, Mapping):
        return {key: _coerce(root, _member(schema, key) or {}, member) for key, member in value.items()}
    if isinstance(value, list):
        return [_coerce(root, schema.get("items") or {}, member) for member in value]
    wanted = _types(schema)
    if not wanted or any(_IS[name](value) for name in wanted):
        return value
    return next((made for name in wanted if (made := _as(name, value)) is not None), value)


def _as(name: str, value: Any) -> Any:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if name == "string" and value is not None:
        return text
    if name == "boolean" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if name in ("integer", "number") and re.fullmatch(r"-?\d+", text):
        return int(text)
    if name == "number" and re.fullmatch(r"-?\d*\.\d+", text):
        return float(text)
    return None


def _member(schema: Schema, key: str) -> Schema | None:
    properties = schema.get("properties") or {}
    if key in properties:
        found: Schema = properties[key]
        return found
    for pattern, member in (schema.get("patternProperties") or {}).items():
        if _matches(pattern, key):
            matched: Schema = member
            return matched
    rest = schema.get("additionalProperties")
    return rest if isinstance(rest, Mapping) else None


def _check(root: Schema, schema: Schema, value: Any, at: str) -> Iterator[str]:
    schema = dereferenced(root, schema)
    wanted = _types(schema)
    if wanted and not any(_IS[name](value) for name in wanted):
        yield f"{at}: expected type: {' or '.join(wanted).capitalize()}, found: {type(value).__name__}"
        return
    if isinstance(value, Mapping):
        yield from _check_object(root, schema, value, at)
    elif isinstance(value, list):
        yield from _check_list(root, schema, value, at)
    else:
        yield from _check_scalar(schema, value, at)
    yield from _check_choices(root, schema, value, at)


def _check_object(root: Schema, schema: Schema, value: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from (f"{at}: required key [{key}] not found" for key in schema.get("required", []) if key not in value)
    for key, member in value.items():
        known = _member(schema, key)
        if known is not None:
            yield from _check(root, known, member, f"{at}/{key}")
        elif schema.get("additionalProperties") is False:
            yield f"{at}: extraneous key [{key}] is not permitted"
    yield from _check_together(schema, value, at)


def _check_together(schema: Schema, value: Mapping[str, Any], at: str) -> Iterator[str]:
    """cfn-lint's own keywords for what AWS says in prose: exactly one of, at least one of, not together, only with."""
    one = [key for key in schema.get("requiredXor", []) if key in value]
    if "requiredXor" in schema and len(one) != 1:
        yield f"{at}: exactly one of {list(schema['requiredXor'])} is required, found {one}"
    if "requiredOr" in schema and not any(key in value for key in schema["requiredOr"]):
        yield f"{at}: one of {list(schema['requiredOr'])} is required"
    for key, others in (schema.get("dependentExcluded") or {}).items():
        yield from (f"{at}: [{key}] and [{other}] exclude each other" for other in others if {key, other} <= set(value))
    for key, others in (schema.get("dependentRequired") or {}).items():
        yield from (f"{at}: [{key}] requires [{other}]" for other in others if key in value and other not in value)


def _check_list(root: Schema, schema: Schema, value: list[Any], at: str) -> Iterator[str]:
    if len(value) < schema.get("minItems", 0):
        yield f"{at}: expected minimum item count: {schema['minItems']}, found: {len(value)}"
    if len(value) > schema.get("maxItems", len(value)):
        yield f"{at}: expected maximum item count: {schema['maxItems']}, found: {len(value)}"
    if schema.get("uniqueItems") and any(member in value[:index] for index, member in enumerate(value)):
        yield f"{at}: array items are not unique"
    for index, member in enumerate(value):
        yield from _check(root, schema.get("items") or {}, member, f"{at}/{index}")


def _check_scalar(schema: Schema, value: Any, at: str) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value} is not a valid enum value"
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value} is not {schema['const']}"
    if isinstance(value, str):
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            yield f"{at}: failed validation constraint for keyword [minLength, maxLength]: {len(value)} characters"
        if "pattern" in schema and not _matches(schema["pattern"], value):
            yield f"{at}: failed validation constraint for keyword [pattern]: {schema['pattern']}"
    elif not isinstance(value, bool) and value is not None and not _within(schema, value):
        yield f"{at}: {value} is not within {schema.get('minimum', '')}..{schema.get('maximum', '')}"


def _within(schema: Schema, value: float) -> bool:
    return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))


def _check_choices(root: Schema, schema: Schema, value: Any, at: str) -> Iterator[str]:
    for keyword in ("anyOf", "oneOf"):
        choices = schema.get(keyword) or []
        if choices and all(any(True for _ in _check(root, choice, value, at)) for choice in choices):
            yield f"{at}: #: no subschema matched out of the total {len(choices)} subschemas"
    for part in schema.get("allOf") or []:
        yield from _check(root, part, value, at)


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:
        # Some schemas use the regular expressions of other languages; AWS checks those, this cannot.
        return None


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return compiled is None or compiled.search(value) is not None


_IS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, Mapping),
    "null": lambda value: value is None,
}
