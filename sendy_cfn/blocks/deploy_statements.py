"""What CloudFormation may do while it makes a service's stack: the actions its resources need, each in its scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs.aws import Action
from troposphere import Sub

from sendy_cfn.blocks.deploy_scopes import scopes
from sendy_cfn.blocks.iam import allow
from sendy_cfn.blocks.resource_actions import needed

if TYPE_CHECKING:
    from collections.abc import Collection

    from awacs.aws import Statement

    from sendy_cfn.blocks.deploy_scopes import Scope


def statements(platform: str, types: Collection[str]) -> dict[str, list[Statement]]:
    """Logical id of a managed policy -> the statements that making stacks of these resource types needs.

    The template has the parameters Environment, VpcId (with security groups) and HostedZoneId (with records).

    Raises:
        LookupError: a type is not in resource_actions.json, or one of its actions in no scope.
    """
    wanted = frozenset((resource_type, action) for resource_type in types for action in needed(resource_type))
    lacking = set(wanted)
    found: dict[str, list[Statement]] = {}
    for policy, members in scopes(platform).items():
        for scope in members:
            covered = {(resource_type, action) for resource_type in scope.types for action in scope.allowed} & wanted
            if covered:
                named = {action for _, action in covered}
                found.setdefault(policy, []).append(_statement(scope, [a for a in scope.allowed if a in named]))
                lacking -= covered
    if lacking:
        raise LookupError(f"no scope in blocks/deploy_scopes.py for {sorted(lacking)}")
    return found


def _statement(scope: Scope, actions: list[str]) -> Statement:
    resources = [Sub(resource) if "${" in resource else resource for resource in scope.resources]
    return allow(scope.sid, [Action(*name.split(":")) for name in actions], *resources, condition=scope.condition)
