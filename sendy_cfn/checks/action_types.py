"""What CodePipeline's actions and rules take and give, as far as these templates use them.

CloudFormation does not look into an action's Configuration: a wrong key or value is found when the pipeline is made, a
wrong variable when the action runs. A provider that is not in here is a finding, so that a new one gets an entry. Each
entry names AWS's page.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from sendy_cfn.checks import action_forms as forms

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendy_cfn.checks.action_forms import Form, Use

    Condition: TypeAlias = Callable[[Use], bool]

GUIDE = "https://docs.aws.amazon.com/codepipeline/latest/userguide"
OWNER, VERSION = "AWS", "1"  # of every type below

# https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html
ACTION_VALUE = 1000  # characters, before variables are replaced
# https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_RuleDeclaration.html and API_ActionDeclaration.html
RULE_VALUE = 10_000  # characters
RULES = 5  # in a condition
RUN_ORDER = 999
TIMEOUT = (5, 86_400)  # minutes, of an approval

# Result of a condition by the moment that it is checked.
# https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-conditions.html
RESULTS = {
    "BeforeEntry": ("FAIL", "SKIP"),
    "OnSuccess": ("FAIL", "ROLLBACK"),
    "OnFailure": ("ROLLBACK",),
}
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-codepipeline-pipeline-failureconditions.html
FAILURE_RESULTS = ("ROLLBACK", "RETRY")
RETRY_MODES = ("ALL_ACTIONS", "FAILED_ACTIONS")


class Origin(StrEnum):
    """Where the names of an action's output variables come from."""

    TABLE = "table"
    BUILD_SPECIFICATION = "build specification"
    STACK = "stack"  # outputs of the template
    FUNCTION = "function"  # whatever its code says


def always(_use: Use) -> bool:
    """Required."""
    return True


def never(_use: Use) -> bool:
    """Optional."""
    return False


def in_modes(*modes: str) -> Condition:
    """Required in some modes of the CloudFormation action. A mode that is computed requires nothing."""
    return lambda use: use.given.get("ActionMode") in modes


@dataclass(frozen=True, slots=True)
class Key:
    """A key of Configuration."""

    name: str
    form: Form = forms.anything
    needed: Condition = never
    beside: str = ""  # another key, without which this one means nothing


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of actions or of rules."""

    categories: tuple[str, ...]
    provider: str
    page: str
    keys: tuple[Key, ...]
    inputs: tuple[int, int] = (0, 0)  # least and most artifacts
    outputs: tuple[int, int] = (0, 0)
    variables: frozenset[str] = frozenset()
    origin: Origin = Origin.TABLE
    skips: bool = False  # a rule that conditions with the result SKIP may have
    commands: bool = False  # what it runs is beside Configuration, in Commands


SOURCE, RULE = ("Source",), ("Rule",)
ARTIFACT_FORMAT = Key("OutputArtifactFormat", forms.one_of("CODE_ZIP", "CODEBUILD_CLONE_REF"))
POLL = Key("PollForSourceChanges", forms.boolean)
COMMIT = frozenset({"AuthorDate", "BranchName", "CommitId", "CommitMessage"})
STACK_MODES = ("CREATE_UPDATE", "REPLACE_ON_FAILURE", "CHANGE_SET_REPLACE")
IMAGES = range(1, 5)

BUILD = (
    Key("ProjectName", needed=always),
    Key("PrimarySource", forms.artifact, needed=lambda use: len(use.inputs) > 1),
    Key("BatchEnabled", forms.boolean),
    Key("CombineArtifacts", forms.boolean, beside="BatchEnabled"),
    Key("EnvironmentVariables", forms.environment),
)

ACTION_TYPES = (
    Kind(
        SOURCE,
        "CodeStarSourceConnection",
        f"{GUIDE}/action-reference-CodestarConnectionSource.html",
        (
            Key("ConnectionArn", forms.arn, needed=always),
            Key("FullRepositoryId", needed=always),
            Key("BranchName", needed=always),
            ARTIFACT_FORMAT,
            Key("DetectChanges", forms.boolean),
        ),
        outputs=(1, 1),
        variables=COMMIT | {"ConnectionArn", "FullRepositoryName"},
    ),
    Kind(
        SOURCE,
        "CodeCommit",
        f"{GUIDE}/action-reference-CodeCommit.html",
        (Key("RepositoryName", needed=always), Key("BranchName", needed=always), ARTIFACT_FORMAT, POLL),
        outputs=(1, 1),
        variables=COMMIT | {"CommitterDate", "RepositoryName"},
    ),
    Kind(
        SOURCE,
        "S3",
        f"{GUIDE}/action-reference-S3.html",
        (Key("S3Bucket", needed=always), Key("S3ObjectKey", needed=always), POLL),
        outputs=(1, 1),
        variables=frozenset({"ETag", "VersionId"}),
    ),
    Kind(
        SOURCE,
        "ECR",
        f"{GUIDE}/action-reference-ECR.html",
        (Key("RepositoryName", needed=always), Key("ImageTag")),
        outputs=(1, 1),
        variables=frozenset({"ImageDigest", "ImageTag", "ImageURI", "RegistryId", "RepositoryName"}),
    ),
    Kind(
        ("Build", "Test"),
        "CodeBuild",
        f"{GUIDE}/action-reference-CodeBuild.html",
        (*BUILD, Key("BuildspecOverride")),
        inputs=(1, 5),
        outputs=(0, 5),
        origin=Origin.BUILD_SPECIFICATION,
    ),
    Kind(
        ("Deploy",),
        "CloudFormation",
        f"{GUIDE}/action-reference-CloudFormation.html",
        (
            Key("ActionMode", forms.one_of(*STACK_MODES, "CHANGE_SET_EXECUTE", "DELETE_ONLY"), needed=always),
            Key("StackName", needed=always),
            Key("RoleArn", forms.arn, needed=in_modes(*STACK_MODES, "DELETE_ONLY")),
            Key("TemplatePath", forms.in_artifact, needed=in_modes(*STACK_MODES)),
            Key("TemplateConfiguration", forms.in_artifact),
            Key("ParameterOverrides", forms.parameter_overrides),
            Key("Capabilities", forms.capabilities),
            Key("ChangeSetName", needed=in_modes("CHANGE_SET_REPLACE", "CHANGE_SET_EXECUTE")),
            Key("OutputFileName", needed=lambda use: bool(use.outputs)),
        ),
        inputs=(0, 10),
        outputs=(0, 1),
        origin=Origin.STACK,
    ),
    Kind(
        ("Deploy",),
        "CodeDeployToECS",
        f"{GUIDE}/action-reference-ECSbluegreen.html",
        (
            Key("ApplicationName", needed=always),
            Key("DeploymentGroupName", needed=always),
            Key("TaskDefinitionTemplateArtifact", forms.artifact, needed=always),
            Key("TaskDefinitionTemplatePath"),
            Key("AppSpecTemplateArtifact", forms.artifact, needed=always),
            Key("AppSpecTemplatePath"),
            *(Key(f"Image{n}ArtifactName", forms.artifact, beside=f"Image{n}ContainerName") for n in IMAGES),
            *(Key(f"Image{n}ContainerName", beside=f"Image{n}ArtifactName") for n in IMAGES),
        ),
        inputs=(1, 5),
    ),
    Kind(
        ("Deploy",),
        "ECS",
        f"{GUIDE}/action-reference-ECS.html",
        (
            Key("ClusterName", needed=always),
            Key("ServiceName", needed=always),
            Key("FileName"),
            Key("DeploymentTimeout", forms.whole(1, 60)),  # minutes
        ),
        inputs=(1, 1),
    ),
    Kind(
        ("Deploy",),
        "S3",
        f"{GUIDE}/action-reference-S3Deploy.html",
        (
            Key("BucketName", needed=always),
            Key("Extract", forms.boolean, needed=always),
            Key("ObjectKey", needed=lambda use: use.given.get("Extract") == "false"),
            Key("KMSEncryptionKeyARN"),  # an id or an alias will do
            Key("CannedACL"),
            Key("CacheControl"),
        ),
        inputs=(1, 1),
    ),
    Kind(
        ("Invoke",),
        "Lambda",
        f"{GUIDE}/action-reference-Lambda.html",
        (Key("FunctionName", needed=always), Key("UserParameters")),
        inputs=(0, 5),
        outputs=(0, 5),
        origin=Origin.FUNCTION,
    ),
    Kind(
        ("Approval",),
        "Manual",
        f"{GUIDE}/approvals-action-add.html",
        (Key("NotificationArn", forms.arn), Key("CustomData"), Key("ExternalEntityLink", forms.url)),
    ),
)

RULE_TYPES = (
    Kind(
        RULE,
        "CloudWatchAlarm",
        f"{GUIDE}/rule-reference-CloudWatchAlarm.html",
        (
            Key("AlarmName", needed=always),
            Key("AlarmStates", forms.one_of("ALARM", "OK", "INSUFFICIENT_DATA")),
            Key("WaitTime", forms.whole(1, TIMEOUT[1])),  # minutes; the page has no limit: that of a rule's timeout
        ),
    ),
    Kind(
        RULE,
        "DeploymentWindow",
        f"{GUIDE}/rule-reference-DeploymentWindow.html",
        (Key("Cron", forms.cron, needed=always), Key("TimeZone", forms.time_zone)),
    ),
    Kind(
        RULE,
        "VariableCheck",
        f"{GUIDE}/rule-reference-VariableCheck.html",
        (
            Key("Variable", forms.variable, needed=always),
            Key("Value", needed=always),
            Key("Operator", forms.one_of("EQ", "NE", "CONTAINS", "MATCHES"), needed=always),
        ),
        skips=True,
    ),
    Kind(
        RULE,
        "LambdaInvoke",
        f"{GUIDE}/rule-reference-LambdaInvoke.html",
        (Key("FunctionName", needed=always), Key("UserParameters")),
        inputs=(0, 5),  # as for the action; the page has an example with one
        skips=True,
    ),
    Kind(RULE, "CodeBuild", f"{GUIDE}/rule-reference-CodeBuild.html", BUILD, inputs=(1, 5)),
    Kind(RULE, "Commands", f"{GUIDE}/rule-reference-Commands.html", (), inputs=(0, 5), commands=True),
)
