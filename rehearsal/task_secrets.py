"""The secrets of a task, read as ECS reads them before a container starts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from rehearsal.full.scheduler_parts import TaskFailedError

_SECRET_ARN_PARTS = 7  # arn:partition:secretsmanager:region:account:secret:name


class SecretError(TaskFailedError):
    """A secret of a task is not there; the message is the one ECS stops the task with."""


def secrets(wanted: Sequence[Mapping[str, str]], ssm: Any, secretsmanager: Any) -> dict[str, str]:
    """The environment variables of `secrets` of a container definition.

    Each `valueFrom` is the name or ARN of an SSM parameter, or the ARN of a Secrets Manager secret, which may go on
    with `:json-key:version-stage:version-id`.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Secret.html

    Raises:
        SecretError: one of them cannot be read.
    """
    return {secret["name"]: _read(secret["valueFrom"], ssm, secretsmanager) for secret in wanted}


def _read(source: str, ssm: Any, secretsmanager: Any) -> str:
    try:
        if ":secretsmanager:" in source:
            return _from_secrets_manager(source, secretsmanager)
        return _from_parameter_store(source, ssm)
    except (ClientError, BotoCoreError) as error:
        raise _missing(source, str(error)) from error


def _from_parameter_store(source: str, ssm: Any) -> str:
    found = ssm.get_parameters(Names=[source], WithDecryption=True)["Parameters"]
    if not found:
        raise _missing(source, "invalid ssm parameters")
    return str(found[0]["Value"])


def _from_secrets_manager(source: str, secretsmanager: Any) -> str:
    parts = source.split(":")
    key, stage, version = (*parts[_SECRET_ARN_PARTS:], "", "", "")[:3]
    which = {"VersionStage": stage, "VersionId": version}
    arn = ":".join(parts[:_SECRET_ARN_PARTS])
    text = secretsmanager.get_secret_value(SecretId=arn, **{name: value for name, value in which.items() if value}).get(
        "SecretString", ""
    )
    if not key:
        return str(text)
    try:
        value = json.loads(text)[key]
    except (ValueError, KeyError, TypeError) as error:
        raise _missing(source, f"retrieved secret did not contain json key {key}") from error
    return value if isinstance(value, str) else json.dumps(value)


def _missing(source: str, why: str) -> SecretError:
    return SecretError(
        "ResourceInitializationError: unable to pull secrets or registry auth: "
        f"execution resource retrieval failed: {source}: {why}"
    )
