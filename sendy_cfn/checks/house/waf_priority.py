"""Rules of a web ACL or rule group have priorities of their own.

https://docs.aws.amazon.com/waf/latest/APIReference/API_Rule.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.house.rule import Found, Rule
from sendy_cfn.checks.house.values import alternatives, blocks, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View


def _find(view: View) -> Iterator[Found]:
    for resource in view.of("AWS::WAFv2::WebACL", "AWS::WAFv2::RuleGroup"):
        for (rules,) in alternatives(resource.given.get("Rules")):
            seen: dict[int, object] = {}
            for rule in blocks(rules):
                priority = number(rule.get("Priority"))
                if priority in seen:
                    message = f"rules {seen[priority]} and {rule.get('Name')} both have priority {priority}"
                    yield Found(rule.lines["Priority"], resource.id, message)
                elif priority is not None:
                    seen[priority] = rule.get("Name")


RULE = Rule(
    "house-waf-priority",
    "Rules of a web ACL or rule group have different priorities",
    "WAF refuses the web ACL or rule group (WAFInvalidParameterException)",
    "https://docs.aws.amazon.com/waf/latest/APIReference/API_Rule.html",
    _find,
)
