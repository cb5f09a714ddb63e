"""The catalogue's calls are ones that AWS has: known actions, on resources of the types that these work on."""

from __future__ import annotations

import re

import pytest

from tests.generated import CASES
from tests.policies.catalogue import calls
from tests.policies.reference import arn_patterns, resource_types
from tests.policies.world import Call, World

# Asked for without a resource, although AWS lists a type of resources for it.
WITHOUT = {
    "cloudwatch:GetMetricData",  # a data set may be named; metrics have none
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
