"""CodePipeline's CloudFormation action: a stack of a service is made or updated, and its services get steady.

The emulator's stack operations don't wait for ECS, so the rehearsal waits, and when ECS gives up it takes the stack
back as CloudFormation would.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.walk_shell import StepError, run
from rehearsal import scaling
from rehearsal.aws import Aws, Place
from rehearsal.events import Events, NotRehearsedError, RehearsalError
from rehearsal.runtime import DeploymentFailedError, Runtime

_STACK_LIMIT = 120.0  # seconds for a stack operation of the emulator; 1 on a quiet machine
_OVERRIDES_LIMIT = (
    1000  # bytes: https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html
)
_UNCHANGED = "No updates are to be performed"
_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
_BEGINNINGS = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
_KEYS = {
    *("ActionMode", "StackName", "TemplatePath", "TemplateConfiguration", "ParameterOverrides", "Capabilities"),
    "RoleArn",
}


@dataclass(frozen=True)
class Version:
    """What a stack was last made from."""

    template: str
    parameters: Mapping[str, str]


@dataclass
class Stacks:
    """Stacks that pipelines deploy."""

    aws: Aws
    events: Events
    runtime: Runtime
    folder: Path  # parameters and tags, as files for the AWS CLI
    shown: bool = False  # print the calls of the AWS CLI
    _good: dict[tuple[Place, str], Version] = field(default_factory=dict)

    def deploy(self, place: Place, configuration: Mapping[str, str], file: Callable[[str], Path]) -> dict[str, str]:
        """Create or update the stack; its outputs.

        Args:
            place: where the stack is.
            configuration: of the action, variables filled in.
            file: finds `Artifact::path`.

        Raises:
            RehearsalError: the configuration is not what CodePipeline takes, CloudFormation refused, or ECS gave up.
        """
        unknown = configuration.keys() - _KEYS
        if unknown or configuration.get("ActionMode") != "CREATE_UPDATE":
            raise NotRehearsedError(
                f"CloudFormation action with {', '.join(unknown) or configuration.get('ActionMode')}"
            )
        overrides = configuration.get("ParameterOverrides", "{}")
        if len(overrides.encode()) > _OVERRIDES_LIMIT:
            raise RehearsalError(f"ParameterOverrides has {len(overrides.encode())} bytes, at most {_OVERRIDES_LIMIT}")
        values, tags = self._values(configuration, file)
        if '"Fn::' in overrides:
            raise NotRehearsedError("functions in ParameterOverrides")
        values |= _json("ParameterOverrides", overrides)
        stack = configuration["StackName"]
        template = file(configuration["TemplatePath"])
        changed = self._apply(place, configuration, template, values, tags)
        try:
            self._settle(place, stack, _GOOD if changed else (*_GOOD, "UPDATE_ROLLBACK_COMPLETE"))
        except DeploymentFailedError as error:
            self._roll_back(place, stack, configuration)
            raise RehearsalError(f"stack {stack}: {error}") from error
        self._good[place, stack] = Version(template.read_text(encoding="utf-8"), values)
        return self.outputs(place, stack)

    def outputs(self, place: Place, stack: str) -> dict[str, str]:
        """What the stack says of itself."""
        found = self._describe(place, stack) or {}
        return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}

    @staticmethod
    def _values(configuration: Mapping[str, str], file: Callable[[str], Path]) -> tuple[dict[str, str], dict[str, str]]:
        path = configuration.get("TemplateConfiguration")
        if not path:
            return {}, {}
        document = _json(path, file(path).read_text(encoding="utf-8"))
        return dict(document.get("Parameters", {})), dict(document.get("Tags", {}))

    def _apply(
        self,
        place: Place,
        configuration: Mapping[str, str],
        template: Path,
        values: Mapping[str, str],
        tags: Mapping[str, str],
    ) -> bool:
        """Whether there was anything to do."""
        stack = configuration["StackName"]
        files = {
            "parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
            "tags": [{"Key": name, "Value": value} for name, value in tags.items()],
        }
        self.folder.mkdir(parents=True, exist_ok=True)
        for what, content in files.items():
            (self.folder / f"{stack}-{what}.json").write_text(json.dumps(content), encoding="utf-8")
        operation = "update-stack" if self._describe(place, stack) else "create-stack"
        role = ("--role-arn", configuration["RoleArn"]) if "RoleArn" in configuration else ()
        capabilities = configuration.get("Capabilities", "")
        command = self.aws.cli(
            place,
            *("cloudformation", operation, "--stack-name", stack, "--template-body", f"file://{template}"),
            *(word for what in files for word in (f"--{what}", f"file://{self.folder}/{stack}-{what}.json")),
            *(("--capabilities", *capabilities.split(",")) if capabilities else ()),
            *role,
        )
        try:
            run([command], shown=self.shown)
        except StepError as error:
            if _UNCHANGED not in str(error):
                raise RehearsalError(f"stack {stack}: {error}") from error
            return False
        return True

    def _settle(self, place: Place, stack: str, good: tuple[str, ...]) -> None:
        end = time.monotonic() + _STACK_LIMIT
        while (status := str((self._describe(place, stack) or {})["StackStatus"])).endswith("_IN_PROGRESS"):
            if time.monotonic() > end:
                raise RehearsalError(f"stack {stack} is still {status}")
            time.sleep(0.05)
        if status not in good:
            raise RehearsalError(f"stack {stack} is {status}: {self._reason(place, stack)}")
        scaling.keep_within(self.aws, self.events, place, stack)
        self.runtime.settle(place, stack)
        self.events.add("stack", f"{stack}: {status}", stack=stack, status=status)

    def _roll_back(self, place: Place, stack: str, configuration: Mapping[str, str]) -> None:
        """What CloudFormation does when a service doesn't get steady."""
        client = self.aws.client("cloudformation", place)
        before = self._good.get((place, stack))
        if before is None:
            client.delete_stack(StackName=stack)
            self.events.add("stack", f"{stack}: ROLLBACK_COMPLETE, nothing is left of it", stack=stack)
            return
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in before.parameters.items()]
        capabilities = [word for word in configuration.get("Capabilities", "").split(",") if word]
        try:
            client.update_stack(
                StackName=stack, TemplateBody=before.template, Parameters=parameters, Capabilities=capabilities
            )
        except client.exceptions.ClientError as error:
            if _UNCHANGED not in str(error):
                raise RehearsalError(f"the rollback of stack {stack}: {error}") from error
        end = time.monotonic() + _STACK_LIMIT
        while str((self._describe(place, stack) or {})["StackStatus"]).endswith("_IN_PROGRESS"):
            if time.monotonic() > end:
                raise RehearsalError(f"the rollback of stack {stack} does not end")
            time.sleep(0.05)
        self.runtime.settle(place, stack)
        self.events.add("stack", f"{stack}: UPDATE_ROLLBACK_COMPLETE", stack=stack, status="UPDATE_ROLLBACK_COMPLETE")

    def _describe(self, place: Place, stack: str) -> dict[str, Any] | None:
        client = self.aws.client("cloudformation", place)
        try:
            found: dict[str, Any] = client.describe_stacks(StackName=stack)["Stacks"][0]
        except client.exceptions.ClientError:
            return None
        return found

    def _reason(self, place: Place, stack: str) -> str:
        """The first failure of the last operation: events come newest first, those of operations before as well."""
        events = self.aws.client("cloudformation", place).describe_stack_events(StackName=stack)["StackEvents"]
        first: Mapping[str, Any] = {}
        for event in events:
            if event["LogicalResourceId"] == stack and event["ResourceStatus"] in _BEGINNINGS:
                break
            if event["ResourceStatus"].endswith("_FAILED"):
                first = event
        reason = " ".join(first.get("ResourceStatusReason", "no reason given").split())
        return f"{first.get('LogicalResourceId', '?')}: {reason}"


def _json(name: str, text: str) -> dict[str, Any]:
    """An object that was given as text.

    Raises:
        RehearsalError: it is none, for instance because a variable brought a quotation mark.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise RehearsalError(f"{name} is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise RehearsalError(f"{name} is no JSON object")
    return document
