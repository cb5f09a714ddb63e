"""What CodePipeline's deploy action does, done from the configuration that the deployed pipeline holds."""

from __future__ import annotations

from emulator.walk_actions import artifact_file, parameters
from emulator.walk_pipeline import Action, Stage, Variables, stages
from emulator.walk_shell import StepError, brief, run, say
from emulator.walk_world import World


def find(world: World) -> Stage | None:
    """The first stage that releases by one stack update, in which ECS replaces the tasks."""
    return next(
        (stage for stage in stages(world) if [_provider(a) for a in _deploys(stage)] == ["CloudFormation"]), None
    )


def _deploys(stage: Stage) -> list[Action]:
    return [action for action in stage.actions if action["ActionTypeId"]["Category"] == "Deploy"]


def _provider(action: Action) -> str:
    return str(action["ActionTypeId"]["Provider"])


def release(world: World, stage: Stage, commit: str, revision: int) -> None:
    """Create or update the service's stack and check that ECS uses the image.

    Args:
        world: where the toolchain and the environment are deployed.
        stage: one of `find`.
        commit: what is released; its image's digest is made up from it.
        revision: of the task definition that has to be in use then.

    Raises:
        StepError: the stack failed, or ECS uses something else.
    """
    [action] = _deploys(stage)
    configuration = action["Configuration"]
    variables = Variables(world, stage, commit)
    say(f"     {stage.title}, action {action['Name']}:")
    for key in ("TemplatePath", "TemplateConfiguration", "ParameterOverrides"):
        say(f"       {key}: {brief(variables.fill(configuration[key]))}")
    values, tags = parameters(world, configuration, variables)
    command = world.aws(
        stage.place,
        *("cloudformation", "deploy", "--stack-name", stage.stack),
        *("--template-file", str(artifact_file(world, configuration["TemplatePath"]))),
        *("--capabilities", *configuration["Capabilities"].split(","), "--role-arn", configuration["RoleArn"]),
        *("--parameter-overrides", *(f"{name}={value}" for name, value in values.items())),
        *("--tags", *(f"{name}={value}" for name, value in tags.items())),
    )
    world.run_stacks([command], [(stage.stack, stage.place)])
    _check(world, stage, variables.digest, revision)


def _check(world: World, stage: Stage, digest: str, revision: int) -> None:
    """Ask ECS, not CloudFormation, what the service uses."""
    place = stage.place
    resources = world.emulator.resolved(stage.stack, world.account(place), place.region).values()
    [service] = [resource for resource in resources if resource.type == "AWS::ECS::Service"]
    cluster, name = str(service.properties["Cluster"]), service.physical_id.rsplit("/", 1)[-1]
    used = _ask(world, stage, "services[0].taskDefinition", "describe-services", cluster, name)
    query = "taskDefinition.containerDefinitions[0].image"
    image = _ask(world, stage, query, "describe-task-definition", used)
    say(f"     ECS service {name} uses {used.rsplit('/', 1)[-1]}: {image}")
    if not used.endswith(f":{revision}") or not image.endswith(digest):
        raise StepError(f"expected revision {revision} with {digest}")


def _ask(world: World, stage: Stage, query: str, operation: str, first: str, second: str = "") -> str:
    about = ("--cluster", first, "--services", second) if second else ("--task-definition", first)
    [answer] = run([world.aws(stage.place, "ecs", operation, *about, "--query", query, "--output", "text")])
    return answer.strip()
