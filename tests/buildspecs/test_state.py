"""What is live, and what a release makes of it, with a recorder in the place of aws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sendy_cfn.blocks.buildspecs import load
from tests.buildspecs.reader import ASSUME, READER, REFUSED, REGION, SESSION, answers
from tests.buildspecs.runner import Outcome, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.buildspecs.conftest import Tools

REPOSITORY = "000000000000.dkr.ecr.eu-central-1.amazonaws.com/courier/orders@sha256:"
ONE, TWO, NEW = (REPOSITORY + digit * 64 for digit in "12a")
URLS = {"BLUE_URL": "https://blue.example", "GREEN_URL": "https://green.example"}
MISSING = {
    "status": 254,
    "err": "An error occurred (ValidationError) when calling the DescribeStacks operation: "
    "Stack with id courier-orders-test does not exist\n",
}
SIDES = {"BlueImage": ONE, "BlueVersion": "one", "GreenImage": TWO, "GreenVersion": "two"}
SERVICES = {
    "BlueClusterName": "courier-blue",
    "BlueServiceName": "orders-blue",
    "GreenClusterName": "courier-green",
    "GreenServiceName": "orders-green",
}


def stack(
    parameters: dict[str, str], outputs: dict[str, str] | None = None, status: str = "UPDATE_COMPLETE"
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "StackName": "courier-orders-test",
        "StackStatus": status,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    }
    if outputs:
        found["Outputs"] = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    return found


def state(source: Path, tools: Tools, described: object, *rules: dict[str, Any], **environment: str) -> Outcome:
    tools.record("aws", rules=(*rules, ASSUME, answers("describe-stacks", described)))
    contract = {
        "STACK_NAME": "courier-orders-test",
        "STACK_REGION": REGION,
        "READER_ROLE_ARN": READER,
        "NEW_IMAGE": NEW,
        "NEW_VERSION": "new",
        **URLS,
    }
    return run(load("state"), source, {**tools.environment, **contract, **environment})


def moves(before: str, after: str) -> dict[str, str]:
    return {"LIVE_BEFORE": before, "LIVE_AFTER": after, "CANDIDATE_URL": URLS[f"{after.upper()}_URL"]}


def images(blue: tuple[str, str], green: tuple[str, str]) -> dict[str, str]:
    names = ("BLUE_IMAGE", "BLUE_VERSION", "GREEN_IMAGE", "GREEN_VERSION")
    return dict(zip(names, (*blue, *green), strict=True))


@pytest.mark.parametrize(
    "described",
    [
        MISSING,
        stack({}, status="REVIEW_IN_PROGRESS"),
        stack({"MinTasks": "2"}),
        stack({**dict.fromkeys(SIDES, ""), "LiveCluster": "green", "MinTasks": "2"}),
    ],
    ids=["no stack", "never made", "never set", "set to nothing"],
)
def test_first_release_goes_to_both_sides_and_blue_is_live(source: Path, tools: Tools, described: object) -> None:
    outcome = state(source, tools, described)
    assert outcome.succeeded, outcome.log
    both = images((NEW, "new"), (NEW, "new"))
    assert outcome.exported == {**both, **moves("blue", "blue"), "IDLE_TASKS": "1"}
    assert "first release" in outcome.log


@pytest.mark.parametrize(
    ("live", "idle", "sides"),
    [("blue", "green", images((ONE, "one"), (NEW, "new"))), ("green", "blue", images((NEW, "new"), (TWO, "two")))],
)
def test_the_idle_side_gets_the_release(
    source: Path, tools: Tools, live: str, idle: str, sides: dict[str, str]
) -> None:
    described = stack({**SIDES, "LiveCluster": live, "MinTasks": "2", "StandbyTasks": "0"}, SERVICES)
    outcome = state(source, tools, described, answers("describe-services", "7\n"))
    assert outcome.succeeded, outcome.log
    assert outcome.exported == {**sides, **moves(live, idle), "IDLE_TASKS": "7"}
    (call,) = tools.calls("aws", "ecs", "describe-services")
    wanted = ["--region", REGION, "--cluster", f"courier-{live}", "--services", f"orders-{live}"]
    assert call[3:9] == wanted
    assert f"{idle} gets new and 7 tasks" in outcome.log


@pytest.mark.parametrize(
    ("outputs", "minimum", "count", "tasks"),
    [
        (SERVICES, "2", "0\n", "1"),
        (SERVICES, "2", "None\n", "2"),
        (None, "3", "7\n", "3"),
        (None, "0", "7\n", "1"),
        (None, None, "7\n", "1"),
        ({"BlueClusterName": "courier-blue"}, "3", "7\n", "3"),
    ],
)
def test_the_idle_side_runs_as_many_tasks_as_the_live_one(
    source: Path, tools: Tools, outputs: dict[str, str] | None, minimum: str | None, count: str, tasks: str
) -> None:
    known = {} if minimum is None else {"MinTasks": minimum}
    described = stack({**SIDES, "LiveCluster": "blue", **known}, outputs)
    outcome = state(source, tools, described, answers("describe-services", count))
    assert outcome.succeeded, outcome.log
    assert outcome.exported["IDLE_TASKS"] == tasks


@pytest.mark.parametrize(("standby", "tasks"), [("0", "0"), ("2", "2"), (None, "1")])
@pytest.mark.parametrize("live", ["blue", "green"])
def test_nothing_moves_when_the_live_side_has_the_release(
    source: Path, tools: Tools, live: str, standby: str | None, tasks: str
) -> None:
    running = {f"{live.capitalize()}Image": NEW, f"{live.capitalize()}Version": "new"}
    known = {} if standby is None else {"StandbyTasks": standby}
    outcome = state(source, tools, stack({**SIDES, **running, "LiveCluster": live, **known}, SERVICES))
    assert outcome.succeeded, outcome.log
    sides = {"blue": (ONE, "one"), "green": (TWO, "two"), live: (NEW, "new")}
    assert outcome.exported == {
        **images(sides["blue"], sides["green"]),
        **moves(live, live),
        "IDLE_TASKS": tasks,
    }
    assert "nothing moves" in outcome.log
    assert tools.calls("aws", "ecs") == []


def test_a_stack_that_was_rolling_has_its_service_on_blue(source: Path, tools: Tools) -> None:
    outcome = state(source, tools, stack({"Image": ONE, "Version": "one", "MinTasks": "2"}))
    assert outcome.succeeded, outcome.log
    sides = images((ONE, "one"), (NEW, "new"))
    assert outcome.exported == {**sides, **moves("blue", "green"), "IDLE_TASKS": "2"}


def test_a_stack_that_was_rolling_with_the_same_image_fills_the_other_side(source: Path, tools: Tools) -> None:
    outcome = state(source, tools, stack({"Image": NEW, "Version": "new", "StandbyTasks": "0"}))
    assert outcome.succeeded, outcome.log
    both = images((NEW, "new"), (NEW, "new"))
    assert outcome.exported == {**both, **moves("blue", "blue"), "IDLE_TASKS": "0"}


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_stacks_that_are_well(source: Path, tools: Tools, status: str) -> None:
    outcome = state(source, tools, stack({**SIDES, "LiveCluster": "blue"}, status=status))
    assert outcome.succeeded, outcome.log


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("UPDATE_IN_PROGRESS", "wait"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "wait"),
        ("DELETE_IN_PROGRESS", "wait"),
        ("ROLLBACK_COMPLETE", "delete it"),
        ("UPDATE_ROLLBACK_FAILED", "continue its rollback"),
        ("CREATE_FAILED", "repair or delete it"),
        ("DELETE_FAILED", "repair or delete it"),
        ("DELETE_COMPLETE", "repair or delete it"),
    ],
)
def test_stacks_that_cannot_be_updated_are_refused_in_one_line(
    source: Path, tools: Tools, status: str, advice: str
) -> None:
    outcome = state(source, tools, stack({**SIDES, "LiveCluster": "blue"}, status=status))
    assert (outcome.succeeded, outcome.exported) == (False, {})
    (line,) = outcome.log.splitlines()
    assert f"courier-orders-test is {status}: " in line
    assert advice in line


@pytest.mark.parametrize(
    ("described", "rules"),
    [
        ({**MISSING, "err": "An error occurred (AccessDenied) when calling the DescribeStacks operation: no\n"}, ()),
        (stack({**SIDES, "LiveCluster": "blue"}, SERVICES), (answers("describe-services", REFUSED),)),
        ({**MISSING, "err": "An error occurred (AccessDenied): the role does not exist\n"}, ()),
    ],
    ids=["stack", "service", "role"],
)
def test_other_errors_of_aws_fail_the_build(
    source: Path, tools: Tools, described: object, rules: tuple[dict[str, Any], ...]
) -> None:
    outcome = state(source, tools, described, *rules)
    assert (outcome.succeeded, outcome.exported) == (False, {})
    assert "AccessDenied" in outcome.log


def test_a_role_that_cannot_be_taken_on_fails_the_build(source: Path, tools: Tools) -> None:
    outcome = state(source, tools, MISSING, {"match": "sts", "replies": [REFUSED]})
    assert (outcome.succeeded, outcome.exported) == (False, {})
    assert "AccessDenied" in outcome.log
    assert tools.calls("aws", "cloudformation") == []


def test_a_third_cluster_is_refused(source: Path, tools: Tools) -> None:
    outcome = state(source, tools, stack({**SIDES, "LiveCluster": "red"}))
    assert (outcome.succeeded, outcome.exported) == (False, {})
    assert "LiveCluster is red, expected blue or green" in outcome.log


def test_looks_with_the_role_of_the_environment_and_keeps_its_session_to_itself(source: Path, tools: Tools) -> None:
    outcome = state(source, tools, stack({**SIDES, "LiveCluster": "blue"}))
    assert outcome.succeeded, outcome.log
    assert READER in tools.calls("aws", "sts", "assume-role")[0]
    (call,) = tools.calls("aws", "cloudformation", "describe-stacks")
    assert call[3:7] == ["--region", REGION, "--stack-name", "courier-orders-test"]
    assert not any(word in outcome.log for word in SESSION)


@pytest.mark.parametrize(
    "missing",
    ["STACK_NAME", "STACK_REGION", "READER_ROLE_ARN", "NEW_IMAGE", "NEW_VERSION", "BLUE_URL", "GREEN_URL"],
)
def test_missing_input_is_an_error(source: Path, tools: Tools, missing: str) -> None:
    outcome = state(source, tools, MISSING, **{missing: ""})
    assert not outcome.succeeded
    assert missing in outcome.log
    assert tools.calls() == []
