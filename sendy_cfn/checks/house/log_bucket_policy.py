"""A bucket for a load balancer's logs has a policy that lets them in, and has it before the load balancer is made.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.house.policies import may_allow, principals, statements
from sendy_cfn.checks.house.rule import Found, Rule
from sendy_cfn.checks.house.values import blocks, choices, is_true, mentions, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.action_templates import Block
    from sendy_cfn.checks.house.view import Resource, View

KINDS = ("access_logs", "connection_logs", "health_check_logs")


def _find(view: View) -> Iterator[Found]:
    for balancer in view.of("AWS::ElasticLoadBalancingV2::LoadBalancer"):
        attributes = list(blocks(balancer.given.get("LoadBalancerAttributes")))
        for kind in KINDS:
            enabled = [a for a in attributes if a.get("Key") == f"{kind}.s3.enabled"]
            if not any(is_true(choice) for a in enabled for choice in choices(a.get("Value"))):
                continue
            for attribute in attributes:
                if attribute.get("Key") == f"{kind}.s3.bucket":
                    yield from _bucket(view, balancer, attribute)


def _bucket(view: View, balancer: Resource, attribute: Block) -> Iterator[Found]:
    for choice in choices(attribute.get("Value")):
        bucket = view.one(target(choice), "AWS::S3::Bucket")
        if bucket is None or not view.complete:
            continue
        policies = [policy for policy in view.of("AWS::S3::BucketPolicy") if _is_of(view, policy, bucket)]
        opening = [policy.id for policy in policies if _opens(view, policy)]
        if not opening:
            message = f"{bucket.id} is to take logs, but has no policy that lets Elastic Load Balancing put them there"
        elif not view.before(balancer) & set(opening):
            message = f"no DependsOn {opening[0]}, without which {bucket.id} takes no logs"
        else:
            continue
        yield Found(attribute.lines.get("Value", attribute.line), balancer.id, message)


def _is_of(view: View, policy: Resource, bucket: Resource) -> bool:
    given = policy.given.get("Bucket")
    named = set(view.texts(given)) & set(view.texts(bucket.given.get("BucketName")))
    return bucket.id in mentions(given) or bool(named)


def _opens(view: View, policy: Resource) -> bool:
    """Whether a policy lets somebody put objects. In older regions that is an account of AWS's, known by its number."""
    found = statements(policy.given.get("PolicyDocument"))
    return found is None or any(
        may_allow(view, statement, "s3:PutObject")
        and any(True for kind in ("Service", "AWS") for _ in principals(view, statement, kind))
        for statement in found
    )


RULE = Rule(
    "house-log-bucket-policy",
    "A bucket for a load balancer's logs has a policy that lets them in, and the load balancer depends on it",
    "the load balancer is refused: access denied for bucket",
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html",
    _find,
)
