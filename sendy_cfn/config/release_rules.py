"""Strategies that can't work where they are asked for, and why. Each yields (path of the culprit, what is wrong)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.config import releases
from sendy_cfn.config.words import Capacity, Colour, Strategy
from sendy_cfn.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sendy_cfn.config.model import Environment, Platform, Service

Finding = tuple[str, str]
DNS_LABEL = 63  # characters; RFC 1035
# AWS: per application load balancer, not adjustable.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
TARGET_GROUPS = 100
SWITCHED_PATHS = 3  # same page: 5 condition values per rule


def broken(platform: Platform, environments: Collection[str]) -> Iterator[Finding]:
    """Every broken rule; `environments` are all that the file names, those with mistakes in them too."""
    for service in platform.services.values():
        for name in service.strategies:
            if name not in environments:
                known = list(environments)
                hint = nearest(name, known) or f", known are {', '.join(known)}"
                yield f"services.{service.name}.strategies.{name}", f"unknown environment{hint}"
    by_host: dict[str | None, list[str]] = {}
    for service in platform.services.values():
        by_host.setdefault(service.host, []).append(service.name)
    for environment in platform.environments.values():
        yield from _pause(platform, environment)
        for service in platform.services.values():
            strategy = releases.variant(service, environment).strategy
            for message in _unfit(platform, environment, service, strategy, by_host[service.host]):
                yield _at(service, environment), f"'{strategy}' {message}"
        yield from _target_groups(platform, environment)
    yield from _hosts(platform)
    yield from _sides(platform)
    yield from _files(platform)


def _at(service: Service, environment: Environment) -> str:
    """Where the strategy was chosen."""
    if environment.name in service.strategies:
        return f"services.{service.name}.strategies.{environment.name}"
    return f"environments.{environment.name}.strategy"


def _pause(platform: Platform, environment: Environment) -> Iterator[Finding]:
    able = [s for s in platform.services.values() if releases.variant(s, environment).pause]
    if environment.pause and not able:
        needs = ", ".join(releases.NATIVE)
        yield f"environments.{environment.name}.pause", f"no service of it can pause: only {needs} have pause hooks"


def _unfit(
    platform: Platform, environment: Environment, service: Service, strategy: Strategy, on_host: list[str]
) -> Iterator[str]:
    if strategy is Strategy.CLUSTER_SWITCH:
        sharing = [name for name in on_host if name != service.name]
        if len(service.paths) > SWITCHED_PATHS:
            yield (
                f"takes at most {SWITCHED_PATHS} paths, {service.name} has {len(service.paths)}: a listener rule has 5 "
                "values, and two are the host names of the service and of its side"
            )
        if len(environment.clusters) < 2:
            yield f"needs two clusters: 'clusters: [blue, green]' in environments.{environment.name}"
        if not platform.has_domain:
            yield "needs the platform's 'domain': the switch is one of DNS records"
        if sharing and platform.has_domain:
            yield (
                f"needs a host of its own: '{service.host}' is also that of {', '.join(sharing)}, and its DNS records "
                f"would switch for all of them; give {service.name} another 'host'"
            )
    if strategy is Strategy.CODEDEPLOY and service.capacity is not Capacity.FARGATE:
        yield (
            f"needs 'capacity: fargate': CodeDeploy starts the new tasks with a launch type, "
            f"{service.name} has '{service.capacity}'; blue-green works with every capacity"
        )


def _target_groups(platform: Platform, environment: Environment) -> Iterator[Finding]:
    """A service has one on each load balancer that it uses, two where traffic moves between them."""
    counts: dict[int, int] = {}
    for service in platform.services.values():
        moves = releases.variant(service, environment).strategy in releases.TEST_TRAFFIC
        counts[service.cell] = counts.get(service.cell, 0) + 1 + moves
        if counts[service.cell] - 1 - moves <= TARGET_GROUPS < counts[service.cell]:
            yield (
                f"services.{service.name}",
                f"more than {TARGET_GROUPS} target groups on the load balancer of cell {service.cell} in "
                f"'{environment.name}': services whose traffic moves have two; give the others "
                f"'cell: {max(platform.cells) + 1}'",
            )


def _hosts(platform: Platform) -> Iterator[Finding]:
    """Each side of a switched service has a host name of its own."""
    owners = {service.host: service for service in platform.services.values()}
    for service in platform.services.values():
        places = platform.environments.values()
        if not any(v.strategy is Strategy.CLUSTER_SWITCH for v in releases.variants(service, places)):
            continue
        for colour in Colour:
            host = releases.side_host(service, colour)
            if host in owners:
                taken = f"'{host}' is where its {colour} side answers, and the host of '{owners[host].name}'"
                yield f"services.{service.name}", f"{taken}; give one of them another 'host'"
            if len(host) > DNS_LABEL:
                yield f"services.{service.name}.host", f"'{host}' has {len(host)} characters, DNS takes {DNS_LABEL}"


def _sides(platform: Platform) -> Iterator[Finding]:
    """Alarms and task definitions of a switched service's sides have its name and the colour."""
    places = platform.environments.values()
    for service in platform.services.values():
        for colour in Colour:
            name = f"{service.name}-{colour}"
            if name in platform.services and any(
                v.strategy is Strategy.CLUSTER_SWITCH for v in releases.variants(service, places)
            ):
                yield (
                    f"services.{name}",
                    f"'{name}' is how the {colour} side of '{service.name}' is called: rename one of the services",
                )


def _files(platform: Platform) -> Iterator[Finding]:
    """A service's template for one variant must not be another service's."""
    owners: dict[str, str] = {}
    for service in platform.services.values():
        for variant in releases.variants(service, platform.environments.values()):
            file = releases.service_file(service, variant)
            if owners.setdefault(file, service.name) != service.name:
                yield (
                    f"services.{service.name}",
                    f"its template {file} is also that of '{owners[file]}': rename one of the services",
                )
