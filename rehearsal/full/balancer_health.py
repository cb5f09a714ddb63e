"""Health checks of targets, with the thresholds of Elastic Load Balancing."""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Callable

from rehearsal.full.balancer_state import Check, Target
from rehearsal.matcher import matches

INITIAL, HEALTHY, UNHEALTHY, DRAINING = "initial", "healthy", "unhealthy", "draining"


class Health:
    """The state of one target.

    A new target is healthy after the first check it passes; an unhealthy one after as many in a row as its target group
    asks for. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
    """

    def __init__(self, check: Check, state: str = INITIAL) -> None:
        """A target registered just now."""
        self.check = check
        self.state = state if check.enabled else HEALTHY
        self._passed = 0
        self._failed = 0

    def saw(self, passed: bool) -> bool:
        """Count the result of a check; whether the state is another now."""
        before = self.state
        self._passed = self._passed + 1 if passed else 0
        self._failed = 0 if passed else self._failed + 1
        if passed and self._passed >= (1 if self.state == INITIAL else self.check.healthy):
            self.state = HEALTHY
        elif self._failed >= self.check.unhealthy:
            self.state = UNHEALTHY
        return self.state != before


def probe(check: Check, target: Target) -> bool:
    """Whether a target passes one check."""
    address, own = target
    port = own if check.port == "traffic-port" else int(check.port)
    connection: http.client.HTTPConnection
    if check.protocol == "HTTPS":
        # AWS: certificates of targets are not verified.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(address, port, timeout=check.timeout, context=context)
    else:
        connection = http.client.HTTPConnection(address, port, timeout=check.timeout)
    try:
        connection.request("GET", check.path, headers={"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"})
        return matches(check.codes, connection.getresponse().status)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Checker:
    """Checks one target in a thread of its own until stopped."""

    def __init__(self, health: Health, target: Target, changed: Callable[[], None]) -> None:
        """Call `changed`, in that thread, when the state has changed."""
        self.health = health
        self._target = target
        self._changed = changed
        self._stopped = threading.Event()
        if health.check.enabled:
            threading.Thread(target=self._run, daemon=True, name=f"check {target[0]}:{target[1]}").start()

    def stop(self) -> None:
        """No result counts any more."""
        self._stopped.set()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopped.is_set():
            passed = probe(self.health.check, self._target)
            if not self._stopped.is_set() and self.health.saw(passed):
                self._changed()
            due = max(due + self.health.check.interval, time.monotonic())
            self._stopped.wait(due - time.monotonic())
