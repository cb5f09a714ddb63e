"""Listeners name a security policy that AWS has.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.house import known
from sendy_cfn.checks.house.rule import Found, Rule, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View

POLICIES = frozenset(f"ELBSecurityPolicy-{name}" for name in known.SSL_POLICIES)


def _find(view: View) -> Iterator[Found]:
    for listener in view.of("AWS::ElasticLoadBalancingV2::Listener"):
        for name in view.texts(listener.given.get("SslPolicy")):
            if name not in POLICIES:
                yield Found(listener.at("SslPolicy"), listener.id, unknown("SslPolicy", name, POLICIES))


RULE = Rule(
    "house-ssl-policy",
    "A listener names a security policy that AWS has",
    "the listener is refused: SSL policy not found (SSLPolicyNotFound)",
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html",
    _find,
)
