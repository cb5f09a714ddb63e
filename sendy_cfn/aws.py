"""What every command that talks to AWS needs: a session, and errors as one line instead of a traceback.

RefusedError   nothing was started: bad input, wrong account, no credentials; exit status 2
FailedError    it was started and did not work; exit status 1
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import boto3
from botocore import exceptions as boto
from botocore.config import Config

from sendy_cfn.errors import BAD_INPUT, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

FAILED, INTERRUPTED = 1, 130
_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.CredentialRetrievalError,
    boto.PartialCredentialsError,
    boto.ProfileNotFound,
    boto.TokenRetrievalError,
    boto.SSOError,
)
_BAD_CREDENTIALS = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


class RefusedError(Exception):
    """The command can't start; the message says what to do about it."""


class FailedError(Exception):
    """The command started and failed; the message says at what."""


class Account:
    """AWS as the command's user sees it in one region: credentials from the environment, a profile, or SSO."""

    def __init__(self, region: str) -> None:
        """Raises: RefusedError where no credentials are found."""
        try:
            self._session = boto3.session.Session(region_name=region)
        except _NO_CREDENTIALS as error:
            raise RefusedError(f"no usable AWS credentials: {_line(error)}") from error
        self.region = region
        # Without a connection, that should be known soon.
        self.id = str(self.client("sts", attempts=2).get_caller_identity()["Account"])

    def client(self, service: str, attempts: int = 10) -> Any:
        """A boto3 client; it waits and tries again when AWS throttles."""
        retries = {"mode": "standard", "total_max_attempts": attempts}
        return self._session.client(service, config=Config(retries=retries))

    def check(self, expected: str | None, place: str) -> None:
        """Raises: RefusedError where platform.yaml wants `place` in another account."""
        if expected is not None and expected != self.id:
            raise RefusedError(
                f"these credentials are for account {self.id}, but platform.yaml has {place} in {expected}: "
                "choose others with AWS_PROFILE"
            )


def guarded(program: str, run: Callable[[], int]) -> int:
    """Run a command; comes back with its exit status, after one line for an expected error."""
    try:
        return run()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except RefusedError as error:
        return _end(program, str(error), BAD_INPUT)
    except _NO_CREDENTIALS as error:
        return _end(program, f"no usable AWS credentials: {_line(error)}", BAD_INPUT)
    except FailedError as error:
        return _end(program, str(error), FAILED)
    except boto.ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _BAD_CREDENTIALS:
            return _end(program, f"AWS does not take these credentials: {_line(error)}", BAD_INPUT)
        return _end(program, _line(error), FAILED)
    except (boto.BotoCoreError, OSError) as error:
        return _end(program, _line(error), FAILED)
    except KeyboardInterrupt:
        return _end(program, "interrupted; what was begun goes on in AWS", INTERRUPTED)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _end(program: str, message: str, status: int) -> int:
    print(f"{program}: {message}", file=sys.stderr)
    return status
