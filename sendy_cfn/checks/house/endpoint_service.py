"""VPC endpoints name a service that AWS has.

https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
Which region has which service is not looked at, nor are names of other prefixes and of other people's services.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from sendy_cfn.checks.house.known import ENDPOINT_SERVICES
from sendy_cfn.checks.house.rule import Found, Rule, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View

NAME = re.compile(r"(?:cn\.)?com\.amazonaws\.(?P<region>[a-z]{2,5}(?:-[a-z]+)+-[0-9]+\.)?(?P<service>.+)")
GLOBAL = ("iam", "s3-global.accesspoint", "savingsplans", "vpce.")  # have no region there, or are somebody else's
ALIKE = 0.85  # of 1, as difflib counts


def _find(view: View) -> Iterator[Found]:
    for endpoint in view.of("AWS::EC2::VPCEndpoint"):
        for text in view.texts(endpoint.given.get("ServiceName")):
            if message := _wrong(text):
                yield Found(endpoint.at("ServiceName"), endpoint.id, message)


def _wrong(text: str) -> str:
    name = NAME.fullmatch(text)
    start = ".".join(text.split(".")[:2])
    if name is None:
        alike = difflib.SequenceMatcher(None, start, "com.amazonaws").ratio() >= ALIKE
        return f"ServiceName {text!r}, expected com.amazonaws.<region>.<service>" if alike else ""
    if name["service"].startswith(GLOBAL):
        return ""
    if name["service"].removesuffix(".cn") not in ENDPOINT_SERVICES:
        return unknown("endpoint service", name["service"], ENDPOINT_SERVICES)
    return "" if name["region"] else f"ServiceName {text!r} has no region"


RULE = Rule(
    "house-endpoint-service",
    "A VPC endpoint names a service that AWS has",
    "the endpoint is refused: the service does not exist (InvalidServiceName)",
    "https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html",
    _find,
)
