"""YAML text -> plain values that remember their line.

A strict subset of YAML: one document, no anchors, aliases or tags, no duplicate keys, string keys, and no character
that a reviewer can't see. Plain scalars follow the YAML 1.2 core schema, so `no` is a word and 0123 keeps its zero.
Events of libyaml are read directly: no node objects, little memory.
"""

from __future__ import annotations

import math
import os
import re
import stat
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from sendy_cfn.errors import ConfigError, Problem

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 5_000_000  # a thousand services need about a tenth
MAX_DEPTH = 20
MAX_KEY = 255  # characters

# Both have the event interface; the C one is ten times faster, and absent where PyYAML was built without libyaml.
_Parser: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Scalar = str | int | float | bool | None
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
# Characters that don't show, or that make lines read in another order than they are parsed in
# (https://trojansource.codes): zero-width ones, direction marks, fillers, and a byte order mark inside the file.
_UNSEEN = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e007f"
)
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_HIDDEN = re.compile(f"[{_UNSEEN}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None, "~": None, "": None}


class Node(NamedTuple):
    """A value and the line it starts on. Mappings keep each key's own line, which is what an editor should jump to."""

    value: object  # Scalar, list[Node] or dict[str, Node]
    line: int  # 1-based


class _RejectError(Exception):
    def __init__(self, line: int, message: str) -> None:
        self.line = line
        self.message = message


def load(path: Path, name: str) -> Node:
    """Read one file; `name` is how errors call it.

    Raises:
        ConfigError: unreadable, not UTF-8, not YAML, or outside the subset above.
    """
    try:
        data = _read(path)
    except OSError as error:
        raise ConfigError([Problem(name, 0, "", f"can't be read: {error.strerror}")]) from None
    except _RejectError as error:
        raise ConfigError([Problem(name, error.line, "", error.message)]) from None
    return parse(data, name)


def _read(path: Path) -> bytes:
    """The file's content: not that of a pipe or a device, which may never come or never end, nor more than is read."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        found = os.fstat(file)
        if stat.S_ISDIR(found.st_mode):
            raise _RejectError(0, "can't be read: a folder, expected a file")
        if not stat.S_ISREG(found.st_mode):
            raise _RejectError(0, "can't be read: a pipe or device, expected a file")
        if found.st_size > MAX_BYTES:
            raise _RejectError(0, f"{found.st_size} bytes, at most {MAX_BYTES} are read")
        with open(file, "rb", closefd=False) as content:
            return content.read(MAX_BYTES + 1)
    finally:
        os.close(file)


def parse(data: bytes, name: str) -> Node:
    """As `load`, from bytes."""
    try:
        if len(data) > MAX_BYTES:
            raise _RejectError(0, f"{len(data)} bytes, at most {MAX_BYTES} are read")
        return _document(_decode(data))
    except _RejectError as error:
        raise ConfigError([Problem(name, error.line, "", error.message)]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(filter(None, (error.context, error.problem)))
        last = data.count(b"\n") + 1  # where something is missing at the end, libyaml may count one more
        raise ConfigError([Problem(name, min(mark.line + 1, last) if mark else 0, "", f"not YAML: {what}")]) from None
    except yaml.YAMLError as error:
        raise ConfigError([Problem(name, 0, "", f"not YAML: {' '.join(str(error).split())}")]) from None


def _decode(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _RejectError(line, f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8") from None
    for number, content in enumerate(text.split("\n"), 1):
        bare = content.removesuffix("\r")
        if bad := _CONTROL.search(bare):
            raise _RejectError(number, f"control character U+{ord(bad[0]):04X}")
        if bad := _HIDDEN.search(bare):
            code = ord(bad[0])
            escape = f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
            raise _RejectError(
                number, f'character U+{code:04X}, which nobody sees; if it has to be, write "{escape}" in double quotes'
            )
        if bare[: len(bare) - len(bare.lstrip())].count("\t"):
            raise _RejectError(number, "tab in the indentation; YAML indents with spaces")
    return text


def _document(text: str) -> Node:
    parser: Any = _Parser(text)
    try:
        parser.get_event()  # stream start
        event = parser.get_event()
        if isinstance(event, yaml.StreamEndEvent):
            raise _RejectError(0, "empty file")
        root = _node(parser, parser.get_event(), 1)
        parser.get_event()  # document end
        extra = parser.get_event()
        if not isinstance(extra, yaml.StreamEndEvent):
            raise _RejectError(extra.start_mark.line + 1, "a second document ('---'); a file holds one")
        return root
    finally:
        parser.dispose()


def _node(parser: Any, event: Any, depth: int) -> Node:
    return Node(_value(parser, event, depth), _line(event))


def _value(parser: Any, event: Any, depth: int) -> object:
    kind = type(event)
    _plain(event)
    if depth > MAX_DEPTH:
        raise _RejectError(_line(event), f"nested deeper than {MAX_DEPTH} levels")
    if kind is yaml.ScalarEvent:
        return _scalar(event)
    if kind is yaml.MappingStartEvent:
        return _mapping(parser, depth)
    items: list[Node] = []
    while type(event := parser.get_event()) is not yaml.SequenceEndEvent:
        items.append(_node(parser, event, depth + 1))
    return items


def _mapping(parser: Any, depth: int) -> dict[str, Node]:
    found: dict[str, Node] = {}
    while type(event := parser.get_event()) is not yaml.MappingEndEvent:
        _plain(event)
        if type(event) is not yaml.ScalarEvent:
            raise _RejectError(_line(event), "a key must be a plain word")
        key = event.value
        _whole(event)
        if key == "<<" and event.implicit[0]:
            raise _RejectError(_line(event), "merge key '<<'; write the keys out, merging is not supported")
        if len(key) > MAX_KEY:
            raise _RejectError(_line(event), f"a key of {len(key)} characters, at most {MAX_KEY}")
        if key in found:
            raise _RejectError(_line(event), f"duplicate key '{key}', first on line {found[key].line}")
        found[key] = Node(_value(parser, parser.get_event(), depth + 1), _line(event))
    return found


def _plain(event: Any) -> None:
    """Refuse what stands for something else: aliases, anchors and tags, of values and of keys."""
    if type(event) is yaml.AliasEvent:
        raise _RejectError(_line(event), f"alias '*{event.anchor}'; write the value out, aliases are not supported")
    if event.anchor:
        raise _RejectError(_line(event), f"anchor '&{event.anchor}'; anchors are not supported")
    if event.tag is not None:
        raise _RejectError(_line(event), f"tag '{event.tag}'; tags are not supported")


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


def _scalar(event: yaml.ScalarEvent) -> Scalar:
    text: str = event.value
    _whole(event)
    if not event.implicit[0]:  # quoted or a block: always a string
        return text
    lowered = text.lower() if len(text) < 6 else text
    if lowered in _WORDS and text in (lowered, lowered.capitalize(), lowered.upper()):
        return _WORDS[lowered]
    if text[0] in "+-.0123456789":
        if _INT.match(text):
            return int(text) if len(text) < 20 else text
        if _FLOAT.match(text):
            number = float(text)
            return text if _leading_zero(text) or math.isinf(number) else number
    return text


def _whole(event: yaml.ScalarEvent) -> None:
    r"""Refuse an escape such as "\ud800": PyYAML's own parser lets it pass, and UTF-8 can't carry it."""
    if _SURROGATE.search(event.value):
        raise _RejectError(_line(event), "half of a character (U+D800 to U+DFFF)")


def _leading_zero(text: str) -> bool:
    """012345678901 is an account id, not a number."""
    digits = text.lstrip("+-")
    return len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
