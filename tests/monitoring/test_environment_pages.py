"""Pages of the dashboard of an environment: that every service has its place, and that templates stay small enough."""

from __future__ import annotations

import pytest

from sendy_cfn import stacks
from sendy_cfn.config.model import Platform
from sendy_cfn.generator import MAX_BYTES
from sendy_cfn.render import render
from tests.generated import Document
from tests.monitoring.test_environment_dashboard import complete, pages, sound
from tests.platforms import platform


def described(services: dict[str, str], *, environments: str = "", cells: int = 1, name: str = "pp") -> Platform:
    head = environments or "  e: {region: eu-west-1}"
    made = "\n".join(
        f"  {service}: {{kind: web, source: {{repository: a/b}}, cell: {number % cells + 1}{more}}}"
        for number, (service, more) in enumerate(services.items())
    )
    where = "{region: eu-west-1, source: {repository: a/b}}"
    return platform(
        f"platform: {name}\ndomain: full.example\ntoolchain: {where}\ncluster: {{ec2: [amd64, arm64]}}\n"
        f"environments:\n{head}\nservices:\n{made}\n"
    )


def built(of: Platform) -> dict[str, Document]:
    minutes = {name: dict.fromkeys(of.environments, 14) for name in of.services}
    found = {}
    for unit in stacks.units(of, minutes, minutes):
        if unit.builder.startswith("stacks.monitoring:"):
            template = unit.build({})
            size = len(render(template).encode())
            assert size <= MAX_BYTES, f"{unit.file}: {size}"
            found[unit.file] = template.to_dict()
    return found


def test_a_service_whose_name_is_part_of_anothers_leaves_its_deployments_out() -> None:
    of = described(dict.fromkeys(("api", "api-orders", "orders-api-v2", "web"), ""))
    ((_, body),) = [(place, one) for place in of.environments.values() for one in pages(built(of), place)]
    searches = {
        one["properties"]["title"]: one["properties"]["metrics"][0][0]["expression"]
        for one in body["widgets"]
        if one["properties"].get("title", "").endswith(": deployments")
    }
    assert "NOT Resource=pp-e-api-orders NOT Resource=pp-e-orders-api-v2" in searches["api: deployments"]
    assert "NOT Resource=pp-e-orders-api-v2" in searches["api-orders: deployments"]
    assert "NOT" not in searches["orders-api-v2: deployments"] + searches["web: deployments"]


def long(count: int) -> dict[str, str]:
    return {f"service-of-24-letters-{number:02d}": "" for number in range(count)}


BOTH = "clusters: [blue, green]"
SWITCHED = f"  twelve-chars: {{region: eu-west-1, {BOTH}, strategy: cluster-switch}}"


@pytest.mark.parametrize(
    ("services", "environments", "cells", "most"),
    [
        (long(60), f"  twelve-chars: {{region: eu-west-1, {BOTH}}}", 1, 1),  # all of a cell in one template
        (long(60), SWITCHED, 1, 1),
        (dict.fromkeys(long(60), ", alarms: release"), SWITCHED, 1, 1),
        (long(60), SWITCHED, 6, 6),
        ({"-".join(["aa", *"bcdefghijkl"[:number]]): "" for number in range(11)}, SWITCHED, 1, 2),
    ],
    ids=["plain", "switched", "few alarms", "cells", "names that are part of others"],
)
def test_as_many_services_as_a_cell_has_fit(services: dict[str, str], environments: str, cells: int, most: int) -> None:
    of = described(services, environments=environments, cells=cells, name="sixteen-letters0")
    templates = built(of)
    for place in of.environments.values():
        bodies = pages(templates, place)
        assert len(bodies) <= most
        complete(of, place, bodies)
        for body in bodies:
            sound(body)
        assert len({body["Name"] for body in bodies}) == len(bodies)
        shown = [line for body in bodies for one in body["widgets"] for line in one["properties"].get("metrics", [])
                 if line[0] == "ECS/ContainerInsights" and line[1] == "CpuReserved"]  # fmt: skip
        assert len(shown) == cells * len(place.clusters)  # each cluster once
