"""Names of what takes a web ACL's logs begin with aws-waf-logs-.

https://docs.aws.amazon.com/waf/latest/developerguide/logging.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sendy_cfn.checks.house.rule import Found, Rule
from sendy_cfn.checks.house.values import choices, items, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.house.view import Resource, View

PREFIX = "aws-waf-logs-"
NAMES = {
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::KinesisFirehose::DeliveryStream": "DeliveryStreamName",
}
IN_ARN = re.compile(r"(?::log-group:|:s3:::|:deliverystream/)(?:\$\{(?P<gap>[^}]*)\}|(?P<name>[^:*/$]*))")


def _find(view: View) -> Iterator[Found]:
    for logging in view.of("AWS::WAFv2::LoggingConfiguration"):
        for item in items(logging.given.get("LogDestinationConfigs")):
            found = IN_ARN.search(_text(item))
            named = found["gap"] if found else target(item)
            destination = view.resources.get(named or "")
            if destination is not None:
                yield from _resource(destination)
            elif found and not named and _is_wrong(found["name"]):
                message = f"destination {found['name']}…, whose name does not begin with {PREFIX}"
                yield Found(logging.at("LogDestinationConfigs"), logging.id, message)


def _resource(destination: Resource) -> Iterator[Found]:
    key = NAMES.get(destination.block["Type"], "")
    if not key:
        return
    if destination.lacks(key):
        message = f"takes a web ACL's logs, but has no {key} that begins with {PREFIX}"
        yield Found(destination.line, destination.id, message)
    for name in map(_text, choices(destination.given.get(key))):
        if _is_wrong(name):
            message = f"takes a web ACL's logs, but {key} {name} does not begin with {PREFIX}"
            yield Found(destination.at(key), destination.id, message)


def _text(value: object) -> str:
    """A text, or that of a Sub with its gaps; nothing of what is unknown."""
    given = value.get("Fn::Sub") if isinstance(value, dict) else value
    text = given[0] if isinstance(given, list) and given else given
    return text if isinstance(text, str) else "$"


def _is_wrong(name: str) -> bool:
    """Whether a name can't begin as it should, whatever fills its gaps."""
    start, gap, _ = name.partition("$")
    return not start.startswith(PREFIX) and not (gap and PREFIX.startswith(start))


RULE = Rule(
    "house-waf-log-name",
    "The log group, bucket or stream that takes a web ACL's logs has a name that begins with aws-waf-logs-",
    "WAF refuses the logging configuration (WAFInvalidParameterException)",
    "https://docs.aws.amazon.com/waf/latest/developerguide/logging.html",
    _find,
)
