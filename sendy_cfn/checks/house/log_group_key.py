"""The key of a log group lets CloudWatch Logs use it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.house.policies import may_allow, principals, statements
from sendy_cfn.checks.house.rule import Found, Rule
from sendy_cfn.checks.house.values import choices, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.action_templates import Block
    from sendy_cfn.checks.house.view import View


def _find(view: View) -> Iterator[Found]:
    for group in view.of("AWS::Logs::LogGroup"):
        for choice in choices(group.given.get("KmsKeyId")):
            key = view.one(target(choice), "AWS::KMS::Key")
            if key is None or "Fn::Transform" in key.given:
                continue
            found = statements(key.given.get("KeyPolicy"))
            if found is not None and not any(_grants(view, statement) for statement in found):
                message = f"KmsKeyId is {key.id}, whose policy does not let logs.<region>.amazonaws.com use it"
                yield Found(group.at("KmsKeyId"), group.id, message)


def _grants(view: View, statement: Block) -> bool:
    names = [name for _, name in principals(view, statement, "Service")]
    fits = any(name is None or name == "*" or name.startswith("logs.") for name in names)
    return fits and may_allow(view, statement, "kms:Encrypt")


RULE = Rule(
    "house-log-group-key",
    "The key of a log group lets CloudWatch Logs use it; a key without a policy of its own does not",
    "the log group is refused: the key does not exist or is not allowed to be used with it",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    _find,
)
