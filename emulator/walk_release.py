"""What CodePipeline's deploy action does, done from the configuration that the deployed pipeline holds."""

import hashlib
import json
from pathlib import Path
from typing import Any

from emulator.walk_shell import StepError, run, say
from emulator.walk_world import World
from sendy_cfn.config.model import Service
from sendy_cfn.names import logical
from sendy_cfn.targets import Target


def release(world: World, service: Service, place: Target, commit: str, revision: int) -> str:
    """Create or update the service's stack and check that ECS uses the image; the stack's name.

    Args:
        world: where the toolchain and the environment are deployed.
        service: the service.
        place: the environment.
        commit: what is released; its image's digest is made up from it.
        revision: of the task definition that has to be in use then.

    Raises:
        StepError: the stack failed, or ECS uses something else.
    """
    action = _action(world, service, place)
    digest = f"sha256:{hashlib.sha256(commit.encode()).hexdigest()}"
    # What the build exports, and what the source action knows.
    variables = {
        "#{Build.IMAGE_URI}": f"{_repository(world, service)}@{digest}",
        "#{ServiceSource.CommitId}": commit,
    }
    configuration = json.loads(_file(world, action["TemplateConfiguration"]).read_text(encoding="utf-8"))
    overrides = {name: variables[value] for name, value in json.loads(action["ParameterOverrides"]).items()}
    values = configuration["Parameters"] | overrides
    stack = str(action["StackName"])
    command = world.aws(
        place,
        *("cloudformation", "deploy", "--stack-name", stack),
        *("--template-file", str(_file(world, action["TemplatePath"]))),
        *("--capabilities", *action["Capabilities"].split(","), "--role-arn", action["RoleArn"]),
        *("--parameter-overrides", *(f"{name}={value}" for name, value in values.items())),
        *("--tags", *(f"{name}={value}" for name, value in configuration.get("Tags", {}).items())),
    )
    world.run_stacks([command], [(stack, place)])
    _check(world, stack, place, digest, revision)
    return stack


def _action(world: World, service: Service, place: Target) -> dict[str, Any]:
    """The configuration of the deploy action of the service's pipeline for this environment."""
    wanted = f"{place.stack}-{service.name}"
    for root in world.toolchain:
        found = world.emulator.resolved(root.stack, world.account(root), root.region)
        pipeline = found.get(f"{logical(f'pipeline-{service.name}')}/Pipeline")
        if pipeline is None:
            continue
        for action in (action for stage in pipeline.properties["Stages"] for action in stage["Actions"]):
            configuration: dict[str, Any] = action.get("Configuration", {})
            if configuration.get("StackName") == wanted:
                say(
                    f"     pipeline {pipeline.properties['Name']}, action {action['Name']}: {json.dumps(configuration)}"
                )
                return configuration
    raise StepError(f"no pipeline deploys {service.name} to {place.place}")


def _quote(pipeline: str, configuration: dict[str, Any]) -> None:
    say(f"     deploy action of pipeline {pipeline}:")
    for key in ("StackName", "TemplatePath", "TemplateConfiguration", "ParameterOverrides"):
        say(f"       {key}: {configuration[key]}")


def _file(world: World, artifact_path: str) -> Path:
    """A file of this repository: "Platform::templates/…" in a pipeline."""
    _, _, path = artifact_path.partition("::")
    return world.templates / Path(path).relative_to("templates")


def _repository(world: World, service: Service) -> str:
    name = f"{world.platform.platform}/{service.name}"
    found = world.client(world.toolchain[-1], "ecr").describe_repositories(repositoryNames=[name])
    return str(found["repositories"][0]["repositoryUri"])


def _check(world: World, stack: str, place: Target, digest: str, revision: int) -> None:
    """Ask ECS, not CloudFormation, what the service uses."""
    service = world.emulator.resolved(stack, world.account(place), place.region)["Service"]
    cluster, name = str(service.properties["Cluster"]), service.physical_id.rsplit("/", 1)[-1]
    used = _ask(world, place, "services[0].taskDefinition", "describe-services", cluster, name)
    query = "taskDefinition.containerDefinitions[0].image"
    image = _ask(world, place, query, "describe-task-definition", used)
    say(f"     ECS service {name} uses {used.rsplit('/', 1)[-1]}: {image}")
    if not used.endswith(f":{revision}") or not image.endswith(digest):
        raise StepError(f"expected revision {revision} with {digest}")


def _ask(world: World, place: Target, query: str, operation: str, first: str, second: str = "") -> str:
    about = ("--cluster", first, "--services", second) if second else ("--task-definition", first)
    [answer] = run([world.aws(place, "ecs", operation, *about, "--query", query, "--output", "text")])
    return answer.strip()
