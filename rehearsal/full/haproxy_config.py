"""A configuration of HAProxy that does what load balancers are deployed to do."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rehearsal.full.balancer_state import (
    Condition,
    Deployed,
    Fixed,
    Forward,
    Group,
    Listener,
    LoadBalancer,
    Redirect,
    Rule,
    Target,
)

SLOTS = 64  # servers of a target group: the targets it has and those that still drain
WHOLE = 10_000  # the sum of the weights of a rule, so that a tenth of a percent counts
WEIGHTS = "weights.map"
Slots = Mapping[tuple[str, int], Target]  # backend, number from 1 -> the target that gets requests there

_FIELDS = {
    # Host names and header values match in any case, paths do not.
    "host-header": ("req.hdr(host),host_only", "-i"),
    "path-pattern": ("path", ""),
    "http-header": ("req.fhdr({key})", "-i"),
    "http-request-method": ("method", ""),
    "query-string": ("query", "-i"),
    "source-ip": ("src", ""),
}
# The default of a listener that names none is ELBSecurityPolicy-2016-08, which lets TLS 1.0 in.
_LEAST_TLS = {"TLS13-1-3": "TLSv1.3", "TLS13-1-2": "TLSv1.2", "TLS-1-2": "TLSv1.2", "TLS13-1-1": "TLSv1.1"}


@dataclass(frozen=True)
class Rendered:
    """The configuration, and the files it names, by their name in the same folder."""

    text: str
    files: dict[str, str]


def render(
    deployed: Deployed, addresses: Mapping[str, str], folder: Path, pem: Path, slots: Slots | None = None
) -> Rendered:
    """The configuration.

    Args:
        deployed: what is deployed. Neither its targets nor its weights are in the text: both change while it runs.
        addresses: where each load balancer listens, by its ARN.
        folder: where the files will be.
        pem: private key and certificates of HTTPS listeners.
        slots: the servers that get requests from the start.
    """
    writer = _Writer(folder, pem, slots or {}, {"502.http": _raw(502, "Bad Gateway")})
    lines = [*writer.head()]
    for balancer in deployed.balancers:
        for listener in balancer.listeners:
            lines += writer.frontend(balancer, listener, addresses[balancer.arn])
    for group in deployed.groups.values():
        lines += writer.backend(group, _idle_timeout(deployed, group.arn))
    return Rendered("\n".join(lines) + "\n", writer.files)


def shares(deployed: Deployed) -> dict[str, int]:
    """Key and value of the map of weights: up to which number of `WHOLE` each target group of a rule is chosen."""
    found: dict[str, int] = {}
    for rule in _rules(deployed):
        if isinstance(rule.action, Forward):
            total, sum_so_far = sum(weight for _, weight in rule.action.groups), 0
            for arn, weight in rule.action.groups:
                sum_so_far += weight
                found[f"{short(rule.arn)}.{short(arn)}"] = round(WHOLE * sum_so_far / total) if total else 0
    return found


def short(arn: str) -> str:
    """A name without the characters that HAProxy does not take."""
    return hashlib.sha256(arn.encode()).hexdigest()[:12]


def backend(group: str) -> str:
    """The name of the backend of a target group, by the group's ARN."""
    return f"{group.split('/')[1]}.{short(group)}"


def wildcard(pattern: str) -> str:
    """A regular expression for AWS's wildcards: * is any number of characters, ? exactly one."""
    return "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)


def _rules(deployed: Deployed) -> Iterator[Rule]:
    for balancer in deployed.balancers:
        for listener in balancer.listeners:
            yield from listener.rules


def _idle_timeout(deployed: Deployed, group: str) -> int:
    """Of the load balancer the target group is attached to: it can only be one."""
    for balancer in deployed.balancers:
        for rule in (rule for listener in balancer.listeners for rule in listener.rules):
            if isinstance(rule.action, Forward) and group in dict(rule.action.groups):
                return balancer.idle_timeout
    return 60


@dataclass(frozen=True)
class _Writer:
    folder: Path
    pem: Path
    slots: Slots
    files: dict[str, str]

    def head(self) -> Iterator[str]:
        yield from (
            "global",
            "  nbthread 2",
            "  maxconn 4000",
            "  log stdout format raw local0 info",
            f"  stats socket {self.folder / 'worker.sock'} mode 600 level admin expose-fd listeners",
            "defaults",
            "  mode http",
            "  log global",
            "  option httplog",
            "  option dontlog-normal",
            # A request is sent once: what fails on AWS fails here.
            "  retries 0",
            "  no option redispatch",
            # A client's idle connection outlives a reload: it is closed with its next answer, which says so.
            "  option idle-close-on-response",
            # AWS: 10 seconds to connect to a target.
            "  timeout connect 10s",
            "  timeout client 60s",
            "  timeout server 60s",
            "backend nowhere",
        )

    def frontend(self, balancer: LoadBalancer, listener: Listener, address: str) -> Iterator[str]:
        secure = listener.protocol == "HTTPS"
        least = next((tls for key, tls in _LEAST_TLS.items() if key in listener.policy), "TLSv1.0")
        tls = f" ssl crt {self.pem} alpn h2,http/1.1 ssl-min-ver {least}" if secure else ""
        trace = "1-%{+X}Ts-%[uuid,regsub(-,,g),bytes(0,24)]"
        yield from (
            f"frontend {balancer.name}.{listener.port}.{short(listener.arn)}",
            f"  bind {address}:{listener.port}{tls}",
            f"  timeout client {balancer.idle_timeout}s",
            f"  timeout http-keep-alive {balancer.idle_timeout}s",
            f"  timeout http-request {balancer.idle_timeout}s",
            "  tcp-request session set-var(sess.start) date",
            f"  http-after-response set-header Connection close if {{ date,sub(sess.start) ge {balancer.keep_alive} }}",
            '  http-request set-header X-Forwarded-For "%[req.fhdr(x-forwarded-for)], %[src]"'
            " if { req.fhdr(x-forwarded-for) -m found }",
            "  http-request set-header X-Forwarded-For %[src] if !{ req.fhdr(x-forwarded-for) -m found }",
            f"  http-request set-header X-Forwarded-Proto {listener.protocol.lower()}",
            f"  http-request set-header X-Forwarded-Port {listener.port}",
            "  acl traced req.fhdr(x-amzn-trace-id) -m found",
            f'  http-request set-var-fmt(txn.trace) "Self={trace};%[req.fhdr(x-amzn-trace-id)]" if traced',
            f'  http-request set-var-fmt(txn.trace) "Root={trace}" if !traced',
            "  http-request set-header X-Amzn-Trace-Id %[var(txn.trace)]",
            f"  http-request set-var(txn.pick) rand({WHOLE})",
        )
        for rule in listener.rules:
            yield from self._rule(rule, listener)
        yield "  use_backend %[var(txn.backend)] if { var(txn.backend) -m found }"
        yield "  default_backend nowhere"

    def _rule(self, rule: Rule, listener: Listener) -> Iterator[str]:
        name = short(rule.arn)
        for number, condition in enumerate(rule.conditions):
            for test in _tests(condition):
                yield f"  acl {name}.{number} {test}"
        all_of_them = "".join(f" {name}.{number}" for number in range(len(rule.conditions)))
        yield f"  http-request set-var(txn.rule) str({name}) if !{{ var(txn.rule) -m found }}{all_of_them}"
        taken = f"{{ var(txn.rule) -m str {name} }}"
        if isinstance(rule.action, Forward):
            yield from self._forward(name, rule.action, taken)
        elif isinstance(rule.action, Redirect):
            yield from _redirect(rule.action, listener, taken)
        else:
            yield self._fixed(name, rule.action, taken)

    def _forward(self, rule: str, action: Forward, taken: str) -> Iterator[str]:
        for arn, _ in action.groups:
            key = f"str({rule}.{short(arn)}),map_str_int({self.folder / WEIGHTS},0)"
            yield f"  http-request set-var(txn.limit) {key} if {taken}"
            yield (
                f"  http-request set-var(txn.backend) str({backend(arn)}) if {taken}"
                " !{ var(txn.backend) -m found } { var(txn.pick),sub(txn.limit) lt 0 }"
            )

    def _fixed(self, name: str, action: Fixed, taken: str) -> str:
        if not action.body:
            return f"  http-request return status {action.code} if {taken}"
        self.files[f"{name}.body"] = action.body
        body = self.folder / f"{name}.body"
        return f"  http-request return status {action.code} content-type {action.kind} file {body} if {taken}"

    def backend(self, group: Group, idle_timeout: int) -> Iterator[str]:
        tls = " ssl verify none" if group.protocol == "HTTPS" else ""
        slow = f" slowstart {group.slow_start}s" if group.slow_start else ""
        yield from (
            f"backend {backend(group.arn)}",
            f"  balance {'leastconn' if group.algorithm == 'least_outstanding_requests' else 'roundrobin'}",
            "  http-reuse always",
            f"  timeout server {idle_timeout}s",
            # HAProxy says 503 where a target does not accept the connection, AWS 502.
            f"  errorfile 503 {self.folder / '502.http'}",
            # No server counts as usable any more in a worker that only ends its connections.
            "  http-request return status 503 if { nbsrv lt 1 } !{ stopping }",
            f"  default-server pool-purge-delay {idle_timeout}s{tls}{slow}",
        )
        for number in range(1, SLOTS + 1):
            target = self.slots.get((backend(group.arn), number))
            where = f"{target[0]}:{target[1]}" if target else "127.0.0.1:9 disabled"
            yield f"  server s{number} {where}"


def _tests(condition: Condition) -> Iterator[str]:
    fetch, case = _FIELDS[condition.field]
    fetch = fetch.format(key=condition.key)
    for value in condition.values:
        if condition.field == "source-ip":
            yield f"{fetch} {value}"
        elif condition.field == "query-string":
            key, _, text = value.partition("=")
            before = f"{wildcard(key)}=" if key else "([^=&]*=)?"
            yield f"{fetch} -m reg {case} {_quoted(f'(^|&){before}{wildcard(text)}(&|$)')}"
        else:
            yield f"{fetch} -m reg {case} {_quoted(f'^{wildcard(value)}$')}"


def _redirect(action: Redirect, listener: Listener, taken: str) -> Iterator[str]:
    own = {"protocol": listener.protocol.lower(), "port": str(listener.port), "host": "%[req.hdr(host),host_only]"}
    own |= {"path": "%[path,bytes(1)]", "query": "%[query]"}

    def filled(part: str) -> str:
        pieces = re.split(r"#\{(protocol|port|host|path|query)\}", part)
        literal = [piece.replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"') for piece in pieces]
        return "".join(own[piece] if odd % 2 else literal[odd] for odd, piece in enumerate(pieces))

    protocol = filled(action.protocol).lower()
    place = f"{protocol}://{filled(action.host)}:{filled(action.port)}{filled(action.path)}"
    if action.query == "#{query}":
        yield f'  http-request redirect code {action.code} location "{place}" if {taken} !{{ query -m len gt 0 }}'
    query = f"?{filled(action.query)}" if action.query else ""
    yield f'  http-request redirect code {action.code} location "{place}{query}" if {taken}'


def _quoted(text: str) -> str:
    """One word of the configuration, whatever is in it."""
    return "'" + text.replace("'", "'\\''") + "'"


def _raw(code: int, reason: str) -> str:
    body = f"<html><head><title>{code} {reason}</title></head></html>\r\n"
    head = f"HTTP/1.1 {code} {reason}\r\nServer: awselb/2.0\r\nContent-Type: text/html\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}"
