"""The name server, asked over UDP and TCP, with the hosted zones of a real emulator."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from dnslib import QTYPE, RCODE, DNSRecord

from emulator import Emulator
from rehearsal.events import Events
from rehearsal.full.names import NameServer

BLUE, GREEN = "blue.eu-west-1.elb.amazonaws.com", "green.eu-west-1.elb.amazonaws.com"
ADDRESSES = {BLUE: "127.0.0.1", GREEN: "127.0.1.2"}
_ACCOUNTS = itertools.count(310000000000)


class _Ok(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def route53(emulator: Emulator) -> Any:
    return emulator.client("route53", str(next(_ACCOUNTS)))


@pytest.fixture
def zone(route53: Any) -> str:
    made = route53.create_hosted_zone(Name="courier.example", CallerReference="1")["HostedZone"]
    _put(route53, made["Id"], _cname("side.courier.example", BLUE), *_weighted(100, 0))
    return str(made["Id"])


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.usefixtures("zone")
def test_queries(route53: Any, tcp: bool) -> None:
    with _served(route53, Events()) as port:
        status, lines = _ask(port, "Orders.Courier.Example", "A", tcp)
        assert status == "NOERROR"
        assert lines == [("CNAME", 20, f"{BLUE}."), ("A", 60, "127.0.0.1")]
        assert _ask(port, "nope.courier.example", "A", tcp) == ("NXDOMAIN", [])
        assert _ask(port, "side.courier.example", "CNAME", tcp)[1] == [("CNAME", 20, f"{BLUE}.")]
        assert [kind for kind, *_ in _ask(port, "courier.example", "NS", tcp)[1]] == ["NS"] * 4


def test_a_change_answers_within_a_second_and_is_an_event(route53: Any, zone: str) -> None:
    events = Events()
    with _served(route53, events) as port:
        _put(route53, zone, *_weighted(0, 100))
        _until(lambda: _ask(port, "orders.courier.example", "A")[1][-1][2] == "127.0.1.2", 2)
    found = [event.data["weights"] for event in events.all if event.kind == "record"]
    assert found == [{"orders": 100, "orders-green": 0}, {"orders": 0, "orders-green": 100}]


def test_a_failed_health_check_turns_the_name(route53: Any, zone: str) -> None:
    events = Events()
    with _application() as live:
        checks = [_check(route53, "side.courier.example", port) for port in (_free_port(), live)]
        _put(route53, zone, *_weighted(100, 0, checks))
        with _served(route53, events) as port:
            _until(lambda: _ask(port, "orders.courier.example", "A")[1][-1][2] == "127.0.1.2", 20)
    turned = [event.data for event in events.all if event.kind == "health"]
    assert [(data["check"], data["healthy"]) for data in turned] == [(checks[0], False)]


def test_latency_records_are_left_out_and_said(route53: Any, zone: str) -> None:
    record = {**_cname("far.courier.example", BLUE), "SetIdentifier": "one", "Region": "eu-west-1"}
    _put(route53, zone, record)
    events = Events()
    with _served(route53, events) as port:
        assert _ask(port, "far.courier.example", "A") == ("NXDOMAIN", [])
    assert list(events.missing) == ["latency routing of far.courier.example CNAME"]


@contextmanager
def _served(route53: Any, events: Events) -> Iterator[int]:
    port = _free_port()
    server = NameServer([route53], lambda: ADDRESSES, events, ("127.0.0.1", port))
    server.start()
    try:
        yield port
    finally:
        server.stop()


@contextmanager
def _application() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Ok)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def _ask(port: int, name: str, kind: str, tcp: bool = False) -> tuple[str, list[tuple[str, int, str]]]:
    reply = DNSRecord.parse(DNSRecord.question(name, kind).send("127.0.0.1", port, tcp=tcp, timeout=20))
    return RCODE[reply.header.rcode], [(QTYPE[line.rtype], line.ttl, str(line.rdata)) for line in reply.rr]


def _put(route53: Any, zone: str, *records: dict[str, Any]) -> None:
    changes = [{"Action": "UPSERT", "ResourceRecordSet": record} for record in records]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def _cname(name: str, target: str) -> dict[str, Any]:
    return {"Name": name, "Type": "CNAME", "TTL": 20, "ResourceRecords": [{"Value": target}]}


def _weighted(blue: int, green: int, checks: list[str] | None = None) -> Iterator[dict[str, Any]]:
    for number, (identifier, target, weight) in enumerate((("orders", BLUE, blue), ("orders-green", GREEN, green))):
        record = {**_cname("orders.courier.example", target), "SetIdentifier": identifier, "Weight": weight}
        yield {**record, "HealthCheckId": checks[number]} if checks else record


def _check(route53: Any, host: str, port: int) -> str:
    config = {"Type": "HTTP", "FullyQualifiedDomainName": host, "Port": port, "ResourcePath": "/health"}
    config |= {"RequestInterval": 10, "FailureThreshold": 1}
    made = route53.create_health_check(CallerReference=str(port), HealthCheckConfig=config)
    return str(made["HealthCheck"]["Id"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until(true: Callable[[], bool], limit: float) -> None:
    deadline = time.monotonic() + limit
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
