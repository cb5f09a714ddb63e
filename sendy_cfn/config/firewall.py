"""Whether the web ACL's limit for each client lets through what releases and health checks send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.config.releases import variant
from sendy_cfn.config.words import Strategy, Test
from sendy_cfn.knobs.toolchain import LOAD_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.config.model import Environment, Platform

# Requests of a release's other tests in five minutes, at most: smoke asks two paths every half second for two minutes,
# regression sends 24, verify asks two paths every 15 seconds.
OTHER_TESTS = 600
# Each of Route 53's checkers asks each health check once in ten seconds.
CHECKS_PER_SERVICE = 30  # requests in five minutes


def too_low(platform: Platform, environment: Environment, limit: int, rate: int) -> str:
    """What is wrong with RequestsPerClient, in words; "" where nothing is.

    `limit` is requests in five minutes from one address, `rate` the load test's requests per second.
    """
    for needed, why in _needs(platform, environment, rate) if platform.has_domain else ():
        if limit < needed:
            return f"RequestsPerClient {limit} is less than the {needed} in five minutes that {why}"
    return ""


def _needs(platform: Platform, environment: Environment, rate: int) -> Iterator[tuple[int, str]]:
    services = platform.services.values()
    if Test.LOAD in environment.tests and any(not service.tests.load for service in services):
        yield (
            LOAD_SECONDS * rate + OTHER_TESTS,
            f"a release's tests send from one address: LoadRequestsPerSecond {rate} (toolchain.yaml) for "
            f"{LOAD_SECONDS} s, and {OTHER_TESTS} by the others",
        )
    for cell in platform.cells:
        members = [service for service in services if service.cell == cell]
        checked = sum(variant(service, environment).strategy is Strategy.CLUSTER_SWITCH for service in members)
        yield (
            CHECKS_PER_SERVICE * checked,
            f"each of Route 53's checkers sends for {checked} services by 'cluster-switch'",
        )
