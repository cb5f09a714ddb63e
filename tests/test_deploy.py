"""`make deploy` against the emulator."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest

from emulator import Emulator
from emulator.driver import Stacks
from sendy_cfn import deploy
from sendy_cfn.aws import RefusedError
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
    assert "4 to add" in said()[0]
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
