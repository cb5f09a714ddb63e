"""The limit for each client, and what releases and health checks need of it."""

from __future__ import annotations

import dataclasses

import pytest

from sendy_cfn.config import firewall, words
from sendy_cfn.config.model import Commands, Platform
from sendy_cfn.config.words import Strategy
from tests.platforms import platform

RATE = 100


def said(of: Platform, place: str, limit: int) -> str:
    return firewall.too_low(of, of.environments[place], limit, RATE)


def test_the_defaults_fit_the_load_test() -> None:
    assert [said(platform(), place, 10_000) for place in platform().environments] == ["", "", ""]


@pytest.mark.parametrize(("limit", "fits"), [(6_599, False), (6_600, True)])
def test_the_load_test_decides_where_there_is_one(limit: int, fits: bool) -> None:
    assert (said(platform(), "staging", limit) == "") == fits
    assert said(platform(), "test", limit) == "", "no load test there"


def test_without_the_default_load_test_its_rate_is_nobodys_business() -> None:
    shipped = platform()
    own = {n: dataclasses.replace(s, tests=Commands(load=("./load.sh",))) for n, s in shipped.services.items()}
    assert said(dataclasses.replace(shipped, services=own), "staging", 1_000) == ""


def test_without_a_domain_there_is_no_limit() -> None:
    places = {"test": dataclasses.replace(platform().environments["test"], tests=(words.Test.LOAD,))}
    assert said(dataclasses.replace(platform(), domain=None, environments=places), "test", 1_000) == ""


def test_health_checkers_ask_for_every_service_that_switches_clusters() -> None:
    shipped = platform()
    switches = dataclasses.replace(shipped.services["orders"], strategies={"test": Strategy.CLUSTER_SWITCH})
    many = {f"s{number}": dataclasses.replace(switches, name=f"s{number}") for number in range(40)}
    crowded = dataclasses.replace(shipped, services=many)
    assert "1200 in five minutes that each of Route 53's checkers sends for 40 services" in said(crowded, "test", 1_100)
    assert said(crowded, "test", 1_200) == ""
