"""The proofs can fail: what is wrong in an emitted template is reported."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sendy_cfn.checks.policy_deployed import deployed
from tests.generated import generated
from tests.linted import by_cfn_lint
from tests.platforms import ROOT
from tests.policies.mutations import denied, spare
from tests.policies.world import World

ROLES = "deploy-roles.yaml"
Change = Callable[[str], str]


def planted(folder: Path, file: str, change: Change) -> World:
    """The shipped platform with one template changed."""
    made = generated(ROOT / "params")
    shutil.copytree(made.folder, folder / "templates")
    template = folder / "templates" / file
    text = template.read_text()
    changed = change(text)
    assert changed != text
    template.write_text(changed)
    return World(made, deployed(folder / "templates", made.platform))


def without(line: str) -> Change:
    return lambda text: re.sub(rf"^ +- {re.escape(line)}\n", "", text, count=1, flags=re.MULTILINE)


def instead(old: str, new: str) -> Change:
    return lambda text: text.replace(old, new, 1)


def more(sid: str, line: str) -> Change:
    """Another action, at the front of a statement's."""
    pattern = rf"(Sid: {sid}\n +Effect: Allow\n +Action:\n)( +- )"
    return lambda text: re.sub(pattern, rf"\1\g<2>{line}\n\2", text, count=1)


STATEMENT = """\
- Sid: More
            Effect: Allow
            Action:
              - s3:ListAllMyBuckets
            Resource:
              - '*'
          - Sid: PullImage"""
OWN_TAG, OTHER_KEY = "aws:ResourceTag/aws:cloudformation:stack-name", "ec2:Vpc"
OWN_LOGS, TEST_LOGS = "log-group:courier-${Environment}-*", "log-group:courier-test-*"
OWN_GROUPS, WHOLE_NAME = "targetgroup/couri*", "targetgroup/courier-${Environment}-*"
SECRET = "orders/database-url"

# Template, change, and a word of the calls that are denied then.
LACKING: dict[str, tuple[str, Change, str]] = {
    "an action of a handler": (ROLES, without("ecs:CreateService"), "ecs:CreateService"),
    "an action of CodePipeline": (ROLES, without("cloudformation:UpdateStack"), "cloudformation:UpdateStack"),
    "a command of a build": ("release-tools.yaml", without("ecr:StartImageScan"), "ecr:StartImageScan"),
    "a secret": ("service-orders.yaml", instead(SECRET, "orders/other"), "ssm:GetParameters"),
    "a name that CloudFormation cuts short": (ROLES, instead(OWN_GROUPS, WHOLE_NAME), ":targetgroup/cour"),
    "another environment": (ROLES, instead(OWN_LOGS, TEST_LOGS), ":log-group:courier-"),
    "a service that roles are passed to": (ROLES, instead("- ecs.amazonaws.com", "- ecs.example"), "iam:PassRole"),
    "another region": (
        ROLES,
        instead("aws:RequestedRegion: !Ref AWS::Region", "aws:RequestedRegion: x"),
        "RequestedRegion",
    ),
    "a tag of others": (
        ROLES,
        instead("aws:ResourceTag/platform: courier", "aws:ResourceTag/platform: x"),
        "ResourceTag",
    ),
    "a boundary that is too small": (ROLES, without("logs:PutLogEvents"), "logs:PutLogEvents"),
    "a key that AWS does not send": (ROLES, instead(OWN_TAG, OTHER_KEY), "ec2:DeleteTags"),
    "a type of record": (ROLES, without("CNAME"), "route53:ChangeResourceRecordSets"),
}
# Template, change, and what is told.
SPARE: dict[str, tuple[str, Change, str]] = {
    "an action": (ROLES, more("ServiceRoles", "iam:CreateUser"), "ServiceRoles iam:CreateUser"),
    "an action that AWS does not have": (ROLES, more("RunServices", "ecs:MakeService"), "RunServices ecs:MakeService"),
    "an action of another statement": (
        ROLES,
        more("FindParameterValues", "ecs:DescribeTaskDefinition"),
        "ecs:Describe",
    ),
    "a resource": (
        "pipeline-orders.yaml",
        instead('courier-orders/*"', "courier-orders/*\"\n              - '*'"),
        "HandOnArtifacts resource 0",
    ),
    "a statement": ("service-orders.yaml", instead("- Sid: PullImage", STATEMENT), "ExecutionRole More"),
}


@pytest.mark.parametrize("name", LACKING)
def test_what_is_lacking_is_denied(name: str, tmp_path: Path) -> None:
    file, change, word = LACKING[name]
    world = planted(tmp_path, file, change)
    refused = [str(call) for role in world.roles for call in denied(world, role)]
    assert refused
    assert all(word in call for call in refused), refused


@pytest.mark.parametrize("name", SPARE)
def test_what_is_too_much_is_told(name: str, tmp_path: Path) -> None:
    file, change, word = SPARE[name]
    found = list(map(str, spare(planted(tmp_path, file, change))))
    assert [part for part in found if word in part], found


def test_an_action_that_aws_does_not_have_fails_the_lint_gate(tmp_path: Path) -> None:
    planted(tmp_path, ROLES, more("RunServices", "ecs:MakeService"))
    findings = by_cfn_lint([tmp_path / "templates" / ROLES], ("eu-central-1",))
    assert [(one.rule, one.resource) for one in findings] == [("W3037", "TasksPolicy")]
