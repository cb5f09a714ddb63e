"""Policies that would be longer than IAM takes. Each yields (path of the culprit, what is wrong).

AWS: a managed policy has at most 6,144 characters, white space not counted.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.config.model import Platform, Service

Finding = tuple[str, str]
POLICY = 6_144  # characters

# What a policy has beside the texts of the input, at most.
_DOCUMENT = len('{"Version":"2012-10-17","Statement":[]}')
_STATEMENT = len('{"Sid":"Declared99","Effect":"Allow","Action":[],"Resource":[]},')
_QUOTED = len('"",')
_EXECUTION = 1_500  # log group, repository, key, and the statements around the secrets
_SECRET = len("arn:aws-us-gov:secretsmanager:ap-northeast-1:123456789012:secret:-??????")
# The longest that CloudFormation fills in.
_FILLED_IN = {"{partition}": "aws-us-gov", "{region}": "ap-northeast-1", "{account}": "123456789012"}


def broken(platform: Platform) -> Iterator[Finding]:
    """Services whose policies are too long."""
    longest = max(platform.environments, key=len, default="")
    for service in platform.services.values():
        at = f"services.{service.name}"
        for key, length in (("permissions", _permissions(service, longest)), ("secrets", _secrets(service, longest))):
            if length > POLICY:
                yield (
                    f"{at}.{key}",
                    f"they make a policy of up to {length} characters, IAM takes {POLICY}; fewer, shorter ones or "
                    "ones with a common path and '*'",
                )


def _permissions(service: Service, environment: str) -> int:
    texts = [text for p in service.permissions for text in (*p.actions, *p.resources)]
    return _DOCUMENT + _STATEMENT * len(service.permissions) + sum(_length(text, environment) for text in texts)


def _secrets(service: Service, environment: str) -> int:
    return _EXECUTION + sum(_SECRET + _length(value, environment) for value in service.secrets.values())


def _length(text: str, environment: str) -> int:
    for placeholder, filled in (*_FILLED_IN.items(), ("{environment}", environment)):
        text = text.replace(placeholder, filled)
    return len(text) + _QUOTED
