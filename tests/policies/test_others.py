"""No role may do what is done with another of its kind: of another service, environment or platform."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fnmatch import fnmatchcase

import pytest

from sendy_cfn.checks.policy_names import Place
from sendy_cfn.checks.policy_roles import Role
from tests.generated import CASES
from tests.platforms import ROOT
from tests.policies.catalogue import calls, line
from tests.policies.world import Call, World, allows, principal, world

# What AWS can't tell apart, and what is meant to be shared. Each has to occur.
SHARED = {
    # AWS draws ids, and knows no condition by which they could be told.
    "CloudFormationRole: route53:*HealthCheck on arn:aws:route53:::healthcheck/*",
    "CloudFormationRole: route53:*TagsFor* on arn:aws:route53:::healthcheck/*",
    # Needs a VPC too, and that is the environment's own.
    "CloudFormationRole: ec2:CreateSecurityGroup on *:security-group/*",
    "CloudFormationRole: ec2:CreateTags on *:security-group/* with *CreateSecurityGroup*",
    # What is just being made has no tags yet. AWS draws its id, or keeps five characters of the stack's name in it.
    "CloudFormationRole: elasticloadbalancing:CreateTargetGroup on *:targetgroup/*",
    "CloudFormationRole: elasticloadbalancing:AddTags on *:targetgroup/* with {'aws:RequestedRegion': *",
    "CloudFormationRole: elasticloadbalancing:AddTags on *:listener-rule/app/* with {'aws:RequestedRegion': *",
    "CloudFormationRole: application-autoscaling:RegisterScalableTarget on *'ecs:service:DesiredCount', 'aws:Req*",
    "CloudFormationRole: application-autoscaling:TagResource on * with {'aws:RequestedRegion': *",
    # Who deletes composite alarms has to be allowed to delete all, AWS says.
    "CloudFormationRole: cloudwatch:DeleteAlarms on *",
    # Looking at all is what AWS asks for.
    "*Role: cloudwatch:DescribeAlarms on *",
    # Where the toolchain has an account of its own: through S3 only, for objects that the role may read.
    "PipelineRole: kms:* on *:key/* with {'kms:ViaService': 's3.*",
}
occurred: set[str] = set()


def beyond(mine: Role, of: World, others: Role, theirs: World) -> Iterator[Call]:
    """Calls that are made with the other role on something of its own, as if that were in the same account."""
    own = {(call.action, call.resource) for call in calls(of, mine)}
    for call in calls(theirs, others):
        made = call if of is theirs else moved(call, others.stack.place, mine.stack.place)
        if made.resource != "*" and (made.action, made.resource) not in own:
            yield made


def moved(call: Call, of: Place, to: Place) -> Call:
    def there(text: str) -> str:
        return text.replace(of.account, to.account).replace(of.region, to.region)

    context = tuple((key, there(v) if isinstance(v, str) else tuple(map(there, v))) for key, v in call.context)
    return Call(call.action, there(call.resource), context)


def allowed(pairs: Iterator[tuple[World, Role, World, Role]]) -> set[str]:
    """What roles may do of others' business, without what is shared."""
    found = set()
    for of, mine, theirs, others in pairs:
        who = principal(mine)
        for call in beyond(mine, of, others, theirs):
            if allows(who, call):
                known = [one for one in SHARED if fnmatchcase(f"{mine.title}: {call}", one)]
                assert len(known) < 2, f"{call}: {known} are about the same"
                if known:
                    occurred.update(known)
                else:
                    found.add(f"{mine}: {call}")
    return found


def same_kind(of: World, theirs: World) -> Iterator[tuple[World, Role, World, Role]]:
    for mine, others in itertools.product(of.roles, theirs.roles):
        if mine.arn != others.arn and line(mine) == line(others):
            yield of, mine, theirs, others


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name, indirect=True)
def test_of_another_service_or_environment(case: World) -> None:
    assert not allowed(same_kind(case, case))


def test_of_another_platform() -> None:
    cases = [world(ROOT / "tests/cases" / name) for name in ("strategies", "two-accounts", "other-sources", "bare")]
    pairs = itertools.permutations(cases, 2)
    assert not allowed(itertools.chain.from_iterable(itertools.starmap(same_kind, pairs)))


def test_all_that_is_shared_occurs() -> None:
    shipped, strategies, two_accounts = (
        world(ROOT / name) for name in ("params", "tests/cases/strategies", "tests/cases/two-accounts")
    )
    for of, theirs in ((shipped, shipped), (strategies, strategies), (strategies, two_accounts)):
        allowed(same_kind(of, theirs))
    assert occurred == SHARED
