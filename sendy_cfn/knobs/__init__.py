"""Every Knob by name: one name, one meaning in all templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.knobs import alarms, cluster, common, network, release, service, toolchain

if TYPE_CHECKING:
    from sendy_cfn.parameters import Knob

OF_SERVICES: tuple[Knob, ...] = (
    *service.KNOBS,
    *release.KNOBS,
    *alarms.KNOBS,
    common.LOG_RETENTION_DAYS,
    common.FULL_MONITORING,
)
ALL: tuple[Knob, ...] = (*common.KNOBS, *network.KNOBS, *cluster.KNOBS, *OF_SERVICES, *toolchain.KNOBS)
BY_NAME: dict[str, Knob] = {knob.name: knob for knob in ALL}

# Pairs of which the first must not be more than the second. CloudFormation checks each alone.
BELOW: tuple[tuple[str, str], ...] = (  # the first has to be less
    ("HealthTimeout", "HealthInterval"),
    ("CollectorMemory", "Memory"),
)
ORDERED: tuple[tuple[str, str], ...] = (
    ("MinTasks", "MaxTasks"),
    ("StandbyTasks", "MaxTasks"),
    ("Amd64InstancesMin", "Amd64InstancesMax"),
    ("Arm64InstancesMin", "Arm64InstancesMax"),
)


def find(name: str) -> Knob:
    """The knob of that name; those that exist once per environment are made on demand.

    Raises:
        KeyError: no template has such a parameter; a mistake in a builder, not in the input.
    """
    return BY_NAME.get(name) or toolchain.environment_role(name)
