from __future__ import annotations

import contextlib
import random
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rehearsal.events import RehearsalError
from rehearsal.full import traffic_plan
from rehearsal.full.traffic import Traffic
from rehearsal.full.traffic_client import Client
from rehearsal.full.traffic_plan import Ask, Plan

VERSION = Ask("GET", "/version", 200, version=("commit", "version"))
ORDER = Ask("POST", "/orders", 201, body="{}")
MISSING = Ask("GET", "/orders/unknown", 404)
HEALTH = Ask("HEAD", "/health", 200)

# What a server does with a request: answer with these bytes, then close the connection or not.
Answer = tuple[bytes, bool]
SHUT: Answer = (b"", True)


def answer(status: int, body: bytes = b"", *headers: str, close: bool = False) -> Answer:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body, close


class Server:
    """Answers the requests, on whatever connection they come, as it was told."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self._lock = threading.Lock()
        self.ended = threading.Event()  # a connection was closed
        self.seen: list[tuple[int, str]] = []  # number of the connection, method
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)  # ends accept()
        self._thread.join(10)
        self.socket.close()

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                connection = self.socket.accept()[0]
            except OSError:
                return
            number += 1
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        self._answer(connection, number)
        self.ended.set()

    def _answer(self, connection: socket.socket, number: int) -> None:
        with connection:
            received = b""
            while True:
                try:
                    chunk = connection.recv(65_536)
                except OSError:  # the client went away
                    return
                if not chunk:
                    return
                received += chunk
                head, blank, body = received.partition(b"\r\n\r\n")
                length = 2 if head.startswith(b"POST") else 0
                if not blank or len(body) < length:
                    continue
                received = b""
                with self._lock:
                    self.seen.append((number, head.split(b" ")[0].decode()))
                    data, close = self._answers.pop(0)
                connection.sendall(data)
                if close:
                    return


Make = Callable[..., tuple[Server, Client]]


@pytest.fixture
def made() -> Iterator[Make]:
    opened: list[tuple[Server, Client]] = []

    def make(*answers: Answer, session: float = 60.0, timeout: float = 5.0) -> tuple[Server, Client]:
        server = Server(*answers)
        plan = Plan(f"http://127.0.0.1:{server.port}", None, 1, 1.0, session, timeout, "")
        opened.append((server, Client(plan, None, lambda _: None, random.Random(1))))
        return opened[-1]

    yield make
    for server, client in opened:
        client.close()
        server.close()


OK = answer(200, b'{"commit": "abc", "version": "7"}')


def test_a_connection_is_kept_for_requests_of_every_kind(made: Make) -> None:
    server, client = made(OK, answer(201), answer(404), (b"HTTP/1.1 200 X\r\nContent-Length: 15\r\n\r\n", False))
    lines = [client.ask(ask) for ask in (VERSION, ORDER, MISSING, HEALTH)]
    assert [line["ok"] for line in lines] == [True] * 4
    assert [line["new_connection"] for line in lines] == [True, False, False, False]
    assert lines[0]["version"] == "abc"
    assert lines[0]["peer"] == "127.0.0.1"
    assert server.seen == [(1, "GET"), (1, "POST"), (1, "GET"), (1, "HEAD")]


def test_a_session_ends_after_its_time(made: Make) -> None:
    server, client = made(OK, OK, session=0.0)
    assert [client.ask(VERSION)["new_connection"] for _ in range(2)] == [True, True]
    assert [number for number, _ in server.seen] == [1, 2]


def test_the_server_may_end_the_connection_with_an_answer(made: Make) -> None:
    _, client = made(answer(200, b'{"version": "7"}', "Connection: close", close=True), OK)
    assert client.ask(VERSION)["version"] == "7"
    line = client.ask(VERSION)
    assert (line["ok"], line["new_connection"], line["retried"]) == (True, True, False)


@pytest.mark.parametrize(("ask", "right"), [(VERSION, OK), (ORDER, answer(201))])
def test_a_connection_closed_while_idle_is_replaced_before_sending(made: Make, ask: Ask, right: Answer) -> None:
    server, client = made((OK[0], True), right)
    client.ask(VERSION)
    assert server.ended.wait(20)
    line = client.ask(ask)
    assert (line["ok"], line["new_connection"], line["retried"]) == (True, True, False)


def test_a_kept_connection_closed_under_a_request_is_tried_once_more(made: Make) -> None:
    server, client = made(OK, SHUT, OK)
    client.ask(VERSION)
    line = client.ask(VERSION)
    assert (line["ok"], line["retried"], line["new_connection"]) == (True, True, True)
    assert [number for number, _ in server.seen] == [1, 1, 2]


def test_the_second_try_is_the_last(made: Make) -> None:
    server, client = made(OK, SHUT, SHUT, OK)
    client.ask(VERSION)
    line = client.ask(VERSION)
    assert (line["ok"], line["retried"], line["error"]) == (False, True, "closed without an answer")
    assert len(server.seen) == 3


def test_a_post_is_never_sent_twice(made: Make) -> None:
    server, client = made(OK, SHUT, answer(201))
    client.ask(VERSION)
    line = client.ask(ORDER)
    assert (line["ok"], line["retried"], line["error"]) == (False, False, "closed without an answer")
    assert server.seen == [(1, "GET"), (1, "POST")]


def test_a_new_connection_that_is_closed_is_a_failure(made: Make) -> None:
    server, client = made(SHUT, OK)
    line = client.ask(VERSION)
    assert (line["ok"], line["status"], line["error"]) == (False, 0, "closed without an answer")
    assert len(server.seen) == 1
    assert client.ask(VERSION)["ok"]


@pytest.mark.parametrize(
    ("given", "error", "status"),
    [
        (answer(503), "status 503", 503),
        (answer(200, b"hello"), "answer without a version", 200),
        (answer(200, b'{"version": ""}'), "answer without a version", 200),
        (answer(200, b"[]"), "answer without a version", 200),
        ((b"HTTP/1.1 200 X\r\nContent-Length: 50\r\n\r\nabc", True), "answer cut off", 0),
        ((b"", False), "timed out", 0),
    ],
)
def test_wrong_answers_have_a_kind(made: Make, given: Answer, error: str, status: int) -> None:
    _, client = made(given, timeout=0.3)
    line = client.ask(VERSION)
    assert (line["ok"], line["error"], line["status"], line["version"]) == (False, error, status, None)


def test_a_host_that_refuses_has_a_kind(made: Make) -> None:
    server, client = made()
    server.close()
    line = client.ask(VERSION)
    assert (line["error"], line["peer"], line["new_connection"]) == ("connection refused", None, True)


def test_the_plan_survives_the_file(tmp_path: Path) -> None:
    plan = Plan("https://orders.example.com", "/ca.pem", 3, 10.0, 5.0, 10.0, "out")
    plan.save(tmp_path / "plan")
    assert traffic_plan.load(tmp_path / "plan") == plan


LINE = (
    '{"at": 10.0, "ms": 2.0, "name": "GET /version", "status": 200, "ok": true, "error": null, "version": "a", '
    '"new_connection": false, "retried": false, "peer": null}\n'
)

GENERATOR = """#!{python}
import json, os, signal, sys, time
plan = json.load(open(os.environ["REHEARSAL_TRAFFIC"]))
print("says", "hello", flush=True)
mode = plan["url"].partition("//")[2]
if mode == "dies":
    sys.exit(3)
line = {line!r}
out = open(plan["output"], "a", buffering=1)
out.write(line)
if mode == "dies-later":
    sys.exit(4)
def stop(*_):
    out.write(line)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
while True:
    time.sleep(0.05)
"""


@pytest.fixture
def generator(tmp_path: Path) -> Callable[[str], Traffic]:
    program = tmp_path / "python"
    program.write_text(GENERATOR.format(python=sys.executable, line=LINE))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return lambda mode: Traffic(tmp_path, f"http://{mode}", None, 2, 10.0, program)


def test_stopping_waits_for_the_last_requests(generator: Callable[[str], Traffic]) -> None:
    traffic = generator("runs")
    traffic.start()
    traffic.check()
    assert len(traffic.requests_since(0)[0]) == 1
    traffic.stop()
    assert traffic.requests.requests == 2
    traffic.stop()  # once more does nothing
    traffic.kill()


def test_a_generator_that_does_not_start_is_told_with_its_log(generator: Callable[[str], Traffic]) -> None:
    with pytest.raises(RehearsalError, match=r"status 3(.|\n)*says hello"):
        generator("dies").start()


def test_a_generator_that_ends_by_itself_is_an_error(generator: Callable[[str], Traffic]) -> None:
    traffic = generator("dies-later")
    traffic.start()
    with pytest.raises(RehearsalError, match=r"status 4(.|\n)*says hello"):
        check_until_it_fails(traffic)
    with pytest.raises(RehearsalError, match="status 4"):
        traffic.stop()


def check_until_it_fails(traffic: Traffic) -> None:
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        traffic.check()
        time.sleep(0.02)


def test_a_generator_can_be_killed(generator: Callable[[str], Traffic]) -> None:
    traffic = generator("runs")
    traffic.start()
    traffic.kill()
    with pytest.raises(RehearsalError, match="not started"):
        traffic.check()
