"""What is cut short exists, so that nothing is said to be cut short that is not."""

from __future__ import annotations

import re

import pytest
import yaml

from rehearsal import waits
from rehearsal.waits import Waits
from tests.platforms import ROOT

ALL = {"dry": waits.DRY, "short": waits.SHORT, "long": waits.LONG}


def test_rows_name_every_change() -> None:
    given = Waits({"TTL_SECONDS": "0"}, {"test": {"MinTasks": "1"}, "*": {"MinTasks": "2"}}, resolver=10)
    assert [(row[0], row[2]) for row in given.rows()] == [
        ("variable TTL_SECONDS of builds", "0"),
        ("MinTasks in test", "1"),
        ("MinTasks in the other environments", "2"),
        ("time that the resolver keeps answers", "10 s"),
    ]


def test_nothing_is_changed_without_a_reason() -> None:
    assert Waits().rows() == ()


@pytest.mark.parametrize("name", ALL)
def test_variables_are_those_of_deployed_builds(name: str) -> None:
    builds = "".join((ROOT / "templates" / f"{file}.yaml").read_text() for file in ("builds-orders", "release-tools"))
    assert set(ALL[name].variables) - set(re.findall(r"\w+", builds)) == set()
    assert all(float(value) >= 0 for value in ALL[name].variables.values())


@pytest.mark.parametrize("file", ["service-orders", "service-orders-cluster-switch"])
@pytest.mark.parametrize("name", ALL)
def test_values_are_numbers_that_the_templates_of_the_service_take(name: str, file: str) -> None:
    text = (ROOT / "templates" / f"{file}.yaml").read_text()
    wanted = yaml.load(text, Loader=yaml.BaseLoader)["Parameters"]
    for values in ALL[name].values.values():
        for key, value in values.items():
            low, high = (float(wanted[key].get(limit, value)) for limit in ("MinValue", "MaxValue"))
            assert low <= float(value) <= high, key
