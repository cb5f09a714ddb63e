"""Changes of what ECS or CodeDeploy moves: told when templates are made, as CloudFormation would undo their moves."""

from __future__ import annotations

import re

# A resource of an emitted template that says it is frozen: its logical id and its text up to the next blank line.
_FROZEN = re.compile(r"^  (\w+):\n(?:    .*\n)*?    Metadata:\n      Frozen: .*\n(?:    .*\n)*", re.MULTILINE)
_NOTE = re.compile(r"^    Metadata:\n(?:      .*\n)*", re.MULTILINE)  # for who reads it: no part of the resource


def touched(old: str, new: str) -> list[str]:
    """Logical ids of the frozen resources that both templates have and that differ between them, sorted."""
    before, after = (_resources(text) for text in (old, new))
    return sorted(name for name in before.keys() & after.keys() if before[name] != after[name])


def _resources(text: str) -> dict[str, str]:
    return {found[1]: _NOTE.sub("", found[0]) for found in _FROZEN.finditer(text)} if "      Frozen: " in text else {}
