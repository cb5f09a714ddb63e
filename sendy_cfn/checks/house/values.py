"""What is certain about a value of a template: its branches, its texts, and what it refers to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sendy_cfn.checks.action_templates import Block, is_intrinsic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NO_VALUE = "AWS::NoValue"
GAP = re.compile(r"\$\{([^}]*)\}")
# Stand-ins of AWS's own parameters: what is right with these is right anywhere.
PSEUDO = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "stack",
    "AWS::URLSuffix": "amazonaws.com",
}


def _branches(value: object) -> list[Any] | None:
    """Condition, then and else of an Fn::If; None of all else."""
    given = value.get("Fn::If") if isinstance(value, dict) and len(value) == 1 else None
    return given if isinstance(given, list) and len(given) == 3 and isinstance(given[0], str) else None


def _is_nothing(value: object) -> bool:
    return isinstance(value, dict) and value.get("Ref") == NO_VALUE


def choices(value: object) -> Iterator[Any]:
    """A value, or those in the branches of an Fn::If; without AWS::NoValue."""
    if (branches := _branches(value)) is not None:
        yield from choices(branches[1])
        yield from choices(branches[2])
    elif not _is_nothing(value):
        yield value


def items(value: object) -> Iterator[Any]:
    """The items of a list, whatever branch they are in. One that stands alone is a list of one for CloudFormation."""
    for choice in choices(value):
        if isinstance(choice, list):
            for item in choice:
                yield from choices(item)
        elif choice is not None:
            yield choice


def blocks(value: object) -> Iterator[Block]:
    """The mappings of a list that say themselves what they are."""
    return (item for item in items(value) if isinstance(item, Block) and not is_intrinsic(item))


def is_open(value: object) -> bool:
    """Whether a list may have items that can't be seen."""
    return any(not isinstance(item, Block) or is_intrinsic(item) or "Fn::Transform" in item for item in items(value))


def alternatives(*values: object) -> Iterator[tuple[Any, ...]]:
    """Values that occur together: one tuple per outcome of the condition that they depend on.

    Nothing if they depend on several, because it is not known which outcomes meet.
    """
    names = {name for value in values for name in _conditions(value)}
    if len(names) < 2:
        for outcome in (True, False) if names else (True,):
            yield tuple(_settled(value, outcome) for value in values)


def _conditions(value: object) -> Iterator[str]:
    if (branches := _branches(value)) is not None:
        yield branches[0]
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _conditions(inner)


def _settled(value: object, outcome: bool) -> Any:
    """The value without any Fn::If; None for AWS::NoValue."""
    if (branches := _branches(value)) is not None:
        return _settled(branches[1 if outcome else 2], outcome)
    if _is_nothing(value):
        return None
    if isinstance(value, list):
        return [settled for item in value if (settled := _settled(item, outcome)) is not None]
    if not isinstance(value, Block):
        return value
    block = Block({key: inner for key, item in value.items() if (inner := _settled(item, outcome)) is not None})
    block.line, block.lines = value.line, value.lines
    return block


def number(value: object) -> int | None:
    """A whole number, also one in quotes."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def is_true(value: object) -> bool:
    """Whether a value is true for sure, also in quotes."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def texts_of(value: object, parameters: Mapping[str, object]) -> Iterator[str]:
    """The texts that a value may have, as far as they are known with these values of parameters."""
    for choice in choices(value):
        text = _text(choice, parameters)
        if text is not None:
            yield text


def _text(value: object, known: Mapping[str, object]) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        text = str(value)
        return None if "{{resolve:" in text else text
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((function, given),) = value.items()
    if function == "Ref" and isinstance(given, str):
        return PSEUDO.get(given) or (_text(known[given], {}) if given in known else None)
    if function == "Fn::Join" and isinstance(given, list) and len(given) == 2 and isinstance(given[1], list):
        return _joined(str(given[0]), [_text(part, known) for part in given[1]])
    return _substituted(given, known) if function == "Fn::Sub" else None


def _joined(separator: str, parts: list[str | None]) -> str | None:
    certain = [part for part in parts if part is not None]
    return separator.join(certain) if len(certain) == len(parts) else None


def _substituted(given: object, known: Mapping[str, object]) -> str | None:
    text, own = given if isinstance(given, list) and len(given) == 2 else (given, {})
    if not isinstance(text, str):
        return None
    own = own if isinstance(own, dict) else {}
    parts: list[str | None] = []
    for position, part in enumerate(GAP.split(text)):
        if position % 2 == 0:
            parts.append(part)
        elif part.startswith("!"):
            parts.append(f"${{{part[1:]}}}")
        else:
            parts.append(_text(own.get(part, {"Ref": part}), known))
    return _joined("", parts)


def target(value: object) -> str | None:
    """The logical id that a value is a reference to, and nothing else."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((function, given),) = value.items()
    if function == "Ref":
        return given if isinstance(given, str) else None
    if function == "Fn::GetAtt":
        first = given[0] if isinstance(given, list) and given else given
        return first.partition(".")[0] if isinstance(first, str) else None
    gap = GAP.fullmatch(given) if function == "Fn::Sub" and isinstance(given, str) else None
    return gap[1].partition(".")[0] if gap else None


def mentions(value: object) -> set[str]:
    """Logical ids (and parameters) that occur anywhere inside a value."""
    found: set[str] = set()
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            found |= _mentioned(item)
            todo += item.values()
        elif isinstance(item, list):
            todo += item
    return found


def _mentioned(item: dict[str, Any]) -> set[str]:
    given = item.get("Fn::Sub")
    text = given[0] if isinstance(given, list) and given else given
    gaps = GAP.findall(text) if isinstance(text, str) else []
    name = target(item)
    return {gap.partition(".")[0] for gap in gaps} | ({name} if name else set())
