"""`make deploy` against the emulator, and what of it the emulator can't show."""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from emulator import Emulator
from emulator.driver import Stacks
from sendy_cfn import changes, config, deploy, progress, targets
from sendy_cfn.aws import RefusedError
from tests.generated import generated
from tests.platforms import ROOT
from tests.project import REGION, Project, sign_in

Said = Callable[[], tuple[str, str]]


@pytest.fixture
def account(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> str:
    return sign_in(emulator, monkeypatch)


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> Said:
    def read() -> tuple[str, str]:
        found = capfd.readouterr()
        return found.out, found.err

    return read


def test_from_nothing_to_a_changed_environment(project: Project, emulator: Emulator, account: str, said: Said) -> None:
    cloudformation = emulator.client("cloudformation", account, REGION)

    # Looking leaves nothing behind.
    assert deploy.main(["--env", "test", "--changes-only"]) == 0
    assert "3 to add" in said()[0]
    assert cloudformation.describe_stacks()["Stacks"] == []

    # Nobody to ask: nothing happens.
    assert deploy.main(["--env", "test"]) == 2
    assert "--yes" in said()[1]
    assert cloudformation.describe_stacks()["Stacks"] == []

    assert deploy.main(["--env", "test", "--yes"]) == 0
    out, _ = said()
    events = [line.split()[1:3] for line in out.splitlines() if "_IN_PROGRESS" in line or "_COMPLETE " in line]
    assert ["CREATE_COMPLETE", "Network/Vpc"] in events
    assert events[0] == ["CREATE_IN_PROGRESS", "(root)"]
    assert events[-1] == ["CREATE_COMPLETE", "(root)"]
    assert "bare-test is CREATE_COMPLETE" in out
    [root] = cloudformation.describe_stacks(StackName="bare-test")["Stacks"]
    assert root["EnableTerminationProtection"]
    assert {tag["Key"]: tag["Value"] for tag in root["Tags"]} == {"platform": "bare", "environment": "test"}
    policy = cloudformation.get_stack_policy(StackName="bare-test")["StackPolicyBody"]
    assert "LogicalResourceId/Network" in policy
    for output in root["Outputs"]:
        assert output["OutputValue"] in out

    assert deploy.main(["--env", "test", "--yes"]) == 0
    out, _ = said()
    assert "no changes" in out
    assert "UPDATE" not in out

    project.edit("test.yaml", "VpcCidr: 10.0.0.0/16", "VpcCidr: 10.0.0.0/16, IdleTimeoutSeconds: 75")
    assert deploy.main(["--env", "test", "--yes"]) == 2
    assert "make templates" in said()[1]
    project.generate()
    said()
    assert deploy.main(["--env", "test", "--yes"]) == 0
    out, _ = said()
    assert "CREATE_" not in out.replace("bare-test is", "")  # events of before are history
    assert "bare-test is UPDATE_COMPLETE" in out
    balancer = emulator.resolved("bare-test", account, REGION)["ClusterBlue/LoadBalancer"].properties
    attributes = {item["Key"]: item["Value"] for item in balancer["LoadBalancerAttributes"]}
    assert attributes["idle_timeout.timeout_seconds"] == "75"


@pytest.mark.usefixtures("project")
def test_a_failure_names_the_first_resource_and_its_reason(emulator: Emulator, account: str, said: Said) -> None:
    taken = "/bare/test/network/vpc-id"
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": taken, "Type": "String", "Value": "mine"}}
    other = json.dumps({"Resources": {"Mine": parameter}})
    assert Stacks(emulator, account, REGION).create("other", other) == "CREATE_COMPLETE"
    assert deploy.main(["--env", "test", "--yes"]) == 1
    [line] = said()[1].splitlines()
    assert "Network/VpcIdParameter (AWS::SSM::Parameter)" in line
    assert taken in line
    assert deploy.main(["--env", "test", "--yes"]) == 2
    assert "delete-stack" in said()[1]


@pytest.mark.usefixtures("project", "account")
def test_the_toolchain_waits_for_its_environments(said: Said) -> None:
    assert deploy.main(["--env", "toolchain", "--yes"]) == 2
    assert "make deploy ENV=test" in said()[1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [(["--env", "tset"], "did you mean 'test'"), (["--env", "moon"], "known are test, toolchain")],
    ids=["typo", "unknown"],
)
@pytest.mark.usefixtures("project")
def test_an_unknown_environment(
    said: Said, arguments: list[str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    assert deploy.main(arguments) == 2
    [line] = said()[1].splitlines()
    assert expected in line


def test_input_with_mistakes(project: Project, said: Said) -> None:
    project.edit("platform.yaml", "platform: bare", "platform: Bare")
    assert deploy.main(["--env", "test"]) == 2
    assert "params/platform.yaml:2: platform: " in said()[1]


def test_the_wrong_account(project: Project, account: str, said: Said) -> None:
    project.edit("platform.yaml", "toolchain:\n", 'toolchain:\n  account: "123456789012"\n')
    project.generate()
    said()
    assert deploy.main(["--env", "test", "--yes"]) == 2
    [line] = said()[1].splitlines()
    assert account in line
    assert "123456789012" in line


@pytest.mark.parametrize(
    ("variables", "status", "expected"),
    [
        ({"AWS_PROFILE": "nobody"}, 2, "nobody"),
        ({"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}, 2, "no usable AWS credentials"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, 1, "127.0.0.1:9"),
    ],
    ids=["unknown profile", "no credentials", "no connection"],
)
@pytest.mark.usefixtures("project", "account")
def test_without_access_there_is_one_line(
    said: Said,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str | None],
    status: int,
    expected: str,
) -> None:
    for name, value in variables.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
    assert deploy.main(["--env", "test", "--yes"]) == status
    [line] = said()[1].splitlines()
    assert expected in line


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "answer"), [("y\n", True), ("Yes\n", True), ("\n", False), ("n\n", False), ("", False)]
)
def test_only_a_yes_is_a_yes(typed: str, answer: bool) -> None:
    assert deploy.confirmed("deploy?", Terminal(typed)) is answer


def test_without_a_terminal_nobody_is_asked() -> None:
    with pytest.raises(RefusedError):
        deploy.confirmed("deploy?", io.StringIO("y\n"))


# Change sets as AWS describes them: the emulator has none for nested stacks.

NESTED = "AWS::CloudFormation::Stack"


def change(action: str, name: str, kind: str, **more: Any) -> dict[str, Any]:
    resource = {"Action": action, "LogicalResourceId": name, "ResourceType": kind, **more}
    return {"Type": "Resource", "ResourceChange": resource}


def property_(name: str, recreation: str) -> dict[str, Any]:
    return {"Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation}}


class ChangeSets:
    """describe_change_set over fixed pages."""

    def __init__(self, pages: dict[str, list[list[dict[str, Any]]]]) -> None:
        self.pages = pages

    def describe_change_set(self, *, ChangeSetName: str, NextToken: str = "0") -> dict[str, Any]:  # noqa: N803 (AWS's)
        pages, index = self.pages[ChangeSetName], int(NextToken)
        more = {"NextToken": str(index + 1)} if index + 1 < len(pages) else {}
        return {"Changes": pages[index], **more}


@pytest.fixture
def update() -> list[changes.Change]:
    vpc = change(
        "Modify",
        "Vpc",
        "AWS::EC2::VPC",
        Replacement="True",
        PolicyAction="ReplaceAndDelete",
        Details=[property_("CidrBlock", "Always"), property_("Tags", "Never")],
    )
    key = change("Remove", "Key", "AWS::KMS::Key", PolicyAction="Retain")
    service = change(
        "Modify", "Balancer", "AWS::X::Y", Replacement="Conditional", Details=[property_("Type", "Conditionally")]
    )
    client = ChangeSets(
        {
            "root": [
                [change("Modify", "Network", NESTED, Replacement="False", ChangeSetId="network")],
                [change("Add", "ClusterGreen", NESTED, ChangeSetId="green"), change("Modify", "Roles", NESTED)],
            ],
            "network": [[vpc], [key, change("Remove", "Route", "AWS::EC2::Route", PolicyAction="Delete")]],
            "green": [[service, change("Add", "Cluster", "AWS::ECS::Cluster")]],
        }
    )
    return list(changes.read(client, "root"))


def test_nested_changes_stand_in_the_place_of_their_stack(update: list[changes.Change]) -> None:
    paths = ["Network/Vpc", "Network/Key", "Network/Route", "ClusterGreen", "ClusterGreen/Balancer"]
    assert [found.path for found in update] == [*paths, "ClusterGreen/Cluster", "Roles"]


def test_losses_are_told_in_words_and_nothing_else_is(update: list[changes.Change]) -> None:
    *losses, counts = changes.in_words(update)
    vpc, key, route, balancer = losses
    assert "Network/Vpc" in vpc
    assert "REPLACED, because of CidrBlock: the old one is DELETED" in vpc
    assert "kept" in key
    assert "DELETED" not in key
    assert route.endswith("is DELETED")
    assert "MAY BE REPLACED" in balancer
    assert counts == "2 to add, 3 to change, 2 to remove"


def test_the_table_has_a_row_for_each_change(update: list[changes.Change]) -> None:
    head, *rows = changes.table(update)
    assert len(rows) == len(update)
    column = head.index("TYPE")
    assert {row[column - 1] for row in rows} == {" "}


# Events, newest first, as AWS lists them.

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


class Log:
    """describe_stack_events of growing logs."""

    def __init__(self) -> None:
        self.logs: dict[str, list[dict[str, Any]]] = {}
        self.looks: list[str] = []
        self._clock = 0

    def add(self, stack: str, name: str, status: str, physical: str = "", reason: str = "", kind: str = NESTED) -> None:
        self._clock += 1
        event = {
            "EventId": str(self._clock),
            "StackId": stack,
            "LogicalResourceId": name,
            "PhysicalResourceId": physical,
            "ResourceType": kind if physical else "AWS::EC2::VPC",
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
            "Timestamp": START + datetime.timedelta(seconds=self._clock),
        }
        self.logs.setdefault(stack, []).insert(0, event)

    def get_paginator(self, operation: str) -> Log:
        assert operation == "describe_stack_events"
        return self

    def paginate(self, *, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803 (AWS's)
        self.looks.append(StackName)
        events = self.logs[StackName]
        yield from ({"StackEvents": events[at : at + 2]} for at in range(0, len(events), 2))


@pytest.fixture
def log() -> Log:
    """A root that was created with one nested stack, and is updated since."""
    found = Log()
    for status in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE"):
        found.add("child", "Vpc", status)
        found.add("root", "Network", status, "child")
        found.add("root", "root", status, "root")
    return found


def shown(events: list[progress.Event]) -> list[str]:
    return [f"{event.path}:{event.status}" for event in events]


def test_only_new_events_are_told_once_and_in_order(log: Log) -> None:
    watch = progress.Watch(log, "root")
    assert watch.new() == []
    log.add("root", "root", "UPDATE_IN_PROGRESS", "root")
    log.add("root", "Network", "UPDATE_IN_PROGRESS", "child")
    log.add("child", "child", "UPDATE_IN_PROGRESS", "child")
    log.add("child", "Vpc", "UPDATE_IN_PROGRESS")
    assert shown(watch.new()) == [":UPDATE_IN_PROGRESS", "Network:UPDATE_IN_PROGRESS", "Network/Vpc:UPDATE_IN_PROGRESS"]
    log.add("child", "Vpc", "UPDATE_COMPLETE")
    assert shown(watch.new()) == ["Network/Vpc:UPDATE_COMPLETE"]
    log.add("root", "Network", "UPDATE_COMPLETE", "child")
    assert shown(watch.new()) == ["Network:UPDATE_COMPLETE"]
    assert watch.new() == []


def test_finished_stacks_are_not_asked_again(log: Log) -> None:
    watch = progress.Watch(log, "root")
    log.add("root", "Network", "UPDATE_IN_PROGRESS", "child")
    log.add("root", "Network", "UPDATE_COMPLETE", "child")
    watch.new()
    log.looks.clear()
    watch.new()
    assert log.looks == ["root"]


def test_history_is_told_when_asked_for(log: Log) -> None:
    assert len(progress.Watch(log, "root", history=True).new()) == 6


def test_the_cause_is_told_and_not_what_follows_from_it(log: Log) -> None:
    watch = progress.Watch(log, "root")
    log.add("root", "Network", "UPDATE_IN_PROGRESS", "child")
    log.add("child", "Subnet", "UPDATE_FAILED", reason="Resource update cancelled")
    log.add("child", "Vpc", "UPDATE_FAILED", reason="no room")
    log.add("root", "Network", "UPDATE_FAILED", "child", "Embedded stack child was not successfully updated")
    first = progress.first_failure(watch.new())
    assert first is not None
    assert (first.path, first.reason) == ("Network/Vpc", "no room")


def test_nothing_failed() -> None:
    assert progress.first_failure([]) is None


# What is deployed where


def case(name: str) -> tuple[targets.Target, ...]:
    return targets.find(config.load(ROOT / "tests/cases" / name), "toolchain")


def test_artifacts_of_other_regions_come_before_the_pipelines_that_use_them() -> None:
    assert [(target.stack, target.region) for target in case("two-regions")] == [
        ("far-artifacts", "us-west-2"),
        ("far-toolchain", "eu-central-1"),
    ]


def test_an_environment_goes_to_its_own_account_or_else_to_the_toolchains() -> None:
    platform = config.load(ROOT / "tests/cases/two-accounts")
    accounts = [targets.find(platform, place)[0].account for place in ("test", "live")]
    assert accounts == ["111122223333", "444455556666"]


def test_what_is_thrown_away_is_not_protected() -> None:
    platform = config.load(ROOT / "tests/cases/throwaway")
    protected = {place: targets.find(platform, place)[0].protected for place in platform.environments}
    assert protected == {"preview": False, "live": True}


@pytest.mark.parametrize("name", ["two-regions", "full"])
def test_every_root_has_its_files_and_only_parameters_it_takes(name: str) -> None:
    made = generated(ROOT / "tests/cases" / name)
    for place in [*made.platform.environments, "toolchain"]:
        for target in targets.find(made.platform, place):
            taken = made.templates[target.template]["Parameters"]
            given = targets.parameters(target, made.folder)
            assert set(given) <= set(taken)
            assert {n for n, p in taken.items() if "Default" not in p} <= set(given)
            assert targets.tags(target, made.folder)["platform"] == made.platform.platform
            assert not target.keeps_data or target.keeps_data in made.templates[target.template]["Resources"]
