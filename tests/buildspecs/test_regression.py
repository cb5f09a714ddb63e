"""The regression test's default checks, and the service's own in their place."""

from pathlib import Path

import pytest

from sendy_cfn.blocks.buildspecs import load
from tests.buildspecs.junit import cases
from tests.buildspecs.runner import Outcome, run
from tests.buildspecs.servers import Behaviour, Reply, failing, healthy, outdated, sample, serve, slow


def regression(source: Path, url: str, **environment: str) -> Outcome:
    return run(load("regression"), source, {"SERVICE_URL": url, **environment})


def failed(outcome: Outcome) -> dict[str, str]:
    (file,) = outcome.reports["regression"]
    return {name: problem for name, problem in cases(file).items() if problem}


def test_the_sample_passes(source: Path) -> None:
    with sample() as url:
        outcome = regression(source, url)
    assert outcome.succeeded, outcome.log
    assert failed(outcome) == {}


def test_asks_over_one_connection(source: Path) -> None:
    with serve(healthy) as service:
        outcome = regression(source, service.url)
    assert outcome.succeeded, outcome.log
    assert service.requests.count("GET /health") == 21
    assert {request.partition(" ")[0] for request in service.requests} == {"GET", "HEAD", "POST"}
    assert service.connections == 5


def test_a_server_may_refuse_methods_it_does_not_know(source: Path) -> None:
    with serve(lambda path, number: Reply(501) if number in {1, 3} else healthy(path, number)) as service:
        outcome = regression(source, service.url)
    assert [service.requests[number].split()[0] for number in (1, 3)] == ["HEAD", "POST"]
    assert outcome.succeeded, outcome.log


SPEED = {"1 of 1 requests answer 200 within 150 ms", "20 of 20 requests answer 200 within 150 ms"}
STATUSES = {"HEAD", "unknown path", "meaningless body"}


@pytest.mark.parametrize(
    ("behaviour", "limit", "names"),
    [
        (healthy, "2000", set()),
        (outdated, "2000", set()),
        (slow, "150", SPEED),
        (failing, "150", SPEED | STATUSES),
    ],
)
def test_kinds_of_service(source: Path, behaviour: Behaviour, limit: str, names: set[str]) -> None:
    with serve(behaviour) as service:
        outcome = regression(source, service.url, MAX_RESPONSE_MILLISECONDS=limit)
    assert outcome.succeeded == (not names)
    assert set(failed(outcome)) == names


def ill(path: str, _: int) -> Reply:
    return Reply(500 if path == "/health" else 404)


def slow_once(path: str, number: int) -> Reply:
    return Reply(delay=1.2) if number == 10 else healthy(path, number)


def flaky(path: str, number: int) -> Reply:
    return Reply(502) if number == 20 else healthy(path, number)


def crashes_on_unknown(path: str, number: int) -> Reply:
    return healthy(path, number) if path in {"/health", "/version"} else Reply(500)


IN_A_ROW = "20 of 20 requests answer 200 within 1000 ms"


@pytest.mark.parametrize(
    ("behaviour", "names", "problem"),
    [
        (ill, {"1 of 1 requests answer 200 within 1000 ms", IN_A_ROW, "HEAD"}, "500"),
        (slow_once, {IN_A_ROW}, "request 7: 200 after 1.2"),
        (flaky, {IN_A_ROW}, "request 17: 502"),
        (crashes_on_unknown, {"unknown path", "meaningless body"}, "answered 500"),
    ],
)
def test_failures(source: Path, behaviour: Behaviour, names: set[str], problem: str) -> None:
    with serve(behaviour) as service:
        outcome = regression(source, service.url, MAX_RESPONSE_MILLISECONDS="1000")
    assert not outcome.succeeded
    assert set(failed(outcome)) == names
    assert all(problem in found for found in failed(outcome).values())


def test_fails_when_nothing_listens(source: Path) -> None:
    with serve(healthy) as service:
        pass
    outcome = regression(source, service.url)
    assert not outcome.succeeded
    assert len(failed(outcome)) == 5


@pytest.mark.parametrize("status", [0, 4])
def test_own_hook_replaces_the_default_checks(source: Path, status: int) -> None:
    hook = source / ".pipeline" / "regression"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\necho hook of $SERVICE\nexit {status}\n")
    with serve(healthy) as service:
        outcome = regression(source, service.url, SERVICE="orders")
    assert outcome.succeeded == (status == 0)
    assert "hook of orders" in outcome.log
    assert service.requests == []
    assert list(failed(outcome).values()) == ([f"exit status {status}, see the build log"] if status else [])


def test_own_commands_win_over_the_hook_and_run_in_the_context(source: Path) -> None:
    hook = source / "services" / "orders" / ".pipeline" / "regression"
    hook.parent.mkdir(parents=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    outcome = regression(source, "http://127.0.0.1:1", REGRESSION_COMMANDS="pwd", BUILD_CONTEXT="services/orders")
    assert outcome.succeeded, outcome.log
    assert f"{source}/services/orders\n" in outcome.log
