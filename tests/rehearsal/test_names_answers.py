"""What Route 53 answers, given what its zones hold."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable

import pytest

from rehearsal.full.names_answers import Answers, Line, answering
from rehearsal.full.names_health import Verdict
from rehearsal.full.names_zones import Record, Zone, check_config

BLUE, GREEN = "blue.eu-west-1.elb.amazonaws.com", "green.eu-west-1.elb.amazonaws.com"
SOA = Record("courier.example", "SOA", 900, ("ns. admin. 1 7200 900 1209600 60",))
BALANCERS = {BLUE: "127.0.1.1", GREEN: "127.0.1.2"}


def test_a_name_leads_to_its_load_balancer() -> None:
    answers = _answers(_cname("orders.courier.example", BLUE, ttl=20))
    expected = (Line("orders.courier.example", "CNAME", 20, BLUE), Line(BLUE, "A", 60, "127.0.1.1"))
    assert answers.answer("orders.courier.example", "A").lines == expected
    assert answers.address("orders.courier.example") == "127.0.1.1"
    assert answers.answer("orders.courier.example", "CNAME").lines == expected[:1]


def test_a_name_without_the_asked_type_exists() -> None:
    answer = _answers(_cname("orders.courier.example", BLUE)).answer("orders.courier.example", "AAAA")
    assert [line.kind for line in answer.lines] == ["CNAME"]
    assert answer.exists
    assert answer.soa


def test_a_missing_name_may_be_remembered_for_the_lesser_time_of_its_zone() -> None:
    answer = _answers(_cname("a.b.courier.example", BLUE)).answer("nope.courier.example", "A")
    assert (answer.exists, answer.soa and answer.soa.ttl) == (False, 60)
    # Nothing is at this name, but below it.
    assert _answers(_cname("a.b.courier.example", BLUE)).answer("b.courier.example", "A").exists


def test_a_name_of_no_zone_is_missing() -> None:
    assert not _answers().answer("s3.amazonaws.com", "A").exists


def test_an_alias_answers_under_its_own_name() -> None:
    answers = _answers(Record("courier.example", "A", 60, (), alias=f"dualstack.{BLUE}"))
    assert answers.answer("courier.example", "A").lines == (Line("courier.example", "A", 60, "127.0.1.1"),)
    assert answers.answer("courier.example", "AAAA").lines == ()


def test_the_longest_zone_answers_even_where_its_parent_has_the_name() -> None:
    parent = Zone("example", (_cname("orders.courier.example", BLUE),))
    child = Zone("courier.example", (SOA, _cname("orders.courier.example", GREEN)))
    answers = Answers((parent, child), BALANCERS, lambda _: True, random.Random(1))
    assert answers.address("orders.courier.example") == "127.0.1.2"


def test_a_wildcard_answers_for_names_that_do_not_exist() -> None:
    answers = _answers(_cname("*.courier.example", BLUE), _cname("a.orders.courier.example", GREEN))
    assert answers.address("x.y.courier.example") == "127.0.1.1"
    assert answers.address("orders.courier.example") is None
    assert answers.address("b.orders.courier.example") is None


def test_a_chain_without_end_ends() -> None:
    answers = _answers(
        _cname("a.courier.example", "b.courier.example"), _cname("b.courier.example", "a.courier.example")
    )
    assert answers.address("a.courier.example") is None


def test_weights_share_the_queries() -> None:
    answers = _answers(*_weighted(90, 10))
    found = Counter(answers.address("orders.courier.example") for _ in range(2000))
    assert 120 < found["127.0.1.2"] < 280
    assert sum(found.values()) == 2000


@pytest.mark.parametrize(
    ("weights", "unhealthy", "live"),
    [
        ((100, 0), "", ["blue"]),
        ((100, 0), "blue", ["green"]),
        ((100, 0), "green", ["blue"]),
        ((100, 0), "blue green", ["blue"]),
        ((50, 50), "", ["blue", "green"]),
        ((50, 50), "blue", ["green"]),
        ((50, 50), "blue green", ["blue", "green"]),
        ((0, 0), "", ["blue", "green"]),
        ((0, 0), "green", ["blue"]),
    ],
)
def test_which_weighted_records_answer(weights: tuple[int, int], unhealthy: str, live: list[str]) -> None:
    records = _weighted(*weights)
    found = answering(records, lambda check: check not in unhealthy.split())
    assert [record.identifier for record in found] == live
    answers = _answers(*records, unhealthy=unhealthy.split())
    assert [name for name, weight in answers.live("orders.courier.example", "CNAME").items() if weight] == live


@pytest.mark.parametrize(
    ("unhealthy", "live"), [("", ["one"]), ("first", ["two"]), ("first second", ["one"]), ("second", ["one"])]
)
def test_failover(unhealthy: str, live: list[str]) -> None:
    records = [
        Record("x", "A", 60, ("1.1.1.1",), identifier="one", failover="PRIMARY", check="first"),
        Record("x", "A", 60, ("2.2.2.2",), identifier="two", failover="SECONDARY", check="second"),
    ]
    found = answering(records, lambda check: check not in unhealthy.split())
    assert [record.identifier for record in found] == live


@pytest.mark.parametrize(
    ("results", "healthy"),
    [("", True), ("--", True), ("---", False), ("--+--", True), ("---++-", False), ("---+++", True)],
)
def test_thresholds_of_health_checks(results: str, healthy: bool) -> None:
    verdict = Verdict(3)
    turned = [verdict.saw(result == "+") for result in results]
    assert verdict.healthy is healthy
    assert sum(turned) % 2 == (0 if healthy else 1)


def test_defaults_of_health_checks() -> None:
    config = check_config("1", {"Type": "HTTPS", "FullyQualifiedDomainName": "Orders.Courier.Example."})
    assert (config.host, config.port, config.path) == ("orders.courier.example", 443, "/")
    assert (config.interval, config.threshold, config.sni) == (30, 3, True)


def _answers(*records: Record, unhealthy: Iterable[str] = ()) -> Answers:
    zone = Zone("courier.example", (SOA, *records))
    return Answers((zone,), BALANCERS, lambda check: check not in unhealthy, random.Random(1))


def _cname(name: str, target: str, ttl: int = 60) -> Record:
    return Record(name, "CNAME", ttl, (target,))


def _weighted(blue: int, green: int) -> list[Record]:
    return [
        Record("orders.courier.example", "CNAME", 60, (target,), identifier=side, weight=weight, check=side)
        for side, target, weight in (("blue", BLUE, blue), ("green", GREEN, green))
    ]
