"""Findings that are accepted: read from where `sendy_cfn.blocks.suppress` writes them, and taken out of a text.

Engines look at texts without suppressions, so that a suppression which accepts nothing is noticed. What a whole
template can't say of itself is in EVERYWHERE.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sendy_cfn.checks.action_templates import Block, section

if TYPE_CHECKING:
    from collections.abc import Iterator

# What no template is asked for; .cfnlintrc ignores the same for who runs cfn-lint alone.
EVERYWHERE = {
    "W3002": "TemplateURL is a relative path on purpose: linters follow it and check the wiring, `package` rewrites it"
    " to an address in S3",
    "I4010": "Context metadata for machines would double the templates against the 51,200 bytes of a body; what it says"
    " stands in descriptions, labels and statement ids, and stack tags name platform, environment and service",
}

OWN = ("cfn-lint", "checkov", "sendy-cfn")
_AS = re.compile(r"as ([\w-]+)")
# Where our emitter puts metadata of a template and of a resource.
_METADATA = re.compile(r"^(?: {4})?Metadata:$")
_KEY = re.compile(r"^( +)([\w:-]+):")


@dataclass(frozen=True, slots=True)
class Accepted:
    """One finding that is accepted."""

    line: int  # of the entry
    resource: str  # logical id, also of an output or a parameter
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """An entry that accepts nothing because it does not say what, or why."""

    line: int
    resource: str
    message: str


def read(template: Block) -> Iterator[Accepted | Malformed]:
    """Everything that a template accepts."""
    for line, entry in _entries(section(template, "Metadata", "sendy-cfn"), "accept"):
        given = entry.get("of") if isinstance(entry, dict) else None
        names = given if isinstance(given, list) else [given]
        for name in names:
            yield _entry(line, str(name or "-"), entry, "rule", "reason")
    for name, resource in section(template, "Resources").items():
        yield from _resource(name, section(resource, "Metadata"))


def _resource(name: str, metadata: Block) -> Iterator[Accepted | Malformed]:
    found = [
        *(
            _entry(line, name, entry, "rule", "reason")
            for line, entry in _entries(section(metadata, "sendy-cfn"), "accept")
        ),
        *(_entry(line, name, entry, "id", "comment") for line, entry in _entries(section(metadata, "checkov"), "skip")),
    ]
    reasons = {entry.rule: entry.reason for entry in found if isinstance(entry, Accepted)}
    for entry in found:
        other = _AS.fullmatch(entry.reason) if isinstance(entry, Accepted) else None
        if isinstance(entry, Accepted) and other:
            yield Accepted(entry.line, name, entry.rule, reasons.get(other[1], entry.reason))
        else:
            yield entry
    for line, rule in _entries(section(metadata, "cfn-lint", "config"), "ignore_checks"):
        if rule not in reasons:
            yield Malformed(line, name, f"{rule} is ignored without a reason: use sendy_cfn.blocks.suppress")


def _entries(of: Block, key: str) -> Iterator[tuple[int, Any]]:
    given = of.get(key, [])
    line = of.lines.get(key, of.line)
    for entry in given if isinstance(given, list) else [given]:
        yield entry.line if isinstance(entry, Block) else line, entry


def _entry(line: int, name: str, entry: Any, rule: str, reason: str) -> Accepted | Malformed:
    given = [entry.get(key) if isinstance(entry, dict) else None for key in (rule, reason)]
    if not all(isinstance(text, str) and text.strip() for text in given):
        return Malformed(line, name, f"an accepted finding needs {rule} and {reason}")
    return Accepted(line, name, str(given[0]), str(given[1]))


def without(text: str) -> str:
    """The text with empty lines in the place of suppressions, so that every other line keeps its number.

    Only metadata as our emitter writes it is found.
    """
    if not any(f"{name}:" in text for name in OWN):
        return text
    lines = text.split("\n")
    for start, line in enumerate(lines):
        if _METADATA.match(line):
            end = _end(lines, start, len(line) - len("Metadata:"))
            keys = [(number, found[2]) for number in range(start + 1, end) if (found := _child(lines, start, number))]
            ours = [number for number, name in keys if name in OWN]
            for number in ours:
                _blank(lines, number, _end(lines, number, len(lines[number]) - len(lines[number].lstrip())))
            if ours and len(ours) == len(keys):
                lines[start] = ""
    return "\n".join(lines)


def _child(lines: list[str], parent: int, number: int) -> re.Match[str] | None:
    """The key of a line that is directly inside the mapping that begins above."""
    found = _KEY.match(lines[number])
    depth = len(lines[parent]) - len(lines[parent].lstrip()) + 2
    return found if found and len(found[1]) == depth else None


def _end(lines: list[str], start: int, depth: int) -> int:
    """The first line after the block that is not deeper."""
    inside = (
        n for n in range(start + 1, len(lines)) if lines[n].strip() and not lines[n].startswith(" " * (depth + 1))
    )
    return next(inside, len(lines))


def _blank(lines: list[str], start: int, end: int) -> None:
    lines[start:end] = [""] * (end - start)
