"""HTTP server of the orders service: GET /health, GET /version, POST /orders, GET /orders/<id>."""

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from orders import OrderError, Store, parse
from tracing import HEADER, trace_id

MAX_BODY: Final = 65_536  # bytes
DRAIN: Final = 20.0  # seconds for requests under way after SIGTERM; less than the task's stop timeout
RELEASE: Final = {
    "service": "orders",
    "version": os.environ.get("VERSION", "unknown"),
    "commit": os.environ.get("COMMIT", "unknown"),
}

Answer = tuple[int, dict[str, object]]


def log(message: str, level: str = "info", **fields: object) -> None:
    """Writes one line of JSON to standard output; `level` is info or error."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"time": now, "level": level, "message": message, "version": RELEASE["commit"], **fields}
    print(json.dumps(line), flush=True)


class Server(ThreadingHTTPServer):
    """Serves until told to stop, and knows how many requests are under way."""

    def __init__(self, address: tuple[str, int]) -> None:
        """Listens at the address; port 0 takes a free one."""
        self.orders = Store()
        self.stopping = False
        self.busy = 0
        self.idle = threading.Condition()
        super().__init__(address, Handler)

    def stop(self) -> None:
        """Takes no new connections and ends `serve_forever`; must not run in the thread that serves."""
        self.stopping = True
        self.shutdown()

    def drain(self, seconds: float) -> bool:
        """Waits for the requests under way; whether all of them ended in time."""
        with self.idle:
            return self.idle.wait_for(lambda: self.busy == 0, seconds)


class Handler(BaseHTTPRequestHandler):
    """One connection, which may carry many requests."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 75  # seconds; longer than the load balancer's 60, so that it never uses a connection closed here
    wbufsize = -1  # one write per answer: two would wait for a delayed acknowledgement
    disable_nagle_algorithm = True
    trace_id = ""

    def do_GET(self) -> None:
        """Answers health, version and single orders."""
        self._handle(self._get)

    def do_HEAD(self) -> None:
        """Answers like GET, without a body."""
        self._handle(self._get)

    def do_POST(self) -> None:
        """Takes an order."""
        self._handle(self._post)

    def log_message(self, format: str, *args: object) -> None:
        """What the server itself has to say, such as a malformed request."""
        log(format % args, client=self.client_address[0])

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Nothing: `_handle` writes a line per request, with its duration."""

    def _handle(self, route: Callable[[], Answer]) -> None:
        started = time.monotonic()
        self.trace_id = trace_id(self.headers)
        with self.server.idle:
            self.server.busy += 1
        try:
            status, document = self._answer(route)
            self._send(status, document)
            if self.path != "/health":
                took = round((time.monotonic() - started) * 1000, 1)
                self._log("request", "error" if status >= 500 else "info", status=status, milliseconds=took)
        finally:
            with self.server.idle:
                self.server.busy -= 1
                self.server.idle.notify_all()

    def _answer(self, route: Callable[[], Answer]) -> Answer:
        try:
            return route()
        except OSError:
            raise  # the connection
        except Exception:
            self.close_connection = True  # what was read of the request is not known
            self._log("unexpected error", "error", error=traceback.format_exc())
            return 500, {"error": "internal error"}

    def _log(self, message: str, level: str, **fields: object) -> None:
        log(message, level, method=self.command, path=self.path, trace_id=self.trace_id, **fields)

    def _get(self) -> Answer:
        path = self.path.partition("?")[0]
        if path == "/health":
            return 200, {"status": "ok"}
        if path == "/version":
            return 200, dict(RELEASE)
        order = self.server.orders.get(path.removeprefix("/orders/"))
        return (200, order.as_dict()) if order else (404, {"error": "not found"})

    def _post(self) -> Answer:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY:
            self.close_connection = True  # the body stays unread
            return 413, {"error": f"expected Content-Length, at most {MAX_BODY}"}
        body = self.rfile.read(int(length))
        if self.path != "/orders":
            return 404, {"error": "not found"}
        try:
            order = parse(json.loads(body))
        except OrderError as error:
            return 400, {"error": str(error)}
        except (ValueError, RecursionError):
            return 400, {"error": "expected JSON"}
        self.server.orders.add(order)
        return 201, order.as_dict()

    def _send(self, status: int, document: dict[str, object]) -> None:
        body = json.dumps(document).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header(HEADER, f"Root={self.trace_id}")
        if self.server.stopping or self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()


def main() -> int:
    """Serves until SIGTERM or SIGINT; 0 when every request was answered, else 1."""
    server = Server((os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8080"))))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.stop).start())
    log("listening", port=server.server_address[1], service=RELEASE["service"], build=RELEASE["version"])
    server.serve_forever(poll_interval=0.1)
    server.socket.close()
    done = server.drain(DRAIN)
    log("stopped", unanswered=server.busy)
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
