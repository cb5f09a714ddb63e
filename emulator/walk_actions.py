"""Actions of a deployed pipeline, done by the rehearsal's parts, with a stand-in for whatever a service runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from emulator.walk_pipeline import Stage
from emulator.walk_shell import brief, say
from emulator.walk_world import World
from rehearsal import actions, calls, waits
from rehearsal.actions import Action, Context, Services
from rehearsal.aws import Place
from rehearsal.builds import CodeBuild
from rehearsal.deploys import Stacks
from rehearsal.dry import front
from rehearsal.dry.front import Answer
from rehearsal.events import Event, Events
from rehearsal.runtime import Tools
from rehearsal.sources import GitHost
from rehearsal.variables import Variables
from sendy_cfn import package

# Waits for name servers and for what shows only after a while: nothing here needs them.
SHORTENED = waits.DRY.variables


@dataclass(frozen=True)
class Unmoved:
    """A runtime that runs no images."""

    tools: Path

    def equip(self, folder: Path) -> Tools:
        """An AWS CLI that notes its calls down, so that the role of a build is asked about them."""
        del folder
        return Tools(self.tools, {})

    def settle(self, place: Place, stack: str) -> None:
        """Nothing runs, so there is nothing to wait for."""

    def ask(self, url: str) -> tuple[int, str]:
        """No answer: only builds ask, and they have the stand-in's address."""
        del url
        return 0, ""


def services(world: World, stage: Stage, changed: Mapping[str, str]) -> Services:
    """What the actions of a stage call; stacks and logs of builds are shown.

    Args:
        world: where it is deployed.
        stage: the stage.
        changed: variables that get other values in builds.
    """
    folder, events = world.scratch / stage.stack, Events()
    events.listen(_show)
    calls.wrap(folder / "tools", "aws", [str(Path(package.aws_cli()).absolute())])
    runtime = Unmoved(folder / "tools")
    codebuild = CodeBuild(world.api, events, runtime, folder / "builds", changed)
    stacks = Stacks(world.api, events, runtime, folder / "stacks", shown=True)
    return Services(world.api, events, GitHost(folder / "git"), codebuild, stacks)


def source(world: World, stage: Stage) -> Path:
    """The folder that stands for all artifacts: the templates of now, and an empty build context."""
    folder = world.scratch / stage.stack / "source"
    (folder / stage.service.context).mkdir(parents=True, exist_ok=True)
    shutil.copytree(world.templates, folder / "templates", dirs_exist_ok=True)
    return folder


def context(world: World, stage: Stage, variables: Variables) -> Context:
    """What an execution knows when it enters the stage."""
    made = [
        item["name"]
        for part in stage.pipeline["stages"]
        for action in part["actions"]
        for item in action.get("outputArtifacts", [])
    ]
    artifacts = dict.fromkeys(made, source(world, stage))
    folder = world.scratch / stage.stack / "artifacts"
    return Context(world.place(stage.root), stage.pipeline["roleArn"], folder, {}, variables, artifacts)


def act(played: Services, at: Context, action: Action) -> dict[str, str]:
    """Do what an action does, and show what it is given or gives; its variables.

    Raises:
        RehearsalError: the action failed.
    """
    overrides = action.get("configuration", {}).get("ParameterOverrides")
    if overrides:
        _say(json.loads(at.variables.fill(overrides)))
    found = actions.run(played, at, action)
    if found and not overrides:
        _say(found)
    return found


@contextmanager
def answering(reply: Callable[[str, str], Answer]) -> Iterator[str]:
    """A stand-in for what answers by host and path, while the block runs; its address, to which `/<host>` is added."""

    def find(_host: str, path: str) -> Answer:
        host, _, inner = path[1:].partition("/")
        return reply(host, f"/{inner}")

    with front.serving(find) as port:
        yield f"http://127.0.0.1:{port}"


def _say(values: Mapping[str, str]) -> None:
    say(brief("     " + " ".join(f"{key}={value}" for key, value in values.items())))


def _show(event: Event) -> None:
    if event.kind == "build":
        for line in Path(event.data["log"]).read_text(encoding="utf-8").splitlines():
            say(f"     | {brief(line)}")
    elif event.kind in ("stack", "note"):
        say(f"     {event.text}")
