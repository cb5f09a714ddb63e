"""Targets: checked, served, drained."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rehearsal.full.balancer_health import Health, probe
from rehearsal.full.balancer_state import Check, Group, Target
from rehearsal.full.balancer_targets import Targets
from rehearsal.matcher import matches

CHECK = Check(True, "HTTP", "/health", "traffic-port", 0.02, 2, 3, 2, "200")
GROUP = Group("arn:tg/orders/1", "orders", "HTTP", CHECK, 0.2, "round_robin", 0)


class _Application(BaseHTTPRequestHandler):
    statuses: dict[str, int]  # by path

    def do_GET(self) -> None:
        self.send_response(self.statuses.get(self.path, 404))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def application() -> Iterator[tuple[Target, dict[str, int]]]:
    statuses = {"/health": 200}
    handler = type("Application", (_Application,), {"statuses": statuses})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield ("127.0.0.1", server.server_port), statuses
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("results", "state"),
    [
        ("", "initial"),
        ("-", "initial"),
        ("--", "unhealthy"),
        ("-+", "healthy"),
        ("+", "healthy"),
        ("+-+-", "healthy"),
        ("+--", "unhealthy"),
        ("--++", "unhealthy"),
        ("--++-+", "unhealthy"),
        ("--+++", "healthy"),
    ],
)
def test_thresholds(results: str, state: str) -> None:
    health = Health(CHECK)
    for result in results:
        health.saw(result == "+")
    assert health.state == state


@pytest.mark.parametrize(
    ("codes", "status", "expected"),
    [
        ("200", 200, True),
        ("200", 201, False),
        ("200-299", 204, True),
        ("200,301", 301, True),
        ("200,301-302", 300, False),
    ],
)
def test_matchers(codes: str, status: int, expected: bool) -> None:
    assert matches(codes, status) is expected


def test_a_probe(application: tuple[Target, dict[str, int]]) -> None:
    target, statuses = application
    assert probe(CHECK, target)
    assert not probe(replace(CHECK, path="/nowhere"), target)
    assert probe(replace(CHECK, port=str(target[1])), (target[0], 1))
    assert not probe(replace(CHECK, port="1"), target)
    statuses["/health"] = 503
    assert not probe(CHECK, target)


def test_a_target_gets_requests_after_its_first_passed_check(application: tuple[Target, dict[str, int]]) -> None:
    target, statuses = application
    statuses["/health"] = 503
    targets, said = _targets(replace(GROUP, check=replace(CHECK, unhealthy=10**6)))
    targets.update(targets.group, [target])
    time.sleep(0.1)
    assert targets.serving == {}
    statuses["/health"] = 200
    _until(lambda: targets.serving == {1: target})
    targets.stop()
    targets.tell()
    assert said == [(target, "healthy")]


def test_without_gate_a_target_gets_requests_at_once() -> None:
    targets = Targets(GROUP, lambda *_: None, lambda: None, gate=False)
    targets.update(GROUP, [("127.0.0.1", 1)])
    assert targets.serving == {1: ("127.0.0.1", 1)}
    targets.stop()


def test_if_none_is_healthy_all_unhealthy_ones_get_requests(application: tuple[Target, dict[str, int]]) -> None:
    good, bad = application[0], ("127.0.0.1", 1)
    targets, _ = _targets(GROUP)
    targets.update(GROUP, [bad])
    _until(lambda: targets.serving == {1: bad})
    targets.update(GROUP, [bad, good])
    _until(lambda: targets.serving == {2: good})
    targets.stop()


def test_a_deregistered_target_drains_for_its_delay_and_gives_its_slot_back() -> None:
    group = replace(GROUP, check=replace(CHECK, enabled=False))
    first, second = ("10.200.0.1", 80), ("10.200.0.2", 80)
    targets, said = _targets(group)
    targets.update(group, [first])
    targets.tell()
    assert targets.update(group, [second]) == []
    assert (targets.state(first), targets.serving) == ("draining", {2: second})
    targets.tell()
    time.sleep(group.delay)
    assert targets.update(group, [second]) == [1]
    targets.tell()
    assert said == [(first, "healthy"), (first, "draining"), (second, "healthy"), (first, "gone")]
    assert targets.slot(first) is None


def test_a_target_that_comes_back_while_it_drains_is_checked_anew() -> None:
    targets, _ = _targets(GROUP)
    target = ("127.0.0.1", 1)
    targets.update(GROUP, [target])
    _until(lambda: targets.state(target) == "unhealthy")
    targets.update(GROUP, [])
    targets.update(GROUP, [target])
    assert targets.state(target) == "initial"
    assert targets.slot(target) == 1
    targets.stop()


def _targets(group: Group) -> tuple[Targets, list[tuple[Target, str]]]:
    said: list[tuple[Target, str]] = []
    return Targets(group, lambda target, state: said.append((target, state)), lambda: None, gate=True), said


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)
