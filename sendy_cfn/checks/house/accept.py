"""Findings that a template accepts, each with its reason, where people and tools read it: at the resource.

    Metadata:
      sendy-cfn:
        accept:
          - rule: house-execution-role
            reason: the instance's role does it

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-metadata.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sendy_cfn.checks.action_templates import Block, section
from sendy_cfn.checks.house.rule import Found, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View

OTHERS = re.compile(r"[A-Z][0-9]{4}|CKV2?_\w+")  # rules of other engines, which the gate takes care of


def _entries(view: View) -> Iterator[tuple[str, int, object]]:
    """Resource, line and text of each entry."""
    for resource in view.resources.values():
        metadata = section(resource.block, "Metadata", "sendy-cfn")
        given = metadata.get("accept", [])
        line = metadata.lines.get("accept", metadata.line)
        for entry in given if isinstance(given, list) else [given]:
            yield resource.id, entry.line if isinstance(entry, Block) else line, entry


def _find(view: View) -> Iterator[Found]:
    for resource, line, entry in _entries(view):
        given = entry if isinstance(entry, dict) else {}
        if not all(isinstance(given.get(key), str) and given[key].strip() for key in ("rule", "reason")):
            yield Found(line, resource, "an entry of accept needs a rule and a reason")


def apply(view: View, found: list[tuple[str, Found]]) -> tuple[list[tuple[str, Found]], list[Found]]:
    """The findings, with their rules' ids, that no entry accepts; and a finding for each entry that accepts none."""
    accepted: set[tuple[str, str]] = set()
    idle = []
    for resource, line, entry in _entries(view):
        rule, reason = (entry.get(key) if isinstance(entry, dict) else None for key in ("rule", "reason"))
        if not isinstance(rule, str) or not isinstance(reason, str) or not reason.strip() or OTHERS.fullmatch(rule):
            continue
        if any(id_ == rule and one.resource == resource for id_, one in found):
            accepted.add((rule, resource))
        else:
            idle.append(Found(line, resource, f"{rule} is accepted, but not found here: remove the entry"))
    return [(id_, one) for id_, one in found if (id_, one.resource) not in accepted], idle


RULE = Rule(
    "house-accept",
    "An accepted finding has a reason, and is still there",
    "nothing: but the next one who has this defect would not be told",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-metadata.html",
    _find,
)
