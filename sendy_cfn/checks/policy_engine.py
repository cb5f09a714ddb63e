"""What parliament and cloudsplaining say of IAM policies: JSON in, JSON out.

    .venv-policies/bin/python sendy_cfn/checks/policy_engine.py < policies.json > findings.json

It runs in an environment that has these two, and so imports nothing of ours; policies.py is the other side. Input is a
list of {"id", "kind", "document"}, kind being "identity" for what a role may do and "resource" for all else. Output is
a list of {"id", "rule", "message"}. A rule's name begins with its linter's.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

warnings.simplefilter("ignore")  # parliament's way to find its files is deprecated

import parliament  # noqa: E402 (after the filter)
from cloudsplaining.scan.policy_document import PolicyDocument  # noqa: E402 (after the filter)

if TYPE_CHECKING:
    from collections.abc import Iterator

    Said = Iterator[tuple[str, str]]  # rule and message

# Its list of actions is older than cfn-lint's, whose W3037 looks at the same policies.
LEFT_TO_CFN_LINT = {"UNKNOWN_ACTION", "UNKNOWN_PREFIX"}
# cloudsplaining's properties: those that count for any statement, and those that count where nothing limits it.
ALWAYS = {"allows_privilege_escalation": "escalation"}
UNLIMITED = {
    "allows_privilege_escalation": "escalation-on-all",
    "permissions_management_without_constraints": "exposure-on-all",
    "allows_data_exfiltration_actions": "exfiltration-on-all",
    "credentials_exposure": "credentials-on-all",
    "write_actions_without_constraints": "changes-on-all",
    "service_wildcard": "service-wildcard",
    "contains_statement_using_not_action": "not-action",
}


def main() -> None:
    """Read policies from stdin, write findings to stdout."""
    community = Path(parliament.__file__).parent / "community_auditors" / "config_override.yaml"
    parliament.override_config(os.fspath(community))
    found = []
    for policy in json.load(sys.stdin):
        of_role = policy["kind"] == "identity"
        said = list(_parliament(policy["document"], of_role))
        if of_role:
            said += _cloudsplaining(policy["document"])
        found += [{"id": policy["id"], "rule": rule, "message": message} for rule, message in dict.fromkeys(said)]
    json.dump(found, sys.stdout)


def _parliament(document: dict[str, Any], of_role: bool) -> Said:
    """The auditors of the community are about what a role may do: of a trust policy each would say that it is one."""
    analyzed = parliament.analyze_policy_string(json.dumps(document), include_community_auditors=of_role)
    for finding in analyzed.findings:
        issue = parliament.enhance_finding(finding).issue
        if issue not in LEFT_TO_CFN_LINT:
            for message in _messages(finding):
                yield f"parliament:{issue}", message


def _messages(finding: Any) -> list[str]:
    """One message per action that it is about."""
    detail = finding.detail
    if isinstance(detail, list):
        return [one if isinstance(one, str) else f"{one['action']} expects {one['required_format']}" for one in detail]
    place = finding.location if isinstance(finding.location, dict) else {}
    if "type" in place:
        return [f"{place['type']}: {' '.join(place['actions'])}"]
    return [str(action) for action in sorted(place.get("actions", []))] or [str(detail)]


def _cloudsplaining(document: dict[str, Any]) -> Said:
    strict = PolicyDocument(document, flag_conditional_statements=True, flag_resource_arn_statements=True)
    for scanned, rules in ((strict, ALWAYS), (PolicyDocument(document), UNLIMITED)):
        for attribute, rule in rules.items():
            for one in getattr(scanned, attribute):
                text = f"{one['type']}: {' '.join(one['actions'])}" if isinstance(one, dict) and "type" in one else one
                yield f"cloudsplaining:{rule}", text if isinstance(text, str) else json.dumps(text, sort_keys=True)


if __name__ == "__main__":
    main()
