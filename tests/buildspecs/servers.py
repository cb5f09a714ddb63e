"""Services that behave well or badly, on free ports of 127.0.0.1."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

SAMPLE: Final = Path(__file__).parents[2] / "examples" / "orders"
COMMIT: Final = "4f2a9c1e7b3d5a6f8091a2b3c4d5e6f708192a3b"


@dataclass(frozen=True)
class Reply:
    """An answer after a delay in seconds."""

    status: int = 200
    body: str = "ok"
    delay: float = 0


OLD: Final = Reply(body='{"commit": "0123456789abcdef0123456789abcdef01234567"}')


@dataclass
class Service:
    """A running server and what it has seen."""

    url: str = ""
    requests: list[str] = field(default_factory=list)  # method and path
    connections: int = 0


Behaviour = Callable[[str, int], Reply]


def healthy(path: str, _: int) -> Reply:
    """A service that runs the expected release and knows its own paths only."""
    if path == "/version":
        return Reply(body=json.dumps({"commit": COMMIT}))
    return Reply() if path == "/health" else Reply(404)


def slow(path: str, number: int) -> Reply:
    """Right, but takes its time."""
    return replace(healthy(path, number), delay=0.2)


def hanging(path: str, number: int) -> Reply:
    """Does not answer at first, for longer than any check waits."""
    return replace(healthy(path, number), delay=7 if number == 0 else 0)


def outdated(path: str, number: int) -> Reply:
    """A service that still runs the release before."""
    return OLD if path == "/version" else healthy(path, number)


def failing(_: str, __: int) -> Reply:
    """A service that can't."""
    return Reply(503, "no")


@contextmanager
def serve(behaviour: Behaviour) -> Iterator[Service]:
    """Serves what the behaviour says for a path and the number of requests before."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def setup(self) -> None:
            service.connections += 1
            super().setup()

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline()
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            service.requests.append(f"{self.command} {self.path}")
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            reply = behaviour(self.path, len(service.requests) - 1)
            time.sleep(reply.delay)
            self.send_response(reply.status)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body.encode())
            self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Clients that give up are part of the tests."""

    server = Server(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def sample(commit: str = COMMIT) -> Iterator[str]:
    """The sample service as a process; yields its URL."""
    environment = {**os.environ, "HOST": "127.0.0.1", "PORT": "0", "COMMIT": commit, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "app.py"]
    with subprocess.Popen(command, cwd=SAMPLE, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        port = json.loads(process.stdout.readline())["port"]
        # What it logs later must not fill the pipe.
        reader = threading.Thread(target=process.stdout.read)
        reader.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            reader.join()
