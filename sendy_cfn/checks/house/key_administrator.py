"""A key policy lets somebody of the account change it.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.house.policies import may_allow, principals, statements
from sendy_cfn.checks.house.rule import Found, Rule
from sendy_cfn.checks.house.values import choices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.action_templates import Block
    from sendy_cfn.checks.house.view import View

ACTION = "kms:PutKeyPolicy"


def _find(view: View) -> Iterator[Found]:
    for key in view.of("AWS::KMS::Key", "AWS::KMS::ReplicaKey"):
        for policy in choices(key.given.get("KeyPolicy")):
            found = statements(policy)
            if policy is None or found is None or "BypassPolicyLockoutSafetyCheck" in key.given:
                continue
            if not any(_administers(view, statement) for statement in found):
                yield Found(key.at("KeyPolicy"), key.id, f"KeyPolicy lets nobody of the account use {ACTION}")


def _administers(view: View, statement: Block) -> bool:
    return may_allow(view, statement, ACTION) and any(True for _ in principals(view, statement, "AWS"))


RULE = Rule(
    "house-key-administrator",
    "A key policy lets a principal of the account change the policy (kms:PutKeyPolicy)",
    "KMS refuses the key: the policy will not allow to update it in the future (MalformedPolicyDocumentException)",
    "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
    _find,
)
