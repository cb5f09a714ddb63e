"""A finding, and how it is printed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    """How bad a finding is. Every one of them fails the run that prints it."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One defect in one template."""

    template: str  # the path as the user would type it
    line: int  # 1-based
    resource: (
        str  # logical id of what the finding is about (also of a parameter or output), "-" for the file as a whole
    )
    rule: str  # the engine's id, as in "E3002", or one of our own, as in "no-such-template"
    severity: Severity
    message: str
    todo: str = ""  # what to do about it, or where that is explained; "" where the message says it


def table(findings: Iterable[Finding]) -> str:
    """One line per finding, sorted by place, columns aligned, without a newline at the end; "" for no findings."""
    rows = [
        (f"{f.template}:{f.line}", f.resource, f.rule, " ".join(f"{f.message} {_advice(f.todo)}".split()))
        for f in sorted(set(findings))
    ]
    widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:-1]]
    return "\n".join("  ".join([*map(str.ljust, row, widths), row[-1]]) for row in rows)


def _advice(todo: str) -> str:
    return f"-> {todo}" if todo else ""


def summary(check: str, templates: int, findings: int) -> str:
    """The last line of a run."""
    return f"{check}: {templates} templates, {findings or 'no'} finding{'' if findings == 1 else 's'}"
