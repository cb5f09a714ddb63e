"""Templates as plain data that remembers its lines, and what a pipeline refers to in other templates of the folder."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# Both have the same interface; the C one is ten times faster, and absent where PyYAML was built without libyaml.
_Parser: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCALARS = yaml.SafeLoader("")  # constructs numbers and the like; they need no text around them

PROJECT = "AWS::CodeBuild::Project"
IN_SUB = re.compile(r"\$\{[^}]*\}")
# Characters of what CloudFormation puts there at most. Of others an ARN of a role: 31 before its path, 35 for ours, and
# 64 for its name.
_LENGTHS = {"${AWS::AccountId}": 12, "${AWS::Partition}": 10, "${AWS::Region}": 14, "${AWS::URLSuffix}": 16}
_LONGEST = 130


FILES = ("*.yaml", "*.yml", "*.json", "*.template")


class TemplateError(Exception):
    """A template that can't be read."""

    def __init__(self, message: str, line: int = 0) -> None:
        """Remember the line, 1-based; 0 where the file as a whole is meant."""
        self.line = line
        super().__init__(message)


class Block(dict[str, Any]):
    """A mapping and its lines, 1-based: the one that it starts on, and each key's own."""

    line: int = 1
    lines: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, eq=False, slots=True)
class Library:
    """The templates of a folder; each is parsed when it is first asked for."""

    folder: Path

    def names(self, mentioning: str) -> list[str]:
        """Templates in whose text something occurs."""
        paths = sorted(path for pattern in FILES for path in self.folder.glob(pattern) if path.is_file())
        return [path.name for path in paths if mentioning.encode() in path.read_bytes()]


@functools.cache
def template(library: Library, name: str) -> Block:
    """A template by the name of its file.

    Raises:
        TemplateError: It isn't there, is not YAML, or is no mapping.
    """
    try:
        text = (library.folder / name).read_text(encoding="utf-8-sig")
        node = yaml.compose(text, Loader=_Parser)
        value = _value(node) if node else None
    except OSError as error:
        raise TemplateError(f"{name} can't be read: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        what = " ".join(filter(None, (getattr(error, "context", None), getattr(error, "problem", None)))) or str(error)
        raise TemplateError(f"{name} is not YAML: {what}", mark.line + 1 if mark else 0) from error
    except RecursionError as error:
        raise TemplateError(f"{name} is nested too deeply, or within itself") from error
    if not isinstance(value, Block):
        raise TemplateError(f"{name} is not a mapping")
    return value


def readable(library: Library, name: str) -> Block:
    """A template by the name of its file; an empty one if it can't be read."""
    try:
        return template(library, name)
    except TemplateError:
        return Block()


def _value(node: yaml.Node) -> Any:
    if node.tag.startswith("!"):
        return _short(node.tag[1:], node)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    return node.value if node.tag.endswith(":str") else _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    """A number, a date and so on; the text where it only looks like one, as 2012-99-99 does."""
    try:
        return _SCALARS.construct_object(node)
    except (ValueError, yaml.YAMLError):
        return node.value


def _mapping(node: yaml.MappingNode) -> Block:
    block = Block((str(key.value), _value(value)) for key, value in node.value)
    block.line = node.start_mark.line + 1
    block.lines = {str(key.value): key.start_mark.line + 1 for key, _ in node.value}
    return block


def _short(name: str, node: yaml.Node) -> Block:
    """CloudFormation's short form of a function, as the long one."""
    plain: Any = node.value
    if not isinstance(node, yaml.ScalarNode):
        plain = _mapping(node) if isinstance(node, yaml.MappingNode) else [_value(item) for item in node.value]
    full = name if name in ("Ref", "Condition") else f"Fn::{name}"
    if name == "GetAtt" and isinstance(plain, str):
        plain = plain.split(".", 1)
    block = Block({full: plain})
    block.line = node.start_mark.line + 1
    block.lines = {full: block.line}
    return block


def is_intrinsic(value: object) -> bool:
    """Whether CloudFormation computes the value."""
    return isinstance(value, dict) and len(value) == 1 and all(key == "Ref" or key.startswith("Fn::") for key in value)


def texts(value: object) -> Iterator[str]:
    """The texts that a value may have as far as the template tells: one in a Sub has x in its gaps, as many as fit."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict) and isinstance(branches := value.get("Fn::If"), list):
        for branch in branches[1:]:
            yield from texts(branch)
    elif (text := _sub(value)) and not IN_SUB.fullmatch(text):
        yield IN_SUB.sub(lambda gap: "x" * _LENGTHS.get(gap[0], _LONGEST), text)


def strings(value: object) -> Iterator[str]:
    """Every text inside a value, whatever computes it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def section(of: object, *keys: str) -> Block:
    """A mapping inside others; an empty one where there is none."""
    for key in keys:
        of = of.get(key) if isinstance(of, dict) else None
    return of if isinstance(of, Block) else Block()


def resources(of: Block, kind: str) -> Iterator[tuple[str, Block]]:
    """Resources of a type by their logical ids."""
    for name, resource in section(of, "Resources").items():
        if isinstance(resource, Block) and resource.get("Type") == kind:
            yield name, resource


def project(library: Library, outer: Block, name: object) -> Block | None:
    """The CodeBuild project that a ProjectName in the template `outer` means; None if none of the folder's.

    It is a resource beside, an output of a nested stack, or the project that has this name in any template.
    """
    if not isinstance(name, dict) or _sub(name):
        return _named_projects(library).get(_sub(name) or str(name))
    own = dict(resources(outer, PROJECT))
    if (logical_id := name.get("Ref")) is not None:
        return own.get(str(logical_id))
    target = name.get("Fn::GetAtt")
    if not isinstance(target, list) or len(target) != 2 or not str(target[1]).startswith("Outputs."):
        return None
    nested = section(outer, "Resources", str(target[0]), "Properties").get("TemplateURL")
    inner = readable(library, str(nested))
    value = section(inner, "Outputs", str(target[1]).removeprefix("Outputs.")).get("Value")
    return dict(resources(inner, PROJECT)).get(str(value.get("Ref"))) if isinstance(value, dict) else None


def exported(of: Block) -> frozenset[str]:
    """The variables that a CodeBuild project's build specification exports.

    https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html#build-spec.env.exported-variables
    """
    given = section(of, "Properties", "Source").get("BuildSpec")
    try:
        text = next(texts(given), "")
        specification = yaml.load(text, Loader=_Parser)
    except (yaml.YAMLError, ValueError):
        return frozenset()
    environment = specification.get("env") if isinstance(specification, dict) else None
    names = environment.get("exported-variables") if isinstance(environment, dict) else None
    return frozenset(map(str, names)) if isinstance(names, list) else frozenset()


@functools.cache
def _named_projects(library: Library) -> dict[str, Block]:
    found = {}
    for name in library.names(PROJECT):
        for _, resource in resources(readable(library, name), PROJECT):
            given = section(resource, "Properties").get("Name")
            text = given if isinstance(given, str) else _sub(given)
            if text:
                found[text] = resource
    return found


def _sub(value: object) -> str:
    """The text of a Sub, with its gaps; empty if it is none."""
    text = value.get("Fn::Sub") if isinstance(value, dict) else None
    if isinstance(text, list) and text:
        text = text[0]
    return text if isinstance(text, str) else ""
