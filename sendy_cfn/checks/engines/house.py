"""Our own rules, as one engine among the others."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from sendy_cfn.checks import cache
from sendy_cfn.checks.engines.subject import Engine, Raw, Settings, Subject, each

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sendy_cfn.checks.engines.subject import Results

CODE = Path(__file__).resolve().parents[1]


def _context(subject: Subject, _settings: Settings) -> list[str | bytes | None]:
    """Templates beside it: rules follow references into them."""
    paths = sorted(subject.path.parent.glob("*.yaml"))
    return [_print(tuple((path, path.stat().st_mtime_ns) for path in paths))]


@functools.cache
def _print(files: tuple[tuple[Path, int], ...]) -> str:
    return cache.fingerprint(*(cache.content_of(path) for path, _ in files))


def _start(subjects: Sequence[Subject], _settings: Settings) -> Callable[[], Results]:
    from sendy_cfn.checks import house
    from sendy_cfn.checks.action_templates import Library

    libraries = {folder: Library(folder) for folder in {subject.path.parent for subject in subjects}}

    def look(subject: Subject) -> list[Raw]:
        findings = house.check(libraries[subject.path.parent], subject.path.name)
        return [Raw(f.line, f.resource, f.rule, f.severity, f.message) for f in findings]

    return lambda: each(look, subjects)


def _titles(_settings: Settings) -> dict[str, str]:
    from sendy_cfn.checks.house import RULES

    return {rule.id: rule.wants for rule in RULES}


ENGINE = Engine(
    "house",
    lambda _settings: cache.code(CODE),
    _context,
    _start,
    "our own [house rules](checks.md): what fails on deployment and no linter sees",
    _titles,
)
