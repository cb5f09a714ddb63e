"""The deployed application load balancers, played by HAProxy.

HAProxy balances; whether a target gets requests is decided here, by health checks with AWS's thresholds, and told to
HAProxy through its runtime socket. Only a change of what its configuration says (listeners, rules, target groups)
reloads it. A reload leaves the previous worker with its connections: it is told about targets and weights until its
last connection closes, which is at the latest with that connection's next answer.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from rehearsal.events import Events, RehearsalError
from rehearsal.full.balancer_state import Deployed, Target, Weights, read
from rehearsal.full.balancer_targets import Targets
from rehearsal.full.haproxy_config import WEIGHTS, backend, render, shares
from rehearsal.full.haproxy_process import HAProxy

POLL = 1.0  # seconds between two looks at what is deployed
_Slots = dict[tuple[str, int], Target]


class Balancers:
    """Every application load balancer of some accounts and regions."""

    def __init__(
        self,
        folder: Path,
        clients: Sequence[Any],
        pem: Path,
        events: Events,
        *,
        gate: bool = True,
        weights: Weights | None = None,
        network: str = "127.0.1.",
    ) -> None:
        """Nothing listens yet.

        Args:
            folder: for HAProxy's configuration, sockets and log; its path has at most about 80 characters.
            clients: elbv2 clients, one for each account and region.
            pem: private key and certificates of all HTTPS listeners.
            events: told about each change of a target's state.
            gate: whether a new target waits for the first check it passes; without, it gets requests at once.
            weights: those of a rule's target groups by the rule's ARN (a default action's: the listener's)
                where the API does not say them.
            network: the first three bytes of the addresses; each load balancer has its own.
        """
        self._clients, self._pem, self._events = clients, pem, events
        self._weights, self._network = weights, network
        self.gate = gate  # may change: it holds for targets that are registered from then on
        self._haproxy = HAProxy(folder)
        self._reading = threading.Lock()
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._poller: threading.Thread | None = None
        self._failed: Exception | None = None
        self._addresses: dict[str, str] = {}
        self._deployed = Deployed((), {}, {})
        self._targets: dict[str, Targets] = {}
        self._structure = ""
        self._served: _Slots = {}
        self._map: dict[str, int] = {}
        self._past: dict[tuple[str, str], dict[str, int]] = {}

    def start(self) -> None:
        """Listen, and follow what is deployed from now on.

        Raises:
            RehearsalError: HAProxy did not start.
        """
        # HAProxy 2.6 does not say GOAWAY with an answer.
        self._events.not_rehearsed("client_keep_alive.seconds of HTTP/2 connections", "their age has no limit")
        self.refresh()
        self._poller = threading.Thread(target=self._poll, daemon=True, name="load balancers")
        self._poller.start()

    def stop(self) -> None:
        """End HAProxy, every connection and every check."""
        self._stopped.set()
        if self._poller:
            self._poller.join()
        with self._lock:
            for targets in self._targets.values():
                targets.stop()
            self._haproxy.stop()

    def refresh(self) -> None:
        """Play what is deployed now; done when this returns. Also happens by itself, every `POLL` seconds.

        Raises:
            RehearsalError: HAProxy ended, or does not take what it is told.
        """
        self.check()
        # Checks go on while the API is read.
        with self._reading:
            try:
                deployed = read(self._clients, self._events, self._weights)
            except ClientError as error:
                # Deleted between two calls: what is left is read the next time.
                if "NotFound" not in error.response["Error"]["Code"]:
                    raise
                return
            with self._lock:
                self._deployed = deployed
                self._follow()
                self._apply()

    def check(self) -> None:
        """Everything runs.

        Raises:
            RehearsalError: something does not, and why.
        """
        if self._failed:
            raise RehearsalError(f"the load balancers stopped following what is deployed: {self._failed}")
        self._haproxy.check()

    def addresses(self) -> dict[str, str]:
        """The address of each load balancer, by its DNS name in lower case."""
        with self._lock:
            return {found.dns_name.lower(): self._addresses[found.arn] for found in self._deployed.balancers}

    def health(self, target_group_arn: str) -> dict[Target, str]:
        """The state of each target: initial, healthy, unhealthy or draining; nothing for a group no rule names."""
        self.check()
        with self._lock:
            targets = self._targets.get(target_group_arn)
            return targets.states if targets else {}

    def in_flight(self, target_group_arn: str, target: Target) -> int:
        """The number of requests a target has to answer."""
        with self._lock:
            targets = self._targets.get(target_group_arn)
            slot = targets.slot(target) if targets else None
            name = f"s{slot}"
            found = [server for server in self._haproxy.servers() if server.backend == backend(target_group_arn)]
            return sum(server.requests for server in found if server.server == name)

    def counters(self) -> dict[str, dict[str, int]]:
        """By ARN of the target group: `requests` that reached it, and of their answers `2xx` to `5xx`.

        Each reload can lose those of a second.
        """
        with self._lock:
            self._count()
            result: dict[str, dict[str, int]] = {}
            for arn in self._deployed.groups:
                found = [counted for (_, name), counted in self._past.items() if name == backend(arn)]
                result[arn] = {key: sum(counted[key] for counted in found) for key in _COLUMNS}
            return result

    def _count(self) -> None:
        for row in self._haproxy.statistics(_BACKENDS):
            # Those of a worker that has ended are kept.
            self._past[row["worker"], row["pxname"]] = _counted(row)

    def _poll(self) -> None:
        while not self._stopped.wait(POLL):
            try:
                self.refresh()
                with self._lock:
                    self._count()
            except Exception as error:  # told to whoever asks next
                self._failed = self._failed or error
                self._events.add("note", f"load balancers: {error}")
                return

    def _follow(self) -> None:
        """Targets and settings of target groups."""
        deployed = self._deployed
        for balancer in deployed.balancers:
            self._addresses.setdefault(balancer.arn, f"{self._network}{len(self._addresses) + 1}")
        for arn in self._targets.keys() - deployed.groups.keys():
            self._targets.pop(arn).stop()
        for arn, group in deployed.groups.items():
            if arn not in self._targets:
                self._targets[arn] = Targets(group, self._sayer(group.name), self._changed, self.gate)
            self._targets[arn].gate = self.gate
            over = self._targets[arn].update(group, deployed.targets[arn])
            if over and self._haproxy.running:
                servers = [f"server {backend(arn)}/s{slot}" for slot in over]
                self._haproxy.tell([f"shutdown sessions {server}" for server in servers])
                self._haproxy.tell([f"set {server} state maint" for server in servers])

    def _sayer(self, name: str) -> Any:
        def say(target: Target, state: str) -> None:
            place = f"{target[0]}:{target[1]}"
            self._events.add("target", f"{name}: {place} {state}", target_group=name, target=place, state=state)

        return say

    def _changed(self) -> None:
        """A check has changed a state."""
        with self._lock:
            if self._haproxy.running and not self._failed:
                try:
                    self._apply()
                except (RehearsalError, OSError) as error:
                    self._failed = self._failed or error

    def _apply(self) -> None:
        """Make HAProxy do what is deployed."""
        folder = self._haproxy.folder
        served = {
            (backend(arn), slot): target
            for arn, targets in self._targets.items()
            for slot, target in targets.serving.items()
        }
        chosen = shares(self._deployed)
        structure = render(self._deployed, self._addresses, folder, self._pem).text
        commands = [*_moves(self._served, served), *self._weighed(chosen)]
        if structure != self._structure:
            lines = "".join(f"{key} {value}\n" for key, value in chosen.items())
            rendered = render(self._deployed, self._addresses, folder, self._pem, served)
            rendered.files[WEIGHTS] = lines
            if self._haproxy.running:
                self._count()
            self._haproxy.run(rendered)
            # The new worker knows; the older ones do not.
            self._haproxy.tell(commands, newest=False)
        else:
            self._haproxy.tell(commands)
        self._structure, self._served, self._map = structure, served, chosen
        for targets in self._targets.values():
            targets.tell()

    def _weighed(self, chosen: dict[str, int]) -> list[str]:
        path = self._haproxy.folder / WEIGHTS
        return [f"set map {path} {key} {value}" for key, value in chosen.items() if self._map.get(key) != value]


_BACKENDS = 2  # of the kinds of rows of `show stat`
_COLUMNS = {"requests": "req_tot", **{f"{first}xx": f"hrsp_{first}xx" for first in "2345"}}


def _counted(row: dict[str, Any]) -> dict[str, int]:
    return {key: int(row[column] or 0) for key, column in _COLUMNS.items()}


def _moves(before: _Slots, after: _Slots) -> list[str]:
    """The commands that bring servers from one state to another; new ones come first, so that there is always one."""
    commands = []
    for (name, slot), (address, port) in after.items():
        if before.get((name, slot)) != (address, port):
            server = f"{name}/s{slot}"
            commands += [f"set server {server} addr {address} port {port}", f"set server {server} state ready"]
    gone = before.keys() - after.keys()
    return commands + [f"set server {name}/s{slot} state drain" for name, slot in sorted(gone)]
