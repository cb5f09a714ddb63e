"""Linear: the traffic moves in equal steps, with time between them in which alarms are watched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import ecs

from sendy_cfn.knobs import release as knobs
from sendy_cfn.strategies import traffic_shift

if TYPE_CHECKING:
    from sendy_cfn.blocks.web import Arrangement, Web


def build(web: Web) -> Arrangement:
    """Old tasks stay for the bake time after the last step; an alarm moves the traffic back at once."""
    configuration = traffic_shift.deployment("LINEAR")
    configuration.LinearConfiguration = ecs.LinearConfiguration(
        StepPercent=knobs.STEP_PERCENT.take(web.template),
        StepBakeTimeInMinutes=knobs.STEP_BAKE_MINUTES.take(web.template),
    )
    return traffic_shift.build(web, configuration)
