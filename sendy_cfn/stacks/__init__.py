"""The only list of stacks: what is built from a platform, in which order, from what.

platform -> units() -> one template per unit, children before the roots that nest them. Builders are imported when a
unit is really built, so that an unchanged unit costs no import.
"""

from __future__ import annotations

import dataclasses
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sendy_cfn.config import releases
from sendy_cfn.config.fields import declared
from sendy_cfn.config.words import Provider, Strategy, Vpc
from sendy_cfn.names import cluster_id
from sendy_cfn.stacks import pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from troposphere import Template

    from sendy_cfn.config.model import Environment, Platform, Service
    from sendy_cfn.stacks.interface import Interface


@dataclass(frozen=True, slots=True)
class Unit:
    """One template to build: `builder` is "module:function" below sendy_cfn."""

    file: str
    builder: str
    platform: Platform
    inputs: tuple[Any, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    children: tuple[str, ...] = ()  # files whose interfaces it needs
    offers: bool = True  # whether its outputs are for other units, too

    def build(self, interfaces: dict[str, Interface]) -> Template:
        """Build it; `interfaces` has those of all earlier units."""
        module, function = self.builder.split(":")
        build = getattr(importlib.import_module(f"sendy_cfn.{module}"), function)
        options: dict[str, Any] = dict(self.options)
        if self.children:
            options["interfaces"] = {file: interfaces[file] for file in self.children}
        template: Template = build(self.platform, *self.inputs, **options)
        return template


def network_file(environment: Environment) -> str:
    """The network template that an environment of this structure nests."""
    return f"network{'-existing' if environment.vpc is Vpc.EXISTING else ''}{_throwaway(environment)}.yaml"


def cluster_file(environment: Environment) -> str:
    """The cluster template that an environment of this structure nests, once per cluster."""
    return f"cluster{_throwaway(environment)}.yaml"


def environment_file(environment: Environment) -> str:
    """The root that this environment is deployed with; environments of equal structure share it."""
    two = "-two-clusters" if len(environment.clusters) > 1 else ""
    existing = "-existing-vpc" if environment.vpc is Vpc.EXISTING else ""
    return f"environment{two}{existing}{_throwaway(environment)}.yaml"


def monitoring_file(environment: Environment, page: int = 1) -> str:
    """The monitoring template that the root of an environment nests; further pages have services only."""
    number = "" if page == 1 else f"-{page}"
    return f"monitoring{number}{environment_file(environment).removeprefix('environment')}"


def toolchain_file(cell: int) -> str:
    """The root with a cell's pipelines."""
    return "toolchain.yaml" if cell == 1 else f"toolchain-{cell}.yaml"


def builds_file(service: Service) -> str:
    """The template of the service's image repository and builds, nested in its pipeline's."""
    return f"builds-{service.name}.yaml"


def pipeline_file(service: Service) -> str:
    """The template of the service's pipeline."""
    return f"pipeline-{service.name}.yaml"


def _throwaway(environment: Environment) -> str:
    return "-throwaway" if environment.throwaway else ""


def uses_connection(platform: Platform) -> bool:
    """Whether any repository is reached through the Git host's connection."""
    sources = (platform.toolchain.source, *(service.source for service in platform.services.values()))
    return any(source.provider is Provider.CONNECTION for source in sources)


def units(
    platform: Platform, worst_cases: Mapping[str, dict[str, int]], watch: Mapping[str, dict[str, int]]
) -> Iterator[Unit]:
    """Every template of the platform.

    For each service, by environment: `worst_cases` has the minutes until a release is decided, `watch` those that its
    alarms are watched afterwards.
    """
    services = tuple(platform.services.values())
    places = tuple(platform.environments.values())
    # Builders see the platform without its services: what a template says of a service is among its unit's inputs, so
    # that a change of one service touches no other's template.
    shared = dataclasses.replace(platform, services={})
    files: list[str] = []  # of services and their pipelines
    strategies: set[Strategy] = set()
    for service in services:
        minutes = worst_cases[service.name]
        for variant in releases.variants(service, places):
            files.append(releases.service_file(service, variant))
            strategies.add(variant.strategy)
            yield Unit(files[-1], "services:build", shared, (service, variant, minutes), offers=False)
        delivered = _delivered(service)
        yield Unit(builds_file(service), "stacks.builds:build", shared, (delivered,), offers=False)
        asked = (tuple(minutes.items()),) if places[0].approval else ()
        yield Unit(
            pipeline_file(service),
            "stacks.pipeline:build",
            shared,
            (delivered, watch[service.name], *asked),
            offers=False,
        )
        files.append(pipeline_file(service))
    needed = {
        "test_listener": bool(strategies.intersection(releases.TEST_TRAFFIC)),
        "commands": any(service.exec for service in services),
    }
    clusters = tuple((name, True) for name, needs in needed.items() if needs)
    yield from _environments(shared, platform.cells, tuple(files), clusters, services)
    used = tuple(strategy for strategy in Strategy if strategy in strategies)
    yield from _toolchains(shared, services, used, uses_connection(platform))


# What matters to running tasks alone. Pipelines and builds don't see it, and so stay as they are when it changes.
_RUNTIME = {
    *("capacity", "port", "paths", "priority", "health_command", "command", "user", "read_only", "exec", "environment"),
    *("secrets", "permissions", "outbound_ports", "scale_on", "tracing"),
}


def _delivered(service: Service) -> Service:
    """The service as its pipeline sees it: what is not its business has the default."""
    kind: Any = type(service)
    defaults: dict[str, Any] = {
        name: field.default_factory() if callable(field.default_factory) else field.default
        for name, field in declared(kind).items()
        if name in _RUNTIME
    }
    return dataclasses.replace(service, **defaults)


def _environments(
    platform: Platform,
    cells: tuple[int, ...],
    services: tuple[str, ...],
    clusters: tuple[tuple[str, bool], ...],
    watched: tuple[Service, ...],
) -> Iterator[Unit]:
    """`services` are files, `clusters` options of the clusters' templates, `watched` is on dashboards."""
    yield Unit("deploy-roles.yaml", "stacks.deploy_roles:build", platform, children=services)
    more = ["deploy-roles.yaml"]
    if any(_elsewhere(platform, environment) for environment in platform.environments.values()):
        yield Unit("forwarding.yaml", "stacks.forwarding:build", platform)
        more.append("forwarding.yaml")
    seen: set[str] = set()
    for environment in platform.environments.values():
        network, cluster, root = network_file(environment), cluster_file(environment), environment_file(environment)
        module = "network_existing" if environment.vpc is Vpc.EXISTING else "network"
        throwaway = (("throwaway", environment.throwaway),)
        monitoring = tuple(_monitoring(platform, environment, cells, pages.of(watched)))
        for unit in (
            Unit(network, f"stacks.{module}:build", platform, options=throwaway),
            Unit(cluster, "stacks.cluster:build", platform, options=(*throwaway, *clusters)),
            *monitoring,
            Unit(
                root,
                "stacks.environment:build",
                platform,
                (network, cluster, environment.clusters, cells, tuple(unit.file for unit in monitoring)),
                children=(network, cluster, *(unit.file for unit in monitoring), *more),
            ),
        ):
            if unit.file not in seen:
                seen.add(unit.file)
                yield unit


def _monitoring(
    platform: Platform, environment: Environment, cells: tuple[int, ...], found: tuple[pages.Page, ...]
) -> Iterator[Unit]:
    """A template for each page of the dashboard of environments like this one."""

    def ids(*of: int) -> tuple[str, ...]:
        return tuple(cluster_id(colour, cell) for cell in cells if cell in of for colour in environment.clusters)

    first, *others = found
    options = (("existing_vpc", environment.vpc is Vpc.EXISTING), ("throwaway", environment.throwaway))
    inputs = (ids(*cells), ids(first.cell), first.rows, len(found))
    yield Unit(monitoring_file(environment), "stacks.monitoring:build", platform, inputs, options)
    for number, page in enumerate(others, 2):
        inputs_of_page = (number, ids(page.cell), page.rows)
        yield Unit(monitoring_file(environment, number), "stacks.monitoring:build_page", platform, inputs_of_page)


def _elsewhere(platform: Platform, place: Environment) -> bool:
    """Whether an environment is in another account or region than the toolchain."""
    here = platform.toolchain
    return (place.account or here.account, place.region) != (here.account, here.region)


def _toolchains(
    platform: Platform, services: tuple[Service, ...], strategies: tuple[Strategy, ...], connection: bool
) -> Iterator[Unit]:
    cells = sorted({1, *(service.cell for service in services)})
    shared = (("shared", len(cells) > 1),)
    base = ["artifacts.yaml"]
    yield Unit("artifacts.yaml", "stacks.artifacts:build", platform, options=shared)
    yield Unit("notifications.yaml", "stacks.notifications:build", platform, options=shared)
    base.append("notifications.yaml")
    if connection:
        yield Unit("source.yaml", "stacks.source:build", platform, options=shared)
        base.append("source.yaml")
    hosted = any(service.source.provider is Provider.CONNECTION for service in services)
    scanned = any(service.scan for service in services)
    options = (*shared, ("strategies", strategies), ("connection", hosted), *(() if scanned else (("scan", False),)))
    yield Unit("release-tools.yaml", "stacks.release_tools:build", platform, options=options)
    base.append("release-tools.yaml")
    if platform.toolchain.monitoring:
        shown = min(service.name for service in services)  # whatever their order
        yield Unit("delivery-monitoring.yaml", "stacks.delivery_monitoring:build", platform, (shown,))
        base.append("delivery-monitoring.yaml")
    for cell in cells:
        members = tuple(service for service in services if service.cell == cell)
        names = tuple(service.name for service in members)
        files = tuple(pipeline_file(service) for service in members)
        first = base if cell == 1 else []
        yield Unit(toolchain_file(cell), "stacks.toolchain:build", platform, (names,), children=(*first, *files))
