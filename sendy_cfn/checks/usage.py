"""What the commands of this package share: how they end, and what they look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CLEAN, FOUND, BAD_USAGE = 0, 1, 2


class UsageError(Exception):
    """The gate can't run as asked."""


def templates_of(folder: Path) -> list[Path]:
    """The emitted templates, sorted.

    Raises:
        UsageError: There are none; a check of nothing must not look like success.
    """
    templates = sorted(folder.glob("*.yaml"))
    if not templates:
        raise UsageError(f"no templates in {folder}/: make templates")
    return templates
