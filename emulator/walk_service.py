"""A stand-in for whatever runs behind a service's host names: the emulator holds services, and runs none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import NamedTuple


class Reply(NamedTuple):
    """An answer to a request."""

    status: int
    body: str


@contextmanager
def answering(answer: Callable[[str], Reply]) -> Iterator[str]:
    """Serve on 127.0.0.1 while the block runs; its address, to which `/<host>` is added for each host name."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = self.path.split("/", 2)[1]
            try:
                reply = answer(host)
            except Exception as error:
                reply = Reply(500, repr(error))
            body = reply.body.encode()
            self.send_response(reply.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the name is http.server's

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: what was asked is in the log of the build."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
