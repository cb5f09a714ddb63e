"""Writes resource_actions.json: what the registry's schemas say CloudFormation calls for each type of resource.

    python -m sendy_cfn.blocks.resource_schemas

cfn-lint brings the schemas along. It is imported by this command only: generating templates reads the file.
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html#schema-properties-handlers
"""

from __future__ import annotations

import json
from typing import Any

from sendy_cfn import whole
from sendy_cfn.blocks.resource_actions import DATA

# Every type that a service's template may have.
TYPES = (
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Role",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::Route53::HealthCheck",
    "AWS::Route53::RecordSet",
    "AWS::SSM::Parameter",
)
# `list` is for tools that look for resources to import; stacks don't call it.
HANDLERS = ("create", "read", "update", "delete")
REGION = "us-east-1"  # has every type; handlers are the same everywhere


def actions(resource_type: str) -> list[str]:
    """The IAM actions of the type's handlers and of its tags, sorted."""
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    schema: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource_type).schema
    handlers = schema["handlers"]
    found = {action for name in HANDLERS if name in handlers for action in handlers[name]["permissions"]}
    tagging = schema.get("tagging") or {}
    return sorted(found | set(tagging.get("permissions", ())))


def text() -> str:
    """The file's content."""
    return json.dumps({resource_type: actions(resource_type) for resource_type in TYPES}, indent=2) + "\n"


if __name__ == "__main__":
    whole.write(DATA, text())
