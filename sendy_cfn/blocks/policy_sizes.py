"""How long policies are once deployed, and how they are kept within IAM's quotas.

A reference counts as the longest value that it can have, so that a policy that fits here fits in every environment.
White space does not count: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from awacs.aws import Statement
    from troposphere import Template

POLICY_CHARACTERS = 6144
TRUST_CHARACTERS = 2048  # of a role's trust policy; an account may ask for more
POLICIES_PER_ROLE = 10  # an account may ask for more

# Characters of what templates refer to, by name.
LONGEST = {
    "AWS::AccountId": 12,
    "AWS::Partition": 10,  # aws-us-gov
    "AWS::Region": 16,
    "AWS::StackName": 128,
    "AWS::URLSuffix": 20,
    "ArtifactBucket": 63,
    "Environment": 12,  # config.patterns
    "HostedZoneId": 32,
    "ToolchainAccountId": 12,
    "VpcId": 21,
}
OTHER = 200  # ARNs, mostly: an IAM role's path and name have 64 each at most here, a load balancer's rule has 140
_REFERENCE = re.compile(r"\$\{([^}]+)\}")
_FRAME = len('{"Version":"2012-10-17","Statement":[]}')


def length(value: Any) -> int:
    """Characters of a part of a policy as JSON without white space, with the longest values for what it refers to."""
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, list | tuple):
        return sum(map(length, value)) + max(len(value), 1) + 1
    if not isinstance(value, dict):
        # Statements, conditions and functions, by awacs and troposphere.
        return length(value.to_dict() if hasattr(value, "to_dict") else value.JSONrepr())
    if len(value) == 1:
        ((name, argument),) = value.items()
        if name == "Ref":
            return LONGEST.get(argument, OTHER) + 2
        if name == "Fn::GetAtt":
            return OTHER + 2
        if name == "Fn::Sub" and isinstance(argument, str):
            references = _REFERENCE.findall(argument)
            spelled = sum(len(reference) + 3 for reference in references)
            return len(argument) - spelled + sum(LONGEST.get(reference, OTHER) for reference in references) + 2
        if name == "Fn::If":
            return max(map(length, argument[1:]))
        if name.startswith("Fn::"):
            raise TypeError(f"{name} in a policy: say in blocks/policy_sizes.py how long its result can be")
    return sum(len(name) + 3 + length(content) for name, content in value.items()) + max(len(value), 1) + 1


def split(statements: Iterable[Statement]) -> list[list[Statement]]:
    """The statements in lists of which each fits into a managed policy; a statement goes to the first that has room.

    One that is too long by itself is divided by its resources; the further parts have numbers in their Sids. What can't
    be divided is left: `problems` finds it.
    """
    parts: list[list[Statement]] = []
    rooms: list[int] = []  # that the lists have left
    for statement in (piece for whole in statements for piece in _divided(whole)):
        size = length(statement) + 1  # with a comma
        place = next((number for number, room in enumerate(rooms) if room >= size), len(parts))
        if place == len(parts):
            parts.append([])
            rooms.append(POLICY_CHARACTERS - _FRAME)
        parts[place].append(statement)
        rooms[place] -= size
    return parts


def _divided(statement: Statement) -> Iterator[Statement]:
    resources: Sequence[Any] = statement.Resource
    room = POLICY_CHARACTERS - _FRAME
    over = length(statement)
    if over <= room or len(resources) == 1:
        yield statement
        return
    fixed = over - length(resources) + len("99")  # with the number in the Sid
    chosen: list[list[Any]] = [[]]
    used = fixed
    for resource in resources:
        size = length(resource) + 1
        if used + size > room and chosen[-1]:
            chosen.append([])
            used = fixed
        chosen[-1].append(resource)
        used += size
    for number, some in enumerate(chosen, 1):
        sid = f"{statement.Sid}{number if number > 1 else ''}"
        yield type(statement)(**(statement.properties | {"Sid": sid, "Resource": some}))


def problems(template: Template) -> list[str]:
    """What of a template's roles and policies IAM would refuse for its length or number."""
    found = []
    attached: Counter[str] = Counter()
    for title, resource in template.resources.items():
        given = resource.properties
        if resource.resource_type == "AWS::IAM::ManagedPolicy":
            size = length(given["PolicyDocument"])
            if size > POLICY_CHARACTERS:
                found.append(f"{title} can have {size:,} characters, IAM takes {POLICY_CHARACTERS:,}")
            attached.update(role.data["Ref"] for role in given.get("Roles", ()))
        elif resource.resource_type == "AWS::IAM::Role":
            size = length(given["AssumeRolePolicyDocument"])
            if size > TRUST_CHARACTERS:
                found.append(f"trust of {title} can have {size:,} characters, IAM takes {TRUST_CHARACTERS:,}")
            attached[title] += len(given.get("ManagedPolicyArns", ()))
    for role, count in attached.items():
        if count > POLICIES_PER_ROLE:
            found.append(f"{role} needs {count} managed policies, IAM takes {POLICIES_PER_ROLE}")
    return found
