"""Remembers what was found in a text, so that an unchanged one is not looked at again.

A store is one JSON file: key -> rows. The key covers all that could change the answer, the name of the file is not part
of it: two files of the same text are looked at once. Findings are stored as well as their absence. Losing the store
costs time only, so one that can't be read counts as empty.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sendy_cfn import whole

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Path(".cache/checks")
KEPT = 5000  # answers that were not asked for in the last run; a few kilobytes each at most
WIDTH = 7  # columns of a row

Rows = list[list[Any]]


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


def code(*modules: Path) -> str:
    """A hash of files of ours, and of those in folders of ours: what they say changes with them."""
    files = [file for path in modules for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    return fingerprint(*(file.read_bytes() for file in files))


class Store:
    """Answers by key; `save` writes what `get` and `put` have touched, and others as long as there is room."""

    def __init__(self, file: Path) -> None:
        """Read the file."""
        self.file = file
        self._known = _read(file)
        self._used: dict[str, Rows] = {}

    def get(self, key: str) -> Rows | None:
        """What was found under the key; None if that isn't known."""
        rows = self._known.get(key)
        if rows is not None:
            self._used[key] = rows
        return rows

    def put(self, key: str, rows: Sequence[Sequence[Any]]) -> None:
        """Remember what was found."""
        self._used[key] = [list(row) for row in rows]

    def save(self) -> None:
        """Replace the file in one step: a run beside this one never reads half of it. Failing to costs time only."""
        others = [key for key in self._known if key not in self._used][:KEPT]
        content = self._used | {key: self._known[key] for key in others}
        if content == self._known:
            return
        with contextlib.suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            whole.write(self.file, json.dumps(content, indent=0))


def _read(file: Path) -> dict[str, Rows]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {key: rows for key, rows in content.items() if isinstance(rows, list) and all(map(_is_row, rows))}


def _is_row(row: object) -> bool:
    return isinstance(row, list) and len(row) == WIDTH and all(isinstance(item, str | int) for item in row)
