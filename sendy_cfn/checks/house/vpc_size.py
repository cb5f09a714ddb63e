"""An IPv4 block of a VPC is between /16 and /28.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sendy_cfn.checks.house.rule import Found, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View

LARGEST, SMALLEST = 16, 28  # prefix lengths


def _find(view: View) -> Iterator[Found]:
    for resource in view.of("AWS::EC2::VPC", "AWS::EC2::VPCCidrBlock"):
        for text in view.texts(resource.given.get("CidrBlock")):
            prefix = re.fullmatch(r"[0-9.]+/([0-9]{1,2})", text)
            if prefix and not LARGEST <= int(prefix[1]) <= SMALLEST:
                message = f"CidrBlock {text} is /{prefix[1]}, expected /{LARGEST} to /{SMALLEST}"
                yield Found(resource.at("CidrBlock"), resource.id, message)


RULE = Rule(
    "house-vpc-size",
    "An IPv4 block of a VPC is between /16 and /28",
    "the VPC is refused (InvalidVpc.Range)",
    "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html",
    _find,
)
