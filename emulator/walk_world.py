"""What every step of the walkthrough needs: the platform, the emulator, and the AWS CLI aimed at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from emulator import DEFAULT_ACCOUNT, Emulator
from emulator.walk_shell import Command, News, StepError, run, say, tree
from rehearsal.aws import Aws, Place
from sendy_cfn import progress, targets
from sendy_cfn.config.model import Platform
from sendy_cfn.targets import Target


@dataclass(frozen=True)
class World:
    """One run of the walkthrough."""

    emulator: Emulator
    platform: Platform
    templates: Path
    scratch: Path  # packaged roots, parameters of stacks
    default_account: str = DEFAULT_ACCOUNT  # any will do where platform.yaml names none

    @cached_property
    def environments(self) -> list[Target]:
        """The roots of all environments, in promotion order."""
        return [target for name in self.platform.environments for target in targets.find(self.platform, name)]

    @cached_property
    def toolchain(self) -> list[Target]:
        """The roots of the toolchain."""
        return list(targets.find(self.platform, targets.TOOLCHAIN))

    @property
    def roots(self) -> list[Target]:
        """All of them."""
        return [*self.environments, *self.toolchain]

    def account(self, target: Target) -> str:
        """Where the target goes."""
        return target.account or self.default_account

    def place(self, target: Target) -> Place:
        """The target's account and region."""
        return Place(self.account(target), target.region)

    @cached_property
    def api(self) -> Aws:
        """The emulator, seen from every account and region."""
        return Aws(self.emulator)

    def bucket(self, target: Target) -> str:
        """The bucket for templates in the target's account and region."""
        return f"{self.platform.platform}-templates-{self.account(target)}-{target.region}"

    @property
    def places(self) -> dict[str, Target]:
        """Bucket -> a target that uses it: one for each account and region."""
        return {self.bucket(target): target for target in self.roots}

    def aws(self, target: Target, *arguments: str) -> Command:
        """A call of the AWS CLI in the target's account and region."""
        return self.api.cli(self.place(target), *arguments)

    def client(self, target: Target, service: str = "cloudformation") -> Any:
        """A boto3 client, for looking only."""
        return self.api.client(service, self.place(target))

    def statuses(self) -> dict[str, str]:
        """Names and statuses of all stacks of all places."""
        clients = [self.client(target) for target in self.places.values()]
        pages = (page for client in clients for page in client.get_paginator("describe_stacks").paginate())
        return {stack["StackName"]: stack["StackStatus"] for page in pages for stack in page["Stacks"]}

    def run_stacks(self, commands: Sequence[Command], stacks: Sequence[tuple[str, Target]]) -> None:
        """Run commands that change stacks, with news, and show the stacks afterwards.

        Raises:
            StepError: one failed; the message has the first failing resource.
        """
        try:
            with News(self.statuses):
                run(commands)
        except StepError as error:
            for name, target in stacks:
                first = progress.first_failure(events(self.client(target), name))
                if first:
                    raise StepError(f"{name}: {first.path} ({first.type}): {first.reason}") from error
            raise
        for name, target in stacks:
            self.show(name, target)

    def show(self, stack: str, target: Target) -> None:
        """A stack with what is nested in it, and what it says of itself."""
        client = self.client(target)
        for line in tree(client, stack):
            say(f"     {line}")
        for output in client.describe_stacks(StackName=stack)["Stacks"][0].get("Outputs", []):
            if output["OutputKey"].endswith("Url") or output["OutputKey"] == "NameServers":
                say(f"     {output['OutputKey']}: {output['OutputValue']}")


def events(client: Any, stack: str) -> list[progress.Event]:
    """Everything that happened to a stack (name or ARN) and to what it nests, oldest first; [] where there is none."""
    known = [s for page in client.get_paginator("list_stacks").paginate() for s in page["StackSummaries"]]
    ids = [summary["StackId"] for summary in known if stack in (summary["StackName"], summary["StackId"])]
    return progress.Watch(client, ids[0], history=True).new() if ids else []
