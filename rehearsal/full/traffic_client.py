"""One user's connection, kept and given up as a browser does it.

Not Locust's own client (geventhttpclient): that one sends an idempotent request again, silently and up to twelve times,
when a connection closes without an answer, on new connections too. A rehearsal has to see exactly those. Only the
standard library is used: the load generator (where gevent replaces the sockets) and the tests run the same code.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from rehearsal.full.traffic_plan import Ask, Plan

IDEMPOTENT = ("GET", "HEAD", "PUT", "DELETE", "OPTIONS")  # RFC 9110, 9.2.2
ESTABLISHED = 1  # first byte of Linux' struct tcp_info; any other state: the peer has closed or reset the connection

# How a kept connection fails when the server closed it while the request was on its way.
_STALE = (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
# The first that fits: http.client.RemoteDisconnected is a ConnectionResetError, everything else is an OSError.
_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (http.client.RemoteDisconnected, "closed without an answer"),
    (ConnectionRefusedError, "connection refused"),
    (ConnectionResetError, "connection reset"),
    (BrokenPipeError, "connection reset"),
    (TimeoutError, "timed out"),
    (socket.gaierror, "name not resolved"),
    (http.client.IncompleteRead, "answer cut off"),
)

Record = Callable[[dict[str, Any]], None]


def context(plan: Plan) -> ssl.SSLContext | None:
    """What to trust, for all users; None where the URL is plain HTTP."""
    return ssl.create_default_context(cafile=plan.ca) if plan.url.startswith("https:") else None


def kind(error: Exception) -> str:
    """The error in a few words that are the same for the same cause."""
    for known, words in _KINDS:
        if isinstance(error, known):
            return words
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or error}"
    return f"{type(error).__name__}: {error}"[:200]


class Client:
    """A user: one connection at a time, requests one after the other."""

    def __init__(self, plan: Plan, tls: ssl.SSLContext | None, record: Record, chance: random.Random) -> None:
        """`record` is called once for each request, with its line."""
        address = urlsplit(plan.url)
        self._host = address.hostname or ""
        self._port = address.port
        self._plan = plan
        self._tls = tls
        self._record = record
        self._chance = chance
        self._connection: http.client.HTTPConnection | None = None
        self._peer: str | None = None
        self._until = 0.0  # on time.monotonic()'s scale

    def ask(self, ask: Ask) -> dict[str, Any]:
        """Do one request; its line, which was recorded too.

        A kept connection that the peer has closed is replaced before anything is sent. If it turns out to be closed
        only after sending, an idempotent request is sent once more on a new connection, and its line says `retried`.
        """
        line: dict[str, Any] = {"at": round(time.time(), 4), "ms": 0.0, "name": ask.name, "status": 0, "ok": False}
        line |= {"error": None, "version": None, "new_connection": False, "retried": False, "peer": None}
        started = time.perf_counter()
        try:
            status, body = self._answer(ask, line)
            line["status"] = status
            line["error"], line["version"] = _judge(ask, status, body)
        except Exception as error:  # whatever it is: a request that was begun is counted
            self.close()
            line["error"] = kind(error)
        line["ms"] = round((time.perf_counter() - started) * 1000, 2)
        line["ok"] = line["error"] is None
        self._record(line)
        return line

    def close(self) -> None:
        """End the session: the next request resolves the name again."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _answer(self, ask: Ask, line: dict[str, Any]) -> tuple[int, bytes]:
        line["new_connection"] = not self._kept()
        try:
            response = self._send(ask, line)
        except _STALE:
            if line["new_connection"] or ask.method not in IDEMPOTENT:
                raise
            line["retried"] = line["new_connection"] = True
            self.close()
            response = self._send(ask, line)
        return response.status, response.read()

    def _kept(self) -> bool:
        sock = self._connection.sock if self._connection else None
        if sock is None or time.monotonic() >= self._until:
            return False
        state: bytes = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
        return state[0] == ESTABLISHED

    def _send(self, ask: Ask, line: dict[str, Any]) -> http.client.HTTPResponse:
        connection = self._connection
        if line["new_connection"] or connection is None:
            self.close()
            connection = self._connection = self._connect()
        line["peer"] = self._peer
        headers = {"Content-Type": "application/json"} if ask.body else {}
        connection.request(ask.method, ask.path, ask.body.encode() if ask.body else None, headers)
        return connection.getresponse()  # closes the connection itself when the answer says so

    def _connect(self) -> http.client.HTTPConnection:
        self._peer = None
        wait = self._plan.timeout
        if self._tls:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._host, self._port, timeout=wait, context=self._tls
            )
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=wait)
        connection.connect()
        self._peer = connection.sock.getpeername()[0]
        self._until = time.monotonic() + self._plan.session * self._chance.uniform(0.5, 1.5)
        return connection


def _judge(ask: Ask, status: int, body: bytes) -> tuple[str | None, str | None]:
    """What is wrong with the answer, and which version gave it."""
    if status != ask.expect:
        return f"status {status}", None
    if not ask.version:
        return None, None
    try:
        document = json.loads(body)
        version = next(str(document[member]) for member in ask.version if document.get(member))
    except (ValueError, AttributeError, StopIteration):
        return "answer without a version", None
    return None, version
