"""How long policies are once deployed, and how they are kept within IAM's quotas.

A reference counts as the longest value that it can have, so that a policy that fits here fits in every environment.
White space does not count: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from troposphere import AWSHelperFn

from sendy_cfn.errors import LimitError

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
_ROOM = POLICY_CHARACTERS - _FRAME


def length(value: Any) -> int:
    """Characters of a part of a policy as JSON without white space, with the longest values for what it refers to."""
    kind = type(value)  # asked for in the order of their number: every policy of every service is measured
    if kind is str:
        return len(value) + 2
    if kind is list:
        return sum(map(length, value)) + (len(value) + 1 if value else 2)
    if kind is dict:
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref":
                return LONGEST.get(argument, OTHER) + 2
            if name.startswith("Fn::"):
                return _of_function(name, argument)
        return sum([len(name) + 3 + length(content) for name, content in value.items()]) + (
            len(value) + 1 if value else 2
        )
    # Texts that are more than that; functions by troposphere; statements and what is in them by awacs.
    if isinstance(value, str):
        return len(value) + 2
    return length(value.data if isinstance(value, AWSHelperFn) else value.JSONrepr())


def _of_function(name: str, argument: Any) -> int:
    if name == "Fn::GetAtt":
        return OTHER + 2
    if name == "Fn::Sub" and isinstance(argument, str):
        references = _REFERENCE.findall(argument)
        return len(argument) + 2 + sum([LONGEST.get(name, OTHER) - len(f"${{{name}}}") for name in references])
    if name == "Fn::If":
        return max(map(length, argument[1:]))
    raise TypeError(f"{name} in a policy: say in blocks/policy_sizes.py how long its result can be")


def check(title: str, statements: Iterable[Statement]) -> None:
    """Make sure that the statements fit into one managed policy.

    Raises:
        LimitError: they don't.
    """
    size = _FRAME + sum(length(statement) + 1 for statement in statements)
    if size > POLICY_CHARACTERS:
        raise LimitError(f"{title} can have {size:,} characters, IAM takes {POLICY_CHARACTERS:,}")


def split(title: str, statements: Iterable[Statement]) -> list[list[Statement]]:
    """The statements in lists of which each fits into a managed policy; a statement goes to the first that has room.

    One that is too long by itself is divided by its resources; the further parts have numbers in their Sids.

    Raises:
        LimitError: one is too long and can't be divided.
    """
    parts: list[list[Statement]] = []
    rooms: list[int] = []  # that the lists have left
    for statement, size in (piece for whole in statements for piece in _divided(whole)):
        place = next((number for number, room in enumerate(rooms) if room >= size), len(parts))
        if place == len(parts):
            parts.append([])
            rooms.append(_ROOM)
        parts[place].append(statement)
        rooms[place] -= size
        if rooms[place] < 0:
            check(title, [statement])
    return parts


def _divided(statement: Statement) -> Iterator[tuple[Statement, int]]:
    """The statement in parts that fit, if it has enough resources, with the length of each and a comma."""
    whole = length(statement) + 1
    resources: Sequence[Any] = statement.Resource
    if whole <= _ROOM or len(resources) == 1:
        yield statement, whole
        return
    rest = whole - length(resources) + len("[]99")  # with a number in the Sid
    parts: list[list[Any]] = []
    sizes: list[int] = []
    for resource in resources:
        size = length(resource) + 1
        if not parts or sizes[-1] + size > _ROOM:
            parts.append([])
            sizes.append(rest)
        parts[-1].append(resource)
        sizes[-1] += size
    for number, (some, size) in enumerate(zip(parts, sizes, strict=True), 1):
        sid = f"{statement.Sid}{number if number > 1 else ''}"
        yield type(statement)(**(statement.properties | {"Sid": sid, "Resource": some})), size


def problems(template: Template) -> list[str]:
    """What of a template's roles IAM would refuse for the length of their trust, or the number of their policies."""
    found = []
    attached: Counter[str] = Counter()
    for title, resource in template.resources.items():
        given = resource.properties
        if resource.resource_type == "AWS::IAM::ManagedPolicy":
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
