"""A route to an internet gateway is made after the gateway is attached to the VPC.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html#gatewayattachment
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.house.rule import Found, Rule
from sendy_cfn.checks.house.values import choices, mentions, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View

GATEWAYS = ("AWS::EC2::InternetGateway", "AWS::EC2::VPNGateway")


def _find(view: View) -> Iterator[Found]:
    attachments = list(view.of("AWS::EC2::VPCGatewayAttachment"))
    for route in view.of("AWS::EC2::Route"):
        for choice in choices(route.given.get("GatewayId")):
            gateway = view.resources.get(target(choice) or "")
            if gateway is None or gateway.block["Type"] not in GATEWAYS:
                continue
            attaching = [attachment.id for attachment in attachments if gateway.id in mentions(attachment.given)]
            if attaching and not view.before(route) & set(attaching):
                message = f"no DependsOn {' or '.join(attaching)}, which attaches {gateway.id} to the VPC"
                yield Found(route.line, route.id, message)


RULE = Rule(
    "house-gateway-route",
    "A route to an internet gateway depends on the gateway's attachment to the VPC",
    "whichever is made first decides: EC2 refuses a route to a gateway that is not attached yet",
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html",
    _find,
)
