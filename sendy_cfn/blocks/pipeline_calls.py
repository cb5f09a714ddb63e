"""What a pipeline's role calls for each action and rule of its stages, by their providers.

An action or rule that has a role of its own is done with that role: the pipeline's only takes it on.

What each provider needs: https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from awacs import codebuild, codecommit, codeconnections, codestar_connections, s3, sns, sts
from troposphere import Sub

from sendy_cfn.blocks.iam import allow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from awacs.aws import Action, Statement
    from troposphere import AWSHelperFn, codepipeline

    Value = AWSHelperFn | str
    ArnOf = Callable[[Value], Value]  # from a project's name

READER = "READER_ROLE_ARN"  # the variable by which builds get it
CONDITIONS = ("BeforeEntry", "OnSuccess", "OnFailure")  # of a stage


class Call(NamedTuple):
    """Actions on something, for a purpose."""

    sid: str
    actions: tuple[Action, ...]
    on: Value


def statements(stages: Iterable[codepipeline.Stages], arn_of: ArnOf) -> list[Statement]:
    """One for each purpose, in the order in which the stages first have it.

    Raises:
        LookupError: of an action or a rule nothing says what it calls.
    """
    found: dict[str, tuple[dict[str, Action], dict[str, Value]]] = {}
    for call in (call for stage in stages for call in _calls(stage, arn_of)):
        actions, resources = found.setdefault(call.sid, ({}, {}))
        actions.update((action.JSONrepr(), action) for action in call.actions)
        resources.setdefault(_text(call.on), call.on)
    return [allow(sid, list(actions.values()), *on.values()) for sid, (actions, on) in found.items()]


def deployments(stages: Iterable[codepipeline.Stages]) -> Iterator[str]:
    """What is done with roles of environments.

    The provider of an action or rule, for CloudFormation with the mode. For builds that look at stacks with a role of
    the environment, the kind of build.
    """
    for stage in stages:
        for action in stage.Actions:
            provider, configuration = action.ActionTypeId.Provider, action.Configuration
            if "RoleArn" in action.properties:
                mode = configuration.get("ActionMode")
                yield f"{provider} {mode}" if mode else provider
            elif READER in _text(configuration.get("EnvironmentVariables", "")):
                yield f"{provider} {configuration['ProjectName'].rpartition('-')[2]}"
        for rule in rules(stage):
            if "RoleArn" in rule.properties:
                yield rule.RuleTypeId.Provider


def _text(value: Value) -> str:
    return value if isinstance(value, str) else str(value.to_dict())


def rules(stage: codepipeline.Stages) -> Iterator[codepipeline.RuleDeclaration]:
    """The rules of a stage's conditions."""
    for name in CONDITIONS:
        if name in stage.properties:
            for condition in stage.properties[name].properties.get("Conditions", ()):
                yield from condition.Rules


def _calls(stage: codepipeline.Stages, arn_of: ArnOf) -> Iterator[Call]:
    for action in stage.Actions:
        if "RoleArn" in action.properties:
            yield _take_on(action.RoleArn)
        else:
            yield from _of(ACTIONS, action.ActionTypeId.Provider, "action")(action, arn_of)
    for rule in rules(stage):
        if "RoleArn" in rule.properties:
            yield _take_on(rule.RoleArn)
        elif rule.RuleTypeId.Provider not in RULES:
            raise LookupError(_lacking(rule.RuleTypeId.Provider, "rule"))


def _of(
    table: dict[str, Callable[[codepipeline.Actions, ArnOf], list[Call]]], provider: str, what: str
) -> Callable[[codepipeline.Actions, ArnOf], list[Call]]:
    try:
        return table[provider]
    except KeyError:
        raise LookupError(_lacking(provider, what)) from None


def _lacking(provider: str, what: str) -> str:
    return f"{what} {provider}: say in blocks/pipeline_calls.py what the pipeline's role calls for it"


def _take_on(role: Value) -> Call:
    return Call("EnterEnvironments", (sts.AssumeRole,), role)


def _codebuild(action: codepipeline.Actions, arn_of: ArnOf) -> list[Call]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html."""
    project = arn_of(action.Configuration["ProjectName"])
    return [Call("RunBuilds", (codebuild.StartBuild, codebuild.BatchGetBuilds), project)]


def _approval(action: codepipeline.Actions, _arn_of: ArnOf) -> list[Call]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals-iam-permissions.html."""
    topic = action.Configuration.get("NotificationArn")
    return [Call("AskForApproval", (sns.Publish,), topic)] if topic is not None else []


def _connection(action: codepipeline.Actions, _arn_of: ArnOf) -> list[Call]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html."""
    # AWS renamed the service; which prefix it checks depends on the connection's age.
    use = (codeconnections.UseConnection, codestar_connections.UseConnection)
    return [Call("UseConnection", use, action.Configuration["ConnectionArn"])]


def _codecommit(action: codepipeline.Actions, _arn_of: ArnOf) -> list[Call]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeCommit.html."""
    read = (
        codecommit.GetBranch,
        codecommit.GetCommit,
        codecommit.UploadArchive,
        codecommit.GetUploadArchiveStatus,
        codecommit.CancelUploadArchive,
    )
    return [Call(f"Read{action.Name}", read, repository_arn(action.Configuration["RepositoryName"]))]


def repository_arn(name: str) -> Sub:
    """ARN of a CodeCommit repository beside the pipeline."""
    return Sub(f"arn:${{AWS::Partition}}:codecommit:${{AWS::Region}}:${{AWS::AccountId}}:{name}")


def _s3(action: codepipeline.Actions, _arn_of: ArnOf) -> list[Call]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3.html."""
    bucket = f"arn:${{AWS::Partition}}:s3:::{action.Configuration['S3Bucket']}"
    archive = Sub(f"{bucket}/{action.Configuration['S3ObjectKey']}")
    look = (s3.GetBucketVersioning, s3.GetBucketLocation, s3.GetBucketAcl)
    return [
        Call(f"Read{action.Name}", (s3.GetObject, s3.GetObjectVersion), archive),
        Call(f"Look{action.Name}", look, Sub(bucket)),
    ]


ACTIONS: dict[str, Callable[[codepipeline.Actions, ArnOf], list[Call]]] = {
    "CodeBuild": _codebuild,
    "CodeCommit": _codecommit,
    "CodeStarSourceConnection": _connection,
    "Manual": _approval,
    "S3": _s3,
}
# Rules that CodePipeline decides by itself.
# https://docs.aws.amazon.com/codepipeline/latest/userguide/rule-reference.html
RULES = frozenset({"DeploymentWindow", "VariableCheck"})
