"""Route 53's health checks."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable

from rehearsal.full.names_zones import CheckConfig

# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
CONNECT = 4.0  # seconds
CONNECT_TCP = 10.0  # seconds
ANSWER = 2.0  # seconds
_SEARCHED = 5120  # bytes of the body
PROBED = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")


class Verdict:
    """Healthy until as many checks in a row as the threshold say otherwise, and back after as many."""

    def __init__(self, threshold: int) -> None:
        """A new check."""
        self.healthy = True
        self._threshold = threshold
        self._against = 0

    def saw(self, good: bool) -> bool:
        """Count a result; whether the verdict is another now."""
        self._against = 0 if good == self.healthy else self._against + 1
        if self._against < self._threshold:
            return False
        self.healthy, self._against = good, 0
        return True


def probe(config: CheckConfig, address: str | None) -> bool:
    """Whether the endpoint at an address passes one check."""
    if not address:
        return False
    try:
        if config.kind == "TCP":
            with socket.create_connection((address, config.port), CONNECT_TCP):
                return True
        with _Connection(config, address) as connection:
            usual = 443 if config.kind.startswith("HTTPS") else 80
            host = config.host or address
            place = host if config.port == usual else f"{host}:{config.port}"
            headers = {"Host": place, "User-Agent": "Amazon-Route53-Health-Check-Service", "Connection": "close"}
            connection.request("GET", config.path, headers=headers)
            answer = connection.getresponse()
            found = not config.search or config.search.encode() in answer.read(_SEARCHED)
            return 200 <= answer.status < 400 and found
    except (OSError, http.client.HTTPException):
        return False


class _Connection(http.client.HTTPConnection):
    """A connection with a limit for connecting and another for each answer; certificates are not verified."""

    def __init__(self, config: CheckConfig, address: str) -> None:
        super().__init__(address, config.port, timeout=CONNECT)
        self._config = config

    def connect(self) -> None:
        super().connect()
        if self._config.kind.startswith("HTTPS"):
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            name = self._config.host if self._config.sni else ""
            self.sock = context.wrap_socket(self.sock, server_hostname=name or None)
        self.sock.settimeout(ANSWER)

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Check:
    """One health check, in a thread of its own until stopped."""

    def __init__(
        self, config: CheckConfig, address: Callable[[str], str | None], changed: Callable[[CheckConfig, bool], None]
    ) -> None:
        """Start to check.

        Args:
            config: what to check.
            address: resolves the endpoint's name.
            changed: told, in that thread, when healthy has become unhealthy or the reverse.
        """
        self.config = config
        self._address = address
        self._changed = changed
        self._verdict = Verdict(config.threshold)
        self._stopped = threading.Event()
        if config.kind in PROBED and not config.disabled:
            threading.Thread(target=self._run, daemon=True, name=f"health check {config.host}").start()

    @property
    def healthy(self) -> bool:
        """What Route 53 makes of it."""
        return self._verdict.healthy != self.config.inverted

    def stop(self) -> None:
        """No result counts any more."""
        self._stopped.set()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopped.is_set():
            good = probe(self.config, self.config.address or self._address(self.config.host))
            if not self._stopped.is_set() and self._verdict.saw(good):
                self._changed(self.config, self.healthy)
            due = max(due + self.config.interval, time.monotonic())
            self._stopped.wait(due - time.monotonic())
