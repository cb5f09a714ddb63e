"""What IAM would answer, asked of ministack's evaluation, and names as CloudFormation makes them."""

from __future__ import annotations

from typing import Any

from emulator.authorize import Principal

Statements = list[dict[str, Any]]
ASKING = "arn:aws:iam::123456789012:role/asking"


def allows(statements: Statements, action: str, *resources: str, **context: Any) -> bool:
    """Whether every resource of the call is allowed; keys of the context have "__" for ":".

    The region is always known: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    given = {"aws:RequestedRegion": "eu-central-1"} | {key.replace("__", ":"): v for key, v in context.items()}
    who = Principal.of(given.pop("aws:PrincipalArn", ASKING), [{"Version": "2012-10-17", "Statement": statements}])
    return all(who.may(action, resource, given) for resource in resources)


def made_name(stack: str, logical: str, limit: int) -> str:
    """The name that CloudFormation makes: half the room for the stack's, half for the logical id, 12 of its own."""
    room = limit - 13
    if len(f"{stack}-{logical}") <= room:
        return f"{stack}-{logical}-1A2B3C4D5E6F"
    half = (room - 1) // 2
    return f"{stack[: room - 1 - half]}-{logical[:half]}-1A2B3C4D5E6F"
