"""CodePipeline: executions go through the deployed pipeline's stages, one execution in a stage at a time.

A newer execution overtakes one that waits for the same stage (mode SUPERSEDED). A stage that fails with
`OnFailure: ROLLBACK` runs again with the variables and artifacts of its last good execution.
https://docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html
"""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from rehearsal import actions, conditions, triggers
from rehearsal.actions import Action, Context, Services
from rehearsal.aws import Place
from rehearsal.events import NotRehearsedError, RehearsalError
from rehearsal.sources import Push, Revision
from rehearsal.variables import Variables

Stage = Mapping[str, Any]


class SupersededError(RehearsalError):
    """A newer execution has overtaken this one."""


class ConditionError(RehearsalError):
    """A stage's condition does not hold."""

    def __init__(self, message: str, result: str) -> None:
        """`result` is what the condition asks for then."""
        super().__init__(message)
        self.result = result


class StoppedError(RehearsalError):
    """Somebody stopped the execution and abandoned its actions."""


@dataclass
class Execution:
    """One way through the pipeline."""

    id: str
    context: Context
    status: str = "InProgress"
    reason: str = ""
    stage: str = ""  # the one that it is in, or that it ended in
    done: list[str] = field(default_factory=list)  # stages that succeeded
    rolled_back: list[str] = field(default_factory=list)  # stages that went back to their last good execution
    stopped: threading.Event = field(default_factory=threading.Event)


class Gate:
    """The entry of a stage: one execution inside, one waiting, the newest."""

    def __init__(self) -> None:
        """Open."""
        self._changed = threading.Condition()
        self._inside = False
        self._waiting = 0

    def enter(self, execution: Execution) -> None:
        """Wait for the stage.

        Raises:
            SupersededError: another execution began to wait meanwhile.
            StoppedError: it was stopped.
        """
        with self._changed:
            self._waiting += 1
            mine = self._waiting
            self._changed.notify_all()
            while self._inside:
                if mine < self._waiting:
                    raise SupersededError("a newer execution waits for the same stage")
                if execution.stopped.is_set():
                    raise StoppedError("stopped before a stage")
                self._changed.wait(0.1)
            if mine < self._waiting:
                raise SupersededError("a newer execution waits for the same stage")
            self._inside = True

    def leave(self) -> None:
        """Let the next one in."""
        with self._changed:
            self._inside = False
            self._changed.notify_all()


class CodePipeline:
    """The pipelines of one account and region."""

    def __init__(self, services: Services, place: Place, folder: Path) -> None:
        """Artifacts of executions go to `folder`."""
        self._services = services
        self._place = place
        self._folder = folder
        self._gates: dict[tuple[str, str], Gate] = {}
        self._good: dict[tuple[str, str], Context] = {}  # the last good execution of each stage
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    def describe(self, name: str) -> Mapping[str, Any]:
        """The pipeline as CodePipeline's API has it."""
        found: Mapping[str, Any] = self._services.aws.client("codepipeline", self._place).get_pipeline(name=name)
        pipeline: Mapping[str, Any] = found["pipeline"]
        return pipeline

    def started_by(self, name: str, pushes: Sequence[Push]) -> bool:
        """Whether one of the pushes starts the pipeline."""
        pipeline = self.describe(name)
        return any(triggers.starts(pipeline, push) for push in pushes)

    def run(self, name: str) -> Execution:
        """Start an execution with what the branches hold now, and follow it to its end."""
        execution = self.start(name)
        self.follow(name, execution)
        return execution

    def start(self, name: str) -> Execution:
        """A new execution, with the heads of the source branches; it does nothing until followed."""
        pipeline = self.describe(name)
        mode = pipeline.get("executionMode", "SUPERSEDED")
        if mode != "SUPERSEDED":
            self._services.events.not_rehearsed(f"execution mode {mode} of {name}", "played as SUPERSEDED")
        number = next(self._numbers)
        identity = str(uuid.uuid4())
        variables = Variables({"codepipeline": {"PipelineExecutionId": identity}})
        revisions = dict(self._heads(pipeline))
        folder = self._folder / f"{name}-{number}"
        context = Context(self._place, pipeline["roleArn"], folder, revisions, variables)
        return Execution(identity, context)

    def follow(self, name: str, execution: Execution) -> None:
        """Go through all stages; `execution` says how it ended."""
        pipeline = self.describe(name)
        try:
            for stage in pipeline["stages"]:
                execution.stage = stage["name"]
                self._pass(pipeline, stage, execution)
                execution.done.append(stage["name"])
            execution.status = "Succeeded"
        except SupersededError as error:
            execution.status, execution.reason = "Superseded", str(error)
        except StoppedError as error:
            execution.status, execution.reason = "Stopped", str(error)
        except NotRehearsedError as error:
            self._services.events.not_rehearsed(str(error), "the rehearsal cannot play it")
            execution.status, execution.reason = "NotRehearsed", str(error)
        except RehearsalError as error:
            execution.status, execution.reason = "Failed", str(error)
        self._say("pipeline", f"{name}: {execution.status}", execution, state=execution.status)

    def _heads(self, pipeline: Mapping[str, Any]) -> Iterator[tuple[str, Revision]]:
        for action in pipeline["stages"][0]["actions"]:
            configuration = action.get("configuration", {})
            repository = configuration.get("FullRepositoryId") or configuration.get("RepositoryName")
            if repository and "BranchName" in configuration:
                branch = configuration["BranchName"]
                yield f"{repository}@{branch}", self._services.git.revision(repository, branch)

    def _pass(self, pipeline: Mapping[str, Any], stage: Stage, execution: Execution) -> None:
        gate = self._gate(pipeline["name"], stage["name"])
        gate.enter(execution)
        self._say("stage", f"{stage['name']}: InProgress", execution, state="InProgress")
        try:
            self._stage(stage, execution)
        except StoppedError:
            self._say("stage", f"{stage['name']}: Stopped", execution, state="Stopped")
            raise
        except RehearsalError as error:
            self._say("stage", f"{stage['name']}: Failed, {error}", execution, state="Failed")
            if not isinstance(error, NotRehearsedError):
                self._after_failure(pipeline["name"], stage, execution, error)
            raise
        else:
            with self._lock:
                self._good[pipeline["name"], stage["name"]] = _frozen(execution.context)
            self._say("stage", f"{stage['name']}: Succeeded", execution, state="Succeeded")
        finally:
            gate.leave()

    def _stage(self, stage: Stage, execution: Execution) -> None:
        aws, events = self._services.aws, self._services.events
        entry = conditions.failed(stage.get("beforeEntry", {}), aws, self._place, execution.context.variables, events)
        if entry and entry[0] == "SKIP":
            self._say("stage", f"{stage['name']}: skipped, {entry[1]}", execution, state="Skipped")
            return
        if entry:
            raise RehearsalError(f"the entry condition says {entry[0]}: {entry[1]}")
        self._actions(stage, execution, execution.context)
        end = conditions.failed(stage.get("onSuccess", {}), aws, self._place, execution.context.variables, events)
        if end:
            raise ConditionError(f"the success condition says {end[0]}: {end[1]}", end[0])

    def _actions(self, stage: Stage, execution: Execution, context: Context) -> None:
        """All actions by run order; those of the same order one after the other, which AWS runs side by side."""
        for action in sorted(stage["actions"], key=lambda action: int(action.get("runOrder", 1))):
            if execution.stopped.is_set():
                raise StoppedError(f"stopped before {action['name']}")
            self._action(stage, action, execution, context)

    def _action(self, stage: Stage, action: Action, execution: Execution, context: Context) -> None:
        name = action["name"]
        self._say("action", f"{stage['name']} {name}: InProgress", execution, action=name, state="InProgress")
        try:
            actions.run(self._services, context, action)
        except NotRehearsedError:
            raise
        except (RehearsalError, BotoCoreError, ClientError, KeyError) as error:
            # An API that refuses, or a configuration without a key, fails the action as it would on AWS.
            reason = f"the configuration lacks {error}" if isinstance(error, KeyError) else str(error)
            self._say("action", f"{stage['name']} {name}: Failed, {reason}", execution, action=name, state="Failed")
            raise RehearsalError(f"{name}: {reason}") from error
        self._say("action", f"{stage['name']} {name}: Succeeded", execution, action=name, state="Succeeded")

    def _after_failure(self, name: str, stage: Stage, execution: Execution, error: RehearsalError) -> None:
        """Go back to the stage's last good execution where the pipeline says so, as an execution of its own."""
        failure = stage.get("onFailure", {})
        wants = failure.get("result")
        if failure.get("conditions") or wants not in (None, "ROLLBACK", "FAIL"):
            self._services.events.not_rehearsed(
                f"OnFailure of stage {stage['name']}: {wants or 'conditions'}", "only ROLLBACK and FAIL are played"
            )
        if isinstance(error, ConditionError) and error.result == "ROLLBACK":
            wants = error.result
        good = self._good.get((name, stage["name"]))
        if wants != "ROLLBACK" or good is None:
            return
        self._say("stage", f"{stage['name']}: going back to the last good execution", execution, state="InProgress")
        try:
            self._actions(stage, Execution(f"rollback of {execution.id}", good, stage=stage["name"]), _frozen(good))
        except RehearsalError as problem:
            self._say("stage", f"{stage['name']}: the rollback failed, {problem}", execution, state="Failed")
            raise RehearsalError(f"{error}; then its rollback failed: {problem}") from problem
        execution.rolled_back.append(stage["name"])
        self._say("stage", f"{stage['name']}: RolledBack", execution, state="RolledBack")

    def _gate(self, pipeline: str, stage: str) -> Gate:
        with self._lock:
            return self._gates.setdefault((pipeline, stage), Gate())

    def _say(self, kind: str, text: str, execution: Execution, **data: str) -> None:
        revisions = execution.context.revisions
        commit = next(iter(revisions.values())).commit if revisions else ""
        self._services.events.add(kind, text, stage=execution.stage, execution=execution.id, commit=commit, **data)


def _frozen(context: Context) -> Context:
    """The context as it is now; later actions leave it alone."""
    return Context(
        context.place,
        context.role,
        context.folder,
        context.revisions,
        context.variables.copy(),
        dict(context.artifacts),
    )
