"""A pipeline deployed to the emulator whose approvals are read by the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from emulator import Emulator
from rehearsal.actions import Services
from rehearsal.builds import CodeBuild
from rehearsal.deploys import Stacks
from rehearsal.executions import CodePipeline, Execution
from rehearsal.sources import Checkout, GitHost
from tests.rehearsal.deployed import ALL, Fates, account

NAME, PIPELINE = "example/orders", "courier-orders"


def action(name: str, category: str, provider: str, order: int = 1, **more: Any) -> dict[str, Any]:
    configuration = more.pop("configuration", {})
    kind = {"Category": category, "Owner": "AWS", "Provider": provider, "Version": "1"}
    return {"Name": name, "ActionTypeId": kind, "RunOrder": order, "Configuration": configuration, **more}


SOURCE = {
    "Name": "Source",
    "Actions": [
        action(
            "Code",
            "Source",
            "CodeStarSourceConnection",
            configuration={"FullRepositoryId": NAME, "BranchName": "main", "ConnectionArn": "arn:x"},
            OutputArtifacts=[{"Name": "Code"}],
            Namespace="Source",
        )
    ],
}


def approval(name: str, text: str = "", order: int = 1) -> dict[str, Any]:
    """An action that does nothing but let the test look and decide."""
    return action(name, "Approval", "Manual", order, configuration={"CustomData": text or name})


def stage(name: str, *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Name": name, "Actions": list(actions), **more}


def checked(variable: str, value: str, result: str) -> dict[str, Any]:
    kind = {"Category": "Rule", "Owner": "AWS", "Provider": "VariableCheck", "Version": "1"}
    configuration = {"Variable": variable, "Value": value, "Operator": "EQ"}
    rule = {"Name": "Check", "RuleTypeId": kind, "Configuration": configuration}
    return {"Conditions": [{"Result": result, "Rules": [rule]}]}


class Site:
    """One pipeline, and a person who reads every approval."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.here = account(emulator)
        self.read: list[str] = []
        self.decide: Callable[[str], bool] = lambda _text: True
        fates = Fates(folder / "tools")
        host = GitHost(folder / "git")
        self.git = host
        self.code = Checkout.of(host, NAME, folder / "work")
        aws, events = self.here.aws, self.here.events
        codebuild = CodeBuild(aws, events, fates, folder / "builds")
        stacks = Stacks(aws, events, fates, folder / "stacks")
        services = Services(aws, events, host, codebuild, stacks, self._approve)
        self.pipeline = CodePipeline(services, self.here.place, folder / "artifacts")

    def _approve(self, text: str) -> bool:
        self.read.append(text)
        return self.decide(text)

    def deploy(self, *stages: dict[str, Any], **properties: Any) -> None:
        self.here.pipeline(PIPELINE, self.here.role("pipeline", ALL), SOURCE, *stages, **properties)

    def push(self, text: str) -> str:
        (self.code.folder / "text.txt").write_text(text)
        commit = self.code.commit(text)
        self.code.push()
        return commit

    def run(self, text: str) -> Execution:
        self.push(text)
        return self.pipeline.run(PIPELINE)

    def states(self, kind: str, execution: Execution | None = None) -> list[str]:
        found = [event for event in self.here.events.all if event.kind == kind]
        mine = [event for event in found if execution is None or event.data["execution"] == execution.id]
        return [event.text.partition(",")[0] for event in mine]


MESSAGE = "#{Source.CommitMessage}"
BACK = {"Result": "ROLLBACK"}
