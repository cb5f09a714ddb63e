"""What the Elastic Load Balancing API says is deployed, as values that can be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rehearsal.events import Events

FIELDS = ("host-header", "path-pattern", "http-header", "http-request-method", "query-string", "source-ip")
Target = tuple[str, int]  # address, port
# ARN of a rule, or of a listener for its default action -> ARN of each of its target groups and its weight, if known.
Weights = Callable[[str], Mapping[str, int] | None]


@dataclass(frozen=True)
class Condition:
    """One condition of a rule: true if one of its values matches."""

    field: str
    values: tuple[str, ...]
    key: str = ""  # the header's name of an http-header condition


@dataclass(frozen=True)
class Forward:
    """To target groups by weight."""

    groups: tuple[tuple[str, int], ...]  # ARN, weight


@dataclass(frozen=True)
class Redirect:
    """To another address; the parts hold #{host} and its like."""

    protocol: str
    host: str
    port: str
    path: str
    query: str
    code: int


@dataclass(frozen=True)
class Fixed:
    """An answer of the load balancer's own."""

    code: int
    kind: str
    body: str


Action = Forward | Redirect | Fixed


@dataclass(frozen=True)
class Rule:
    """The action of a rule and when it applies: a default rule has no conditions."""

    arn: str
    conditions: tuple[Condition, ...]
    action: Action


@dataclass(frozen=True)
class Listener:
    """A port of a load balancer; the rules are in the order in which they are tried, the default one last."""

    arn: str
    port: int
    protocol: str
    policy: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class LoadBalancer:
    """An application load balancer."""

    arn: str
    name: str
    dns_name: str
    idle_timeout: int  # seconds
    keep_alive: int  # seconds, the age at which a client's connection is closed
    listeners: tuple[Listener, ...]


@dataclass(frozen=True)
class Check:
    """How targets are checked."""

    enabled: bool
    protocol: str
    path: str
    port: str
    interval: float  # seconds
    timeout: float  # seconds
    healthy: int
    unhealthy: int
    codes: str


@dataclass(frozen=True)
class Group:
    """A target group."""

    arn: str
    name: str
    protocol: str
    check: Check
    delay: float  # seconds a deregistering target may finish its requests
    algorithm: str
    slow_start: int  # seconds


@dataclass(frozen=True)
class Deployed:
    """Everything at one moment. Of the target groups only those that a listener forwards to."""

    balancers: tuple[LoadBalancer, ...]
    groups: dict[str, Group]
    targets: dict[str, tuple[Target, ...]]


def read(clients: Sequence[Any], events: Events, weights: Weights | None = None) -> Deployed:
    """What is deployed now.

    Args:
        clients: elbv2 clients, one for each account and region.
        events: told about what cannot be played.
        weights: of a rule's or listener's target groups where they are known better than by the API.
    """
    balancers: list[LoadBalancer] = []
    groups: dict[str, Group] = {}
    targets: dict[str, tuple[Target, ...]] = {}
    for client in clients:
        reader = _Reader(client, events, weights)
        found = list(reader.balancers())
        balancers += found
        for group in reader.groups(_used(found)):
            groups[group.arn] = group
            targets[group.arn] = reader.targets(group.arn)
    return Deployed(tuple(sorted(balancers, key=lambda balancer: balancer.arn)), groups, targets)


def _used(balancers: Sequence[LoadBalancer]) -> set[str]:
    actions = [rule.action for balancer in balancers for listener in balancer.listeners for rule in listener.rules]
    return {arn for action in actions if isinstance(action, Forward) for arn, _ in action.groups}


@dataclass(frozen=True)
class _Reader:
    client: Any
    events: Events
    weights: Weights | None

    def balancers(self) -> Iterator[LoadBalancer]:
        for found in _pages(self.client, "describe_load_balancers", "LoadBalancers"):
            arn, name = found["LoadBalancerArn"], found["LoadBalancerName"]
            if found.get("Type", "application") != "application":
                self.events.not_rehearsed(f"load balancer {name}", f"its type is {found['Type']}")
                continue
            values = _attributes(self.client.describe_load_balancer_attributes(LoadBalancerArn=arn))
            yield LoadBalancer(
                arn,
                name,
                found["DNSName"],
                int(values.get("idle_timeout.timeout_seconds", 60)),
                int(values.get("client_keep_alive.seconds", 3600)),
                tuple(self._listeners(arn)),
            )

    def _listeners(self, balancer: str) -> Iterator[Listener]:
        found = _pages(self.client, "describe_listeners", "Listeners", LoadBalancerArn=balancer)
        for listener in sorted(found, key=lambda listener: int(listener["Port"])):
            arn, protocol = listener["ListenerArn"], listener["Protocol"]
            if protocol not in ("HTTP", "HTTPS"):
                self.events.not_rehearsed(f"listener {arn}", f"its protocol is {protocol}")
                continue
            if listener.get("MutualAuthentication", {}).get("Mode", "off") != "off":
                self.events.not_rehearsed(f"mutual TLS of listener {arn}", "clients are let in without certificate")
            policy = listener.get("SslPolicy", "")
            yield Listener(arn, int(listener["Port"]), protocol, policy, tuple(self._rules(listener)))

    def _rules(self, listener: Mapping[str, Any]) -> Iterator[Rule]:
        found = _pages(self.client, "describe_rules", "Rules", ListenerArn=listener["ListenerArn"])
        own = [rule for rule in found if str(rule["Priority"]) != "default"]
        for rule in sorted(own, key=lambda rule: int(rule["Priority"])):
            conditions = tuple(condition(item) for item in rule["Conditions"])
            lost = [item.field for item in conditions if not item.values or item.field not in FIELDS]
            if lost:
                self.events.not_rehearsed(f"rule {rule['RuleArn']}", f"a condition on {lost[0]} that cannot be read")
                continue
            if chosen := self._action(rule["RuleArn"], rule["Actions"]):
                yield Rule(rule["RuleArn"], conditions, chosen)
        if chosen := self._action(listener["ListenerArn"], listener["DefaultActions"]):
            yield Rule(listener["ListenerArn"], (), chosen)

    def _action(self, owner: str, actions: Sequence[Mapping[str, Any]]) -> Action | None:
        """The action that ends the request; one that comes before it (authentication) is left out."""
        chosen = None
        for item in sorted(actions, key=lambda item: int(item.get("Order", 1))):
            if item["Type"] not in _ACTIONS:
                self.events.not_rehearsed(f"{item['Type']} of {owner}", "requests pass without it")
                continue
            chosen = _ACTIONS[item["Type"]](item)
            if isinstance(chosen, Forward):
                chosen = self._forward(owner, item, chosen)
        return chosen

    def _forward(self, owner: str, item: Mapping[str, Any], stated: Forward) -> Forward:
        if item.get("ForwardConfig", {}).get("TargetGroupStickinessConfig", {}).get("Enabled"):
            self.events.not_rehearsed(f"stickiness of {owner}", "each request is weighted anew")
        known = self.weights(owner) if self.weights else {}
        return Forward(tuple(known.items())) if known else stated

    def groups(self, used: set[str]) -> Iterator[Group]:
        for found in _pages(self.client, "describe_target_groups", "TargetGroups"):
            arn, name = found["TargetGroupArn"], found["TargetGroupName"]
            if arn not in used:
                continue
            values = _attributes(self.client.describe_target_group_attributes(TargetGroupArn=arn))
            self._note_limits(found, values)
            yield Group(
                arn,
                name,
                found["Protocol"],
                check(found),
                float(values.get("deregistration_delay.timeout_seconds", 300)),
                values.get("load_balancing.algorithm.type", "round_robin"),
                int(values.get("slow_start.duration_seconds", 0)),
            )

    def _note_limits(self, found: Mapping[str, Any], values: Mapping[str, str]) -> None:
        name = found["TargetGroupName"]
        if values.get("stickiness.enabled") == "true":
            self.events.not_rehearsed(f"stickiness of target group {name}", "each request is balanced anew")
        if found.get("TargetType", "ip") != "ip":
            self.events.not_rehearsed(f"targets of target group {name}", f"its type is {found['TargetType']}")
        if found.get("ProtocolVersion", "HTTP1") != "HTTP1":
            self.events.not_rehearsed(f"{found['ProtocolVersion']} of target group {name}", "HTTP/1.1 is spoken")

    def targets(self, group: str) -> tuple[Target, ...]:
        found = self.client.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        # What the API says about their health is the emulator's guess.
        return tuple((item["Target"]["Id"], int(item["Target"]["Port"])) for item in found)


def condition(found: Mapping[str, Any]) -> Condition:
    """A condition as the API describes it; without values if they cannot be read."""
    field = found["Field"]
    config: Mapping[str, Any] = next((value for key, value in found.items() if key.endswith("Config")), {})
    values = config.get("Values") or found.get("Values") or []
    if field == "query-string":
        values = [f"{item.get('Key', '')}={item['Value']}" for item in values if isinstance(item, dict)]
    return Condition(field, tuple(values), config.get("HttpHeaderName", ""))


def check(found: Mapping[str, Any]) -> Check:
    """The health check of a target group as the API describes it."""
    return Check(
        bool(found.get("HealthCheckEnabled", True)),
        found.get("HealthCheckProtocol", "HTTP"),
        found.get("HealthCheckPath", "/"),
        str(found.get("HealthCheckPort", "traffic-port")),
        float(found.get("HealthCheckIntervalSeconds", 30)),
        float(found.get("HealthCheckTimeoutSeconds", 5)),
        int(found.get("HealthyThresholdCount", 5)),
        int(found.get("UnhealthyThresholdCount", 2)),
        str(found.get("Matcher", {}).get("HttpCode", "200")),
    )


def _forwarded(item: Mapping[str, Any]) -> Action:
    named = item.get("ForwardConfig", {}).get("TargetGroups") or []
    if not named and "TargetGroupArn" in item:
        named = [{"TargetGroupArn": item["TargetGroupArn"]}]
    return Forward(tuple((group["TargetGroupArn"], int(group.get("Weight", 1))) for group in named))


def _redirected(item: Mapping[str, Any]) -> Action:
    config = {"Protocol": "#{protocol}", "Host": "#{host}", "Port": "#{port}", "Path": "/#{path}", "Query": "#{query}"}
    config |= item["RedirectConfig"]
    code = int(str(config["StatusCode"]).removeprefix("HTTP_"))
    return Redirect(config["Protocol"], config["Host"], config["Port"], config["Path"], config["Query"], code)


def _fixed(item: Mapping[str, Any]) -> Action:
    config = item["FixedResponseConfig"]
    return Fixed(int(config["StatusCode"]), config.get("ContentType") or "text/plain", config.get("MessageBody", ""))


_ACTIONS: dict[str, Callable[[Mapping[str, Any]], Action]] = {
    "forward": _forwarded,
    "redirect": _redirected,
    "fixed-response": _fixed,
}


def _pages(client: Any, operation: str, key: str, **parameters: Any) -> list[dict[str, Any]]:
    return [item for page in client.get_paginator(operation).paginate(**parameters) for item in page[key]]


def _attributes(found: Mapping[str, Any]) -> dict[str, str]:
    return {item["Key"]: item["Value"] for item in found["Attributes"]}
