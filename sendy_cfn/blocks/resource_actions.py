"""IAM actions that CloudFormation needs for the resources of a stack, by resource type.

resource_actions.json has what the registry's schemas say, written by `resource_schemas`. Here is what differs.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

DATA = Path(__file__).with_name("resource_actions.json")

# Actions that the schemas name for properties which service templates don't have.
NOT_USED: dict[str, tuple[str, ...]] = {
    # A role in place of the service-linked one; scaling of Lambda functions.
    "AWS::ApplicationAutoScaling::ScalableTarget": (
        "iam:PassRole",
        "lambda:DeleteProvisionedConcurrencyConfig",
        "lambda:GetProvisionedConcurrencyConfig",
        "lambda:PutProvisionedConcurrencyConfig",
    ),
    # Deployments that CloudFormation starts itself, and servers of one's own.
    "AWS::CodeDeploy::DeploymentGroup": (
        "codedeploy:CreateDeployment",
        "codedeploy:GetApplicationRevision",
        "codedeploy:RegisterApplicationRevision",
        "codedeploy:RegisterOnPremisesInstance",
        "codedeploy:StopDeployment",
    ),
    # Health checks that look at an alarm, or at a routing control.
    "AWS::Route53::HealthCheck": (
        "cloudwatch:DescribeAlarms",
        "route53-recovery-control-config:DescribeRoutingControl",
    ),
    # Authentication by Cognito.
    "AWS::ElasticLoadBalancingV2::ListenerRule": ("cognito-idp:DescribeUserPoolClient",),
    # Service roles have no inline policies, and none loses its permissions boundary.
    "AWS::IAM::Role": ("iam:DeleteRolePermissionsBoundary", "iam:DeleteRolePolicy", "iam:PutRolePolicy"),
    # Users and groups; policies are attached to roles only.
    "AWS::IAM::ManagedPolicy": (
        "iam:AttachGroupPolicy",
        "iam:AttachUserPolicy",
        "iam:DetachGroupPolicy",
        "iam:DetachUserPolicy",
    ),
    # Data protection's audit trail, resource policies and field indexes: none of them can be limited to a log group.
    "AWS::Logs::LogGroup": (
        "firehose:TagDeliveryStream",
        "logs:CreateLogDelivery",
        "logs:DeleteIndexPolicy",
        "logs:DeleteResourcePolicy",
        "logs:PutIndexPolicy",
        "logs:PutResourcePolicy",
        "s3:REST.PUT.OBJECT",
    ),
}


@cache
def _schemas() -> dict[str, list[str]]:
    data: dict[str, list[str]] = json.loads(DATA.read_text(encoding="utf-8"))
    return data


def needed(resource_type: str) -> frozenset[str]:
    """The actions for making, reading, updating and deleting resources of the type, with their tags.

    Raises:
        LookupError: the type is not in resource_actions.json.
    """
    try:
        named = _schemas()[resource_type]
    except KeyError:
        raise LookupError(
            f"{resource_type}: add it to TYPES in blocks/resource_schemas.py and write the file again"
        ) from None
    return frozenset(named) - frozenset(NOT_USED.get(resource_type, ()))
