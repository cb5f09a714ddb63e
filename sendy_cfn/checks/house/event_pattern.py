"""Values in event patterns are lists.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sendy_cfn.checks.action_templates import is_intrinsic
from sendy_cfn.checks.house.rule import Found, Rule
from sendy_cfn.checks.house.values import choices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View


def _find(view: View) -> Iterator[Found]:
    for rule in view.of("AWS::Events::Rule", "AWS::Events::Archive"):
        line = rule.at("EventPattern")
        for pattern in choices(rule.given.get("EventPattern")):
            for at, path, value in _scalars(_parsed(pattern), "", line):
                message = (
                    f"{path} is {json.dumps(value, default=str)}, expected a list: [{json.dumps(value, default=str)}]"
                )
                yield Found(at, rule.id, message)


def _parsed(pattern: object) -> object:
    try:
        return json.loads(pattern) if isinstance(pattern, str) else pattern
    except (ValueError, RecursionError):
        return None


def _scalars(value: object, path: str, line: int) -> Iterator[tuple[int, str, object]]:
    """Fields whose value is neither a list nor fields of their own."""
    if not isinstance(value, dict) or is_intrinsic(value):
        return
    for key, inner in value.items():
        place = f"{path}.{key}" if path else str(key)
        at = getattr(value, "lines", {}).get(key, line)
        for choice in choices(inner):
            if isinstance(choice, dict):
                yield from _scalars(choice, place, at)
            elif not isinstance(choice, list):
                yield at, place, choice


RULE = Rule(
    "house-event-pattern",
    "Values in event patterns are lists, also of one",
    "EventBridge refuses the rule: the event pattern is not valid (InvalidEventPatternException)",
    "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html",
    _find,
)
