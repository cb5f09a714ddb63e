"""Why a statement names no resource, or all of a kind: the reason and AWS's page, for each action and each kind.

`iam.allow` looks here, so that a policy with a resource that is wider than a name can't be made without a reason.
docs/permissions.md lists them. Statements of this kind also say `iam.HERE` wherever the service has regions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from troposphere import AWSHelperFn


class Reason(NamedTuple):
    """Why something is not limited to a name, and where AWS says so."""

    why: str
    page: str


NO_RESOURCE = "AWS lists no resource for it"
_REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_{}.html"
_AUTO_SCALING = _REFERENCE.format("awsapplicationautoscaling")
_EC2 = _REFERENCE.format("amazonec2")
_CLOUDWATCH = _REFERENCE.format("amazoncloudwatch")
_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html"
_LOGS = _REFERENCE.format("amazoncloudwatchlogs")
_ROUTE53 = _REFERENCE.format("amazonroute53")
_COMPOSITE = Reason(
    "AWS refuses it for composite alarms where it is limited to ARNs",
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html",
)


def _none(page: str, service: str, names: str) -> dict[str, Reason]:
    return {f"{service}:{name}": Reason(NO_RESOURCE, page) for name in names.split()}


# Actions that may be allowed on "*".
ACTIONS: dict[str, Reason] = {
    **_none(
        _AUTO_SCALING,
        "application-autoscaling",
        "DescribeScalableTargets DescribeScalingPolicies DescribeScheduledActions",
    ),
    **_none(_REFERENCE.format("awscloudformation"), "cloudformation", "ValidateTemplate"),
    "cloudwatch:DeleteAlarms": _COMPOSITE,
    "cloudwatch:DescribeAlarms": _COMPOSITE,
    "cloudwatch:PutCompositeAlarm": _COMPOSITE,
    "cloudwatch:GetMetricData": Reason("Its resource is a data set; metrics have no ARN", _CLOUDWATCH),
    **_none(
        _EC2,
        "ec2",
        "DescribeInstances DescribeSecurityGroupRules DescribeSecurityGroups DescribeSubnets DescribeVpcs",
    ),
    **_none(_REFERENCE.format("amazonelasticcontainerregistry"), "ecr", "GetAuthorizationToken"),
    **_none(
        _REFERENCE.format("amazonelasticcontainerservice"),
        "ecs",
        "DeregisterTaskDefinition DescribeTaskDefinition DiscoverPollEndpoint",
    ),
    **_none(
        _REFERENCE.format("awselasticloadbalancingv2"),
        "elasticloadbalancing",
        "DescribeListeners DescribeRules DescribeTags DescribeTargetGroupAttributes DescribeTargetGroups"
        " DescribeTargetHealth",
    ),
    **_none(_REFERENCE.format("amazoninspector2"), "inspector2", "ListFindings"),
    **_none(_LOGS, "logs", "DescribeIndexPolicies DescribeLogGroups DescribeResourcePolicies"),
    **_none(_ROUTE53, "route53", "CreateHealthCheck ListHostedZones"),
    **_none(
        _REFERENCE.format("ssmmessages"),
        "ssmmessages",
        "CreateControlChannel CreateDataChannel OpenControlChannel OpenDataChannel",
    ),
    **_none(_REFERENCE.format("awsx-ray"), "xray", "PutTraceSegments"),
}

# ARNs that end in all resources of a kind, by service and kind.
KINDS: dict[str, Reason] = {
    "application-autoscaling:scalable-target": Reason(
        "AWS draws their ids; changes are limited to those of ECS by the namespace", _AUTO_SCALING
    ),
    "cloudwatch:alarm": Reason(
        "AWS does not say that it looks at the names which a call asks for",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html",
    ),
    "ec2:security-group": Reason("AWS draws their ids; they are limited to the environment's VPC", _EC2),
    "ec2:security-group-rule": Reason("AWS draws their ids; of no use without their group, which is limited", _EC2),
    "kms:key": Reason("AWS draws their ids; limited by alias, or to use through S3", _KMS),
    "route53:change": Reason("AWS draws their ids; they only tell how far a change is", _ROUTE53),
    "route53:healthcheck": Reason("AWS draws their ids; its conditions know neither names nor tags of them", _ROUTE53),
}

_KINDLESS = frozenset({"codepipeline", "s3", "sns", "sqs"})  # services whose ARNs have a name where others have a kind


def is_wide(resource: AWSHelperFn | str) -> bool:
    """Whether it stands for all resources, or all of a kind."""
    return resource == "*" or kind_of(resource) != ""


def reasons(actions: Iterable[str], resource: AWSHelperFn | str) -> list[Reason]:
    """Why the actions may be allowed on the resource; none where it has a name.

    Raises:
        LookupError: it has none, and no reason stands here.
    """
    if resource == "*":
        return list(dict.fromkeys(_find(ACTIONS, action, f"{action} on all resources") for action in actions))
    kind = kind_of(resource)
    return [_find(KINDS, kind, f"{', '.join(actions)} on every {kind}")] if kind else []


def _find(among: dict[str, Reason], key: str, what: str) -> Reason:
    try:
        return among[key]
    except KeyError:
        raise LookupError(f"{what}: limit it, or say in blocks/unlimited.py why it can't be") from None


def kind_of(resource: AWSHelperFn | str) -> str:
    """Service and kind where an ARN means all resources of the kind, such as "ec2:security-group"; else ""."""
    text = resource if isinstance(resource, str) else resource.data.get("Fn::Sub")
    if not isinstance(text, str) or not text.endswith("*"):
        return ""
    # References have colons too, as in ${AWS::Region}.
    _, _, service, _, _, *rest = text.replace("AWS::", "").split(":")
    kind = ":".join(rest).rstrip("*/:")
    named = kind != "" if service in _KINDLESS else not re.fullmatch(r"[a-z-]*", kind)
    return "" if named else f"{service}:{kind}"
