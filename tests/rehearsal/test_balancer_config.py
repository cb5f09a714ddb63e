"""The configuration of HAProxy."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from rehearsal.full.balancer_state import (
    Check,
    Condition,
    Deployed,
    Fixed,
    Forward,
    Group,
    Listener,
    LoadBalancer,
    Redirect,
    Rule,
)
from rehearsal.full.haproxy_config import Slots, backend, render, shares, wildcard

CHECK = Check(True, "HTTP", "/health", "traffic-port", 5, 2, 3, 2, "200")
BLUE, GREEN = "arn:aws:elb:targetgroup/blue/1", "arn:aws:elb:targetgroup/green/2"
FOLDER = Path("/rehearsal")


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*.courier.example", "orders.courier.example", True),
        ("*.courier.example", "courier.example", False),
        ("orders.courier.example", "ordersxcourier.example", False),
        ("/pricing/*", "/pricing/", True),
        ("/pricing/*", "/pricing", False),
        ("/v?/it(e)m+", "/v2/it(e)m+", True),
        ("/v?/", "/v/", False),
    ],
)
def test_wildcards(pattern: str, text: str, expected: bool) -> None:
    assert bool(re.fullmatch(wildcard(pattern), text)) is expected


@pytest.mark.parametrize(
    ("weights", "expected"),
    [((1, 0), [10_000, 10_000]), ((0, 1), [0, 10_000]), ((999, 1), [9990, 10_000]), ((0, 0), [0, 0])],
)
def test_shares_of_a_rule(weights: tuple[int, int], expected: list[int]) -> None:
    assert list(shares(_deployed(Forward(((BLUE, weights[0]), (GREEN, weights[1]))))).values()) == expected


def test_weights_and_targets_are_no_structure() -> None:
    before = _deployed(Forward(((BLUE, 1), (GREEN, 0))))
    after = replace(_deployed(Forward(((BLUE, 0), (GREEN, 1)))), targets={BLUE: (("10.200.0.5", 80),)})
    assert _text(before) == _text(after)
    assert shares(before) != shares(after)


def test_another_rule_is_structure() -> None:
    deployed = _deployed(Forward(((BLUE, 1),)))
    assert _text(deployed) != _text(_deployed(Forward(((GREEN, 1),))))
    assert _text(deployed) != _text(_deployed(Forward(((BLUE, 1),)), Condition("path-pattern", ("/*",))))


def test_a_started_worker_sends_requests_only_where_it_should() -> None:
    text = _text(_deployed(Forward(((BLUE, 1),))), {(backend(BLUE), 2): ("10.200.0.5", 8080)})
    ready = [line.split() for line in text.splitlines() if line.startswith("  server ") and "disabled" not in line]
    assert ready == [["server", "s2", "10.200.0.5:8080"]]


def test_a_redirect_with_and_without_query() -> None:
    action = Redirect("HTTPS", "#{host}", "443", "/100%/#{path}", "#{query}", 301)
    found = re.findall(r'location "([^"]*)"', _text(_deployed(action)))
    place = "https://%[req.hdr(host),host_only]:443/100%%/%[path,bytes(1)]"
    assert found == [place, f"{place}?%[query]"]


def test_bodies_are_files_of_their_own() -> None:
    rendered = render(
        _deployed(Fixed(404, "text/plain", "It's\nnot here")), {"lb": "127.0.1.1"}, FOLDER, FOLDER / "pem"
    )
    (name,) = [name for name, body in rendered.files.items() if body == "It's\nnot here"]
    assert f"file {FOLDER / name} " in rendered.text


def _text(deployed: Deployed, slots: Slots | None = None) -> str:
    return render(deployed, {"lb": "127.0.1.1"}, FOLDER, FOLDER / "pem", slots).text


def _deployed(action: Forward | Fixed | Redirect, *conditions: Condition) -> Deployed:
    listener = Listener(
        "listener", 443, "HTTPS", "ELBSecurityPolicy-TLS13-1-2-2021-06", (Rule("rule", conditions, action),)
    )
    balancer = LoadBalancer("lb", "cluster", "cluster.elb.amazonaws.com", 60, 3600, (listener,))
    groups = {arn: Group(arn, arn.split("/")[1], "HTTP", CHECK, 20, "round_robin", 0) for arn in (BLUE, GREEN)}
    return Deployed((balancer,), groups, {})
