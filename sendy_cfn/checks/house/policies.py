"""Policies: what their statements allow, and to whom."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from sendy_cfn.checks.action_templates import Block, is_intrinsic
from sendy_cfn.checks.house.values import blocks, choices, is_open, items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View


def statements(policy: object) -> list[Block] | None:
    """The statements of a policy in all branches; None if there may be others."""
    found: list[Block] = []
    for choice in choices(policy) if policy is not None else ():
        if not isinstance(choice, Block) or is_intrinsic(choice) or is_open(choice.get("Statement")):
            return None
        found += blocks(choice.get("Statement"))
    return found


def may_allow(view: View, statement: Block, action: str) -> bool:
    """Whether a statement allows an action, or can't be told not to."""
    effects = set(view.texts(statement.get("Effect")))
    if "Effect" in statement and effects and "Allow" not in effects:
        return False
    if "Action" not in statement:
        return True
    for item in items(statement["Action"]):
        words = list(view.texts(item))
        if not words or any(fnmatchcase(action.lower(), word.lower()) for word in words):
            return True
    return False


def principals(view: View, statement: Block, kind: str) -> Iterator[tuple[int, str | None]]:
    """Principals of a kind (AWS, Service, ...) with their lines; None for each that is unknown; * is of every kind."""
    given = statement.get("Principal")
    line = statement.lines.get("Principal", statement.line)
    if "NotPrincipal" in statement:
        yield line, None
    for choice in choices(given):
        if choice == "*":
            yield line, "*"
        elif not isinstance(choice, Block) or is_intrinsic(choice):
            yield line, None
        else:
            for item in items(choice.get(kind)):
                known = list(view.texts(item))
                yield from ((choice.lines.get(kind, line), text) for text in (known or (None,)))
