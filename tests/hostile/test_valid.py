"""Platforms drawn over the whole schema: what is generated fits, is wired, is named once and reads back."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import event, given, seed
from hypothesis import strategies as st

from sendy_cfn import config, stacks
from sendy_cfn.blocks.order import settle
from sendy_cfn.config.fields import declared
from sendy_cfn.config.model import Environment, Platform, Service
from sendy_cfn.config.words import Strategy
from sendy_cfn.errors import ConfigError
from sendy_cfn.render import render
from sendy_cfn.stacks.interface import Interface
from tests.generated import Generated
from tests.hostile import checked, physical
from tests.hostile.budget import FACTOR, examples
from tests.hostile.folders import Document, Folders, load
from tests.hostile.made import make
from tests.hostile.platforms import platforms


@pytest.fixture(scope="module")
def folders() -> Iterator[Folders]:
    with Folders() as found:
        yield found


COUNTS: Counter[str] = Counter()
SAID: Counter[str] = Counter()


def say(platform: Document) -> None:
    """Count which keys and words came up."""
    for name, document in (("platform", platform), ("toolchain", platform["toolchain"])):
        SAID.update(f"{name}.{key}" for key in document)
    for place in platform["environments"].values():
        SAID.update(f"environment.{key}" for key in place)
    for service in platform["services"].values():
        SAID.update(f"service.{key}" for key in service)
        own = service.get("strategies", {})
        for name, place in platform["environments"].items():
            SAID[f"strategy {own.get(name, place.get('strategy', 'rolling'))}"] += 1


@pytest.mark.parametrize("strategy", Strategy)
def test_what_is_generated_fits_and_is_wired_and_named_once(strategy: Strategy, folders: Folders) -> None:
    @examples(4)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        platform = data.draw(platforms(strategy=strategy))
        say(platform)
        made = make(data.draw, folders.fresh(), platform, COUNTS)
        event("valid" if made else "refused")
        if made is not None:
            checked.limits(made)
            checked.wiring(made)
            names_are_unique_and_fit(made)

    if FACTOR == 1:  # else the few examples of CI would be the same ones for each
        holds = seed(list(Strategy).index(strategy))(holds)
    holds()


def test_sixty_services_are_no_other_case(folders: Folders) -> None:
    @examples(3)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        platform = data.draw(platforms(60))
        assert len(platform["services"]) == 60
        say(platform)
        made = make(data.draw, folders.fresh(), platform, COUNTS)
        if made is not None:
            SAID["sixty"] += 1
            checked.limits(made)
            checked.wiring(made)
            names_are_unique_and_fit(made)

    holds()
    assert SAID["sixty"] > 0, COUNTS


def names_are_unique_and_fit(made: Generated) -> None:
    owners: dict[tuple[str, ...], str] = {}
    count = 0
    for found in physical.named(made):
        count += 1
        key = (found.place, found.kind, found.of, found.name)
        assert owners.setdefault(key, found.where) == found.where, f"{found} is also in {owners[key]}"
        most, pattern = physical.limits(found.kind, found.of)
        assert len(found.name) <= most, found
        assert not pattern or re.search(pattern, found.name), f"{found}: {pattern}"
    assert count > 10


def test_most_drawn_platforms_are_valid_and_say_all_there_is_to_say() -> None:
    """Else the other tests would show little. Runs after them, in the same process."""
    assert COUNTS["drawn"] >= 20
    assert COUNTS["valid"] / COUNTS["drawn"] > 0.6, COUNTS
    assert COUNTS["values taken"] / COUNTS["valid"] > 0.3, COUNTS
    keys = {
        f"{name}.{key}"
        for name, cls in (("platform", Platform), ("environment", Environment), ("service", Service))
        for key in declared(cls)
    }
    assert keys - set(SAID) == set()
    strategies = {key for key in SAID if key.startswith("strategy ")}
    assert len(strategies) == 6, strategies
    if FACTOR > 1:
        print(*COUNTS.most_common(40), sep="\n")


def test_what_is_read_back_is_what_was_built(folders: Folders) -> None:
    @examples(6)
    @given(platforms())
    def holds(platform: Document) -> None:
        folder = folders.fresh()
        folder.put(platform=platform)
        try:
            found = config.load(folder.params)
        except ConfigError:
            return
        minutes = {name: dict.fromkeys(found.environments, 10) for name in found.services}
        interfaces: dict[str, Interface] = {}
        for unit in stacks.units(found, minutes, minutes):
            template = unit.build(interfaces)
            settle(template)
            assert load(render(template)) == json.loads(template.to_json()), unit.file
            interface = Interface.of(template)
            interfaces[unit.file] = interface if unit.offers else interface._replace(outputs=())

    holds()
