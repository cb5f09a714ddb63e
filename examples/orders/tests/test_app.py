"""The server as it runs in the container: a process, asked over HTTP, ended by SIGTERM."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).parent.parent


class Process(unittest.TestCase):
    """One server process per test."""

    program: tuple[str, ...] = ("app.py",)

    def setUp(self) -> None:
        """Starts the server on a free port and reads the port from its log."""
        environment = {**os.environ, "HOST": "127.0.0.1", "PORT": "0", "VERSION": "abc-7", "COMMIT": "abc123"}
        self.process = subprocess.Popen(
            [sys.executable, *self.program], cwd=HERE, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.addCleanup(self.process.stdout.close)
        self.addCleanup(self._end)
        self.started = json.loads(self._line())
        self.port = int(self.started["port"])
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        self.addCleanup(self.connection.close)

    def _end(self) -> None:
        self.process.kill()
        self.process.wait()

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, dict[str, object]]:
        """Status and document, over one kept connection."""
        self.connection.request(method, path, body)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}

    def traced(self, headers: dict[str, str]) -> str:
        """The trace id of the answer to a request with the headers."""
        self.connection.request("GET", "/version", headers=headers)
        answer = self.connection.getresponse()
        answer.read()
        return (answer.getheader("X-Amzn-Trace-Id") or "").removeprefix("Root=")


class ServerTest(Process):
    """The server as it is."""

    def test_health_and_version(self) -> None:
        """Both answer, HEAD without a body, and the release is the one given by the environment."""
        assert self.ask("GET", "/health") == (200, {"status": "ok"})
        assert self.ask("HEAD", "/health") == (200, {})
        release = {"service": "orders", "version": "abc-7", "commit": "abc123"}
        assert self.ask("GET", "/version") == (200, release)

    def test_orders(self) -> None:
        """An order that was taken is found under its id."""
        order = {"pickup": "Kirk St 1", "dropoff": "Harbour Rd 2", "weight_kilograms": 2.5}
        status, taken = self.ask("POST", "/orders", json.dumps(order))
        assert (status, taken) == (201, {"id": taken["id"], **order})
        assert self.ask("GET", f"/orders/{taken['id']}") == (200, taken)

    def test_refusals(self) -> None:
        """What is wrong is refused as the client's fault, and the connection goes on."""
        assert self.ask("GET", "/orders/unknown")[0] == 404
        assert self.ask("POST", "/elsewhere", "{}")[0] == 404
        assert self.ask("POST", "/orders", "{")[0] == 400
        assert self.ask("POST", "/orders", "{}")[0] == 400
        assert self.ask("POST", "/orders", "[" * 65000)[0] == 400
        assert self.ask("POST", "/orders", "x" * 70000)[0] == 413
        assert self.ask("GET", "/health")[0] == 200

    def test_log(self) -> None:
        """The start is one line of JSON and a request, too; its health has none."""
        assert (self.started["message"], self.started["version"], self.started["build"]) == (
            "listening",
            "abc123",
            "abc-7",
        )
        self.ask("GET", "/health")
        self.ask("GET", "/orders/unknown")
        line = json.loads(self._line())
        assert set(line) == {
            *("time", "level", "message", "version", "method", "path", "trace_id", "status", "milliseconds")
        }
        assert (line["level"], line["message"], line["version"]) == ("info", "request", "abc123")
        assert (line["method"], line["path"], line["status"]) == ("GET", "/orders/unknown", 404)
        assert 0 <= line["milliseconds"] < 5000

    def test_trace(self) -> None:
        """The line and the answer have the trace id that came with the request."""
        root, parent = "1-67891233-abcdef012345678912345678", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        for headers, expected in (
            ({"X-Amzn-Trace-Id": f"Root={root}"}, root),
            ({"X-Amzn-Trace-Id": f"Self=1-67891233-12456789abcdef012345678;Root={root};CalledFrom=app"}, root),
            ({"X-Amzn-Trace-Id": f"Root={root}", "traceparent": parent}, root),
            ({"traceparent": parent}, "1-0af76519-16cd43dd8448eb211c80319c"),
        ):
            with self.subTest(headers=headers):
                assert self.traced(headers) == expected
                assert json.loads(self._line())["trace_id"] == expected

    def test_new_trace(self) -> None:
        """A request without a valid id gets one of its own."""
        headers: list[dict[str, str]] = [
            {},
            {"X-Amzn-Trace-Id": "Root=1-x; DROP"},
            {"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"},
            {"traceparent": f"ff-{'1' * 32}-b7ad6b7169203331-01"},
        ]
        ids = [self.traced(given) for given in headers]
        assert len(set(ids)) == len(ids)
        for found in ids:
            assert re.fullmatch("1-[0-9a-f]{8}-[0-9a-f]{24}", found), found
            assert json.loads(self._line())["trace_id"] == found

    def test_terminates_gracefully(self) -> None:
        """A request under way at SIGTERM is answered, then the process ends with 0 although a connection is idle."""
        self.ask("GET", "/health")
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as slow:
            slow.sendall(b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{")
            time.sleep(0.3)
            self.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            slow.sendall(b"}")
            answer = b"".join(iter(lambda: slow.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 400"), answer
        assert b"Connection: close" in answer
        assert self.process.wait(5) == 0

    def test_client_that_leaves(self) -> None:
        """A body that ends early is no error of the server's."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as gone:
            gone.sendall(b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        line = json.loads(self._line())
        assert (line["level"], line["status"]) == ("info", 400)

    def test_health_check(self) -> None:
        """The container's check passes while the server runs and fails afterwards."""
        command = [sys.executable, "healthcheck.py"]
        environment = {**os.environ, "PORT": str(self.port)}
        assert subprocess.run(command, cwd=HERE, env=environment, check=False).returncode == 0
        self._end()
        ended = subprocess.run(command, cwd=HERE, env=environment, check=False, capture_output=True)
        assert ended.returncode == 1


class BrokenServerTest(Process):
    """A server with a mistake in its code."""

    program = ("-c", "import app; app.Store.get = None; raise SystemExit(app.main())")

    def test_error(self) -> None:
        """What nobody expected is the server's fault, and is logged with its traceback; then it goes on."""
        assert self.ask("GET", "/orders/1") == (500, {"error": "internal error"})
        why, request = json.loads(self._line()), json.loads(self._line())
        assert (why["level"], why["message"]) == ("error", "unexpected error")
        assert "TypeError" in why["error"]
        assert (request["level"], request["status"], request["trace_id"]) == ("error", 500, why["trace_id"])
        assert self.ask("GET", "/health")[0] == 200
