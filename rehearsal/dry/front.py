"""One local server for all host names: passes each request to the process that the deployed routes lead to."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Answer(NamedTuple):
    """What a request is answered with where no process is asked."""

    status: int
    body: str


# Host and path -> port of a process on this machine, 0 where nothing is behind it, or the answer itself.
Find = Callable[[str, str], int | Answer]
_LEFT_OUT = frozenset({"connection", "transfer-encoding", "date", "server"})


@contextmanager
def serving(find: Find) -> Iterator[int]:
    """Serve on 127.0.0.1 while the block runs; the port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def _pass(self) -> None:
            host = self.headers.get("Host", "").partition(":")[0]
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            found = _found(find, host, self.path.partition("?")[0])
            if isinstance(found, Answer):
                self._answer(found.status, [], found.body.encode())
                return
            link = http.client.HTTPConnection("127.0.0.1", found, timeout=30)
            try:
                headers = {name: value for name, value in self.headers.items() if name.lower() not in _LEFT_OUT}
                link.request(self.command, self.path, body, headers)
                reply = link.getresponse()
                self._answer(reply.status, reply.getheaders(), reply.read())
            except (OSError, http.client.HTTPException) as error:
                self._answer(502, [], repr(error).encode())
            finally:
                link.close()

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in _LEFT_OUT | {"content-length"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
            self.wfile.flush()

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _pass  # noqa: N815 - http.server's

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: what was asked is in the log of the build."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _found(find: Find, host: str, path: str) -> int | Answer:
    """What `find` says; a look-up that breaks is an answer too, so that the log of a build tells why."""
    try:
        return find(host, path) or Answer(503, f"nothing runs behind {host}")
    except Exception as error:
        return Answer(500, repr(error))
