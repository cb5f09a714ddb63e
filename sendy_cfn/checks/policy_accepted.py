"""Findings of the policy linters that are accepted, each with its reason.

An entry whose policy exists without drawing the finding fails the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sendy_cfn.checks.findings import Finding


@dataclass(frozen=True, slots=True)
class Accepted:
    """One accepted finding; * as in the shell in all that it is told by."""

    rule: str
    template: str  # file name
    resource: str  # logical id
    message: str
    reason: str

    def covers(self, template: str, resource: str) -> bool:
        """Whether the entry is about this resource of this file."""
        return fnmatchcase(template, self.template) and fnmatchcase(resource, self.resource)

    def accepts(self, finding: Finding) -> bool:
        """Whether the finding is the accepted one."""
        there = self.covers(finding.template.rpartition("/")[2], finding.resource)
        return there and finding.rule == self.rule and fnmatchcase(finding.message, self.message)


MISMATCH = "parliament:RESOURCE_MISMATCH"
CONDITION, MANAGES = "parliament:UNKNOWN_CONDITION_FOR_ACTION", "parliament:PERMISSIONS_MANAGEMENT_ACTIONS"
CREDENTIALS = "parliament:CREDENTIALS_EXPOSURE"

# Files and policies
ROLES = "deploy-roles.yaml"
IDENTITY, DEPLOY = (ROLES, "IdentityPolicy"), (ROLES, "DeployPolicy")
PIPELINE, IMAGE, EXECUTION = (
    ("pipeline-*", "PipelinePolicy"),
    ("builds-*", "ImagePolicy"),
    ("service-*", "ExecutionPolicy"),
)
SHIFT, CODEDEPLOY = ("service-*", "CodeDeployPolicy"), (ROLES, "CodeDeployPolicy")
AUTHOR, READER = ("release-tools.yaml", "AuthorPolicy"), ("release-tools.yaml", "ReaderPolicy")

# Reasons
COMPOSITE = "AWS refuses all three for composite alarms where a statement names ARNs; in this region only"
ONE_ROLE = "stacks are made with the CloudFormation role only, which only CloudFormation gets"
ROLES_OF_SERVICES = "making roles of services is what it is for: below their path only, with policies from there only"
PASSED = "only the roles that the statement names, to the service that its condition names"
TOKEN = "the token opens what the same policy allows of the registry; AWS knows no resource for it"
ENTERS = "that is how pipelines and builds enter environments; the ARNs say which"
OTHER_TYPE = "parliament wants a resource of each type that an action can work on; ours is one of them"
OLD_LIST = "parliament's list is older than the service authorization reference that cfn-lint has"
OF_KEY = "a condition key of the resource, which parliament looks for among the action's own"
AN_ARN = "the key holds an ARN, of which AWS says that it is a text; neither form has a wildcard in it"
AS_AWS_DOES = "as in https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"

# What the CloudFormation role does with roles and policies of services.
_MANAGED = (
    *("attachrolepolicy", "createpolicy", "createpolicyversion", "createrole", "deletepolicy", "deletepolicyversion"),
    *("deleterole", "detachrolepolicy"),
    *("putrolepermissionsboundary", "updateassumerolepolicy", "updaterole", "updateroledescription"),
)
_RULES = tuple(f"elasticloadbalancing:{verb}Rule expects *" for verb in ("Create", "Modify", "Delete"))
_ALIAS = "Unknown condition kms:ResourceAliases for action kms:"
_KEY_USE = ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo")
_LOGS = "Unknown condition kms:EncryptionContext:aws:logs:arn for action kms:DescribeKey"

# Rule, policy, messages, reason
_ENTRIES: tuple[tuple[str, tuple[str, str], tuple[str, ...], str], ...] = (
    # Who may pass roles, or change policies
    *(
        (rule, policy, (message,), reason)
        for rule in ("parliament:PRIVILEGE_ESCALATION", "cloudsplaining:escalation")
        for policy, message, reason in (
            (DEPLOY, "PassExistingRoleToCloudFormation: iam:passrole cloudformation:createstack", ONE_ROLE),
            (IDENTITY, "CreateNewPolicyVersion: iam:createpolicyversion", ROLES_OF_SERVICES),
        )
    ),
    (MANAGES, IDENTITY, tuple(f"iam:{verb}" for verb in _MANAGED), ROLES_OF_SERVICES),
    *((MANAGES, policy, ("iam:passrole",), PASSED) for policy in (IDENTITY, DEPLOY, CODEDEPLOY, SHIFT)),
    (MANAGES, PIPELINE, ("s3:putobjectacl",), "of the pipeline's own artifacts only"),
    (
        *("parliament:RESOURCE_STAR", (ROLES, "ObservationPolicy")),
        tuple(f"cloudwatch:{name}" for name in ("DeleteAlarms", "DescribeAlarms", "PutCompositeAlarm")),
        COMPOSITE,
    ),
    # Credentials
    *((CREDENTIALS, policy, ("ecr:getauthorizationtoken",), TOKEN) for policy in (IMAGE, EXECUTION)),
    *((CREDENTIALS, policy, ("sts:assumerole",), ENTERS) for policy in (PIPELINE, READER)),
    # Where AWS's own list says more
    (MISMATCH, (ROLES, "TrafficPolicy"), (*_RULES, "elasticloadbalancing:SetRulePriorities expects *"), OTHER_TYPE),
    (MISMATCH, (ROLES, "TrafficPolicy"), ("route53:ChangeTagsForResource expects *",), OTHER_TYPE),
    *((MISMATCH, policy, (_RULES[1],), OTHER_TYPE) for policy in (SHIFT, ("service-*", "InfrastructurePolicy"))),
    (
        *(MISMATCH, (ROLES, "NetworkPolicy")),
        tuple(f"ec2:AuthorizeSecurityGroup{way} expects *" for way in ("Egress", "Ingress")),
        OTHER_TYPE,
    ),
    *((MISMATCH, policy, ("codestar-connections:UseConnection expects *",), OLD_LIST) for policy in (PIPELINE, AUTHOR)),
    (MISMATCH, IMAGE, ("ecr:BatchImportUpstreamImage expects *",), OLD_LIST),
    (MISMATCH, SHIFT, ("ecs:CreateTaskSet expects *",), OLD_LIST),
    (CONDITION, DEPLOY, (f"{_ALIAS}Decrypt", f"{_ALIAS}DescribeKey"), OF_KEY),
    (CONDITION, PIPELINE, tuple(f"{_ALIAS}{verb}" for verb in _KEY_USE), OF_KEY),
    *(
        (
            "parliament:MISMATCHED_TYPE_BUT_USABLE",
            policy,
            ("*StringEquals requires a value of type String but given Arn",),
            AN_ARN,
        )
        for policy in (DEPLOY, IDENTITY)
    ),
    # Keys
    *(
        entry
        for file in ("artifacts.yaml", "network*.yaml")
        for entry in (
            (CONDITION, (file, "Key"), (_LOGS,), AS_AWS_DOES),
            (
                MISMATCH,
                (file, "Key"),
                tuple(f"kms:{verb}Alias expects *" for verb in ("Create", "Delete", "Update")),
                OTHER_TYPE,
            ),
            (
                "parliament:MISMATCHED_TYPE",
                (file, "Key"),
                ("*ArnLike requires a value of type Arn but given String",),
                AS_AWS_DOES,
            ),
        )
    ),
)

ACCEPTED = tuple(
    Accepted(rule, *policy, message, reason) for rule, policy, messages, reason in _ENTRIES for message in messages
)
