"""Values of an environment that don't go with what platform.yaml says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.config import firewall, tracing
from sendy_cfn.config.layers import given, numbers, plain
from sendy_cfn.knobs.network import NAT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.config.layers import Layers
    from sendy_cfn.config.model import Environment, Platform


def broken(platform: Platform, environment: Environment, layers: Layers, rate: int) -> Iterator[tuple[str, str]]:
    """Parameters and what is wrong with them; `rate` is the load test's, requests per second."""
    if wrong := firewall.too_low(platform, environment, numbers(layers)["RequestsPerClient"], rate):
        yield "RequestsPerClient", wrong
    known = given(layers)
    nat = plain(known["Nat"][1]) if "Nat" in known else NAT.default
    if wrong := tracing.unreachable(platform, environment, str(nat)):
        yield "Nat", f"Nat {wrong}"
