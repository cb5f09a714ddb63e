"""What happened to every resource, one JSON line each, and how to read the present state back.

Two kinds of lines: one per resource action, and one when an operation on a stack ends, which says what physical id
stands behind each logical id then. The second makes rollbacks and replacements readable without guessing.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STACK_TYPE = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class Resolved:
    """A resource as it stands: every intrinsic resolved, stack tags included, CloudFormation's own tags left out."""

    type: str
    physical_id: str
    properties: Mapping[str, Any]
    recorded: bool
    stack: str


class Log:
    """The writing side, used by the server; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Start a new file at `path`; what was there is gone."""
        self._lock = threading.Lock()
        self._file = path.open("w", encoding="utf-8", buffering=1)

    def write(self, **line: Any) -> None:
        """Append one line."""
        text = json.dumps(line, default=str, sort_keys=True)
        with self._lock:
            self._file.write(text + "\n")


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Every line written so far, oldest first; a line under way is left for the next call."""
    for text in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if text.endswith("\n"):
            yield json.loads(text)


def resolved(path: Path, stack: str, account: str, region: str) -> dict[str, Resolved]:
    """The resources of `stack` (a name) after its last finished operation, those of nested stacks as `Child/LogicalId`.

    Empty when the stack was never deployed or is deleted.
    """
    mine = [line for line in lines(path) if (line["account"], line["region"]) == (account, region)]
    latest = {(line["stack"], line["logical_id"], line["physical_id"]): line for line in mine if _is_done(line)}
    stacks = {line["stack"]: line for line in mine if line["action"] == "stack"}
    return dict(_walk(stack, "", stacks, latest))


def _is_done(line: dict[str, Any]) -> bool:
    return line["action"] in ("create", "update") and "error" not in line


def _walk(
    stack: str, prefix: str, stacks: dict[str, dict[str, Any]], latest: dict[tuple[str, str, str], dict[str, Any]]
) -> Iterator[tuple[str, Resolved]]:
    for logical_id, physical_id in stacks.get(stack, {}).get("resources", {}).items():
        line = latest[stack, logical_id, physical_id]
        yield (
            prefix + logical_id,
            Resolved(line["type"], physical_id, line["properties"] or {}, bool(line["recorded"]), stack),
        )
        if line["type"] == STACK_TYPE:
            # arn:aws:cloudformation:<region>:<account>:stack/<name>/<uuid>
            yield from _walk(physical_id.split("/")[1], f"{prefix}{logical_id}/", stacks, latest)
