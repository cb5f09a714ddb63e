"""Which strategy releases a service in which environment, and the template that this gives.

A strategy decides structure, so a service has one template per variant that its environments use; environments of the
same variant share it byte for byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sendy_cfn.config.words import Colour, Strategy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sendy_cfn.config.model import Environment, Platform, Service

# ECS moves the traffic between two target groups by itself, and can pause in between.
NATIVE = (Strategy.BLUE_GREEN, Strategy.LINEAR, Strategy.CANARY)
# The new version answers on the load balancer's test listener first.
TEST_TRAFFIC = (*NATIVE, Strategy.CODEDEPLOY)
# A build looks at the service's stack during the release.
LOOKS = (Strategy.CODEDEPLOY, Strategy.CLUSTER_SWITCH)


class Variant(NamedTuple):
    """What makes one service template differ from another of the same service."""

    strategy: Strategy = Strategy.ROLLING
    pause: bool = False

    @property
    def suffix(self) -> str:
        """Its part of the template's file name; none for rolling."""
        if self.strategy is Strategy.ROLLING:
            return ""
        return f"-{self.strategy}{'-pause' if self.pause else ''}"


def variant(service: Service, environment: Environment) -> Variant:
    """How the service is released in the environment."""
    strategy = service.strategies.get(environment.name, environment.strategy)
    return Variant(strategy, environment.pause and strategy in NATIVE)


def variants(service: Service, environments: Iterable[Environment]) -> tuple[Variant, ...]:
    """Every variant of the service that some environment uses, in promotion order."""
    return tuple(dict.fromkeys(variant(service, environment) for environment in environments))


def used(platform: Platform, strategies: Iterable[Strategy]) -> bool:
    """Whether any service is released by one of the strategies anywhere."""
    wanted = set(strategies)
    places = platform.environments.values()
    return any(v.strategy in wanted for service in platform.services.values() for v in variants(service, places))


def service_file(service: Service, of: Variant) -> str:
    """The template that the service's pipeline deploys to environments of the variant."""
    return f"service-{service.name}{of.suffix}.yaml"


def side_host(service: Service, colour: Colour) -> str:
    """The host name of one cluster's side, beside the one that customers use."""
    return f"{service.host}-{colour}"


def side_url(service: Service, environment: Environment, colour: Colour) -> str:
    """Where one cluster's side of the service answers."""
    return f"https://{side_host(service, colour)}.{environment.domain}"
