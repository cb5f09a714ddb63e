"""Good input: defaults, names and numbers that follow from it."""

from __future__ import annotations

import botocore.session
import pytest

from sendy_cfn.config import routing
from sendy_cfn.config.regions import REGIONS
from sendy_cfn.config.words import Capacity, Colour, Provider
from sendy_cfn.errors import ConfigError
from tests.platforms import platform

SMALL = """
platform: demo
domain: demo.example
toolchain:
  region: eu-west-1
  source: {repository: demo/platform}
environments:
  test: {region: eu-west-1}
services:
  shop: {kind: web, source: {repository: demo/shop}}
"""


def test_smallest_platform_gets_sensible_defaults() -> None:
    found = platform(SMALL)
    shop, test = found.services["shop"], found.environments["test"]
    assert shop.host == "shop"
    assert shop.capacity is Capacity.FARGATE
    assert shop.source.provider is Provider.CONNECTION
    assert shop.user != "0"
    assert test.domain == "test.demo.example"
    assert test.clusters == (Colour.BLUE,)
    assert not test.throwaway
    assert found.regions == ("eu-west-1",)


def test_environments_keep_the_order_of_the_file() -> None:
    text = SMALL.replace("  test: {region: eu-west-1}", "  zulu: {region: eu-west-1}\n  alpha: {region: eu-west-3}")
    found = platform(text)
    assert list(found.environments) == ["zulu", "alpha"]
    assert found.regions == ("eu-west-1", "eu-west-3")


def test_regions_are_those_of_the_sdk() -> None:
    session = botocore.session.get_session()
    partitions = ("aws", "aws-cn", "aws-us-gov")
    assert set(REGIONS) == {region for name in partitions for region in session.get_available_regions("ecs", name)}


def services(count: int, more: str = "") -> str:
    lines = [f"  svc{n:03d}: {{kind: web, source: {{repository: demo/svc{n:03d}}}{more}}}" for n in range(count)]
    return SMALL[: SMALL.index("services:")] + "services:\n" + "\n".join(lines) + "\n"


def numbered(count: int) -> str:
    """Services whose priorities can't clash."""
    lines = services(count).splitlines()
    return (
        "\n".join(f"{line[:-1]}, priority: {n}}}" if "svc" in line else line for n, line in enumerate(lines, 1)) + "\n"
    )


def test_a_priority_belongs_to_the_service_alone() -> None:
    few, many = platform(services(5)), platform(services(40))
    for name, service in few.services.items():
        assert routing.priority(many.services[name]) == routing.priority(service)
    numbers = [routing.priority(service) for service in many.services.values()]
    assert len(set(numbers)) == 40
    assert all(1 <= number <= 50000 for number in numbers)


def test_specific_paths_come_before_general_ones_whatever_the_names() -> None:
    for one, other in (("aaa", "zzz"), ("zzz", "aaa")):
        text = (
            SMALL
            + f"""
  {one}: {{kind: web, host: api, paths: [/a/b/c/*], source: {{repository: x/y}}}}
  {other}: {{kind: web, host: api, source: {{repository: x/y}}}}
"""
        )
        found = platform(text).services
        assert routing.priority(found[one]) < routing.priority(found[other])


def test_a_path_that_another_hides_is_refused() -> None:
    text = (
        SMALL
        + """
  wide: {kind: web, host: api, paths: [/a*], priority: 100, source: {repository: x/y}}
  narrow: {kind: web, host: api, paths: [/a/b*], source: {repository: x/y}}
"""
    )
    with pytest.raises(ConfigError, match=r"services.narrow: path '/a/b\*' is never reached.*set 'priority' below 100"):
        platform(text)
    found = platform(text.replace("priority: 100", "priority: 49000")).services
    assert routing.priority(found["narrow"]) < routing.priority(found["wide"])


def test_an_overfull_cell_is_refused_and_a_second_one_helps() -> None:
    with pytest.raises(ConfigError, match=r"cell 1 has 61 services, at most 60 .* 'cell: 2'"):
        platform(numbered(61))
    assert platform(numbered(60) + "  one-more: {kind: web, cell: 2, source: {repository: x/y}}\n").cells == (1, 2)


def test_the_same_path_in_two_cells_is_two_load_balancers() -> None:
    text = SMALL + "  twin: {kind: web, host: shop, cell: 2, source: {repository: x/y}}\n"
    assert platform(text).cells == (1, 2)


def test_without_a_domain_paths_tell_services_apart() -> None:
    bare = SMALL.replace("domain: demo.example\n", "").replace("shop: {", "shop: {paths: [/shop*], ")
    assert platform(bare).services["shop"].host is None
    twice = bare + "  cart: {kind: web, paths: [/shop*], source: {repository: x/y}}\n"
    with pytest.raises(ConfigError, match=r"services.cart: .*'/shop\*' already reaches 'shop'"):
        platform(twice)
