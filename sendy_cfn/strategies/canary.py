"""Canary: a small share of the traffic moves first; the rest follows when no alarm went off meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import ecs

from sendy_cfn.knobs import release as knobs
from sendy_cfn.strategies import traffic_shift

if TYPE_CHECKING:
    from sendy_cfn.blocks.web import Arrangement, Web


def build(web: Web) -> Arrangement:
    """Old tasks stay for the bake time after the second step; an alarm moves the traffic back at once."""
    configuration = traffic_shift.deployment("CANARY")
    configuration.CanaryConfiguration = ecs.CanaryConfiguration(
        CanaryPercent=knobs.CANARY_PERCENT.take(web.template),
        CanaryBakeTimeInMinutes=knobs.CANARY_BAKE_MINUTES.take(web.template),
    )
    return traffic_shift.build(web, configuration)
