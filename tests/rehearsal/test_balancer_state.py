"""What is read from the Elastic Load Balancing API, of a real emulator."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator
from rehearsal.events import Events
from rehearsal.full.balancer_state import Condition, Deployed, Fixed, Forward, Redirect, condition, read

NOT_FOUND = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "Not found"}


@pytest.fixture(scope="module")
def elb(emulator: Emulator) -> Any:
    return emulator.client("elbv2", "300000000001")


@pytest.fixture(scope="module")
def made(elb: Any) -> dict[str, str]:
    balancer = elb.create_load_balancer(Name="cluster-blue", Subnets=[])["LoadBalancers"][0]["LoadBalancerArn"]
    attributes = [{"Key": "client_keep_alive.seconds", "Value": "300"}]
    elb.modify_load_balancer_attributes(LoadBalancerArn=balancer, Attributes=attributes)
    groups = {name: _group(elb, name) for name in ("orders", "pricing", "unused")}
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    _listener(elb, balancer, 80, "HTTP", {"Type": "redirect", "RedirectConfig": redirect})
    https = _listener(elb, balancer, 443, "HTTPS", {"Type": "fixed-response", "FixedResponseConfig": NOT_FOUND})
    _listener(elb, balancer, 9000, "TCP", {"Type": "forward", "TargetGroupArn": groups["unused"]})
    rules = {
        "late": _rule(elb, https, 20, groups["pricing"], host="api.courier.example"),
        "early": _rule(elb, https, 3, groups["orders"], host="orders.courier.example", header="X-Test"),
    }
    elb.register_targets(TargetGroupArn=groups["orders"], Targets=[{"Id": "10.200.0.5", "Port": 8080}])
    return {"balancer": balancer, **groups, **rules}


def test_everything_a_load_balancer_does(elb: Any, made: dict[str, str]) -> None:
    (balancer,) = read([elb], Events()).balancers
    assert (balancer.name, balancer.idle_timeout, balancer.keep_alive) == ("cluster-blue", 60, 300)
    plain, secure = balancer.listeners
    (moved,) = plain.rules
    assert moved.action == Redirect("HTTPS", "#{host}", "443", "/#{path}", "#{query}", 301)
    assert [rule.arn for rule in secure.rules[:2]] == [made["early"], made["late"]]
    assert secure.rules[0].conditions == (
        Condition("host-header", ("orders.courier.example",)),
        Condition("http-header", ("gr?en",), "X-Test"),
    )
    assert secure.rules[-1].action == Fixed(404, "text/plain", "Not found")


def test_only_target_groups_in_use_with_their_targets(elb: Any, made: dict[str, str]) -> None:
    deployed = read([elb], Events())
    assert deployed.groups.keys() == {made["orders"], made["pricing"]}
    assert deployed.targets == {made["orders"]: (("10.200.0.5", 8080),), made["pricing"]: ()}
    group = deployed.groups[made["orders"]]
    assert (group.delay, group.algorithm) == (20.0, "round_robin")
    assert (group.check.interval, group.check.healthy, group.check.unhealthy) == (5.0, 3, 2)
    assert (group.check.path, group.check.codes, group.check.port) == ("/health", "200-299", "traffic-port")


def test_weights_known_better(elb: Any, made: dict[str, str]) -> None:
    better = {made["early"]: {made["orders"]: 95, made["pricing"]: 5}}
    assert _forwards(read([elb], Events(), better.get)) == [
        Forward(((made["orders"], 95), (made["pricing"], 5))),
        Forward(((made["pricing"], 1),)),
    ]


@pytest.mark.usefixtures("made")
def test_a_listener_that_cannot_be_played_is_said(elb: Any) -> None:
    events = Events()
    read([elb], events)
    assert list(events.missing.values()) == ["its protocol is TCP"]


def test_query_strings() -> None:
    values = [{"Key": "version", "Value": "2"}, {"Value": "new*"}]
    assert condition({"Field": "query-string", "QueryStringConfig": {"Values": values}}).values == (
        "version=2",
        "=new*",
    )


def _forwards(deployed: Deployed) -> list[Forward]:
    actions = [rule.action for listener in deployed.balancers[0].listeners for rule in listener.rules]
    return [action for action in actions if isinstance(action, Forward)]


def _group(elb: Any, name: str) -> str:
    made = elb.create_target_group(
        Name=name,
        Protocol="HTTP",
        Port=80,
        TargetType="ip",
        HealthCheckPath="/health",
        HealthCheckIntervalSeconds=5,
        HealthCheckTimeoutSeconds=2,
        HealthyThresholdCount=3,
        UnhealthyThresholdCount=2,
        Matcher={"HttpCode": "200-299"},
    )
    arn: str = made["TargetGroups"][0]["TargetGroupArn"]
    attributes = [{"Key": "deregistration_delay.timeout_seconds", "Value": "20"}]
    elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=attributes)
    return arn


def _listener(elb: Any, balancer: str, port: int, protocol: str, action: dict[str, Any]) -> str:
    made = elb.create_listener(LoadBalancerArn=balancer, Port=port, Protocol=protocol, DefaultActions=[action])
    arn: str = made["Listeners"][0]["ListenerArn"]
    return arn


def _rule(elb: Any, listener: str, priority: int, group: str, host: str, header: str = "") -> str:
    conditions: list[dict[str, Any]] = [{"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}]
    if header:
        config = {"HttpHeaderName": header, "Values": ["gr?en"]}
        conditions.append({"Field": "http-header", "HttpHeaderConfig": config})
    actions = [{"Type": "forward", "TargetGroupArn": group}]
    made = elb.create_rule(ListenerArn=listener, Priority=priority, Conditions=conditions, Actions=actions)
    arn: str = made["Rules"][0]["RuleArn"]
    return arn
