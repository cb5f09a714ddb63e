"""An account of its own in the shared emulator for each test, and what tests of the driver put there."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator import Emulator
from emulator.driver import Stacks
from rehearsal.aws import Aws, Place
from rehearsal.events import Event, Events
from rehearsal.runtime import DeploymentFailedError, Tools
from tests.emulator.templates import body, resource

_ACCOUNTS = itertools.count(800000000000)
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def allow(*actions: str, on: str | Sequence[str] = "*", **conditions: Mapping[str, str]) -> dict[str, Any]:
    """A statement; conditions by operator."""
    found: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": on}
    return {**found, "Condition": conditions} if conditions else found


@dataclass
class Account:
    """One account and region of the emulator."""

    emulator: Emulator
    place: Place
    aws: Aws
    events: Events = field(default_factory=Events)

    def client(self, service: str) -> Any:
        return self.aws.client(service, self.place)

    @property
    def stacks(self) -> Stacks:
        return Stacks(self.emulator, self.place.account, self.place.region)

    def role(self, name: str, *statements: Mapping[str, Any], path: str = "/") -> str:
        """The ARN of a new role that allows what the statements say."""
        iam = self.client("iam")
        trust = {"Version": "2012-10-17", "Statement": []}
        made = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(trust))
        if statements:
            document = {"Version": "2012-10-17", "Statement": list(statements)}
            iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(document))
        return str(made["Role"]["Arn"])

    def project(self, name: str, specification: str, role: str, **environment: Any) -> None:
        """A build project; a variable is a text, or the name of a parameter as `("PARAMETER_STORE", name)`."""
        variables = [
            {"name": key, "value": value[1], "type": value[0]}
            if isinstance(value, tuple)
            else {"name": key, "value": value, "type": "PLAINTEXT"}
            for key, value in environment.items()
        ]
        self.client("codebuild").create_project(
            name=name,
            source={"type": "CODEPIPELINE", "buildspec": specification},
            artifacts={"type": "CODEPIPELINE"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
                "environmentVariables": variables,
            },
            serviceRole=role,
            timeoutInMinutes=5,
        )

    def pipeline(self, name: str, role: str, *stages: Mapping[str, Any], **properties: Any) -> None:
        """A pipeline, deployed by CloudFormation."""
        given = {
            "Name": name,
            "RoleArn": role,
            "PipelineType": "V2",
            "ArtifactStore": {"Type": "S3", "Location": "artifacts"},
            "Stages": list(stages),
            **properties,
        }
        template = body({"Pipeline": resource("AWS::CodePipeline::Pipeline", given)})
        assert self.stacks.create(f"{name}-pipeline", template) == "CREATE_COMPLETE"

    def said(self, kind: str) -> list[str]:
        """What events of a kind say."""
        return [event.text for event in self.events.all if event.kind == kind]

    def told(self, **data: str) -> list[Event]:
        """Events with these data."""
        return [event for event in self.events.all if data.items() <= event.data.items()]


def account(emulator: Emulator) -> Account:
    """A new one."""
    return Account(emulator, Place(str(next(_ACCOUNTS)), emulator.region), Aws(emulator))


@dataclass
class Fates:
    """Stands for the parts that run images: services of a stack get steady unless the test says otherwise."""

    tools: Path
    broken: dict[str, str] = field(default_factory=dict)  # stack -> why
    settled: list[str] = field(default_factory=list)

    def equip(self, folder: Path) -> Tools:
        del folder
        self.tools.mkdir(exist_ok=True)
        return Tools(self.tools, {"EQUIPPED": "yes"})

    def settle(self, place: Place, stack: str) -> None:
        del place
        self.settled.append(stack)
        if stack in self.broken:
            raise DeploymentFailedError(self.broken.pop(stack))

    def ask(self, url: str) -> tuple[int, str]:
        del url
        return 0, ""
