"""A service in two clusters, released as the deployed pipeline's stage says: first, again, badly, and back.

The actions are the stage's own, one after the other, done by the rehearsal's parts. What is played: source and build,
what answers under the host names, autoscaling, and CodePipeline. What is real: the build specifications in bash, the
AWS CLI, and what the emulator then holds, which is compared with what a release by cluster switch promises.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from emulator import walk_actions as actions
from emulator.walk_pipeline import Stage, Variables, stages
from emulator.walk_shell import StepError, brief, run, say, step
from emulator.walk_sides import Eyes, Side, Sides, short, show
from emulator.walk_world import World
from rehearsal import builds, conditions
from rehearsal.actions import Action, Context, Services
from rehearsal.dry.front import Answer
from rehearsal.dry.runtime import version
from sendy_cfn.targets import Target

_STATE, _PREPARE = "State", "Prepare"
_KINDS = ("Smoke", "Regression")  # tests that a stand-in can pass
_OWN = ("SMOKE_COMMANDS", "REGRESSION_COMMANDS")
Expected = Mapping[str, Sides]  # by action


ONE, TWO, THREE = ("1" * 40, "2" * 40, "3" * 40)  # commits, the third one bad


@dataclass
class Walk:
    """One service on its way."""

    world: World
    stage: Stage
    eyes: Eyes
    services: Services
    address: str = ""  # of the stand-in
    broken: set[str] = field(default_factory=set)  # versions that customers' requests make fail

    @property
    def standby(self) -> int:
        """Tasks of the idle side between releases."""
        return int(self.eyes.outputs()["StandbyTasks"])

    @property
    def limits(self) -> tuple[int, int]:
        """Tasks that the live side has at least and at most, as the stage's template configuration says."""
        [prepare] = [action for action in self.stage.actions if action["name"] == _PREPARE]
        _, _, path = prepare["configuration"]["TemplateConfiguration"].partition("::")
        file = actions.source(self.world, self.stage) / path
        values = json.loads(file.read_text(encoding="utf-8"))["Parameters"]
        return int(values["MinTasks"]), int(values["MaxTasks"])

    @property
    def busy(self) -> int:
        """Tasks that the live side has come to: more than it started with."""
        least, most = self.limits
        return min(least + 2, most)

    @property
    def busier(self) -> int:
        """Those that it grows to while a release is on its way."""
        return min(self.busy + 1, self.limits[1])

    def side(self, weight: int, commit: str, tasks: int) -> Side:
        """A side with a commit's image."""
        return Side(weight, Variables(self.world, self.stage, commit).digest, tasks)

    def context(self, commit: str) -> Context:
        """An execution that brings a commit into the stage."""
        return actions.context(self.world, self.stage, Variables(self.world, self.stage, commit))

    def reply(self, host: str, path: str) -> Answer:
        """What a host name answers: the version that ECS runs where Route 53 leads."""
        backend = self.eyes.routes.pick(host, path, lambda found: found.desired > 0)
        if backend is None:
            return Answer(503, f"nothing runs behind {host}")
        if version(backend) in self.broken and host == urlsplit(self.eyes.outputs()["ServiceUrl"]).hostname:
            return Answer(500, f"{version(backend)} is broken")
        return Answer(200, f'{{"status":"ok","version":"{version(backend)}"}}')


def walk(world: World, waits: Mapping[str, str] = actions.SHORTENED) -> tuple[str, Target] | None:
    """Every release; the stack and where it is, None where no service is released by cluster switch.

    Raises:
        StepError: something is not where a release should have brought it.
        RehearsalError: an action failed.
    """
    stage = find(world)
    if stage is None:
        say("\n   no deployed pipeline has a State action: no service is released by cluster switch, nothing to walk")
        return None
    with started(world, stage, waits) as way:
        for do in (first, second, third, back):
            do(way)
    return stage.stack, stage.place


def find(world: World) -> Stage | None:
    """The first stage that releases by cluster switch."""
    found = (stage for stage in stages(world) if any(action["name"] == _STATE for action in stage.actions))
    return next(found, None)


@contextmanager
def started(world: World, stage: Stage, waits: Mapping[str, str] = actions.SHORTENED) -> Iterator[Walk]:
    """The walk, with a stand-in for the service that answers while the block runs."""
    say(f"\n   {stage.title}: {' > '.join(action['name'] for action in stage.actions)}")
    say(
        "     host names, source, image build and autoscaling are played; the stand-in for the service answers with the"
    )
    say("     version that ECS runs behind the record, load balancer and rule that a host name leads to")
    say(f"     waits are cut short: {' '.join(f'{key}={value}' for key, value in waits.items())}")
    services = actions.services(world, stage, {**dict.fromkeys(_OWN, ""), **waits})
    way = Walk(world, stage, Eyes(world, stage), services)
    with actions.answering(way.reply) as way.address:
        yield way


def first(way: Walk) -> None:
    """Both clusters get the image; then traffic grows."""
    with step(f"{_name(way)}, first release: both clusters get the image, blue is live"):
        new = {"blue": way.side(100, ONE, way.limits[0]), "green": way.side(0, ONE, 1)}
        _release(way, ONE, {"Prepare": new, "Switch": new}, good=True)
        _compare("the first release", way.eyes.sides(), {**new, "green": way.side(0, ONE, way.standby)})
        _scale(way, "blue", way.busy)


def second(way: Walk) -> None:
    """The idle cluster gets the image and goes live; while it is tested, traffic grows on the live one."""
    with step(f"{_name(way)}, second release: green gets the image and goes live"):
        expected = _switch(way, ("blue", ONE), ("green", TWO))
        # Nobody leaves at once: the side that is left keeps what autoscaling has made of it.
        left = {"Switch": {**expected["Switch"], "blue": way.side(0, ONE, way.busier)}}
        _release(way, TWO, {**expected, **left}, good=True, grows="blue")
        settled = {"blue": way.side(0, ONE, way.standby), "green": way.side(100, TWO, way.busy)}
        _compare("the second release", way.eyes.sides(), settled)


def third(way: Walk, *, fails: bool = True) -> None:
    """The version is well under its side's name and `fails` under the service's, or an alarm goes off."""
    with step(f"{_name(way)}, third release: customers get errors after the switch, it flips back"):
        way.broken |= {THREE} if fails else set()
        _release(way, THREE, _switch(way, ("green", TWO), ("blue", THREE)), good=False)
        # Some clients still have the address of the side that was refused, so it keeps its tasks.
        _compare("the flip back", way.eyes.sides(), {**_flipped(way), "blue": way.side(0, THREE, way.busy)})


def back(way: Walk) -> None:
    """What CodePipeline does after a failed stage."""
    with step(f"{_name(way)}, CodePipeline rolls the stage back: the second release again, only blue shrinks"):
        _rolls_back(way.stage)
        _release(way, TWO, dict.fromkeys(("Prepare", "Switch", "Settle"), _flipped(way)), good=True)
        _compare("the rollback", way.eyes.sides(), _flipped(way))


def _name(way: Walk) -> str:
    return f"{way.stage.service.name} in {way.stage.place.place}"


def _flipped(way: Walk) -> Sides:
    return {"blue": way.side(0, THREE, way.standby), "green": way.side(100, TWO, way.busy)}


def _switch(way: Walk, live: tuple[str, str], idle: tuple[str, str]) -> Expected:
    """What a release changes until its verdict: both sides run and keep all tasks, and the weights change places."""
    tasks = way.busy
    return {
        "Prepare": {live[0]: way.side(100, live[1], tasks), idle[0]: way.side(0, idle[1], tasks)},
        "Switch": {live[0]: way.side(0, live[1], tasks), idle[0]: way.side(100, idle[1], tasks)},
    }


def _scale(way: Walk, colour: str, tasks: int) -> None:
    """Play autoscaling."""
    outputs, title = way.eyes.outputs(), colour.capitalize()
    names = ("--cluster", outputs[f"{title}ClusterName"], "--service", outputs[f"{title}ServiceName"])
    say(f"     traffic grows, autoscaling wants {tasks} tasks on {colour}:")
    query = ("--query", "service.desiredCount")
    run([way.world.aws(way.stage.place, "ecs", "update-service", *names, "--desired-count", str(tasks), *query)])
    show(way.eyes.sides())


def _release(way: Walk, commit: str, expected: Expected, *, good: bool, grows: str = "") -> None:
    context = way.context(commit)
    say(f"     commit {brief(commit)}, image {short(way.side(0, commit, 0).digest)}")
    for number, action in enumerate(way.stage.actions, 1):
        name = action["name"]
        say(f"   {number}. {name}")
        _act(way, context, action)
        if not _exists(way):
            continue
        sides = way.eyes.sides()
        show(sides)
        if name in expected:
            _compare(f"the action {name}", sides, expected[name])
        if grows and name == _PREPARE:
            _scale(way, grows, way.busier)
    if _ends_well(way, context) is not good:
        raise StepError(f"the stage ended {'badly' if good else 'well'}, expected the opposite")


def _exists(way: Walk) -> bool:
    return way.stage.stack in way.world.statuses()


def _act(way: Walk, context: Context, action: Action) -> None:
    provider = action["actionTypeId"]["provider"]
    if provider not in ("CloudFormation", "CodeBuild"):
        say(f"     left out: {provider} has no stand-in")
    elif provider == "CodeBuild" and "namespace" not in action and action["name"] not in _KINDS:
        say("     left out: a stand-in says nothing about the service")
    else:
        actions.act(_aimed(way, context, action), context, action)


def _aimed(way: Walk, context: Context, action: Action) -> Services:
    """The services for an action: a build that asks the service asks the stand-in."""
    url = builds.variables_of(context.variables.filled(action["configuration"])).get("SERVICE_URL")
    if url is None:
        return way.services
    played = f"{way.address}/{urlsplit(url).hostname}"
    say(f"     {url} is played by {played}")
    codebuild = way.services.codebuild
    aimed = replace(codebuild, changed={**codebuild.changed, "SERVICE_URL": played})
    return replace(way.services, codebuild=aimed)


def _compare(what: str, found: Sides, expected: Sides) -> None:
    for colour, side in expected.items():
        if found.get(colour) != side:
            has = " ".join(f"{found.get(colour)}, expected {side} (weight, image, tasks)".split())
            raise StepError(f"after {what} the {colour} side has {has}")


def _ends_well(way: Walk, context: Context) -> bool:
    """Whether the stage's success conditions hold."""
    found = conditions.failed(
        way.stage.properties.get("onSuccess", {}),
        way.world.api,
        context.place,
        context.variables,
        way.services.events,
    )
    say(f"     OnSuccess: {f'{found[0]}, {found[1]}' if found else 'the stage ends well'}")
    return found is None


def _rolls_back(stage: Stage) -> None:
    result = stage.properties.get("onFailure", {}).get("result")
    if result != "ROLLBACK":
        raise StepError(f"{stage.title}: OnFailure is {result}, expected ROLLBACK")
    say("     OnFailure: ROLLBACK, which runs the stage with the variables of its last good execution")
