"""Forms that values in an action's or rule's Configuration have.

A form is a function that says what is wrong with a text, or "". Variables are unknown before the pipeline runs: a text
that is nothing but one passes, and elsewhere a 0 stands for it.
"""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sendy_cfn.config import windows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VARIABLE = re.compile(r"#\{([^{}]*)\}")
OVERRIDES_BYTES = 1024  # https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html
ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ENVIRONMENT_TYPES = ("PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER")
CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")


@dataclass(frozen=True, slots=True)
class Use:
    """What else decides about a value: the Configuration that it is part of, and names of artifacts."""

    given: Mapping[str, Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


Form: TypeAlias = "Callable[[str, Use], str]"


def _plain(form: Form) -> Form:
    @functools.wraps(form)
    def check(text: str, use: Use) -> str:
        return "" if VARIABLE.fullmatch(text) else form(VARIABLE.sub("0", text), use)

    return check


def anything(_text: str, _use: Use) -> str:
    """Any text."""
    return ""


def one_of(*words: str) -> Form:
    """One of some words."""

    def form(text: str, _use: Use) -> str:
        return "" if text in words else f"{text!r}, expected {' or '.join(words)}"

    return _plain(form)


boolean = one_of("true", "false")


def whole(least: int, most: int) -> Form:
    """A whole number."""

    def form(text: str, _use: Use) -> str:
        fits = re.fullmatch(r"[0-9]+", text) and least <= int(text) <= most
        return "" if fits else f"{text!r}, expected a whole number from {least} to {most}"

    return _plain(form)


def _arn(text: str, _use: Use) -> str:
    return "" if re.fullmatch(r"arn:[^:\s]+:[^:\s]+:[^:\s]*:[^:\s]*:\S+", text) else f"{text!r} is no ARN"


def _url(text: str, _use: Use) -> str:
    return "" if re.fullmatch(r"https?://\S+", text) else f"{text!r} is no URL"


def _artifact(text: str, use: Use) -> str:
    return "" if text in use.inputs else f"{text!r} is not an input artifact of the action"


def _in_artifact(text: str, use: Use) -> str:
    name, separator, path = text.partition("::")
    if not separator or not path or path.startswith("/"):
        return f"{text!r}, expected Artifact::path/of/file"
    return _artifact(name, use)


def _capabilities(text: str, _use: Use) -> str:
    unknown = [word for word in text.split(",") if word not in CAPABILITIES]
    return f"{unknown[0]!r}, expected {', '.join(CAPABILITIES)}, with commas and no blanks" if unknown else ""


def variable(text: str, _use: Use) -> str:
    """A variable and nothing else."""
    return "" if VARIABLE.fullmatch(text) else f"{text!r}, expected one variable: #{{namespace.key}}"


def _parameter_overrides(text: str, use: Use) -> str:
    value = _json(text)
    if not isinstance(value, dict):
        return "not a JSON object"
    if len(text.encode()) > OVERRIDES_BYTES:
        return f"{len(text.encode())} bytes, AWS takes {OVERRIDES_BYTES}"
    return next(filter(None, (_override(name, inner, use) for name, inner in value.items())), "")


# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-parameter-override-functions.html
def _override(name: str, value: object, use: Use) -> str:
    if isinstance(value, dict) and len(value) == 1:
        ((function, arguments),) = value.items()
        if function in ("Fn::GetArtifactAtt", "Fn::GetParam") and isinstance(arguments, list) and arguments:
            return _artifact(str(arguments[0]), use)
    items = value if isinstance(value, list) else [value]
    return "" if all(isinstance(item, str) for item in items) else f"parameter {name} is not a text"


def _environment(text: str, _use: Use) -> str:
    value = _json(text)
    if not isinstance(value, list):
        return "not a JSON list"
    for item in value:
        if complaint := _environment_item(item):
            return complaint
    repeated = [name for name, count in Counter(item["name"] for item in value).items() if count > 1]
    return f"{repeated[0]} is there twice" if repeated else ""


def _environment_item(item: object) -> str:
    if not isinstance(item, dict) or not {"name", "value"} <= item.keys() <= {"name", "value", "type"}:
        return f"{json.dumps(item)}, expected name, value and perhaps type"
    if not all(isinstance(part, str) for part in item.values()):
        return f"{json.dumps(item)}: not everything is a text"
    if not ENVIRONMENT_NAME.fullmatch(item["name"]):
        return f"{item['name']!r} can't be the name of an environment variable"
    if item.get("type", ENVIRONMENT_TYPES[0]) not in ENVIRONMENT_TYPES:
        return f"type {item['type']!r}, expected {' or '.join(ENVIRONMENT_TYPES)}"
    return ""


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _cron(text: str, _use: Use) -> str:
    return windows.wrong_cron(text)


def _time_zone(text: str, _use: Use) -> str:
    return windows.wrong_zone(text)


arn = _plain(_arn)
url = _plain(_url)
artifact = _plain(_artifact)
in_artifact = _plain(_in_artifact)
capabilities = _plain(_capabilities)
parameter_overrides = _plain(_parameter_overrides)
environment = _plain(_environment)
cron = _plain(_cron)
time_zone = _plain(_time_zone)
