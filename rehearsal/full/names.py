"""Route 53's name servers and health checks: answers what the hosted zones hold at the moment of the query."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from dnslib import CLASS, QTYPE, RCODE, RR, DNSRecord
from dnslib.server import BaseResolver, DNSLogger, DNSServer

from rehearsal.events import Events
from rehearsal.full.names_answers import Answers, Line
from rehearsal.full.names_health import PROBED, Check
from rehearsal.full.names_zones import CheckConfig, Zone, read_check, read_zones

FRESH = 0.5  # seconds for which what was read answers
POLL = 1.0  # seconds between two looks for changes that nobody has asked about
_TYPES = ("A", "AAAA", "CNAME", "TXT", "NS", "SOA", "MX", "SRV", "CAA")


class NameServer:
    """The name server of all hosted zones of some accounts, on UDP and TCP."""

    def __init__(
        self,
        clients: Sequence[Any],
        addresses: Callable[[], Mapping[str, str]],
        events: Events,
        address: tuple[str, int] = ("127.0.0.2", 53),
    ) -> None:
        """Nothing is answered yet.

        Args:
            clients: route53 clients, one for each account.
            addresses: the address of each load balancer, by DNS name.
            events: told when a weighted name answers something else, and when a health check turns.
            address: where to listen.
        """
        self._clients, self._addresses, self._events, self._address = clients, addresses, events, address
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._zones: tuple[Zone, ...] = ()
        self._read = float("-inf")
        self._checks: dict[str, Check] = {}
        self._told: dict[tuple[str, str], dict[str, int]] = {}
        self._servers: list[DNSServer] = []
        self._poller: threading.Thread | None = None
        self._pick = random.Random()

    def start(self) -> None:
        """Answer, and check health, from now on."""
        self.refresh()
        for tcp in (False, True):
            # What it would print for each query goes nowhere.
            log = DNSLogger(log="-recv,-send,-request,-reply,-truncated,-error,-data", logf=lambda _: None)
            host, port = self._address
            server = DNSServer(_Resolver(self), port=port, address=host, tcp=tcp, logger=log)
            server.start_thread()
            self._servers.append(server)
        self._poller = threading.Thread(target=self._poll, daemon=True, name="name server")
        self._poller.start()

    def stop(self) -> None:
        """Answer and check nothing any more."""
        self._stopped.set()
        if self._poller:
            self._poller.join()
        for server in self._servers:
            server.stop()
            server.server.server_close()
        self._servers.clear()
        for check in self._checks.values():
            check.stop()

    def refresh(self) -> None:
        """Read the hosted zones and health checks now. Also happens by itself."""
        with self._lock:
            self._zones = read_zones(self._clients, self._events)
            self._follow_checks()
            self._read = time.monotonic()
            self._tell()

    def answers(self) -> Answers:
        """What can be asked, read from the API at most `FRESH` seconds ago."""
        if time.monotonic() - self._read > FRESH:
            self.refresh()
        return self._known()

    def health(self) -> dict[str, bool]:
        """Each health check in use, by its id, and whether it is healthy."""
        with self._lock:
            return {name: check.healthy for name, check in self._checks.items()}

    def failed(self, name: str, error: Exception) -> None:
        """A query could not be answered."""
        self._events.add("note", f"name server: no answer for {name}: {error!r}")

    def _known(self) -> Answers:
        balancers = {name.lower().rstrip("."): address for name, address in self._addresses().items()}
        return Answers(self._zones, balancers, self._healthy, self._pick)

    def _healthy(self, check: str) -> bool:
        # AWS: a check that does not exist any more counts as healthy.
        found = self._checks.get(check)
        return found.healthy if found else True

    def _follow_checks(self) -> None:
        """Checks that are new, changed or no longer used."""
        used = {record.check for zone in self._zones for record in zone.records if record.check}
        configs = {name: config for name in used if (config := read_check(self._clients, name))}
        for name, check in list(self._checks.items()):
            if configs.get(name) != check.config:
                check.stop()
                del self._checks[name]
        for name, config in configs.items():
            if config.kind not in PROBED:
                self._events.not_rehearsed(f"health check {name}", f"its type is {config.kind}: it counts as healthy")
            if name not in self._checks:
                self._checks[name] = Check(config, lambda host: self._known().address(host), self._turned)

    def _turned(self, config: CheckConfig, healthy: bool) -> None:
        state = "healthy" if healthy else "unhealthy"
        text = f"{config.host or config.address}: {state}"
        self._events.add("health", text, check=config.id, name=config.host, healthy=healthy)
        with self._lock:
            self._tell()

    def _tell(self) -> None:
        """Say what weighted names answer where that is new."""
        known = self._known()
        weighted = {(r.name, r.kind) for zone in self._zones for r in zone.records if r.weight is not None}
        now = {key: known.live(*key) for key in sorted(weighted)}
        for (name, kind), weights in now.items():
            if self._told.get((name, kind)) != weights:
                shares = ", ".join(f"{identifier} {weight}" for identifier, weight in weights.items())
                self._events.add("record", f"{name}: {shares}", name=name, weights=weights)
        self._told = now

    def _poll(self) -> None:
        while not self._stopped.wait(POLL):
            try:
                self.answers()
            except (BotoCoreError, ClientError) as error:
                self._events.add("note", f"the hosted zones could not be read: {error}")


class _Resolver(BaseResolver):  # type: ignore[misc] # dnslib has no annotations
    def __init__(self, server: NameServer) -> None:
        self._server = server

    def resolve(self, request: DNSRecord, handler: Any) -> DNSRecord:
        """The reply to a query."""
        del handler
        reply = request.reply(ra=0, aa=1)
        name = str(request.q.qname).lower().rstrip(".")
        kind = QTYPE.get(request.q.qtype, "")
        try:
            answer = self._server.answers().answer(name, kind)
            reply.add_answer(*[_rr(line) for line in answer.lines if line.kind in _TYPES])
            reply.add_auth(*([_rr(answer.soa)] if answer.soa else []))
        except Exception as error:  # whoever asks gets a reply, and the rehearsal the reason
            self._server.failed(name, error)
            reply.header.rcode = RCODE.SERVFAIL
            return reply
        reply.header.rcode = RCODE.NOERROR if answer.exists else RCODE.NXDOMAIN
        return reply


def _rr(line: Line) -> RR:
    (found,) = RR.fromZone(f"{line.name}. {line.ttl} {CLASS.get(CLASS.IN)} {line.kind} {line.value}")
    return found
