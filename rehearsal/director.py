"""What scenarios do: commit, push, follow the release, look at what customers get."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rehearsal import faults
from rehearsal.actions import Services
from rehearsal.builds import CodeBuild
from rehearsal.deploys import Stacks
from rehearsal.events import Event, Events, NotRehearsedError, RehearsalError
from rehearsal.executions import CodePipeline, Execution
from rehearsal.runtime import Runtime
from rehearsal.waits import Waits
from rehearsal.world import World


@dataclass
class Director:
    """One rehearsal under way."""

    world: World
    events: Events
    runtime: Runtime
    waits: Waits
    folder: Path
    pipeline: CodePipeline = field(init=False)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        """Connect the parts."""
        aws, runtime = self.world.aws, self.runtime
        codebuild = CodeBuild(aws, self.events, runtime, self.folder / "builds", self.waits.variables)
        stacks = Stacks(aws, self.events, runtime, self.folder / "stacks")
        services = Services(aws, self.events, self.world.git, codebuild, stacks, self._approve)
        self.pipeline = CodePipeline(services, self.world.home, self.folder / "artifacts")

    @property
    def environments(self) -> list[str]:
        """In promotion order."""
        return list(self.world.setup.platform.environments)

    @property
    def last(self) -> str:
        """The environment where customers are."""
        return self.environments[-1]

    @property
    def before_last(self) -> str:
        """The environment before it, or the same where there is only one."""
        return self.environments[-2:][0]

    def stage_of(self, environment: str) -> str:
        """The pipeline's stage that releases to an environment.

        Raises:
            NotRehearsedError: there is none.
        """
        stack = self.world.stack(environment)
        for stage in self.pipeline.describe(self.world.pipeline)["stages"]:
            if any(action.get("configuration", {}).get("StackName") == stack for action in stage["actions"]):
                return str(stage["name"])
        raise NotRehearsedError(f"the pipeline has no stage that deploys {stack}")

    def environment_with(self, action: str) -> str:
        """The first environment whose stage has an action of this name.

        Raises:
            NotRehearsedError: there is none.
        """
        stages = {stage["name"]: stage for stage in self.pipeline.describe(self.world.pipeline)["stages"]}
        for environment in self.environments:
            if any(each["name"] == action for each in stages[self.stage_of(environment)]["actions"]):
                return environment
        raise NotRehearsedError(f"no environment of the service has an action {action}")

    @property
    def live_colour(self) -> str:
        """The live side of the last environment."""
        return str(self.world.describe(self.last).get("LiveCluster", ""))

    def url(self, environment: str) -> str:
        """Where the service answers.

        Raises:
            RehearsalError: it was never released there.
        """
        found = self.world.describe(environment).get("ServiceUrl")
        if not found:
            raise RehearsalError(f"there is no service in {environment}")
        return str(found)

    def commit(self, fault: str | None = None) -> str:
        """Write, commit and push a new version; its commit."""
        number = next(self._numbers)
        # The name that customers use; before the first release nobody uses any.
        host = urlsplit(str(self.world.describe(self.last).get("ServiceUrl", ""))).hostname or ""
        faults.write(self.world.setup.source, self.world.code.folder, f"Version {number}.", fault, host)
        commit = self.world.code.commit(f"Version {number}" + (f", with the fault {fault}" if fault else ""))
        self.events.add("note", f"git push: version {number}, commit {commit[:7]}", commit=commit)
        self.world.code.push()
        return commit

    def release(self) -> Execution:
        """Follow the release that the last push started, to its end.

        Raises:
            RehearsalError: the push started nothing.
        """
        return self.follow(self.start())

    def start(self) -> Execution:
        """The execution that the last push starts; it waits to be followed.

        Raises:
            RehearsalError: the push starts nothing.
        """
        pushes = list(self.world.git.pushes(self.world.service.source.repository or ""))
        if not self.pipeline.started_by(self.world.pipeline, pushes):
            raise RehearsalError(f"the push does not start {self.world.pipeline}: its triggers don't fit")
        return self.pipeline.start(self.world.pipeline)

    def follow(self, execution: Execution) -> Execution:
        """Go through the pipeline's stages.

        Raises:
            NotRehearsedError: one has something that the rehearsal cannot play.
        """
        self.pipeline.follow(self.world.pipeline, execution)
        if execution.status == "NotRehearsed":
            raise NotRehearsedError(execution.reason)
        return execution

    def version(self, environment: str) -> str:
        """The commit that answers under the service's name, "" where nothing does."""
        url = self.world.describe(environment).get("ServiceUrl")
        if not url:
            return ""
        status, body = self.runtime.ask(f"{url}{self.world.service.version_path}")
        if status != 200:
            return ""
        return str(json.loads(body).get("commit", ""))

    def worst_case_minutes(self, environment: str) -> float | None:
        """What the service's stack says of itself; None where it does not."""
        text = str(self.world.describe(environment).get("WorstCaseMinutes", ""))
        for part in text.split(","):
            name, _, minutes = part.strip().rpartition(" ")
            if name == environment:
                return float(minutes)
        return None

    def decided(self, execution: Execution) -> float:
        """Seconds from the start of the stage that an execution ended in until its end, rollback included."""
        mine = [event for event in self.events.all if self._is_of(event, execution)]
        return mine[-1].at - mine[0].at if mine else 0.0

    @staticmethod
    def _is_of(event: Event, execution: Execution) -> bool:
        of_stage = event.data.get("stage") == execution.stage and event.kind in ("stage", "action")
        return of_stage and execution.id in str(event.data.get("execution"))

    def _approve(self, text: str) -> bool:
        first = text.strip().splitlines()[0] if text.strip() else "no text"
        self.events.add("note", f"a person approves: {first}")
        return True
