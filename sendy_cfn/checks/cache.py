"""Remembers what an engine found in a template, so that an unchanged one is not looked at again.

A store is one JSON file per engine: template path -> key and findings. The key covers all that could change the answer;
what is in it is up to the engine. Findings are stored as well as their absence: a second run reports the same. A
template over which the engine crashed is never stored. Losing the store costs time only, so one that can't be read
counts as empty.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from sendy_cfn import whole
from sendy_cfn.checks.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOLDER = Path(".cache/checks")
CRASH = "crash"  # the rule that a crashed engine breaks

Examine: TypeAlias = "Callable[[Path], list[Finding]]"


@dataclass(frozen=True, slots=True)
class Entry:
    """What was found in one template when its key was this one."""

    key: str
    findings: tuple[Finding, ...]


def fingerprint(*parts: str | bytes | None) -> str:
    """One hash of all the parts; their borders count, and None is not the same as empty."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(b"-" if content is None else b"%d:" % len(content) + content)
    return digest.hexdigest()


def content_of(path: Path) -> bytes | None:
    """The file's bytes, None if it can't be read: the engine then says so."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def examine(keys: Mapping[Path, str], start: Callable[[], Examine], store: Path) -> list[Finding]:
    """The findings of all templates, from the store where their key is known there, else from the engine.

    Args:
        keys: Each template with its key.
        start: Starts the engine; called once, and only when a template has to be examined.
        store: The file that remembers. It is left with these templates, and those of other folders.
    """
    known = read(store)
    fresh = {
        str(path): known[str(path)] for path, key in keys.items() if str(path) in known and known[str(path)].key == key
    }
    findings = [finding for entry in fresh.values() for finding in entry.findings]
    changed = [path for path in keys if str(path) not in fresh]
    if not changed:
        return findings
    engine = start()
    try:
        for path in changed:
            found, finished = _examine_one(engine, path)
            findings += found
            if finished:
                fresh[str(path)] = Entry(keys[path], tuple(found))
    finally:  # interrupted: what is finished need not be done again
        folders = {path.parent for path in keys}
        others = {name: entry for name, entry in known.items() if Path(name).parent not in folders}
        write(store, others | fresh)
    return findings


def _examine_one(engine: Examine, path: Path) -> tuple[list[Finding], bool]:
    try:
        found = engine(path)
    except (
        Exception
    ) as error:  # whatever an engine stumbles over in a template has to be shown as that template's defect
        message = f"the engine failed on this template: {type(error).__name__}: {error}"
        return [Finding(str(path), 1, "-", CRASH, Severity.ERROR, message)], False
    return found, not any(finding.rule == CRASH for finding in found)


def read(store: Path) -> dict[str, Entry]:
    """All that is stored; nothing if the file is missing or damaged."""
    try:
        content = json.loads(store.read_text(encoding="utf-8"))
        return {name: Entry(key, tuple(map(_finding, rows))) for name, (key, rows) in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _finding(row: list[object]) -> Finding:
    template, line, resource, rule, severity, message = row
    return Finding(str(template), int(str(line)), str(resource), str(rule), Severity(str(severity)), str(message))


def write(store: Path, entries: Mapping[str, Entry]) -> None:
    """Replace the file in one step: a run beside this one never reads half of it. Failing to costs time only."""
    content = {name: [e.key, [dataclasses.astuple(f) for f in e.findings]] for name, e in sorted(entries.items())}
    with contextlib.suppress(OSError):
        store.parent.mkdir(parents=True, exist_ok=True)
        whole.write(store, json.dumps(content, indent=0))
