"""VPC endpoints name a service that AWS has.

https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
Which region has which service is not looked at, nor are names of other prefixes and of other people's services.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sendy_cfn.checks.house.known import ENDPOINT_SERVICES
from sendy_cfn.checks.house.rule import Found, Rule, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View

NAME = re.compile(r"(?:cn\.)?com\.amazonaws\.(?!vpce\.)(?:[a-z]{2,5}(?:-[a-z]+)+-[0-9]+\.)?(?P<service>.+)")
ALMOST = re.compile(
    r"(?!com\.amazonaws\.)com\.?amazon(?:aws)?\.(?=[a-z])|amazonaws\.(?:com\.)?(?=[a-z]{2}-)|aws\.com\."
)


def _find(view: View) -> Iterator[Found]:
    for endpoint in view.of("AWS::EC2::VPCEndpoint"):
        for text in view.texts(endpoint.given.get("ServiceName")):
            name = NAME.fullmatch(text)
            if name and name["service"].removesuffix(".cn") not in ENDPOINT_SERVICES:
                message = unknown("endpoint service", name["service"], ENDPOINT_SERVICES)
            elif not name and ALMOST.match(text):
                message = f"ServiceName {text!r}, expected com.amazonaws.<region>.<service>"
            else:
                continue
            yield Found(endpoint.at("ServiceName"), endpoint.id, message)


RULE = Rule(
    "house-endpoint-service",
    "A VPC endpoint names a service that AWS has",
    "the endpoint is refused: the service does not exist (InvalidServiceName)",
    "https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html",
    _find,
)
