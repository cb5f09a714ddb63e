"""Actions of a deployed pipeline, done as CodePipeline would have them done: stack updates and builds."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator import buildspec
from emulator.walk_pipeline import Action, Stage, Variables
from emulator.walk_shell import StepError, brief, run, say
from emulator.walk_world import World, events
from sendy_cfn import package, progress

_STACK_LIMIT = 60.0  # seconds for a stack operation; 1 on a quiet machine
_BUILD_LIMIT = 120.0  # seconds for a build
_UNCHANGED = "No updates are to be performed"
# Waits for name servers and for what shows only after a while: nothing here needs them.
SHORTENED = {
    "TTL_SECONDS": "0",
    "GRACE_SECONDS": "0",
    "BAKE_SECONDS": "0",
    "POLL_SECONDS": "0.2",
    "SMOKE_TIMEOUT_SECONDS": "8",
}


def artifact_file(world: World, path: str) -> Path:
    """A file of this repository: "Platform::templates/…" in a pipeline."""
    _, _, inner = path.partition("::")
    return world.templates / Path(inner).relative_to("templates")


def parameters(world: World, configuration: Mapping[str, str], variables: Variables) -> tuple[Mapping[str, str], Any]:
    """Parameters and tags of a deploy action: those of the template configuration, the action's own over them."""
    file = json.loads(artifact_file(world, configuration["TemplateConfiguration"]).read_text(encoding="utf-8"))
    overrides = json.loads(variables.fill(configuration["ParameterOverrides"]))
    return {**file["Parameters"], **overrides}, file.get("Tags", {})


def update_stack(world: World, stage: Stage, action: Action, variables: Variables) -> dict[str, str]:
    """Create or update the stack, which may turn out to be up to date; its outputs.

    Raises:
        StepError: CloudFormation refused, or the stack failed; the message has the first failing resource.
    """
    configuration, place = action["Configuration"], stage.place
    stack = str(configuration["StackName"])
    values, tags = parameters(world, configuration, variables)
    files = {
        "parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
        "tags": [{"Key": name, "Value": value} for name, value in tags.items()],
    }
    for what, content in files.items():
        (world.scratch / f"{stack}-{what}.json").write_text(json.dumps(content), encoding="utf-8")
    operation = "update-stack" if stack in world.statuses() else "create-stack"
    command = world.aws(
        place,
        *("cloudformation", operation, "--stack-name", stack),
        *("--template-body", f"file://{artifact_file(world, configuration['TemplatePath'])}"),
        *(word for what in files for word in (f"--{what}", f"file://{world.scratch}/{stack}-{what}.json")),
        *("--capabilities", *configuration["Capabilities"].split(","), "--role-arn", configuration["RoleArn"]),
    )
    say(brief("     " + " ".join(f"{name}={values[name]}" for name in json.loads(configuration["ParameterOverrides"]))))
    try:
        run([command])
    except StepError as error:
        if _UNCHANGED not in str(error):
            raise
        say("     nothing to update")
    status = _settled(world, stage, stack)
    say(f"     {stack}: {status}")
    return outputs(world, stage)


def outputs(world: World, stage: Stage) -> dict[str, str]:
    """What the stage's stack says of itself."""
    [found] = world.client(stage.place).describe_stacks(StackName=stage.stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def _settled(world: World, stage: Stage, stack: str) -> str:
    """The stack's status once it is at rest."""
    client, end = world.client(stage.place), time.monotonic() + _STACK_LIMIT
    while True:
        status = str(client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return status
        if not status.endswith("_IN_PROGRESS") or time.monotonic() > end:
            break
        time.sleep(0.1)
    first = progress.first_failure(events(client, stack))
    raise StepError(f"{stack} is {status}" + (f": {first.path} ({first.type}): {first.reason}" if first else ""))


def build(
    world: World, stage: Stage, action: Action, variables: Variables, changed: Mapping[str, str]
) -> dict[str, str]:
    """Run the deployed project's specification in bash, with the AWS CLI aimed at the emulator; what it exports.

    Args:
        world: where it is deployed.
        stage: the stage.
        action: its action.
        variables: what earlier actions gave.
        changed: variables that get other values here.

    Raises:
        StepError: there is no such project, or the build failed.
    """
    configuration = action["Configuration"]
    name = str(configuration["ProjectName"])
    project = _project(world, stage, name)
    environment = {
        **_stored(world, stage, project["Environment"].get("EnvironmentVariables", [])),
        **given(action, variables),
        **changed,
    }
    cli = Path(package.aws_cli()).parent
    with tempfile.TemporaryDirectory(dir=world.scratch) as source:
        (Path(source) / environment.get("BUILD_CONTEXT", ".")).mkdir(parents=True, exist_ok=True)
        outcome = buildspec.run(
            project["Source"]["BuildSpec"],
            Path(source),
            {
                **_access(world, stage),
                "PATH": f"{cli}{os.pathsep}{os.environ['PATH']}",
                "CODEBUILD_BUILD_ID": f"{name}:1",
                **environment,
            },
            _BUILD_LIMIT,
        )
    for line in outcome.log.splitlines():
        say(f"     | {brief(line)}")
    if not outcome.succeeded:
        raise StepError(f"{action['Name']}: the build {name} failed: {' '.join(outcome.log.split())[-400:]}")
    return outcome.exported


def given(action: Action, variables: Variables) -> dict[str, str]:
    """The variables that an action sets for its build."""
    # Replaced in the text, as CodePipeline does it: a quotation mark in a value breaks the JSON.
    items = json.loads(variables.fill(action["Configuration"]["EnvironmentVariables"]))
    return {item["name"]: item["value"] for item in items}


def _project(world: World, stage: Stage, name: str) -> Mapping[str, Any]:
    resources = world.emulator.resolved(stage.root.stack, world.account(stage.root), stage.root.region).values()
    for resource in resources:
        if resource.type == "AWS::CodeBuild::Project" and resource.properties["Name"] == name:
            return resource.properties
    raise StepError(f"{stage.root.stack} has no build project {name}")


def _stored(world: World, stage: Stage, variables: list[Mapping[str, str]]) -> dict[str, str]:
    """The project's variables, with those kept in SSM read from there."""
    ssm = world.client(stage.root, "ssm")
    return {
        item["Name"]: ssm.get_parameter(Name=item["Value"])["Parameter"]["Value"]
        if item.get("Type") == "PARAMETER_STORE"
        else item["Value"]
        for item in variables
    }


def _access(world: World, stage: Stage) -> dict[str, str]:
    """What makes a command of the build talk to the emulator, as the toolchain's account."""
    whole = world.emulator.environment(world.account(stage.root), stage.root.region)
    return {key: value for key, value in whole.items() if key.startswith("AWS_") or key.lower() == "no_proxy"}
