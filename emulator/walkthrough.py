"""`make try`: the generated stacks through the AWS CLI into an emulator, from nothing to releases and back.

    python -m emulator.walkthrough [--params DIR] [--templates DIR]

    package and deploy every environment's root, then the toolchain's (pipelines look up the environments' roles)
    do what a pipeline's deploy action does, as the deployed pipeline describes it, with two images in turn
    do what a pipeline's stage does for a service in two clusters: two releases, a bad one, and the way back
    show alarms, dashboards, rules and logs as the services describe them, and compare them with the templates
    set an alarm of a service off, and show the message that arrives
    delete everything, and say what policies retain

The emulator holds what is deployed; it runs none of it. Exit status 0, 1 where a step failed, 2 for bad input, 130
after Ctrl-C.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from emulator import StartError, running, walk_alarm, walk_monitoring, walk_release, walk_standing, walk_switch
from emulator.walk_shell import News, StepError, run, say, step
from emulator.walk_world import World, events
from rehearsal.events import RehearsalError
from sendy_cfn import package, targets
from sendy_cfn.aws import FAILED, INTERRUPTED, RefusedError
from sendy_cfn.errors import BAD_INPUT, DONE, ConfigError
from sendy_cfn.targets import Target


def main(arguments: Sequence[str] | None = None) -> int:
    """Walk through all steps; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m emulator.walkthrough", description="Deploys to an emulator.")
    parser.add_argument("--params", type=Path, default=Path("params"), metavar="DIR")
    parser.add_argument("--templates", type=Path, default=Path("templates"), metavar="DIR")
    given = parser.parse_args(arguments)
    started = time.monotonic()
    try:
        platform = targets.load(given.params, given.templates, package.CACHE)
        say("starting the emulator (ministack, on 127.0.0.1)")
        with running(platform.toolchain.region) as emulator, tempfile.TemporaryDirectory() as scratch:
            walk(World(emulator, platform, given.templates, Path(scratch)))
    except (ConfigError, RefusedError) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except (StepError, StartError, RehearsalError) as error:
        print(f"\nfailed: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("\ninterrupted; the emulator is gone, and all that was in it", file=sys.stderr)
        return INTERRUPTED
    say(f"\nall done in {time.monotonic() - started:.0f} s; the emulator is gone, and all that was in it")
    return DONE


def walk(world: World) -> None:
    """Every step.

    Raises:
        StepError: one failed; those after it are not tried.
        RehearsalError: an action of a pipeline failed.
    """
    with step("a bucket for templates"):
        run(world.aws(target, "s3", "mb", f"s3://{bucket}") for bucket, target in world.places.items())
    names = ", ".join(target.place for target in world.environments)
    with step(f"the environments {names}: pipelines look up roles of each"):
        deploy(world, world.environments)
    with step("the toolchain"):
        deploy(world, world.toolchain)
        kinds = {kind for target in world.roots for kind in _recorded(world, target)}
        say(f"     recorded, with nothing behind them: {', '.join(sorted(kinds))}")
    stacks = list(releases(world))
    with step("monitoring: what there is, and what the templates say"):
        standing = list(walk_standing.standing(world))
        walk_monitoring.show(world, standing)
    with step("an alarm of a service goes off, and is over: who hears what"):
        walk_alarm.show(world, standing)
    with step(f"delete {' and '.join(name for name, _ in stacks)}"):
        retained = delete(world, stacks)
    with step("delete the toolchain and the environments"):
        retained += delete(world, [(target.stack, target) for target in world.roots])
    with step("look at what is left"):
        clean_up(world, retained)


def releases(world: World) -> Iterator[tuple[str, Target]]:
    """Release one service by stack updates and one by switching clusters; their stacks, and where they are."""
    stage = walk_release.find(world)
    if stage is None:
        say("\n   no deployed pipeline releases by one stack update: nothing to release that way")
    else:
        title = f"{stage.service.name} to {stage.place.place}, as its pipeline's deploy action does it"
        with step(f"first release of {title}"):
            walk_release.release(world, stage, "a" * 40, 1)
        with step("second release: an update of the same stack"):
            walk_release.release(world, stage, "b" * 40, 2)
        yield stage.stack, stage.place
    switched = walk_switch.walk(world)
    if switched:
        yield switched


def deploy(world: World, roots: list[Target]) -> None:
    """Package and deploy roots side by side."""
    files = {target.stack: world.scratch / target.place / target.template for target in roots}
    for file in files.values():
        file.parent.mkdir(parents=True, exist_ok=True)
    run(
        world.aws(
            target, *package.package_arguments(target, world.templates, world.bucket(target), files[target.stack])
        )
        for target in roots
    )
    commands = [
        world.aws(target, *package.deploy_arguments(target, files[target.stack], world.templates)) for target in roots
    ]
    world.run_stacks(commands, [(target.stack, target) for target in roots])


def delete(world: World, stacks: list[tuple[str, Target]]) -> list[str]:
    """Delete stacks side by side; what they leave behind by policy."""
    ids = [
        (world.client(target).describe_stacks(StackName=name)["Stacks"][0]["StackId"], target)
        for name, target in stacks
    ]
    with News(world.statuses):
        run(world.aws(target, "cloudformation", "delete-stack", "--stack-name", name) for name, target in stacks)
        run(
            world.aws(target, "cloudformation", "wait", "stack-delete-complete", "--stack-name", stack_id)
            for stack_id, target in ids
        )
    left = []
    for (name, _), (stack_id, target) in zip(stacks, ids, strict=True):
        kept = [event for event in events(world.client(target), stack_id) if event.status == "DELETE_SKIPPED"]
        left += [f"{name}: {event.path} ({event.type})" for event in kept]
    return left


def clean_up(world: World, retained: list[str]) -> None:
    """Remove the bucket for templates; say what is retained.

    Raises:
        StepError: a stack is still there.
    """
    run(world.aws(target, "s3", "rb", f"s3://{bucket}", "--force") for bucket, target in world.places.items())
    if world.statuses():
        raise StepError(f"still there: {', '.join(world.statuses())}")
    say("     no stack is left")
    say(f"     retained by policy, for a person to look at and delete: {len(retained)}")
    for line in retained:
        say(f"       {line}")


def _recorded(world: World, target: Target) -> set[str]:
    return set(world.emulator.recorded(target.stack, world.account(target), target.region).values())


if __name__ == "__main__":
    sys.exit(main())
