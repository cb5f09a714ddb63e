"""Parameters that several stacks take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.parameters import Knob

if TYPE_CHECKING:
    from troposphere import Template

GENERAL = "General"

# CloudWatch Logs accepts only these retention periods.
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)

ENVIRONMENT = Knob(
    name="Environment",
    description="Name of the environment, part of stack, cluster and parameter names",
    group=GENERAL,
    pattern="[a-z][a-z0-9-]{0,11}",
    shape="1 to 12 of a-z, 0-9 and '-', a letter first",
    computed=True,
)
DOMAIN_NAME = Knob(
    name="DomainName",
    description="Domain of the environment, for example test.example.com; services are names below it",
    group=GENERAL,
    label="Domain",
    pattern=r"([a-z0-9-]+\.)+[a-z]{2,63}",
    shape="a domain name",
    computed=True,
)
CLUSTER_ID = Knob(
    name="ClusterId",
    description="Which of the environment's clusters this is",
    group=GENERAL,
    pattern="(blue|green)(-[0-9]+)?",
    shape="blue or green, with the cell's number from cell 2 on",
    computed=True,
)
TOOLCHAIN_ACCOUNT_ID = Knob(
    name="ToolchainAccountId",
    description="Account that the pipelines run in",
    group=GENERAL,
    pattern="[0-9]{12}",
    shape="12 digits",
    computed=True,
)
LOG_RETENTION_DAYS = Knob(
    name="LogRetentionDays",
    description="Days that logs are kept",
    group=GENERAL,
    label="Log retention (days)",
    type="Number",
    default=365,
    allowed=RETENTION_DAYS,
)
FULL_MONITORING = Knob(
    name="FullMonitoring",
    description=(
        "Whether there are alarms beside those that stop releases, anomaly bands and a dashboard; they cost money"
    ),
    group=GENERAL,
    allowed=("true", "false"),
    default="true",
)

PERMISSIONS_BOUNDARY_ARN = Knob(
    name="PermissionsBoundaryArn",
    description=(
        "ARN of the managed policy that bounds every role; empty: roles of services are bounded by what all services"
        " together may do, others are not"
    ),
    group=GENERAL,
    label="Permissions boundary",
    default="",
    # Names and paths: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    pattern="(arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9_+=,.@/-]{1,640})?",
    shape="empty, or the ARN of a managed policy",
)


def toolchain_account(template: Template, account: str | None) -> str:
    """The name by which Sub finds the pipelines' account; without one in platform.yaml it is the stack's own."""
    return str(TOOLCHAIN_ACCOUNT_ID.take(template).data["Ref"]) if account else "AWS::AccountId"


KNOBS = (
    ENVIRONMENT,
    DOMAIN_NAME,
    CLUSTER_ID,
    TOOLCHAIN_ACCOUNT_ID,
    LOG_RETENTION_DAYS,
    FULL_MONITORING,
    PERMISSIONS_BOUNDARY_ARN,
)
