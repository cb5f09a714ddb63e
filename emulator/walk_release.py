"""What CodePipeline's deploy action does, done from the configuration that the deployed pipeline holds."""

from __future__ import annotations

from emulator import walk_actions
from emulator.walk_pipeline import Stage, Variables, stages
from emulator.walk_shell import StepError, run, say
from emulator.walk_world import World
from rehearsal.actions import Action


def find(world: World) -> Stage | None:
    """The first stage that releases by one stack update, in which ECS replaces the tasks."""
    return next(
        (stage for stage in stages(world) if [_provider(a) for a in _deploys(stage)] == ["CloudFormation"]), None
    )


def _deploys(stage: Stage) -> list[Action]:
    return [action for action in stage.actions if action["actionTypeId"]["category"] == "Deploy"]


def _provider(action: Action) -> str:
    return str(action["actionTypeId"]["provider"])


def release(world: World, stage: Stage, commit: str, revision: int) -> None:
    """Create or update the service's stack and check that ECS uses the image.

    Args:
        world: where the toolchain and the environment are deployed.
        stage: one of `find`.
        commit: what is released; its image's digest is made up from it.
        revision: of the task definition that has to be in use then.

    Raises:
        StepError: ECS uses something else.
        RehearsalError: the stack failed.
    """
    [action] = _deploys(stage)
    variables = Variables(world, stage, commit)
    say(f"     {stage.title}, action {action['name']}:")
    for key in ("TemplatePath", "TemplateConfiguration"):
        say(f"       {key}: {action['configuration'][key]}")
    services = walk_actions.services(world, stage, walk_actions.SHORTENED)
    walk_actions.act(services, walk_actions.context(world, stage, variables), action)
    world.show(stage.stack, stage.place)
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
