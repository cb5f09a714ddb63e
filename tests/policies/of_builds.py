"""What CodeBuild, and the commands of the build specifications, call with the roles of builds.

https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import yaml

from sendy_cfn.checks.policy_names import Place
from sendy_cfn.checks.policy_roles import Role
from sendy_cfn.checks.policy_stacks import Stack
from tests.policies.world import Action, Call, World

Variables = dict[str, str]
COMMAND = re.compile(r"(as_reader )?\baws ([a-z0-9-]+) ([a-z][a-z-]+)")
# `scanner() { aws ecr "$1" …`: a function whose first argument is the operation.
WRAPPER = re.compile(r'^ *(\w+)\(\) \{ aws ([a-z0-9-]+) "\$1"', re.MULTILINE)


class Build(NamedTuple):
    """A build that some action of a pipeline starts."""

    action: Action
    stack: Stack
    title: str

    @property
    def project(self) -> dict[str, Any]:
        return self.stack.properties(self.title)

    @property
    def specification(self) -> str:
        return str(self.project["Source"]["BuildSpec"])

    @property
    def variables(self) -> Variables:
        fixed = self.project["Environment"]["EnvironmentVariables"]
        return {one["Name"]: one["Value"] for one in fixed} | self.action.variables

    def commands(self) -> set[tuple[bool, str, str]]:
        """AWS CLI commands of its specification: whether as the reader, service, operation."""
        text = self.specification
        found = {(bool(reader), service, operation) for reader, service, operation in COMMAND.findall(text)}
        for name, service in WRAPPER.findall(text):
            found |= {(False, service, operation) for operation in re.findall(rf"\b{name} ([a-z]+-[a-z-]+)", text)}
        return found


def builds(world: World) -> Iterator[Build]:
    """All builds of all pipelines."""
    for action in world.actions:
        if action.provider == "CodeBuild":
            yield Build(action, *world.project(action))


def calls(world: World, role: Role) -> Iterator[Call]:
    """With a build's own role."""
    for build in builds(world):
        if build.project["ServiceRole"] == role.arn:
            yield from _codebuild(build)
            for reader, service, operation in sorted(build.commands()):
                if not reader:
                    yield from COMMANDS[service, operation](world, build)
            if "docker buildx build" in build.specification:
                yield from _push(world, build)


def calls_of_reader(world: World, role: Role) -> Iterator[Call]:
    """With the role of an environment that builds of releases take on to look at stacks."""
    for build in builds(world):
        if build.variables.get("READER_ROLE_ARN") == role.arn:
            for reader, service, operation in sorted(build.commands()):
                if reader:
                    yield from COMMANDS[service, operation](world, build)


def _codebuild(build: Build) -> Iterator[Call]:
    """Before and after the commands."""
    project, place = build.project, build.stack.place
    logs = project["LogsConfig"]["CloudWatchLogs"]
    stream = f"log-group:{logs['GroupName']}:log-stream:{logs['StreamName']}/0a1b2c3d"
    for verb in ("CreateLogStream", "PutLogEvents"):
        yield Call(f"logs:{verb}", place.arn("logs", stream))
    for arn in build.action.handed("Input"):
        for verb in ("GetObject", "GetObjectVersion"):
            yield Call(f"s3:{verb}", arn)
    for arn in build.action.handed("Output"):
        yield Call("s3:PutObject", arn)
    # https://docs.aws.amazon.com/codebuild/latest/userguide/security-encryption.html
    for verb in ("Decrypt", "DescribeKey", "GenerateDataKey"):
        yield Call(f"kms:{verb}", project["EncryptionKey"])
    for variable in project["Environment"]["EnvironmentVariables"]:
        if variable["Type"] == "PARAMETER_STORE":
            yield Call("ssm:GetParameters", place.arn("ssm", f"parameter{variable['Value']}"))
    yield from _reports(build)
    yield from _clone(build)


def _reports(build: Build) -> Iterator[Call]:
    """https://docs.aws.amazon.com/codebuild/latest/userguide/test-permissions.html."""
    for report in yaml.safe_load(build.specification).get("reports", {}):
        group = build.stack.place.arn("codebuild", f"report-group/{build.project['Name']}-{report}")
        for verb in ("CreateReportGroup", "CreateReport", "UpdateReport", "BatchPutTestCases"):
            yield Call(f"codebuild:{verb}", group)


def _clone(build: Build) -> Iterator[Call]:
    """An artifact that is a reference, which the build clones.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html
    """
    taken = [artifact["Name"] for artifact in build.action.given["InputArtifacts"]]
    for other in build.action.pipeline["Stages"][0]["Actions"]:
        made = [artifact["Name"] for artifact in other["OutputArtifacts"]]
        if set(made) & set(taken) and other["Configuration"].get("OutputArtifactFormat") == "CODEBUILD_CLONE_REF":
            for prefix in ("codeconnections", "codestar-connections"):
                yield Call(f"{prefix}:UseConnection", other["Configuration"]["ConnectionArn"])


def _repository(uri: str) -> str:
    """The ARN of a repository, from account.dkr.ecr.region.amazonaws.com/name."""
    host, _, name = uri.partition("/")
    account, _, _, region, *_ = host.split(".")
    return f"arn:aws:ecr:{region}:{account}:repository/{name}"


def _push(world: World, build: Build) -> Iterator[Call]:
    """Images are pushed, and layers of the cache are pulled.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
    """
    for name in ("REPOSITORY_URI", "CACHE_URI"):
        for verb in (
            *("BatchCheckLayerAvailability", "InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload"),
            *("PutImage", "BatchGetImage", "GetDownloadUrlForLayer"),
        ):
            yield Call(f"ecr:{verb}", _repository(build.variables[name]))
    # https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html
    for stack, title in world.of("AWS::ECR::PullThroughCacheRule"):
        prefix = stack.properties(title)["EcrRepositoryPrefix"]
        copy = stack.place.arn("ecr", f"repository/{prefix}/library/python")
        for verb in (
            *("CreateRepository", "BatchImportUpstreamImage"),
            *("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"),
        ):
            yield Call(f"ecr:{verb}", copy)
    # https://docs.aws.amazon.com/AmazonECR/latest/userguide/managed-signing.html
    for stack, title in world.of("AWS::Signer::SigningProfile"):
        yield Call("signer:SignPayload", stack.called(title).arn)


def _ecr(verb: str) -> Callable[[World, Build], Iterator[Call]]:
    return lambda _world, build: iter([Call(f"ecr:{verb}", _repository(build.variables["REPOSITORY_URI"]))])


def _findings(_world: World, build: Build) -> Iterator[Call]:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning-enhanced-iam.html."""
    yield Call("ecr:DescribeImageScanFindings", _repository(build.variables["REPOSITORY_URI"]))
    yield Call("inspector2:ListFindings")


def _looked_at(world: World, build: Build) -> Stack:
    """The service's stack that a build of a release looks at: that of its stage."""
    action = build.action
    place = Place(build.variables["READER_ROLE_ARN"].split(":")[4], build.variables["STACK_REGION"])
    [name] = {
        other.configuration["StackName"]
        for other in world.actions
        if (other.name, other.stage, other.provider) == (action.name, action.stage, "CloudFormation")
    }
    return world.stack(name, place)


def _resources(kind: str, action: str) -> Callable[[World, Build], Iterator[Call]]:
    def found(world: World, build: Build) -> Iterator[Call]:
        stack = _looked_at(world, build)
        yield from (Call(action, stack.called(title).arn) for title in stack.of(kind))

    return found


def _all_alarms(world: World, build: Build) -> Iterator[Call]:
    yield from _resources("AWS::CloudWatch::Alarm", "cloudwatch:DescribeAlarms")(world, build)
    # AWS does not say that it looks at the names which are asked for.
    yield Call("cloudwatch:DescribeAlarms", _looked_at(world, build).place.arn("cloudwatch", "alarm:*"))


COMMANDS: dict[tuple[str, str], Callable[[World, Build], Iterator[Call]]] = {
    ("cloudformation", "describe-stacks"): lambda world, build: iter(
        [Call("cloudformation:DescribeStacks", _looked_at(world, build).arn)]
    ),
    ("cloudwatch", "describe-alarms"): _all_alarms,
    ("ecr", "batch-get-image"): _ecr("BatchGetImage"),
    ("ecr", "describe-image-scan-findings"): _findings,
    ("ecr", "get-login-password"): lambda _world, _build: iter([Call("ecr:GetAuthorizationToken")]),
    ("ecr", "start-image-scan"): _ecr("StartImageScan"),
    ("ecs", "describe-services"): _resources("AWS::ECS::Service", "ecs:DescribeServices"),
    ("ecs", "describe-task-definition"): lambda _world, _build: iter([Call("ecs:DescribeTaskDefinition")]),
    ("sts", "assume-role"): lambda _world, build: iter([Call("sts:AssumeRole", build.variables["READER_ROLE_ARN"])]),
}
