"""Every key that takes free text, found in the declarations, and where in a platform it is."""

from __future__ import annotations

import copy
import dataclasses
import enum
import types
import typing
from collections.abc import Iterator, Sequence
from typing import Any

from sendy_cfn import knobs
from sendy_cfn.config.fields import Spec, declared, hints, spec_of
from sendy_cfn.config.model import Platform
from sendy_cfn.parameters import Knob
from tests.hostile.folders import Document

NAME = "probe"  # of the one environment and the one service

# Forms in which something else than a text could be seen, by a shell, CloudFormation, CodePipeline, IAM or Docker.
PAYLOADS = (
    "${AWS::AccountId}", "${Nope}", "${!AWS::Region}", "$${AWS::Region}", "${AWS::Region", "$(touch pwned)",
    "`touch pwned`", '"; touch pwned; #', "'; touch pwned; '", "a && touch pwned", "{{resolve:secretsmanager:x}}",
    "{{resolve:ssm:/x}}", "x{{resolve:ssm-secure:y:1}}", "*", "?", "%0a", "*/../", "../x", "#{ServiceSource.CommitId}",
    "#{x}", "${aws:username}", "!Ref Vpc", '{"Ref": "Vpc"}', "Fn::Sub", "a\nb", "a\rb", "a\tb", "--privileged", "=x",
    "x,y", "x=y", "arn:aws:s3:::*", "\u202e", "\x1b[31m", "\u00e9", "yes", "012", "1e3", "null", " ", "x ", "",
)  # fmt: skip

Way = tuple[str, ...]  # keys from the root; "[]" is a list's item, "{}" a mapping's value, "{key}" its key


def free_texts() -> dict[Way, Spec]:
    """Ways to all keys of platform.yaml that are text and not one of a few words."""
    return dict(_below(Platform, ()))


def _below(cls: Any, way: Way) -> Iterator[tuple[Way, Spec]]:
    for name, item in declared(cls).items():
        spec = spec_of(item)
        if spec.key_pattern:
            yield (*way, name, "{key}"), dataclasses.replace(spec, pattern=spec.key_pattern)
        yield from _value(hints(cls)[name], spec, (*way, name))


def _value(hint: Any, spec: Spec, way: Way) -> Iterator[tuple[Way, Spec]]:
    origin = typing.get_origin(hint)
    if origin is types.UnionType:
        yield from _value(typing.get_args(hint)[0], spec, way)
    elif origin is tuple:
        yield from _value(typing.get_args(hint)[0], spec, (*way, "[]"))
    elif origin is dict:
        yield from _value(typing.get_args(hint)[1], spec, (*way, "{}"))
    elif dataclasses.is_dataclass(hint):
        yield from _below(hint, way)
    elif hint is str and not spec.choices and not issubclass(hint, enum.Enum):
        yield way, spec


def free_parameters() -> dict[str, Knob]:
    """Parameters of values files that are text and not one of a few words."""
    roles = {name: knobs.find(name) for name in ("ProbePipelineRoleArn", "ProbeCloudFormationRoleArn")}
    texts = {knob.name: knob for knob in knobs.ALL if knob.type != "Number" and not knob.allowed and not knob.computed}
    return texts | roles


def put(document: Document, way: Way, values: Sequence[str]) -> Document:
    """A copy of the platform with the texts at the end of the way: one, or all in the list or mapping that is there."""
    found = copy.deepcopy(document)
    outer: Any = found
    for step in way[:-1]:
        outer = outer[_step(outer, step)]
    last = way[-1]
    if last == "[]":
        outer[:] = values
    elif last == "{}":
        names = [next(iter(outer)), *(f"V{number}" for number in range(1, len(values)))]
        outer.clear()
        outer.update(zip(names, values, strict=True))
    elif last == "{key}":
        (value,) = values
        outer[value] = outer.pop(next(iter(outer)))
    else:
        (outer[last],) = values
    return found


def get(document: Document, way: Way) -> str:
    """The text that is at the end of the way."""
    outer: Any = document
    for step in way[:-1]:
        outer = outer[_step(outer, step)]
    return str(next(iter(outer)) if way[-1] == "{key}" else outer[_step(outer, way[-1])])


def _step(outer: Any, step: str) -> Any:
    if step == "[]":
        return 0
    return next(iter(outer)) if step == "{}" else step


def at_once(way: Way, spec: Spec) -> int:
    """How many texts the place takes."""
    return min(spec.max_items or 60, 60) if way[-1] in ("[]", "{}") else 1
