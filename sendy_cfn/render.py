"""Turns a troposphere template into CloudFormation YAML text.

The text is written directly from the objects: sections and keys come in a fixed order, everything else in the order it
was written in, so a diff of two outputs is a diff of two intentions. What a YAML parser reads back equals
``template.to_dict()``.

Functions are short (``!Ref Vpc``) where all their arguments are scalars, or scalars and short functions that fit on the
line (``!If [IsLarge, !Ref Large, !Ref Small]``). Otherwise they are long (``Fn::If:``), because CloudFormation refuses
one tag directly after another.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from troposphere import Parameter

from sendy_cfn.scalars import interpolated, key, number, text
from sendy_cfn.unwrap import OPENERS, YAML_TYPES, in_order, unwrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from troposphere import Template

_HEAD = (("AWSTemplateFormatVersion", "version"), ("Transform", "transform"), ("Description", "description"))

_PARAMETER = (
    *("Type", "Description", "Default", "NoEcho", "AllowedValues", "AllowedPattern"),
    *("MinLength", "MaxLength", "MinValue", "MaxValue", "ConstraintDescription"),
)
_RESOURCE = (
    *("Type", "Condition", "DependsOn", "CreationPolicy", "UpdatePolicy"),
    *("DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Properties"),
)

# Section, attribute of the template, keys of an entry that come first.
_SECTIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Metadata", "metadata", ()),
    ("Parameters", "parameters", _PARAMETER),
    ("Rules", "rules", ("RuleCondition", "Assertions")),
    ("Mappings", "mappings", ()),
    ("Conditions", "conditions", ()),
    ("Globals", "globals", ()),
    ("Resources", "resources", _RESOURCE),
    ("Outputs", "outputs", ("Condition", "Description", "Value", "Export")),
)

# Functions with a short form. Those for Rules, Fn::ForEach and Fn::GetStackOutput are documented in the long form only.
_SHORT = {"Ref": "!Ref", "Condition": "!Condition"} | {
    f"Fn::{name}": f"!{name}"
    for name in (
        *("And", "Base64", "Cidr", "Equals", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join", "Length"),
        *("Not", "Or", "Select", "Split", "Sub", "ToJsonString", "Transform"),
    )
}

_WIDTH = 130  # columns of a line that holds a list
# Text that parsers read alike between brackets without quotes. A colon there may end a key, for some.
_PLAIN = re.compile(r"[A-Za-z0-9_/](?:[A-Za-z0-9_./ -]|:(?=[A-Za-z0-9:]))*")

_PARAMETERS: dict[str, str] = {}  # what a parameter holds -> its text
_MOST_PARAMETERS = 500

_NUMBERS = (int, float, bool, type(None))
_SCALARS = frozenset({str, *_NUMBERS})


def render(template: Template) -> str:
    """Write a template as CloudFormation YAML.

    Args:
        template: The template; it is validated as ``template.to_dict()`` does, and not changed.

    Returns:
        The text, ending with one line break, the same for the same template in every process.

    Raises:
        ValueError: A required property is missing or a validation of troposphere fails, a number is infinite or not a
            number, a string holds a lone surrogate, a key is longer than YAML allows.
        TypeError: A value is of a type that YAML has no form for, or a key is not a string.
            Both name the entry they were found in by a note.
    """
    out: list[str] = []
    for name, attribute in _HEAD:
        value = getattr(template, attribute)
        if value:
            _emit(f"\n{name}:", value, "\n", out)
    for name, attribute, order in _SECTIONS:
        entries = getattr(template, attribute)
        if entries or name == "Resources":
            _section(name, unwrap(entries), order, out)
    out.append("\n")
    return "".join(out).lstrip("\n")


def render_value(value: object) -> str:
    """Write one value (what a property may hold: text, number, dict, list, function, property) as a YAML document.

    Returns:
        The text, ending with one line break.

    Raises:
        ValueError: As for ``render``.
        TypeError: As for ``render``.
    """
    out: list[str] = []
    opened = unwrap(value)
    kind = type(opened)
    if kind not in (dict, list) or not opened:
        _emit("", opened, "\n", out)
    elif kind is list or len(opened) != 1 or not _emit_short("", opened, "\n", out):
        (_mapping if kind is dict else _sequence)(opened, "", "\n", out)
    return "".join(out).lstrip(" ") + "\n"


def _section(name: str, entries: Any, order: tuple[str, ...], out: list[str]) -> None:
    """Write a top-level section with a blank line before it and between its entries."""
    if type(entries) is not dict or not entries:
        _emit(f"\n\n{name}:", entries, "\n", out)
        return
    out.append(f"\n\n{name}:")
    write = _parameter if order is _PARAMETER else _entry
    gap = ""
    for title, entry in entries.items():
        out.append(gap)
        try:
            write(title, entry, order, out)
        except Exception as error:
            error.add_note(f"in {name}.{title}")
            raise
        gap = "\n"


def _entry(title: str, entry: Any, order: tuple[str, ...], out: list[str]) -> None:
    opened = unwrap(entry)
    if order and type(opened) is dict:
        opened = in_order(opened, order)
    _emit(f"\n  {key(title)}:", opened, "\n  ", out)


def _parameter(title: str, entry: Any, order: tuple[str, ...], out: list[str]) -> None:
    """Write a parameter; the same ones come in template after template, so their text is kept."""
    shape = f"{title!r} {entry.do_validation} {entry.properties}" if type(entry) is Parameter else ""
    if shape in _PARAMETERS:
        out.append(_PARAMETERS[shape])
        return
    written: list[str] = []
    _entry(title, entry, order, written)
    out += written
    if shape and " at 0x" not in shape and len(_PARAMETERS) < _MOST_PARAMETERS:  # an address says nothing of a value
        _PARAMETERS[shape] = "".join(written)


def _emit(head: str, value: Any, pad: str, out: list[str], inline: bool = False) -> None:
    """Write a value.

    Args:
        head: What stands before the value, from the line break on: ``<pad>Key:`` or ``<pad>-``.
        value: The value.
        pad: Line break and indentation of the line that holds the value.
        out: The text goes here.
        inline: Whether a mapping or a list may start on the line of the head, as after a dash.
    """
    kind: type[object] = type(value)
    while kind not in YAML_TYPES:  # as unwrap(), without a call
        value = OPENERS[kind](value)
        kind = type(value)
    if kind is str:
        out.append(f"{head} {text(value, pad)}")
    elif kind is not dict and kind is not list:
        out.append(f"{head} {number(value)}")
    elif not value:
        out.append(f"{head} {value}")  # {} or []
    elif kind is list or len(value) != 1 or not _emit_short(head, value, pad, out):
        child = f"{pad}  "
        if inline:
            lead = f"{head} "
        else:
            out.append(head)
            lead = child
        (_mapping if kind is dict else _sequence)(value, lead, child, out)


def _mapping(value: Mapping[str, Any], lead: str, pad: str, out: list[str]) -> None:
    """Write the pairs of a mapping: the first one after `lead`, the others after `pad`."""
    for name, item in value.items():
        kind = type(item)
        if kind is str:  # the most frequent cases, without a call of _emit
            out.append(f"{lead}{key(name)}: {text(item, pad)}")
        elif kind is int:
            out.append(f"{lead}{key(name)}: {item}")
        else:
            _emit(f"{lead}{key(name)}:", item, pad, out)
        lead = pad


def _sequence(value: list[Any], lead: str, pad: str, out: list[str]) -> None:
    """Write the items of a list: the first one after `lead`, the others after `pad`."""
    for item in value:
        _emit(f"{lead}-", item, pad, out, inline=True)
        lead = pad


def _emit_short(head: str, value: Mapping[str, Any], pad: str, out: list[str]) -> bool:
    """Write a mapping of one key as a function in the short form; write nothing and return False if it has none."""
    [(name, argument)] = value.items()
    tag = _SHORT.get(name)
    if tag is None:
        return False
    kind = type(argument)
    if tag == "!GetAtt":
        if not _is_attribute(argument):
            return False  # also "Resource.Attribute" as text, which would come back as a list
        out.append(f"{head} !GetAtt {text('.'.join(argument), pad)}")
    elif kind is str:
        out.append(f"{head} {tag} {interpolated(argument, pad) if tag == '!Sub' else text(argument, pad)}")
    elif kind is not list or not argument or not name.startswith("Fn::"):
        return False
    elif len(line := _in_line(argument)) and len(f"{head} {tag} {line}") - 1 <= _WIDTH:
        out.append(f"{head} {tag} {line}")
    elif all(type(item) in _SCALARS for item in argument):
        child = f"{pad}  "
        out.append(f"{head} {tag}")
        _sequence(argument, child, child, out)
    else:
        return False
    return True


def _in_line(arguments: Iterable[Any]) -> str:
    """The arguments of a function as a list on one line; "" where one of them is no scalar and no short function."""
    found = [_flat(argument) for argument in arguments]
    return f"[{', '.join(found)}]" if all(found) else ""


def _flat(value: Any) -> str:
    """A scalar or a short function of one, as it stands between brackets; "" where it can't."""
    opened = unwrap(value)
    kind = type(opened)
    if kind is str:
        found = text(opened, "\n")
    elif kind in _NUMBERS:
        return number(opened)
    else:
        written: list[str] = []
        if kind is not dict or len(opened) != 1 or not _emit_short("", opened, "\n", written):
            return ""
        found = written[0].strip()
    held = found.partition(" ")[2] if found.startswith("!") else found
    quoted = held.startswith(("'", '"'))
    return found if "\n" not in found and (quoted or _PLAIN.fullmatch(held)) else ""


def _is_attribute(argument: Any) -> bool:
    """Whether the argument of a Fn::GetAtt survives being written as Resource.Attribute."""
    if type(argument) is not list or len(argument) != 2:
        return False
    return type(argument[0]) is str and type(argument[1]) is str and "." not in argument[0]
