"""What IAM would answer: policies evaluated as AWS documents it, and names as CloudFormation makes them."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

Statements = list[dict[str, Any]]
Context = dict[str, Any]


def allows(statements: Statements, action: str, *resources: str, **context: Any) -> bool:
    """Whether every resource of the call is allowed; keys of the context have "__" for ":".

    The region is always known: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    given = {"aws:RequestedRegion": "eu-central-1"} | {key.replace("__", ":"): v for key, v in context.items()}
    return all(_decide(statements, action, resource, given) for resource in resources)


def _decide(statements: Statements, action: str, resource: str, context: Context) -> bool:
    matching = [
        statement["Effect"]
        for statement in statements
        if any(fnmatchcase(action, pattern) for pattern in _listed(statement["Action"]))
        and any(fnmatchcase(resource, pattern) for pattern in _listed(statement.get("Resource", "*")))
        and _holds(statement.get("Condition", {}), context)
    ]
    return "Allow" in matching and "Deny" not in matching


def _holds(condition: dict[str, dict[str, Any]], context: Context) -> bool:
    return all(
        _compare(operator, context.get(key), _listed(expected))
        for operator, keys in condition.items()
        for key, expected in keys.items()
    )


def _compare(operator: str, found: Any, expected: list[str]) -> bool:
    quantifier, _, name = operator.rpartition(":")
    if found is None:
        return name.endswith("IfExists") or quantifier == "ForAllValues"
    like = {"StringEquals": False, "Bool": False, "ArnLike": True}[name.removesuffix("IfExists")]
    results = [
        any(fnmatchcase(value, pattern) if like else value == pattern for pattern in expected)
        for value in _listed(found)
    ]
    return all(results) if quantifier == "ForAllValues" else any(results)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def made_name(stack: str, logical: str, limit: int) -> str:
    """The name that CloudFormation makes: half the room for the stack's, half for the logical id, 12 of its own."""
    room = limit - 13
    if len(f"{stack}-{logical}") <= room:
        return f"{stack}-{logical}-1A2B3C4D5E6F"
    half = (room - 1) // 2
    return f"{stack[: room - 1 - half]}-{logical[:half]}-1A2B3C4D5E6F"
