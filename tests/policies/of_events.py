"""What EventBridge does with roles of ours, and what the build does that it starts for each release."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sendy_cfn.checks.policy_roles import Role
from sendy_cfn.checks.policy_stacks import Stack
from tests.policies.world import Call, World

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
STARTS = {
    "codebuild": "codebuild:StartBuild",
    "codepipeline": "codepipeline:StartPipelineExecution",
    "events": "events:PutEvents",  # on another account's or region's bus
}


def targets(world: World, role: Role) -> Iterator[Call]:
    """With a role that targets of rules have."""
    for stack, title in world.of("AWS::Events::Rule"):
        for target in stack.properties(title)["Targets"]:
            if target.get("RoleArn") == role.arn:
                yield Call(STARTS[target["Arn"].split(":")[2]], target["Arn"])


def chat(world: World, role: Role) -> Iterator[Call]:
    """What people in a chat ask about pipelines and builds.

    https://docs.aws.amazon.com/chatbot/latest/adminguide/chatbot-cli-commands.html
    """
    place = role.stack.place
    for stack, title in world.of("AWS::CodePipeline::Pipeline"):
        for verb in ("GetPipelineState", "GetPipelineExecution", "ListPipelineExecutions"):
            if stack.place == place:
                yield Call(f"codepipeline:{verb}", stack.called(title).arn)
    for stack, title in world.of("AWS::CodeBuild::Project"):
        if stack.place == place:
            yield Call("codebuild:BatchGetBuilds", stack.called(title).arn)


def record(world: World, role: Role) -> Iterator[Call]:
    """With the role of the build that writes down a release: it has no source, and no artifacts.

    https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
    """
    for stack, title in world.of("AWS::CodeBuild::Project"):
        project = stack.properties(title)
        if project["ServiceRole"] == role.arn:
            logs = project["LogsConfig"]["CloudWatchLogs"]
            stream = f"log-group:{logs['GroupName']}:log-stream:{logs['StreamName']}/0a1b2c3d"
            for verb in ("CreateLogStream", "PutLogEvents"):
                yield Call(f"logs:{verb}", stack.place.arn("logs", stream))
            given = {one["Name"]: one["Value"] for one in project["Environment"]["EnvironmentVariables"]}
            for command, made in COMMANDS.items():
                assert command in project["Source"]["BuildSpec"], command
                yield from made(world, stack, given)
            assert project["Source"]["BuildSpec"].count("aws ") == len(COMMANDS)


def _executions(verb: str) -> Callable[[World, Stack, dict[str, str]], Iterator[Call]]:
    def made(world: World, stack: Stack, _given: dict[str, str]) -> Iterator[Call]:
        for other, title in world.of("AWS::CodePipeline::Pipeline"):
            if other.place == stack.place:
                yield Call(f"codepipeline:{verb}", other.called(title).arn)

    return made


def _events(_world: World, stack: Stack, given: dict[str, str]) -> Iterator[Call]:
    yield Call("logs:FilterLogEvents", stack.place.arn("logs", f"log-group:{given['EVENT_LOG']}:*"))


COMMANDS: dict[str, Callable[[World, Stack, dict[str, str]], Iterator[Call]]] = {
    "aws codepipeline get-pipeline-execution": _executions("GetPipelineExecution"),
    "aws codepipeline list-action-executions": _executions("ListActionExecutions"),
    "aws logs filter-log-events": _events,
}
