"""Alarms of NAT gateways.

https://docs.aws.amazon.com/vpc/latest/userguide/metrics-dimensions-nat-gateway.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.blocks.alarms import FIVE_MINUTES, console, metric, of_formula, of_metric
from sendy_cfn.blocks.net import when
from sendy_cfn.knobs import network as knobs

if TYPE_CHECKING:
    from troposphere import Template, cloudwatch, ec2

    from sendy_cfn.blocks.net import Zone

NAMESPACE = "AWS/NATGateway"


def stem(platform: str) -> str:
    """What the name of the composite alarm has before its end, for Sub; with a `_`, as no service's alarm has it."""
    return f"{platform}-${{Environment}}-nat_gateways"


def of_gateway(
    template: Template, name: str, zone: Zone, gateway: ec2.NatGateway, condition: str
) -> list[cloudwatch.Alarm]:
    """Connections that find no port, and packets that are dropped; `name` begins the alarms' names, for Sub."""
    of = {"NatGatewayId": gateway.ref()}
    page = console(f"vpcconsole/home?#NatGatewayDetails:natGatewayId=${{{gateway.title}}}")
    name = f"{name}-nat-{zone.letter.lower()}"
    total = "FILL(a, 0) + FILL(b, 0)"
    return [
        of_metric(
            f"NatPortsAlarm{zone.letter}",
            f"{name}-ports",
            "A NAT gateway has no free port for new connections to one address. Look first at its active connections,"
            f" then at which task opens most, in the flow log: {page}",
            (NAMESPACE, "ErrorPortAllocation", of),
            knobs.NAT_PORT_ERRORS.take(template),
            **when(condition),
        ),
        of_formula(
            f"NatDropsAlarm{zone.letter}",
            f"{name}-drops",
            f"A NAT gateway drops packets. Look first at AWS's health dashboard, then at the gateway's traffic: {page}",
            f"IF({total} > 0, 10000 * FILL(d, 0) / ({total}), 0)",
            [
                metric(key, NAMESPACE, metric_name, "Sum", of, FIVE_MINUTES)
                for key, metric_name in (
                    ("d", "PacketsDropCount"),
                    ("a", "PacketsInFromSource"),
                    ("b", "PacketsInFromDestination"),
                )
            ],
            knobs.NAT_DROPPED_PACKETS.take(template),
            EvaluationPeriods=3,
            **when(condition),
        ),
    ]
