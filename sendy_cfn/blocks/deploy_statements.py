"""What CloudFormation may do while it makes a service's stack: the actions its resources need, each in its scope."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from awacs.aws import Action
from troposphere import Sub

from sendy_cfn.blocks.deploy_scopes import ANY, scopes
from sendy_cfn.blocks.iam import HERE, allow
from sendy_cfn.blocks.resource_actions import needed

if TYPE_CHECKING:
    from collections.abc import Collection

    from awacs.aws import Statement

    from sendy_cfn.blocks.deploy_scopes import Scope


def statements(platform: str, types: Collection[str], granted: Collection[str] = ()) -> dict[str, list[Statement]]:
    """Logical id of a managed policy -> the statements that making stacks of these resource types needs.

    The template has the parameters Environment, VpcId (with security groups) and HostedZoneId (with records). The role
    may do what is `granted` already. What it may do on more, without a condition, is in no other statement.

    Raises:
        LookupError: a type is not in resource_actions.json, or one of its actions in no scope.
    """
    wanted = frozenset((resource_type, action) for resource_type in types for action in needed(resource_type))
    lacking = set(wanted)
    found: dict[str, list[Statement]] = {}
    elsewhere = set(granted)
    chosen = [(policy, scope) for policy, members in scopes(platform).items() for scope in members]
    for policy, scope in chosen:
        covered = _covered(scope, wanted)
        lacking -= covered
        wider = [other for _, other in chosen if _free(other) and _holds(other, scope) and not _holds(scope, other)]
        anyway = {action for other in wider for _, action in _covered(other, wanted)}
        named = {action for _, action in covered} - elsewhere - anyway
        if named:
            found.setdefault(policy, []).append(_statement(scope, [a for a in scope.allowed if a in named]))
        if scope.resources == ANY and _free(scope):
            elsewhere |= named
    if lacking:
        raise LookupError(f"no scope in blocks/deploy_scopes.py for {sorted(lacking)}")
    return found


def _free(scope: Scope) -> bool:
    """Whether it has no condition; where ARNs say the region, that one is none."""
    return scope.condition is None or scope.condition is HERE


def _holds(wide: Scope, narrow: Scope) -> bool:
    """Whether all that the one scope works on is within the other's resources."""
    return all(any(fnmatchcase(one, pattern) for pattern in wide.resources) for one in narrow.resources)


def _covered(scope: Scope, wanted: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which actions of resource types the scope is for."""
    return {(kind, action) for kind in scope.types for action in scope.allowed} & set(wanted)


def _statement(scope: Scope, actions: list[str]) -> Statement:
    resources = [Sub(resource) if "${" in resource else resource for resource in scope.resources]
    return allow(scope.sid, [Action(*name.split(":")) for name in actions], *resources, condition=scope.condition)
