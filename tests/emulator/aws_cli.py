"""Small templates deployed, changed and deleted by the real AWS CLI, and what it then says of the services."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from typing import Any

from emulator import Emulator
from emulator.driver import Stacks

_ACCOUNTS = itertools.count(290000000000)
STACK = "small"


class Account:
    """An account of its own, with one stack in it."""

    def __init__(self, emulator: Emulator) -> None:
        self.name = str(next(_ACCOUNTS))
        self.region = emulator.region
        self.stacks = Stacks(emulator, self.name)
        self._environment = emulator.environment(self.name)

    def aws(self, *arguments: str) -> Any:
        """What the AWS CLI prints; its complaint as an error."""
        command = [sys.executable, "-m", "awscli", *arguments, "--output", "json"]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def deploy(self, body: str, operation: str = "create-stack", **parameters: str) -> dict[str, str]:
        """The stack's outputs when it stands; as tests wait, not as the CLI does, which looks every 30 seconds."""
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        more = ["--parameters", json.dumps(given)] if given else []
        self.aws("cloudformation", operation, "--stack-name", STACK, "--template-body", body, *more)
        status = self.stacks.ended(STACK)
        assert status == f"{operation.partition('-')[0].upper()}_COMPLETE", self.stacks.failures(STACK)
        return self.stacks.outputs(STACK)

    def update(self, body: str, **parameters: str) -> dict[str, str]:
        return self.deploy(body, "update-stack", **parameters)

    def delete(self) -> None:
        stack_id = self.stacks.describe(STACK)["StackId"]
        self.aws("cloudformation", "delete-stack", "--stack-name", STACK)
        assert self.stacks.ended(stack_id) == "DELETE_COMPLETE", self.stacks.failures(stack_id)

    def arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.name}:{rest}"
