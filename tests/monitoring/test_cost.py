"""What docs/monitoring.md says of costs is what the templates come to."""

from __future__ import annotations

import re

import pytest

from sendy_cfn.costs import DASHBOARD, METRIC
from tests.generated import generated
from tests.monitoring.cost import monthly
from tests.platforms import ROOT

DOCS = (ROOT / "docs/monitoring.md").read_text()


@pytest.mark.parametrize("services", [3, 20, 60])
def test_the_table_of_costs(services: int) -> None:
    (row,) = re.findall(rf"^\| {services} \|(.*)\|$", DOCS, re.MULTILINE)
    cost = monthly(generated(ROOT / "params"), services)
    said = [cell.strip() for cell in row.split("|")]
    expected = [cost.filters, cost.metrics, cost.dashboards, cost.megabytes, round(cost.dollars)]
    assert said == [str(number) for number in expected]


def test_the_prices_are_those_in_the_text() -> None:
    for price in (METRIC, DASHBOARD):
        assert f"${price:.2f}" in DOCS
