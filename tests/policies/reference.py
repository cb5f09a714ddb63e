"""What AWS publishes about its actions: those of resource types' handlers, and the resource types that they work on.

From cfn-lint, which keeps AWS's provider schemas and service authorization reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html
"""

from __future__ import annotations

import functools
import json
import re
from importlib.resources import files

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

REGION = "us-east-1"  # has every type


@functools.cache
def handlers(kind: str) -> frozenset[str]:
    """Actions that CloudFormation calls to make, read, update, tag and delete a resource of the type."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    found = [action for name, one in schema["handlers"].items() if name != "list" for action in one["permissions"]]
    return frozenset(found) | frozenset((schema.get("tagging") or {}).get("permissions", ()))


@functools.cache
def resource_types(action: str) -> frozenset[str]:
    """Types of the resources that an action works on; none where a policy has to say "*".

    Raises:
        KeyError: AWS has no such action.
    """
    service, name = action.split(":")
    return frozenset(_services()[service]["Actions"][name.lower()].get("Resources", ()))


def arn_patterns(action: str, resource_type: str) -> list[str]:
    """Regular expressions of the ARNs that resources of the type have, as the action's service describes it."""
    described = _services()[action.partition(":")[0]]["Resources"][resource_type.lower()]
    return [re.sub(r"\$\{\w+\}", "[^:]*", pattern) for pattern in described["ARNFormats"]]


@functools.cache
def _services() -> dict[str, dict[str, dict[str, dict[str, list[str]]]]]:
    text = (files("cfnlint.data.AdditionalSpecs") / "Policies.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, dict[str, dict[str, list[str]]]]] = json.loads(text)
    return found
