"""Visitors of the service while it is released: Locust in its own interpreter, keeping connections as browsers do."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from rehearsal.events import RehearsalError
from rehearsal.full.traffic_plan import ORDERS, VARIABLE, Ask, Plan
from rehearsal.full.traffic_requests import Request, Requests, read

ROOT = Path(__file__).resolve().parent.parent.parent
GRACE = 30.0  # seconds beyond the timeout of a request, for Locust to end
START_LIMIT = 60.0  # seconds to the first request; about 1 on a quiet machine
_TAIL = 2_000  # characters of the log in an error


class Traffic:
    """A load generator that runs from `start` to `stop`. `requests` reads what it did."""

    def __init__(
        self,
        folder: Path,
        url: str,
        ca: Path | None,
        users: int,
        rate: float,
        python: Path,
        *,
        asks: tuple[Ask, ...] = ORDERS,
        session: float = 5.0,
        timeout: float = 10.0,
    ) -> None:
        """Nothing runs yet.

        Args:
            folder: Where the plan, the requests and the log go (`traffic.json`, `requests.jsonl`, `locust.log`).
            url: The service, `https://name`; the name is resolved by the system for every new connection.
            ca: File with the certificates to trust; None for the system's.
            users: How many connections there are at a time.
            rate: Requests per second of all users together; less where answers take longer than users / rate.
            python: Interpreter of a virtual environment that has Locust.
            asks: The kinds of requests.
            session: Mean seconds until a user closes its connection and opens another.
            timeout: Seconds to wait for a connection or an answer.
        """
        self._folder = folder.absolute()
        self._path = self._folder / "requests.jsonl"
        self._plan = Plan(url, str(ca.absolute()) if ca else None, users, rate, session, timeout, str(self._path), asks)
        self._python = python.absolute()  # not resolved: a virtual environment is known by its link
        self._process: subprocess.Popen[bytes] | None = None
        self.requests = Requests(self._path)

    def start(self) -> None:
        """Start, and wait for the first request, whether it succeeds or fails.

        Raises:
            RehearsalError: The generator did not start; with the end of its log.
        """
        plan = self._folder / "traffic.json"
        self._plan.save(plan)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self._folder,  # Locust reads settings from files in its working directory
                env={**os.environ, VARIABLE: str(plan), "PYTHONPATH": str(ROOT), "GEVENT_RESOLVER": "thread"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        limit = time.monotonic() + START_LIMIT
        while not (self._path.exists() and self._path.stat().st_size):
            self.check()
            if time.monotonic() > limit:
                self._kill()
                raise RehearsalError(f"load generator: no request after {START_LIMIT:g} s\n{self._tail()}")
            time.sleep(0.05)

    def check(self) -> None:
        """Make sure that it runs.

        Raises:
            RehearsalError: It is not running; with the end of its log.
        """
        if self._process is None:
            raise RehearsalError("load generator: not started")
        status = self._process.poll()
        if status is not None:
            raise RehearsalError(f"load generator ended with status {status}\n{self._tail()}")

    def requests_since(self, offset: int) -> tuple[list[Request], int]:
        """The requests written down from `offset` (bytes, 0 at first) on, and the offset for the next call."""
        return read(self._path, offset)

    def stop(self) -> None:
        """Send nothing more, wait for the answers to requests under way, and read the rest into `requests`.

        Raises:
            RehearsalError: It had ended by itself, or does not end.
        """
        if self._process is None:
            return
        self.check()
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(self._plan.timeout + GRACE)
        except subprocess.TimeoutExpired:
            self._kill()
            raise RehearsalError(f"load generator: did not end after SIGTERM\n{self._tail()}") from None
        self._process = None
        self.requests.update()
        if status != 0:
            raise RehearsalError(f"load generator ended with status {status}\n{self._tail()}")

    def kill(self) -> None:
        """End at once, requests under way included, if it runs at all; for the clean-up after an error."""
        if self._process is not None:
            self._kill()

    @property
    def _log(self) -> Path:
        return self._folder / "locust.log"

    def _tail(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-_TAIL:] if self._log.exists() else ""

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def _command(self) -> list[str]:
        users = str(self._plan.users)
        return [
            *(str(self._python), "-m", "locust", "--locustfile", str(Path(__file__).with_name("locustfile.py"))),
            *("--headless", "--users", users, "--spawn-rate", users, "--host", self._plan.url, "--only-summary"),
            *("--stop-timeout", f"{self._plan.timeout * 2 + 1:g}", "--exit-code-on-error", "0"),
        ]
