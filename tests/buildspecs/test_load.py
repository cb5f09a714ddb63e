"""The load test: what it measures, its limits, and its time."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from sendy_cfn.blocks.buildspecs import load
from tests.buildspecs.junit import cases
from tests.buildspecs.runner import Outcome, run
from tests.buildspecs.servers import Behaviour, Reply, failing, healthy, outdated, sample, serve, slow

LATENCY = "95 % of the answers within"
ERRORS = "at most"


def drive(source: Path, url: str, **environment: str) -> Outcome:
    contract = {"SERVICE_URL": url, "LOAD_SECONDS": "1", "LOAD_CONCURRENCY": "4"}
    return run(load("load"), source, {**contract, **environment})


def failed(outcome: Outcome) -> dict[str, str]:
    (file,) = outcome.reports["load"]
    return {name: problem for name, problem in cases(file).items() if problem}


def summary(source: Path) -> dict[str, Any]:
    found = json.loads((source / "reports" / "load.json").read_text())
    assert isinstance(found, dict)
    return found


def test_the_sample_stands_the_load(source: Path) -> None:
    with sample() as url:
        outcome = drive(source, url)
    assert outcome.succeeded, outcome.log
    assert failed(outcome) == {}
    assert summary(source)["requests"] > 20


def test_clients_keep_their_connections(source: Path) -> None:
    with serve(healthy) as service:
        outcome = drive(source, service.url)
    assert outcome.succeeded, outcome.log
    assert service.connections == 4
    assert len(service.requests) == summary(source)["requests"]


def sometimes_slow(_: str, number: int) -> Reply:
    """Too slow for fewer than one request in twenty."""
    return Reply(delay=0.7 if number == 30 else 0.01)


def often_slow(_: str, number: int) -> Reply:
    """Too slow for one request in five, so that the median is good."""
    return Reply(delay=0.6 if number % 5 == 0 else 0.01)


def sometimes_failing(_: str, number: int) -> Reply:
    return Reply(503, delay=0.01) if number % 10 == 0 else Reply(delay=0.01)


@pytest.mark.parametrize(
    ("behaviour", "limits", "names"),
    [
        (slow, {"MAX_P95_MILLISECONDS": "150"}, {LATENCY}),
        (slow, {}, set()),
        (sometimes_slow, {}, set()),
        (often_slow, {}, {LATENCY}),
        (healthy, {}, set()),
        (outdated, {}, set()),
        (failing, {}, {ERRORS}),
        (sometimes_failing, {}, {ERRORS}),
        (sometimes_failing, {"MAX_ERROR_PERCENT": "15"}, set()),
    ],
)
def test_limits(source: Path, behaviour: Behaviour, limits: dict[str, str], names: set[str]) -> None:
    with serve(behaviour) as service:
        outcome = drive(source, service.url, **limits)
    found = failed(outcome)
    assert {start for start in (LATENCY, ERRORS) if any(name.startswith(start) for name in found)} == names
    assert outcome.succeeded == (not names)


def test_measures_what_was_served(source: Path) -> None:
    with serve(sometimes_failing) as service:
        drive(source, service.url, LOAD_PATH="/orders")
    found = summary(source)
    assert set(service.requests) == {"GET /orders"}
    assert found["requests"] == len(service.requests)
    assert found["errors"] == {"status 503": sum(number % 10 == 0 for number in range(len(service.requests)))}
    assert 10 < found["p50_milliseconds"] <= found["p95_milliseconds"] <= found["p99_milliseconds"]


def test_a_host_that_refuses_is_no_busy_loop(source: Path) -> None:
    with serve(healthy) as service:
        pass
    started = time.monotonic()
    outcome = drive(source, service.url)
    assert time.monotonic() - started < 5
    assert not outcome.succeeded
    assert list(summary(source)["errors"]) == ["ConnectionRefusedError"]
    assert summary(source)["requests"] < 100


def test_own_commands_replace_the_default_load(source: Path) -> None:
    with serve(healthy) as service:
        outcome = drive(source, service.url, LOAD_COMMANDS="exit 9")
    assert not outcome.succeeded
    assert service.requests == []
    assert failed(outcome) == {"LOAD_COMMANDS": "exit status 9, see the build log"}


def test_no_more_requests_than_asked_for(source: Path) -> None:
    with serve(healthy) as service:
        outcome = drive(source, service.url, LOAD_REQUESTS_PER_SECOND="20")
    assert outcome.succeeded, outcome.log
    assert 12 <= len(service.requests) <= 24  # in a second, by four clients that begin at once
