"""Tags of what CloudFormation's calls work on, as AWS sends them: what is made just now has none yet.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsapplicationautoscaling.html
"""

from __future__ import annotations

from sendy_cfn.checks.policy_stacks import Stack
from tests.policies.world import Context, World

SERVICES = ("application-autoscaling:", "elasticloadbalancing:")
NEW = {"elasticloadbalancing:CreateTargetGroup"}
NEW_OR_NOT = {
    "application-autoscaling:RegisterScalableTarget",
    "application-autoscaling:TagResource",
    "elasticloadbalancing:AddTags",
}
AROUND = {"listener/app"}  # types of what is the environment's own


def contexts(world: World, stack: Stack, action: str, kind: str) -> list[Context]:
    """The keys with which the call is made, for each time that it is."""
    if not action.startswith(SERVICES) or action in NEW:
        return [()]
    tags = world.tags_around(stack) if kind in AROUND else world.tags(stack)
    keys = tuple((f"aws:ResourceTag/{name}", value) for name, value in tags.items())
    return [(), keys] if action in NEW_OR_NOT else [keys]
