"""Services name a platform version that Fargate has, or had.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-linux-fargate.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.house.known import PLATFORM_VERSIONS
from sendy_cfn.checks.house.rule import Found, Rule, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import View


def _find(view: View) -> Iterator[Found]:
    for service in view.of("AWS::ECS::Service", "AWS::ECS::TaskSet"):
        for name in view.texts(service.given.get("PlatformVersion")):
            if name not in PLATFORM_VERSIONS:
                line = service.at("PlatformVersion")
                yield Found(line, service.id, unknown("PlatformVersion", name, PLATFORM_VERSIONS))


RULE = Rule(
    "house-platform-version",
    "A service names a platform version that Fargate has",
    "ECS refuses the service: the platform version does not exist (PlatformUnknownException)",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-linux-fargate.html",
    _find,
)
