"""What holds for every template of every platform; each content is looked at once per process."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from sendy_cfn.checks import actions, house, validate
from sendy_cfn.checks.action_templates import Library
from sendy_cfn.checks.engines.subject import Raw
from sendy_cfn.checks.findings import Finding
from tests import test_wiring
from tests.generated import Document, Generated
from tests.linted import by_cfn_lint

# AWS: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
LIMITS = {"Resources": 500, "Parameters": 200, "Outputs": 200}
BODY = 51_200  # bytes
POLICY = 6_144  # characters; https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html

_SEEN: set[bytes] = set()


def fresh(of: Generated, what: str) -> list[Path]:
    """The templates whose content was not looked at before in this process."""
    found = []
    for path in sorted(of.folder.glob("*.yaml")):
        key = hashlib.sha256(what.encode() + path.read_bytes()).digest()
        if key not in _SEEN:
            _SEEN.add(key)
            found.append(path)
    return found


def limits(of: Generated) -> None:
    """No template is larger than CloudFormation takes, no policy larger than IAM does."""
    for name, template in of.templates.items():
        assert (of.folder / name).stat().st_size <= BODY
        for section, most in LIMITS.items():
            assert len(template.get(section, {})) <= most, f"{name}: {section}"
        for title, document in policies(template):
            assert characters(document) <= POLICY, f"{name}: {title}"


def policies(template: Document) -> Iterator[tuple[str, Any]]:
    """The managed policies, by logical id."""
    for title, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            yield title, resource["Properties"]["PolicyDocument"]


# What a reference becomes at most. Partition and region: aws-us-gov, ap-northeast-1; an ARN of a key or a role.
_AT_MOST = {"AWS::AccountId": 12, "AWS::Partition": 10, "AWS::Region": 14, "AWS::URLSuffix": 16, "Environment": 12}
_ARN = 128


def characters(node: Any) -> int:
    """The length of a policy as IAM counts it, without white space, when its references are the longest they can be."""
    if isinstance(node, list):
        return 2 + sum(characters(item) for item in node) + max(0, len(node) - 1)
    if not isinstance(node, dict):
        return len(str(node)) + 2
    if set(node) & {"Ref", "Fn::GetAtt"}:
        return _AT_MOST.get(str(next(iter(node.values()))), _ARN) + 2
    if "Fn::Sub" in node:
        text = str(node["Fn::Sub"])
        references = re.findall(r"\$\{([^!}][^}]*)\}", text)
        return len(re.sub(r"\$\{[^!}][^}]*\}", "", text)) + sum(_AT_MOST.get(r, _ARN) for r in references) + 2
    return 2 + sum(len(key) + 3 + characters(item) for key, item in node.items()) + max(0, len(node) - 1)


def wiring(of: Generated) -> None:
    """Every test of tests.test_wiring that looks at a generated folder."""
    tests = [test for name, test in vars(test_wiring).items() if name.startswith("test_")]
    ran = 0
    for test in tests:
        if list(inspect.signature(test).parameters) == ["made"]:
            test(of)
            ran += 1
    assert ran > 8


def aws_validator(of: Generated) -> list[Finding]:
    """What AWS's own validator finds and the templates do not accept."""
    return validate.validate(fresh(of, "validator"), of.folder / ".cache")


def cfn_lint(
    of: Generated, regions: tuple[str, ...], most: int, draw: Callable[[st.SearchStrategy[Any]], Any]
) -> list[Raw]:
    """What cfn-lint finds in so many of the templates."""
    chosen = draw(st.lists(st.sampled_from(sorted(of.templates)), min_size=most, max_size=most))
    return by_cfn_lint([of.folder / name for name in sorted(set(chosen))], regions)


def house_rules(of: Generated) -> list[Finding]:
    """What our own rules find, those of pipelines' actions among them."""
    library = Library(of.folder)
    found = [finding for path in fresh(of, "house") for finding in house.check(library, path.name)]
    return found + actions.check(of.folder)
