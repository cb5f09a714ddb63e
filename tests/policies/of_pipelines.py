"""What CodePipeline calls for the actions of pipelines, with their own role and with that of an environment.

https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sendy_cfn.checks.policy_names import Place
from sendy_cfn.checks.policy_roles import Role
from sendy_cfn.checks.policy_stacks import Stack
from tests.policies import of_stacks
from tests.policies.world import Action, Call, World

KEY_USE = ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo")


def calls(world: World, role: Role) -> Iterator[Call]:
    """With the role of a pipeline."""
    for action in world.actions:
        if action.pipeline["RoleArn"] == role.arn:
            yield from _artifacts(world, action)
            if action.role == role.arn:
                yield from _OWN[action.provider](world, action)
            else:
                yield Call("sts:AssumeRole", action.role)


def _artifacts(world: World, action: Action) -> Iterator[Call]:
    """Hand artifacts from action to action.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-create-cross-account.html
    """
    used = [*action.handed("Input"), *action.handed("Output")]
    for arn in used:
        for verb in ("GetObject", "GetObjectVersion", "PutObject"):
            yield Call(f"s3:{verb}", arn)
        for verb in ("GetBucketAcl", "GetBucketLocation", "GetBucketVersioning"):
            yield Call(f"s3:{verb}", arn.partition("/")[0])
    if used:
        key, alias = world.artifact_key(Place(action.stack.place.account, action.region))
        for verb in KEY_USE:
            yield Call(f"kms:{verb}", key, (("kms:ResourceAliases", (alias,)),))


def _connection(_world: World, action: Action) -> Iterator[Call]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html."""
    connection = action.configuration["ConnectionArn"]
    # The service was renamed, connections kept their ARNs: AWS checks the one or the other.
    # https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html
    for prefix in ("codeconnections", "codestar-connections"):
        yield Call(f"{prefix}:UseConnection", connection)
    for arn in action.handed("Output"):  # uploaded with an ACL in the request
        yield Call("s3:PutObjectAcl", arn)


def _codecommit(_world: World, action: Action) -> Iterator[Call]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeCommit.html."""
    repository = action.stack.place.arn("codecommit", action.configuration["RepositoryName"])
    for verb in ("GetBranch", "GetCommit", "UploadArchive", "GetUploadArchiveStatus", "CancelUploadArchive"):
        yield Call(f"codecommit:{verb}", repository)


def _s3(_world: World, action: Action) -> Iterator[Call]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3.html."""
    bucket = f"arn:aws:s3:::{action.configuration['S3Bucket']}"
    for verb in ("GetObject", "GetObjectVersion"):
        yield Call(f"s3:{verb}", f"{bucket}/{action.configuration['S3ObjectKey']}")
    for verb in ("GetBucketAcl", "GetBucketLocation", "GetBucketVersioning"):
        yield Call(f"s3:{verb}", bucket)


def _build(world: World, action: Action) -> Iterator[Call]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html."""
    stack, title = world.project(action)
    for verb in ("StartBuild", "BatchGetBuilds"):
        yield Call(f"codebuild:{verb}", stack.called(title).arn)


def _approval(world: World, action: Action) -> Iterator[Call]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals-iam-permissions.html."""
    yield Call("sns:Publish", action.configuration["NotificationArn"])
    key, _ = world.artifact_key(action.stack.place)
    for verb in ("GenerateDataKey", "Decrypt"):  # the topic is encrypted
        yield Call(f"kms:{verb}", key)


def _alarms(_world: World, action: Action) -> Iterator[Call]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/rule-reference-CloudWatchAlarm.html."""
    place = Place(action.role.split(":")[4], action.region)
    yield Call("cloudwatch:DescribeAlarms", place.arn("cloudwatch", f"alarm:{action.configuration['AlarmName']}"))
    # AWS does not say that it looks at the name which is asked for.
    yield Call("cloudwatch:DescribeAlarms", place.arn("cloudwatch", "alarm:*"))


def _nothing(_world: World, _action: Action) -> Iterator[Call]:
    return iter(())


_OWN: dict[str, Callable[[World, Action], Iterator[Call]]] = {
    "CloudWatchAlarm": _alarms,
    "CodeBuild": _build,
    "CodeCommit": _codecommit,
    "CodeStarSourceConnection": _connection,
    "DeploymentWindow": _nothing,
    "Manual": _approval,
    "S3": _s3,
    "VariableCheck": _nothing,
}


def calls_in_environment(world: World, role: Role) -> Iterator[Call]:
    """With the role that pipelines take on in an environment."""
    for action in world.actions:
        if action.role == role.arn:
            yield from _inputs(world, action)
            yield from _IN_ENVIRONMENT[action.provider](world, action)


def _inputs(world: World, action: Action) -> Iterator[Call]:
    place = Place(action.stack.place.account, action.region)
    for arn in action.handed("Input"):
        for verb in ("GetObject", "GetObjectVersion"):
            yield Call(f"s3:{verb}", arn)
        for verb in ("GetBucketLocation", "GetBucketVersioning"):
            yield Call(f"s3:{verb}", arn.partition("/")[0])
        key, alias = world.artifact_key(place)
        # The alias of another account's key may not be told.
        same = place.account == action.role.split(":")[4]
        via = ("kms:ViaService", f"s3.{place.region}.amazonaws.com")
        context = (via, ("kms:ResourceAliases", (alias,))) if same else (via,)
        for verb in ("Decrypt", "DescribeKey"):
            yield Call(f"kms:{verb}", key, context)


# What AWS's reference lists for the action, by the modes that pipelines use.
# https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html
_WITH_ROLE = {"CREATE_UPDATE": ("CreateStack", "UpdateStack"), "CHANGE_SET_REPLACE": ("CreateChangeSet",)}
_FOLLOWS = {
    "CREATE_UPDATE": ("DescribeStacks", "DescribeStackEvents", "DescribeStackResources", "GetTemplate"),
    "CHANGE_SET_REPLACE": ("DescribeStacks", "DescribeChangeSet", "DeleteChangeSet"),
    "CHANGE_SET_EXECUTE": ("DescribeStacks", "DescribeChangeSet", "ExecuteChangeSet", "DescribeStackEvents"),
}


def _stack(world: World, action: Action) -> Iterator[Call]:
    place = Place(action.role.split(":")[4], action.region)
    given = action.configuration
    stack = world.stack(given["StackName"], place)
    for verb in _WITH_ROLE.get(given["ActionMode"], ()):
        yield Call(f"cloudformation:{verb}", stack.arn, (("cloudformation:RoleArn", given["RoleArn"]),))
    for verb in (*_FOLLOWS[given["ActionMode"]], "TagResource", "UntagResource"):
        yield Call(f"cloudformation:{verb}", stack.arn)
    yield Call("cloudformation:ValidateTemplate")
    yield Call("iam:PassRole", given["RoleArn"], (("iam:PassedToService", "cloudformation.amazonaws.com"),))
    yield from of_stacks.parameters(stack)


def _codedeploy(world: World, action: Action) -> Iterator[Call]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECSbluegreen.html."""
    place = Place(action.role.split(":")[4], action.region)
    given = action.configuration
    names = [world.told(action, given[key]) for key in ("ApplicationName", "DeploymentGroupName")]
    for verb in ("GetApplication", "GetApplicationRevision", "RegisterApplicationRevision"):
        yield Call(f"codedeploy:{verb}", place.arn("codedeploy", f"application:{names[0]}"))
    for verb in ("CreateDeployment", "GetDeployment"):
        yield Call(f"codedeploy:{verb}", place.arn("codedeploy", f"deploymentgroup:{names[0]}/{names[1]}"))
    for stack in world.stacks:
        for title in stack.of("AWS::CodeDeploy::DeploymentGroup"):
            if stack.place == place:
                configuration = stack.properties(title)["DeploymentConfigName"]
                yield Call(
                    "codedeploy:GetDeploymentConfig", place.arn("codedeploy", f"deploymentconfig:{configuration}")
                )
                yield from _new_revision(stack, place)


def _new_revision(stack: Stack, place: Place) -> Iterator[Call]:
    for title in stack.of("AWS::ECS::TaskDefinition"):
        given = stack.properties(title)
        yield Call("ecs:RegisterTaskDefinition", place.arn("ecs", f"task-definition/{given['Family']}:2"))
        for role in (given["ExecutionRoleArn"], given["TaskRoleArn"]):
            yield Call("iam:PassRole", role, (("iam:PassedToService", "ecs-tasks.amazonaws.com"),))


_IN_ENVIRONMENT: dict[str, Callable[[World, Action], Iterator[Call]]] = {
    "CloudFormation": _stack,
    "CloudWatchAlarm": _alarms,
    "CodeDeployToECS": _codedeploy,
}
