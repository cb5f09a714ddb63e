"""What the builds that take on a role share: the answers of AWS to the recorder's calls."""

import json
from typing import Any, Final

READER: Final = "arn:aws:iam::000000000000:role/courier/orders-reader"
REGION: Final = "eu-west-1"
SESSION: Final = ("READERKEY", "reader-hidden", "reader-token")
ASSUME: Final = {"match": "sts assume-role", "replies": [{"out": "\t".join(SESSION) + "\n"}]}
REFUSED: Final = {"status": 254, "err": "An error occurred (AccessDenied) when calling an operation: not authorized\n"}


def answers(match: str, *replies: object) -> dict[str, Any]:
    """A rule for calls with the reader's session: an object as JSON, a text as it is, one with `err` as a failure."""
    need = dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), SESSION, strict=True))
    return {"match": match, "need": need, "replies": [_reply(reply) for reply in replies]}


def _reply(reply: object) -> object:
    if isinstance(reply, dict) and "err" in reply:
        return reply
    return {"out": reply if isinstance(reply, str) else json.dumps(reply)}
