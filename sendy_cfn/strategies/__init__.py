"""Release strategies: one file each, listed here."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from sendy_cfn.config.words import Strategy

if TYPE_CHECKING:
    from sendy_cfn.blocks.web import Arrangement, Web

# Strategy -> module here, whose `build` makes what a service is released with. Imported when a service uses it.
STRATEGIES: dict[Strategy, str] = {
    Strategy.ROLLING: "rolling",
    Strategy.BLUE_GREEN: "blue_green",
    Strategy.LINEAR: "linear",
    Strategy.CANARY: "canary",
    Strategy.CODEDEPLOY: "codedeploy",
    Strategy.CLUSTER_SWITCH: "cluster_switch",
}


def build(web: Web) -> Arrangement:
    """What the web service's strategy makes of it."""
    module = importlib.import_module(f"sendy_cfn.strategies.{STRATEGIES[web.variant.strategy]}")
    found: Arrangement = module.build(web)
    return found
