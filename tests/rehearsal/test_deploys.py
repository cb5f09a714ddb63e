"""Stacks of the emulator, made and updated by the AWS CLI as CodePipeline's action does it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from emulator import Emulator
from rehearsal.deploys import Stacks
from rehearsal.events import NotRehearsedError, RehearsalError
from tests.emulator.templates import body, ref, resource
from tests.rehearsal.deployed import Account, Fates, account

STACK = "courier-test-orders"
WANTED = {"Days": {"Type": "Number", "Default": 30}, "Name": {"Type": "String", "Default": "plain"}}


def template(*more: str, **outputs: object) -> str:
    """A log group with a parameter for its name and retention, and topics."""
    log = resource("AWS::Logs::LogGroup", {"RetentionInDays": ref("Days"), "LogGroupName": ref("Name")})
    topics = {name: resource("AWS::SNS::Topic") for name in more}
    return body({"Log": log, **topics}, {"Days": ref("Days"), **outputs}, Parameters=WANTED)


class Site:
    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.here: Account = account(emulator)
        self.fates = Fates(folder / "tools")
        self.stacks = Stacks(self.here.aws, self.here.events, self.fates, folder / "stacks")
        self.folder = folder
        self.write("Templates::orders.json", template())

    def file(self, path: str) -> Path:
        return self.folder / path.replace("::", "-")

    def write(self, path: str, text: str) -> None:
        self.file(path).write_text(text)

    def deploy(self, text: str | None = None, **more: str) -> dict[str, str]:
        if text is not None:
            self.write("Templates::orders.json", text)
        given = {"ActionMode": "CREATE_UPDATE", "StackName": STACK, "TemplatePath": "Templates::orders.json", **more}
        return self.stacks.deploy(self.here.place, given, self.file)

    @property
    def days(self) -> Mapping[str, int | None]:
        groups = self.here.client("logs").describe_log_groups()["logGroups"]
        return {group["logGroupName"]: group.get("retentionInDays") for group in groups}

    @property
    def status(self) -> str | None:
        return self.here.stacks.statuses().get(STACK)


@pytest.fixture
def site(emulator: Emulator, tmp_path: Path) -> Site:
    return Site(emulator, tmp_path)


def test_a_stack_is_created_and_then_updated(site: Site) -> None:
    assert site.deploy() == {"Days": "30"}
    assert (site.status, site.days) == ("CREATE_COMPLETE", {"plain": 30})
    assert site.deploy(ParameterOverrides='{"Days": "60"}') == {"Days": "60"}
    assert (site.status, site.days) == ("UPDATE_COMPLETE", {"plain": 60})
    assert site.here.said("stack") == [f"{STACK}: CREATE_COMPLETE", f"{STACK}: UPDATE_COMPLETE"]
    assert site.fates.settled == [STACK, STACK]


def test_overrides_win_over_the_configuration_file_and_tags_come_from_it(site: Site) -> None:
    parameters = {"Days": "60", "Name": "from-file"}
    site.write("Templates::test.json", json.dumps({"Parameters": parameters, "Tags": {"team": "a"}}))
    site.deploy(TemplateConfiguration="Templates::test.json", ParameterOverrides='{"Days": "90"}')
    assert site.days == {"from-file": 90}
    assert site.here.stacks.describe(STACK)["Tags"] == [{"Key": "team", "Value": "a"}]


def test_nothing_to_do_is_no_failure(site: Site) -> None:
    site.deploy()
    assert site.deploy() == {"Days": "30"}
    assert site.status == "CREATE_COMPLETE"
    assert site.fates.settled == [STACK, STACK]


@pytest.mark.parametrize(("size", "passes"), [(1000, True), (1001, False)])
def test_overrides_have_a_thousand_bytes_at_most(site: Site, size: int, passes: bool) -> None:
    wide = json.dumps({"Name": "x" * 40, "Days": "30"}, ensure_ascii=False)
    overrides = wide + " " * (size - len(wide.encode()))
    if passes:
        site.deploy(ParameterOverrides=overrides)
        return
    with pytest.raises(RehearsalError, match="ParameterOverrides has 1001 bytes, at most 1000"):
        site.deploy(ParameterOverrides=overrides)
    assert site.status is None


def test_bytes_count_not_letters(site: Site) -> None:
    with pytest.raises(RehearsalError, match="ParameterOverrides has"):
        site.deploy(ParameterOverrides=json.dumps({"Name": "ä" * 500}, ensure_ascii=False))


@pytest.mark.parametrize("text", ['{"Name": "a "quoted" word"}', "[]"])
def test_overrides_have_to_be_an_object(site: Site, text: str) -> None:
    with pytest.raises(RehearsalError, match="ParameterOverrides is no JSON"):
        site.deploy(ParameterOverrides=text)
    assert site.status is None


def test_a_configuration_file_has_to_be_json(site: Site) -> None:
    site.write("Templates::test.json", "{")
    with pytest.raises(RehearsalError, match=r"Templates::test\.json is no JSON"):
        site.deploy(TemplateConfiguration="Templates::test.json")


@pytest.mark.parametrize("more", [{"ActionMode": "CHANGE_SET_REPLACE"}, {"ChangeSetName": "c"}])
def test_other_ways_to_deploy_are_not_rehearsed(site: Site, more: dict[str, str]) -> None:
    with pytest.raises(NotRehearsedError, match=r"CloudFormation action with (CHANGE_SET_REPLACE|ChangeSetName)"):
        site.deploy(**more)


NAMED = resource("AWS::IAM::Role", {"RoleName": "named", "AssumeRolePolicyDocument": {"Statement": []}})


def test_capabilities_are_those_of_the_action(site: Site) -> None:
    text = body({"Role": NAMED})
    with pytest.raises(RehearsalError, match=f"stack {STACK}: .*InsufficientCapabilities"):
        site.deploy(text)
    site.deploy(text, Capabilities="CAPABILITY_IAM,CAPABILITY_NAMED_IAM")
    assert site.status == "CREATE_COMPLETE"


def test_what_cloudformation_refuses_is_told(site: Site) -> None:
    with pytest.raises(RehearsalError, match=f"stack {STACK}: create-stack ended with .*ValidationError.*Nobody"):
        site.deploy(body({"Topic": resource("AWS::SNS::Topic", {"TopicName": ref("Nobody")})}))
    assert site.status is None


def test_a_failed_stack_is_told_with_the_first_reason_of_the_last_operation(site: Site) -> None:
    site.deploy()
    for days in ("31", "32"):
        with pytest.raises(RehearsalError, match=f"stack {STACK} is UPDATE_ROLLBACK_COMPLETE: Log: .*{days}"):
            site.deploy(ParameterOverrides=json.dumps({"Days": days}))
    assert site.days == {"plain": 30}


def test_after_cloudformation_went_back_the_version_before_needs_no_update(site: Site) -> None:
    site.deploy()
    with pytest.raises(RehearsalError):
        site.deploy(ParameterOverrides='{"Days": "31"}')
    assert site.deploy() == {"Days": "30"}


def test_a_first_stack_that_failed_cannot_be_updated(site: Site) -> None:
    with pytest.raises(RehearsalError, match=f"stack {STACK} is ROLLBACK_COMPLETE: Log: "):
        site.deploy(ParameterOverrides='{"Days": "31"}')
    with pytest.raises(RehearsalError, match="ROLLBACK_COMPLETE state"):
        site.deploy()


def test_a_service_that_does_not_get_steady_takes_a_first_stack_away(site: Site) -> None:
    site.fates.broken[STACK] = "tasks stopped"
    with pytest.raises(RehearsalError, match=f"^stack {STACK}: tasks stopped$"):
        site.deploy()
    assert (site.status, site.days) == (None, {})


def test_a_service_that_does_not_get_steady_takes_the_stack_back(site: Site) -> None:
    site.deploy(ParameterOverrides='{"Days": "60"}')
    site.fates.broken[STACK] = "tasks stopped"
    with pytest.raises(RehearsalError, match="tasks stopped"):
        site.deploy(template("Topic"), ParameterOverrides='{"Days": "90"}')
    assert site.days == {"plain": 60}
    assert set(site.here.stacks.resolved(STACK)) == {"Log"}
    assert site.fates.settled == [STACK] * 3
    assert site.here.said("stack")[-1] == f"{STACK}: UPDATE_ROLLBACK_COMPLETE"
    assert site.deploy(template("Topic"), ParameterOverrides='{"Days": "90"}') == {"Days": "90"}


def test_going_back_twice_goes_to_the_last_good_version(site: Site) -> None:
    site.deploy(ParameterOverrides='{"Days": "60"}')
    for days in ("90", "120"):
        site.fates.broken[STACK] = "tasks stopped"
        with pytest.raises(RehearsalError):
            site.deploy(ParameterOverrides=json.dumps({"Days": days}))
        assert site.days == {"plain": 60}


def test_an_update_that_changed_nothing_has_nothing_to_go_back_to(site: Site) -> None:
    site.deploy()
    site.fates.broken[STACK] = "tasks stopped"
    with pytest.raises(RehearsalError, match="tasks stopped"):
        site.deploy()
    assert site.days == {"plain": 30}


def test_the_same_name_elsewhere_is_another_stack(emulator: Emulator, site: Site) -> None:
    site.deploy(ParameterOverrides='{"Days": "60"}')
    there = account(emulator)
    site.fates.broken[STACK] = "tasks stopped"
    given = {"ActionMode": "CREATE_UPDATE", "StackName": STACK, "TemplatePath": "Templates::orders.json"}
    with pytest.raises(RehearsalError):
        site.stacks.deploy(there.place, given, site.file)
    assert there.stacks.statuses() == {}
    assert site.days == {"plain": 60}


def test_a_stack_that_is_not_there_has_no_outputs(site: Site) -> None:
    assert site.stacks.outputs(site.here.place, "gone") == {}
