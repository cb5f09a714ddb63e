"""Findings that are accepted, each for one resource and with a reason, written once and where engines read it.

cfn-lint reads `Metadata.cfn-lint.config.ignore_checks`, checkov `Metadata.checkov.skip`. AWS's validator reads nothing:
for it, our own rules, and reasons that cfn-lint has no place for, there is `Metadata.sendy-cfn.accept`, which the gate
reads (sendy_cfn/checks/suppressions.py). An entry that accepts nothing any more fails `make lint`.

https://github.com/aws-cloudformation/cfn-lint#resource-based-metadata
https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from troposphere import AWSObject, Template

OWN = "sendy-cfn"
# A reason that several templates have for W1001 on outputs.
GUARDED = "Each such reference is inside an Fn::If with its target's condition, which the validator does not follow"
CHECKOV = re.compile(r"CKV2?_[A-Z]+_[0-9]+")
# Numbers from 9000 are the validator's own; the others it shares with cfn-lint.
CFN_LINT = re.compile(r"[EWI][0-8][0-9]{3}")


def suppress(resource: AWSObject, rule: str | Iterable[str], reason: str) -> None:
    """Accept a rule's finding on this resource.

    Args:
        resource: What the finding is about.
        rule: The rule's id, which tells the engine: CKV_AWS_18, E3002, W9003, house-log-group-key. Several ids are one
            decision with one reason; it is written once, the others refer to it.
        reason: Why a reviewer should agree, in a sentence.
    """
    metadata = resource.resource.setdefault("Metadata", {})
    rules = [rule] if isinstance(rule, str) else list(rule)
    for number, name in enumerate(rules):
        _write(metadata, name, reason if number == 0 else f"as {rules[0]}")


def suppress_output(template: Template, rule: str, outputs: Iterable[str], reason: str) -> None:
    """Accept the validator's finding on outputs (or parameters), in the template's metadata: they have none."""
    entry = {"rule": rule, "of": list(outputs), "reason": reason}
    template.metadata.setdefault(OWN, {}).setdefault("accept", []).append(entry)


def _write(metadata: dict[str, Any], rule: str, reason: str) -> None:
    if CHECKOV.fullmatch(rule):
        metadata.setdefault("checkov", {}).setdefault("skip", []).append({"id": rule, "comment": reason})
        return
    if CFN_LINT.fullmatch(rule):
        metadata.setdefault("cfn-lint", {}).setdefault("config", {}).setdefault("ignore_checks", []).append(rule)
    metadata.setdefault(OWN, {}).setdefault("accept", []).append({"rule": rule, "reason": reason})
