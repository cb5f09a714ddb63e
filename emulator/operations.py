"""Operations that a service of ministack lacks, answered in front of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from emulator import names

Request = Mapping[str, Any]
Operations = Mapping[str, Callable[[Request], dict[str, Any]]]


class RefusedError(Exception):
    """The service refuses a request."""

    def __init__(self, code: str, message: str) -> None:
        """The code is what AWS's page of the operation calls the error."""
        self.code = code
        super().__init__(message)


def add(service: str, operations: Operations) -> None:
    """Answer these operations of a service that speaks JSON; the rest goes to ministack.

    Args:
        service: as ministack calls it.
        operations: by name; each takes the request and gives the answer, or raises a RefusedError.
    """
    handlers = names.load_module("ministack.app").__dict__["SERVICE_HANDLERS"]
    plain = handlers[service]

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: Any) -> Any:
        operation = operations.get(headers.get("x-amz-target", "").rpartition(".")[2])
        if operation is None:
            return await plain(method, path, headers, body, query)
        try:
            status, answer = 200, operation(json.loads(body or b"{}"))
        except RefusedError as error:
            status, answer = 400, {"__type": error.code, "message": str(error)}
        # A new mapping each time: ministack adds headers to it.
        return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode()

    handlers[service] = handle
