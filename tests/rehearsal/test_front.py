"""The stand-in for load balancers, with real servers behind it."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rehearsal.dry.front import Answer, serving


class Echo(BaseHTTPRequestHandler):
    """Tells what it was asked; a path of digits is the status of the answer."""

    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        asked = {"method": self.command, "path": self.path, "body": body, "headers": dict(self.headers.items())}
        text = json.dumps(asked).encode()
        status = self.path[1:]
        self.send_response(int(status) if status.isdecimal() else 200)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _answer  # noqa: N815 - http.server's

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def behind() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def closed() -> Iterator[int]:
    """A port where nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def ask(
    port: int, path: str = "/", method: str = "GET", body: str | None = None, host: str = "orders.example.com"
) -> tuple[int, str, list[tuple[str, str]]]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        link.request(method, path, body.encode() if body else None, {"Host": host, "X-Own": "x"})
        answer = link.getresponse()
        return answer.status, answer.read().decode(), answer.getheaders()
    finally:
        link.close()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_request_reaches_the_process_and_its_answer_comes_back(behind: int, method: str) -> None:
    asked: list[tuple[str, str]] = []

    def find(host: str, path: str) -> int:
        asked.append((host, path))
        return behind

    with serving(find) as port:
        status, text, headers = ask(port, "/a/b?c=d&e=/f", method, "words äö" if method != "GET" else None)
    seen = json.loads(text)
    assert status == 200
    assert (seen["method"], seen["path"]) == (method, "/a/b?c=d&e=/f")
    assert seen["body"] == ("words äö" if method != "GET" else "")
    assert (seen["headers"]["Host"], seen["headers"]["X-Own"]) == ("orders.example.com", "x")
    assert asked == [("orders.example.com", "/a/b")]
    assert [value for name, value in headers if name == "Set-Cookie"] == ["a=1", "b=2"]


def test_the_answer_to_head_has_no_body(behind: int) -> None:
    with serving(lambda _host, _path: behind) as port:
        assert ask(port, method="HEAD")[:2] == (200, "")


@pytest.mark.parametrize("status", [201, 404, 500, 503])
def test_statuses_pass_through(behind: int, status: int) -> None:
    with serving(lambda _host, _path: behind) as port:
        assert ask(port, f"/{status}")[0] == status


def test_nothing_behind_a_name_is_503() -> None:
    with serving(lambda _host, _path: 0) as port:
        assert ask(port)[:2] == (503, "nothing runs behind orders.example.com")


def test_a_process_that_does_not_answer_is_502() -> None:
    with closed() as nobody, serving(lambda _host, _path: nobody) as port:
        status, text, _ = ask(port)
    assert status == 502
    assert "ConnectionRefusedError" in text


def test_an_answer_may_be_known_without_a_process() -> None:
    with serving(lambda host, path: Answer(404, f"{host}{path}")) as port:
        assert ask(port, "/x?y")[:2] == (404, "orders.example.com/x")


def test_a_look_up_that_breaks_is_500_and_says_why() -> None:
    def find(host: str, path: str) -> int:
        raise KeyError(host + path)

    with serving(find) as port:
        assert ask(port)[:2] == (500, "KeyError('orders.example.com/')")
        assert ask(port)[0] == 500


def test_the_port_of_a_host_is_left_out(behind: int) -> None:
    with serving(lambda host, _path: behind if host == "orders.example.com" else 0) as port:
        assert ask(port, host="orders.example.com:443")[0] == 200


def test_one_connection_takes_several_requests(behind: int) -> None:
    with serving(lambda _host, _path: behind) as port:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        bodies = []
        for number in range(3):
            link.request("POST", "/", f"{number}", {"Host": "a"})
            bodies.append(json.loads(link.getresponse().read())["body"])
        link.close()
    assert bodies == ["0", "1", "2"]


def test_requests_run_side_by_side(behind: int) -> None:
    together = threading.Barrier(4, timeout=10)

    def find(_host: str, _path: str) -> int:
        together.wait()
        return behind

    with serving(find) as port, ThreadPoolExecutor(4) as threads:
        assert [status for status, _, _ in threads.map(lambda _: ask(port), range(4))] == [200] * 4


def test_it_ends_with_its_block(behind: int) -> None:
    with serving(lambda _host, _path: behind) as port:
        pass
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
