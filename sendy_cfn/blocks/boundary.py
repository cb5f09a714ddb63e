"""Permissions boundaries: what a role can do at most, whatever its policies say. A boundary itself grants nothing.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from awacs import iam as actions
from awacs.aws import Action, ArnLike, Condition, StringEquals
from troposphere import Equals, If, Not, NoValue, Ref, Sub, iam

from sendy_cfn.blocks import role_paths
from sendy_cfn.blocks.iam import allow, declared, document
from sendy_cfn.blocks.policy_sizes import POLICY_CHARACTERS
from sendy_cfn.errors import ConfigError, Problem
from sendy_cfn.knobs import common

if TYPE_CHECKING:
    from collections.abc import Iterable

    from troposphere import Template

HAS_BOUNDARY = "HasPermissionsBoundary"
SERVICE_BOUNDARY = "ServiceBoundary"

FRAME_CHARACTERS = 700  # of a policy, for all that is not the list of actions
# Whole services that would let a role raise itself, or leave its account.
NEVER_WHOLE = frozenset({"account", "iam", "organizations", "sts"})
PASS_ROLE = "iam:PassRole"


def given(template: Template) -> If:
    """The boundary that the operator names, for roles outside service stacks; without one, none."""
    arn = common.PERMISSIONS_BOUNDARY_ARN.take(template)
    if HAS_BOUNDARY not in template.conditions:
        template.add_condition(HAS_BOUNDARY, Not(Equals(arn, "")))
    return If(HAS_BOUNDARY, arn, NoValue)


def in_use() -> If:
    """The boundary of service roles, in the template that has the policy `ServiceBoundary` and uses `given`."""
    return If(HAS_BOUNDARY, Ref(common.PERMISSIONS_BOUNDARY_ARN.name), Ref(SERVICE_BOUNDARY))


def service_boundary(platform: str, allowed: Iterable[str]) -> iam.ManagedPolicy:
    """The policy that bounds service roles: of each action that some service's role is allowed, at most that.

    It stays where an operator's boundary takes its place: roles of stacks that were not updated since still have it.

    Raises:
        ConfigError: more actions than one policy holds.
    """
    listed = set(allowed)
    passes = PASS_ROLE in listed
    listed.discard(PASS_ROLE)
    # All resources, since a boundary grants nothing. For roles of services alone: where somebody attaches it as a
    # policy, it grants nothing either.
    theirs = Sub(role_paths.role_arn(role_paths.of_services(platform) + "*"))
    named = [Action(*name.split(":", 1)) for name in fitted(listed)]
    for_services = Condition(ArnLike("aws:PrincipalArn", theirs))
    statements = [declared("AtMost", named, "*", condition=for_services)] if named else []
    if passes:
        # Which roles, and to whom: on "*" a role could start tasks with any other role of the account.
        to_tasks = Condition(StringEquals("iam:PassedToService", "ecs-tasks.amazonaws.com"))
        statements.append(allow("HandRolesToTasks", [actions.PassRole], theirs, condition=to_tasks))
    return iam.ManagedPolicy(
        SERVICE_BOUNDARY,
        Description="What roles of services can do at most",  # a changed one would replace a policy that is in use
        Path=role_paths.of_deployment(platform),
        PolicyDocument=document(*statements),
    )


def fitted(allowed: Iterable[str]) -> list[str]:
    """The actions, sorted; where they don't fit in a policy, all of a service in place of the most numerous.

    Raises:
        ConfigError: they don't fit even so.
    """
    exact = set(allowed)
    counts = Counter(name.split(":")[0] for name in exact)
    whole: set[str] = set()
    candidates = sorted((name for name in counts if name not in NEVER_WHOLE), key=lambda name: (-counts[name], name))
    for service in ("", *candidates):
        whole.add(service)
        kept = sorted({f"{of}:*" if of in whole else name for name in exact for of in [name.split(":")[0]]})
        if len(json.dumps(kept, separators=(",", ":"))) <= POLICY_CHARACTERS - FRAME_CHARACTERS:
            return kept
    message = f"{len(exact)} IAM actions of services, more than a permissions boundary of {POLICY_CHARACTERS} holds"
    raise ConfigError([Problem("templates/deploy-roles.yaml", 0, "", f"{message} characters")])
