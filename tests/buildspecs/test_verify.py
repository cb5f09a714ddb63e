"""The verdict on a switch: of services that are well, ill or become so, and of alarms; a recorder stands for aws."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from sendy_cfn.blocks.buildspecs import load
from tests.buildspecs.junit import cases
from tests.buildspecs.reader import ASSUME, READER, REFUSED, REGION, SESSION, answers
from tests.buildspecs.runner import Outcome, run
from tests.buildspecs.servers import (
    COMMIT,
    Behaviour,
    Reply,
    failing,
    hanging,
    healthy,
    outdated,
    sample,
    serve,
    slow,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.buildspecs.conftest import Tools

GOOD = {"VERDICT": "good", "LIVE_CLUSTER": "green", "IDLE_TASKS": "1"}
BAD = {"VERDICT": "bad", "LIVE_CLUSTER": "blue", "IDLE_TASKS": "5"}
NAMES = "orders errors,orders latency"
SMOKE_REQUESTS = 10  # five looks at two paths


def alarms(errors: str = "OK", latency: str = "OK") -> list[dict[str, str]]:
    """What the AWS CLI prints for the query in the script."""
    return [
        {"AlarmName": "orders errors", "StateValue": errors},
        {"AlarmName": "orders latency", "StateValue": latency},
    ]


def verify(source: Path, tools: Tools, url: str, *states: object, **environment: str) -> Outcome:
    tools.record("aws", rules=(ASSUME, answers("describe-alarms", *(states or [alarms()]))))
    contract = {
        "SERVICE_URL": url,
        "EXPECTED_VERSION": COMMIT,
        "TTL_SECONDS": "60",
        "POLL_SECONDS": "1",
        "BAKE_MINUTES": "10",
        "BAKE_SECONDS": "1",
        "SMOKE_TIMEOUT_SECONDS": "30",
        "ALARMS": NAMES,
        "STACK_REGION": REGION,
        "READER_ROLE_ARN": READER,
        "LIVE_BEFORE": "blue",
        "LIVE_AFTER": "green",
        "IDLE_TASKS": "5",
        "STANDBY_TASKS": "1",
    }
    return run(load("verify"), source, {**tools.environment, **contract, **environment})


def problems(outcome: Outcome) -> list[str]:
    (file,) = outcome.reports["verify"]
    return [problem for problem in cases(file).values() if problem]


def test_the_released_sample_is_good(source: Path, tools: Tools) -> None:
    with sample() as url:
        outcome = verify(source, tools, url)
    assert outcome.succeeded, outcome.log
    assert outcome.exported == GOOD
    assert problems(outcome) == []
    (file,) = outcome.reports["verify"]
    assert len(cases(file)) == 3


@pytest.mark.parametrize(
    ("behaviour", "problem"),
    [
        (healthy, None),
        (slow, None),
        (hanging, "/health answered 000"),
        (outdated, "/version reports not " + COMMIT),
        (failing, "/health answered 503"),
    ],
)
def test_kinds_of_service(source: Path, tools: Tools, behaviour: Behaviour, problem: str | None) -> None:
    with serve(behaviour) as service:
        outcome = verify(source, tools, service.url, SMOKE_TIMEOUT_SECONDS="30" if problem is None else "1")
    assert outcome.succeeded, outcome.log
    assert outcome.exported == (BAD if problem else GOOD)
    found = problems(outcome)
    assert len(found) == (1 if problem else 0)
    assert all((problem or "") in text for text in found)
    assert bool(tools.calls("aws")) == (problem is None)


def test_asks_only_when_names_looked_up_before_are_forgotten(source: Path, tools: Tools) -> None:
    waits: list[list[str]] = []

    def patient(path: str, number: int) -> Reply:
        if number == 0:
            waits.extend(tools.calls("sleep"))
        return healthy(path, number)

    tools.record("sleep")
    with serve(patient) as service:
        outcome = verify(source, tools, service.url, TTL_SECONDS="60", BAKE_SECONDS="0")
    assert outcome.exported == GOOD
    assert waits == [["sleep", "90"]]


def test_the_grace_is_a_variable(source: Path, tools: Tools) -> None:
    tools.record("sleep")
    with serve(healthy) as service:
        verify(source, tools, service.url, GRACE_SECONDS="5", BAKE_SECONDS="0")
    assert tools.calls("sleep")[0] == ["sleep", "65"]


def after(*bad: int, reply: Reply) -> Behaviour:
    """Well in the smoke check, then bad for these looks at the health, counted from 0."""
    looks = {"count": -1}

    def behaviour(path: str, number: int) -> Reply:
        if path == "/health" and number >= SMOKE_REQUESTS:
            looks["count"] += 1
        return reply if looks["count"] in bad and path == "/health" else healthy(path, number)

    return behaviour


ILL = Reply(503, "no")


@pytest.mark.parametrize(
    ("bad", "expected"),
    [((2,), GOOD), ((0, 2, 4), GOOD), ((1, 2), BAD), ((0, 2, 3), BAD)],
    ids=["one", "every other", "two in a row", "two in a row after one"],
)
def test_wrong_twice_in_a_row_is_bad(
    source: Path, tools: Tools, bad: tuple[int, ...], expected: dict[str, str]
) -> None:
    with serve(after(*bad, reply=ILL)) as service:
        outcome = verify(source, tools, service.url, BAKE_SECONDS="3" if expected is GOOD else "20")
    assert outcome.succeeded, outcome.log
    assert outcome.exported == expected
    assert problems(outcome) == ([] if expected is GOOD else ["twice in a row: /health answered 503"])


@pytest.mark.parametrize(("bad", "expected"), [((0,), GOOD), ((0, 1), BAD)])
def test_a_failure_at_the_end_is_looked_at_again(
    source: Path, tools: Tools, bad: tuple[int, ...], expected: dict[str, str]
) -> None:
    with serve(after(*bad, reply=ILL)) as service:
        outcome = verify(source, tools, service.url, BAKE_SECONDS="0")
    assert outcome.exported == expected


def test_a_release_that_goes_back_to_the_old_version_is_bad(source: Path, tools: Tools) -> None:
    def relapse(path: str, number: int) -> Reply:
        return (healthy if number < SMOKE_REQUESTS + 2 else outdated)(path, number)

    with serve(relapse) as service:
        outcome = verify(source, tools, service.url, BAKE_SECONDS="20")
    assert outcome.exported == BAD
    assert problems(outcome)[0].startswith("twice in a row: /version reports not")


LOST = alarms()[:1]


@pytest.mark.parametrize(
    ("states", "problem"),
    [
        ([alarms(errors="ALARM")], "in alarm: orders errors"),
        ([alarms(latency="ALARM")], "in alarm: orders latency"),
        ([alarms("ALARM", "ALARM")], "in alarm: orders errors, orders latency"),
        ([alarms(), alarms(), alarms(errors="ALARM")], "in alarm: orders errors"),
        ([REFUSED], "not to be seen three times in a row"),
        ([alarms(), REFUSED, REFUSED, REFUSED, alarms()], "not to be seen three times in a row"),
        ([LOST], "not to be seen three times in a row"),
        ([alarms("ALARM")[:1]], "in alarm: orders errors"),
        ([alarms(errors="INSUFFICIENT_DATA")], None),
        ([REFUSED, REFUSED, alarms(), REFUSED, REFUSED, alarms()], None),
        ([alarms("OK", "OK")], None),
    ],
)
def test_alarms(source: Path, tools: Tools, states: list[object], problem: str | None) -> None:
    started = time.monotonic()
    with serve(healthy) as service:
        outcome = verify(source, tools, service.url, *states, BAKE_SECONDS="20" if problem else "3")
    assert outcome.succeeded, outcome.log
    assert outcome.exported == (BAD if problem else GOOD)
    assert problems(outcome) == ([problem] if problem else [])
    assert time.monotonic() - started < 15


def test_watches_until_the_bake_is_over(source: Path, tools: Tools) -> None:
    started = time.monotonic()
    with serve(healthy) as service:
        outcome = verify(source, tools, service.url, BAKE_SECONDS="3")
    assert outcome.exported == GOOD
    assert time.monotonic() - started > 2
    assert len(tools.calls("aws", "cloudwatch")) > 1


def test_asks_for_the_named_alarms_with_a_session_of_now(source: Path, tools: Tools) -> None:
    with serve(healthy) as service:
        outcome = verify(source, tools, service.url, BAKE_SECONDS="2")
    calls = tools.calls("aws", "cloudwatch", "describe-alarms")
    assert len(calls) == len(tools.calls("aws", "sts", "assume-role"))
    names = ["--alarm-names", "orders errors", "orders latency"]
    # Composite alarms would take a permission on all alarms; a service has none.
    assert calls[0][3:8] == ["--region", REGION, *names]
    assert "--alarm-types" not in calls[0]
    assert not any(word in outcome.log for word in SESSION)


def test_without_alarms_nobody_is_asked(source: Path, tools: Tools) -> None:
    with serve(healthy) as service:
        outcome = verify(source, tools, service.url, ALARMS="")
    assert outcome.exported == GOOD
    assert tools.calls("aws") == []


def test_without_a_version_the_health_alone_counts(source: Path, tools: Tools) -> None:
    with serve(outdated) as service:
        outcome = verify(source, tools, service.url, VERSION_PATH="")
    assert outcome.exported == GOOD
    assert set(service.requests) == {"GET /health"}


@pytest.mark.parametrize(("behaviour", "verdict", "tasks"), [(healthy, "good", "0"), (failing, "bad", "5")])
def test_a_release_that_did_not_move_stays(
    source: Path, tools: Tools, behaviour: Behaviour, verdict: str, tasks: str
) -> None:
    with serve(behaviour) as service:
        outcome = verify(source, tools, service.url, LIVE_BEFORE="green", STANDBY_TASKS="0", SMOKE_TIMEOUT_SECONDS="3")
    assert outcome.exported == {"VERDICT": verdict, "LIVE_CLUSTER": "green", "IDLE_TASKS": tasks}


def test_commands_of_the_service_are_not_run(source: Path, tools: Tools) -> None:
    hooks = source / ".pipeline"
    hooks.mkdir()
    for suite in ("verify", "smoke"):
        (hooks / suite).write_text("#!/bin/sh\ntouch ran\n")
    with serve(healthy) as service:
        outcome = verify(source, tools, service.url, VERIFY_COMMANDS="touch ran", SMOKE_COMMANDS="touch ran")
    assert outcome.exported == GOOD
    assert not (source / "ran").exists()


@pytest.mark.parametrize(
    "missing",
    [
        "SERVICE_URL",
        "EXPECTED_VERSION",
        "TTL_SECONDS",
        "BAKE_MINUTES",
        "STACK_REGION",
        "READER_ROLE_ARN",
        "LIVE_BEFORE",
        "LIVE_AFTER",
        "STANDBY_TASKS",
        "IDLE_TASKS",
    ],
)
def test_missing_input_is_an_error_and_no_verdict(source: Path, tools: Tools, missing: str) -> None:
    with serve(healthy) as service:
        outcome = verify(source, tools, service.url, **{missing: ""})
    assert (outcome.succeeded, outcome.exported.get("VERDICT")) == (False, None)
    assert missing in outcome.log
    assert service.requests == []


def test_a_version_that_tells_no_releases_apart_is_an_error_and_no_verdict(source: Path, tools: Tools) -> None:
    with serve(healthy) as service:
        outcome = verify(source, tools, service.url, EXPECTED_VERSION="null")
    assert (outcome.succeeded, outcome.exported.get("VERDICT")) == (False, None)
    assert "version 'null' is too short to tell releases apart" in outcome.log
    assert service.requests == []


def test_after_a_bad_verdict_the_side_that_was_refused_keeps_its_tasks(source: Path, tools: Tools) -> None:
    with serve(failing) as service:
        outcome = verify(source, tools, service.url, IDLE_TASKS="-1", SMOKE_TIMEOUT_SECONDS="1")
    assert outcome.exported == BAD | {"IDLE_TASKS": "-1"}
    with serve(healthy) as service:
        outcome = verify(source, tools, service.url, IDLE_TASKS="-1")
    assert outcome.exported == GOOD


@pytest.mark.parametrize("wrong", [{"BAKE_MINUTES": "ten", "BAKE_SECONDS": ""}, {"TTL_SECONDS": "sixty"}])
def test_times_that_are_no_numbers_are_an_error_and_no_verdict(
    source: Path, tools: Tools, wrong: dict[str, str]
) -> None:
    with serve(healthy) as service:
        outcome = verify(source, tools, service.url, **wrong)
    assert (outcome.succeeded, outcome.exported.get("VERDICT")) == (False, None)
    assert service.requests == []
