"""Policies as the emulator's CloudFormation resolves them are those that checks and proofs look at."""

from __future__ import annotations

import json
import re
from typing import Any

from sendy_cfn.checks.policy_deployed import ACCOUNT, deployed
from sendy_cfn.checks.policy_stacks import NESTED, Stack
from tests.deployment.site import Site

KINDS = ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::KMS::Key", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy")


def ours(stack: Stack, before: str = "") -> dict[str, tuple[Any, str]]:
    """Properties and identifier of all resources, those of nested stacks as `Child/LogicalId`."""
    found = {}
    for title, body in stack.resources.items():
        found[before + title] = (stack.properties(title), stack.called(title).identifier)
        if body["Type"] == NESTED:
            found |= ours(stack.nested(title), f"{before}{title}/")
    return found


def names(identifiers: dict[str, str]) -> dict[str, str]:
    """Names that are drawn, and last parts of ARNs and of addresses of queues -> the resource."""
    found = {}
    for path, identifier in identifiers.items():
        last = re.split(r"[:/]", identifier)[-1] if identifier.startswith(("arn:", "http")) else identifier
        found[last] = f"<{path}>"
    return found


def told(value: Any, known: dict[str, str], account: str) -> str:
    text = json.dumps(value, sort_keys=True).replace(account, "<account>")
    for name in sorted(known, key=len, reverse=True):
        if len(name) > 8:
            text = text.replace(name, known[name])
    return text


def test_policies_of_an_environment_are_the_same(site: Site) -> None:
    site.create("test")
    emulated = site.resolved("courier-test")
    mine = ours(next(one for one in deployed(site.folder, site.platform) if one.name == "courier-test"))
    theirs_known = names({path: one.physical_id for path, one in emulated.items()})
    mine_known = names({path: identifier for path, (_, identifier) in mine.items()})
    compared = 0
    for path in (path for path, one in emulated.items() if one.type in KINDS):
        for key in ("PolicyDocument", "AssumeRolePolicyDocument", "KeyPolicy"):
            theirs, other = emulated[path].properties.get(key), mine[path][0].get(key)
            assert told(theirs, theirs_known, site.stacks.account) == told(other, mine_known, ACCOUNT), (path, key)
            compared += theirs is not None
    assert compared > 15
