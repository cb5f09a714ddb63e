"""From what engines found to what people read: accepted findings are taken out, repeated ones become one."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sendy_cfn.checks.action_templates import Block, Library, readable, section
from sendy_cfn.checks.engines.subject import CRASH, Raw, Subject
from sendy_cfn.checks.findings import Finding, Severity
from sendy_cfn.checks.suppressions import Accepted, Malformed, read

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

NEEDLESS = "needless-suppression"
UNREASONED = "unreasoned-suppression"
# What is right or wrong about how a template is written. In a rendering we wrote that, and the emitted one is judged.
ABOUT_WRITING = {
    "E1029": re.compile(""),  # text that reads like a reference; emitted, it has an Fn::Sub that keeps it text
    "I3042": re.compile(""),  # regions and accounts that are spelt out: they are values
    "E3012": re.compile(r"-?[0-9.]+ is not of type 'string'"),  # CloudFormation makes a text of a number
    "W9003": re.compile(r"-?[0-9.]+ is not of type 'string'|Parameter type"),  # the same, as the validator says it
}
OWNERS = (
    (re.compile("CKV"), ("checkov",)),
    (re.compile("house-"), ("house",)),
    (re.compile("[A-Z][0-9]{4}$"), ("cfn-lint", "validate")),
)
NUMBERED = re.compile(r"[A-Z]([0-9]{4})")


class Found(NamedTuple):
    """A finding and where it comes from."""

    subject: Subject
    engine: str
    raw: Raw


@dataclass(slots=True)
class Row:
    """A finding with all that say the same."""

    first: Found
    rules: dict[str, None] = field(default_factory=dict)  # with their engines
    places: dict[str, None] = field(default_factory=dict)  # "" for the template as emitted
    advice: list[str] = field(default_factory=list)

    def add(self, one: Found) -> None:
        """Take one more."""
        self.rules[f"{one.engine} {one.raw.rule}"] = None
        self.places[one.subject.place] = None
        self.advice += [one.raw.todo] if one.raw.todo else []

    @property
    def todo(self) -> str:
        """What to do: in words, if any of them has words, else the page."""
        return min(self.advice, key=lambda text: text.startswith("https://"), default="")

    def says(self, one: Found) -> bool:
        """Whether the finding is this one."""
        first, raw = self.first.raw, one.raw
        here = one.subject.place in self.places
        if one.engine != self.first.engine:
            near = raw.place.startswith(first.place) or first.place.startswith(raw.place)
            return here and (near or raw.line == first.line)
        if one.subject == self.first.subject:
            return raw == first
        # Values are part of messages; in the template as emitted, the same property has the same defect.
        return raw.message == first.message or ("" in self.places and bool(raw.place) and raw.place == first.place)


def judge(folder: Path, found: Iterable[Found], everywhere: Iterable[str], ran: Collection[str]) -> list[Finding]:
    """The findings in one folder that count.

    Args:
        folder: The templates as emitted, with their suppressions.
        found: What engines said of them without.
        everywhere: Rules that no template is asked for.
        ran: Names of the engines that looked; what others may find is not called needless.
    """
    library = Library(folder)
    entries = [(str(path), one) for path in sorted(folder.glob("*.yaml")) for one in read(readable(library, path.name))]
    lines = {(file, one.resource, one.rule): one.line for file, one in entries if isinstance(one, Accepted)}
    idle_entries, idle_rules = set(lines), set(everywhere)
    left = []
    complete = True
    for one in found:
        rule, key = one.raw.rule, (one.subject.template, one.raw.resource, one.raw.rule)
        if one.subject.place and rule in ABOUT_WRITING and ABOUT_WRITING[rule].match(one.raw.message):
            continue
        complete = complete and rule != CRASH
        idle_rules.discard(rule)
        idle_entries.discard(key)
        if rule not in everywhere and key not in lines:
            left.append(one)
    findings = list(_merged(left, library))
    for file, entry in entries:
        if isinstance(entry, Malformed):
            findings.append(_own(file, entry.line, entry.resource, UNREASONED, entry.message))
    if complete:  # otherwise nobody knows
        for file, resource, rule in (entry for entry in idle_entries if _asked(entry[2], ran)):
            message = f"{rule} is accepted here, but nothing finds it any more: take the suppression out"
            findings.append(_own(file, lines[file, resource, rule], resource, NEEDLESS, message))
        for rule in (rule for rule in idle_rules if _asked(rule, ran)):
            message = f"{rule} is accepted everywhere, but nothing finds it: see suppressions.py and .cfnlintrc"
            findings.append(_own(str(folder), 1, "-", NEEDLESS, message))
    return findings


def _asked(rule: str, ran: Collection[str]) -> bool:
    """Whether every engine ran that may have the rule; of an unknown one, nobody else can say that it is needed."""
    owners = next((engines for pattern, engines in OWNERS if pattern.match(rule)), ())
    return set(owners) <= set(ran)


def _own(template: str, line: int, resource: str, rule: str, message: str) -> Finding:
    return Finding(template, line, resource, rule, Severity.ERROR, message)


def _merged(found: Iterable[Found], library: Library) -> Iterator[Finding]:
    rows: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for one in sorted(found, key=lambda one: bool(one.subject.place)):  # as emitted first; engines stay in their order
        numbered = NUMBERED.fullmatch(one.raw.rule)
        same = rows[one.subject.template, one.raw.resource, numbered[1] if numbered else one.raw.rule]
        row = next((row for row in same if row.says(one)), None)
        if row is None:
            row = Row(one)
            same.append(row)
        row.add(one)
    for several in rows.values():
        for row in several:
            yield _finding(row, library)


def _finding(row: Row, library: Library) -> Finding:
    subject, _, raw = row.first
    line, message = raw.line, raw.message
    if subject.place:
        line = line_of(readable(library, Path(subject.template).name), raw.resource)
        message = f"with the values of {', '.join(row.places)}: {message}"
    return Finding(
        subject.template, line, raw.resource, ", ".join(row.rules), Severity(raw.severity), message, row.todo
    )


def line_of(template: Block, name: str) -> int:
    """The line of a resource, output or parameter; 1 for what isn't there."""
    sections = (section(template, key) for key in ("Resources", "Outputs", "Parameters", "Conditions"))
    return next((part.lines[name] for part in sections if name in part.lines), 1)
