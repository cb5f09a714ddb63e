"""Writing a single file: it is the old one or the new one, also if the writer is killed or the disk is full."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside it to be written to, which takes its place at the end unless there was an error.

    Each process has its own, so two that write the same file don't mix. A killed one leaves it; git ignores it.

    Raises:
        OSError: there is nothing to take its place, or it can't.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write(path: Path, text: str) -> None:
    """Make the file, or replace it.

    Raises:
        OSError: it is as it was.
    """
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
