"""Blue-green: all traffic moves at once, after the new tasks are healthy and have been seen on the test listener."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.strategies import traffic_shift

if TYPE_CHECKING:
    from sendy_cfn.blocks.web import Arrangement, Web


def build(web: Web) -> Arrangement:
    """Old tasks stay for the bake time; an alarm in it moves the traffic back at once."""
    return traffic_shift.build(web, traffic_shift.deployment("BLUE_GREEN"))
