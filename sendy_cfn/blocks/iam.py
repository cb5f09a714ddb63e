"""Roles and policies: exact actions, a Sid per purpose, trust bound to the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awacs.aws import Action, Allow, Condition, PolicyDocument, Principal, Statement, StringEquals
from awacs.sts import AssumeRole
from troposphere import If, Region, iam

from sendy_cfn.blocks import policy_sizes, unlimited
from sendy_cfn.blocks.suppress import suppress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn

    Arn = AWSHelperFn | str

# For "*": other resources say their region in their ARN. Not for global services, and not where a call goes elsewhere.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
HERE = Condition(StringEquals("aws:RequestedRegion", Region))


def allow(sid: str, actions: Sequence[Action], *resources: Arn, condition: Condition | None = None) -> Statement:
    """An Allow statement; the narrowest ARNs that AWS supports for the actions.

    Raises:
        LookupError: a resource is "*" or all of a kind, and blocks/unlimited.py has no reason for it.
    """
    for resource in resources:
        if unlimited.is_wide(resource):
            unlimited.reasons([action.JSONrepr() for action in actions], resource)
    return declared(sid, actions, *resources, condition=condition)


def declared(sid: str, actions: Sequence[Action], *resources: Arn, condition: Condition | None = None) -> Statement:
    """An Allow statement that people wrote in platform.yaml: theirs to limit."""
    more = {"Condition": condition} if condition else {}
    return Statement(Sid=sid, Effect=Allow, Action=list(actions), Resource=list(resources), **more)


def document(*statements: Statement) -> PolicyDocument:
    """A policy document of the current version."""
    return PolicyDocument(Version="2012-10-17", Statement=list(statements))


def trust(service: str, condition: Condition | None = None) -> PolicyDocument:
    """A trust policy for one AWS service, for example "ecs-tasks.amazonaws.com".

    `condition` binds it to the account or a source ARN; leave it out only for services that send neither (confused
    deputy: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
    """
    more = {"Condition": condition} if condition else {}
    return document(Statement(Effect=Allow, Principal=Principal("Service", service), Action=[AssumeRole], **more))


def policy(
    title: str, description: str, roles: list[AWSHelperFn], *statements: Statement, **more: Any
) -> iam.ManagedPolicy:
    """A managed policy attached to the roles, for statements whose number and length are known.

    Raises:
        LimitError: they are too long. AWS: at most 6,144 characters; inline policies share 10,240 per role.
    """
    policy_sizes.check(title, statements)
    return _policy(title, description, roles, statements, more)


def policies(
    title: str, description: str, roles: list[AWSHelperFn], *statements: Statement, **more: Any
) -> list[iam.ManagedPolicy]:
    """As many managed policies as the statements need, attached to the roles: the title, then with numbers.

    Raises:
        LimitError: one statement is too long by itself.
    """
    return [
        _policy(f"{title}{number if number > 1 else ''}", description, roles, part, more)
        for number, part in enumerate(policy_sizes.split(title, statements), 1)
    ]


def _policy(
    title: str, description: str, roles: list[AWSHelperFn], statements: Sequence[Statement], more: dict[str, Any]
) -> iam.ManagedPolicy:
    return iam.ManagedPolicy(title, Description=description, Roles=roles, PolicyDocument=document(*statements), **more)


def role(title: str, description: str, assume: PolicyDocument, boundary: Arn, **more: Any) -> iam.Role:
    """A role without a name of its own, so that two stacks never fight for one; `boundary` is from blocks/boundary."""
    found = iam.Role(
        title, Description=description, AssumeRolePolicyDocument=assume, PermissionsBoundary=boundary, **more
    )
    if isinstance(boundary, If):
        suppress(found, "W1030", "The reference is inside Fn::If with the condition that the parameter is not empty")
    return found
