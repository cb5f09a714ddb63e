"""Where requests end, by what the emulator holds."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from emulator import Emulator
from rehearsal.routes import Routes, forwarded
from tests.rehearsal.deployed import account
from tests.rehearsal.served import HOST, PORT, Served


@pytest.fixture
def served(emulator: Emulator) -> Served:
    return Served(account(emulator))


def found(served: Served, host: str = HOST, path: str = "/") -> dict[str, float]:
    """Share of the weight by cluster and service."""
    routes = Routes(served.here.aws, (served.here.place,))
    return {f"{backend.cluster}/{backend.service}": weight for weight, backend in routes.all(host, path)}


def picked(served: Served, usable: set[str]) -> Counter[str]:
    """Which cluster gets how many of 200 requests."""
    routes = Routes(served.here.aws, (served.here.place,))
    picks = [routes.pick(HOST, "/", lambda backend: backend.cluster in usable) for _ in range(200)]
    return Counter(backend.cluster if backend else "nothing" for backend in picks)


def one(served: Served, name: str = "orders") -> str:
    """A load balancer with one rule for one service; its DNS name."""
    address, listener = served.balancer(name)
    served.rule(listener, served.forward(name))
    served.service(name, "orders", name)
    return address


def test_a_request_ends_at_the_service_of_its_target_group(served: Served) -> None:
    served.record(one(served))
    routes = Routes(served.here.aws, (served.here.place,))
    [(weight, backend)] = routes.all(HOST, "/")
    assert (weight, backend.cluster, backend.service, backend.port, backend.desired) == (1, "orders", "orders", PORT, 2)
    assert (backend.container["image"], backend.group["TargetGroupName"]) == ("image:1", "orders")
    assert list(routes.of_service(served.here.place, "orders", "orders")) == [backend]


@pytest.mark.parametrize("host", ["other.example.com", "orders.example.org", "example.com"])
def test_a_name_without_a_record_leads_nowhere(served: Served, host: str) -> None:
    served.record(one(served))
    assert found(served, host) == {}
    assert Routes(served.here.aws, (served.here.place,)).pick(host, "/", lambda _backend: True) is None


def test_a_record_without_a_load_balancer_leads_nowhere(served: Served) -> None:
    served.record("gone.eu-central-1.elb.amazonaws.com")
    assert found(served) == {}


def test_the_rule_for_the_host_and_path_decides_by_priority(served: Served) -> None:
    address, listener = served.balancer("all", 443, served.forward("default"))
    for name in ("default", "general", "special", "wild"):
        served.service(name, name, name)
    served.rule(listener, served.forward("general"), priority=20)
    served.rule(listener, served.forward("special"), path="/special/*", priority=3)
    served.rule(listener, served.forward("wild"), host="*.test.example.com", priority=100)
    for host in (HOST, "a.test.example.com", "b.example.com"):
        served.record(address, host)
    assert found(served) == {"general/general": 1}
    assert found(served, path="/special/a") == {"special/special": 1}
    assert found(served, path="/special") == {"general/general": 1}
    assert found(served, "a.test.example.com", "/special/a") == {"wild/wild": 1}
    assert found(served, "b.example.com") == {"default/default": 1}


def test_a_fixed_response_is_no_service(served: Served) -> None:
    address, _ = served.balancer("closed")
    served.record(address)
    assert found(served) == {}


def test_only_the_listener_for_https_counts(served: Served) -> None:
    address, http = served.balancer("both", 80)
    served.rule(http, served.forward("plain"))
    served.service("plain", "plain", "plain")
    served.record(address)
    assert found(served) == {}
    balancer = served.elb.describe_load_balancers(Names=["both"])["LoadBalancers"][0]["LoadBalancerArn"]
    https = served.listener(balancer, 443)
    served.rule(https, served.forward("secure"))
    served.service("secure", "secure", "secure")
    assert found(served) == {"secure/secure": 1}


def test_requests_follow_the_weights_of_records(served: Served) -> None:
    for name, weight in (("blue", 60), ("green", 40)):
        served.record(one(served, name), Weight=weight, SetIdentifier=name)
    assert found(served) == {"blue/orders": 60, "green/orders": 40}
    shares = picked(served, {"blue", "green"})
    assert shares["blue"] + shares["green"] == 200
    assert 80 < shares["blue"] < 160
    assert picked(served, {"green"}) == {"green": 200}


def test_a_weight_of_zero_answers_only_where_nothing_else_does(served: Served) -> None:
    for name, weight in (("blue", 100), ("green", 0)):
        served.record(one(served, name), Weight=weight, SetIdentifier=name)
    assert picked(served, {"blue", "green"}) == {"blue": 200}
    assert picked(served, {"green"}) == {"green": 200}
    assert picked(served, set()) == {"nothing": 200}


@pytest.mark.parametrize(
    ("action", "shares"),
    [
        ({"TargetGroupArn": "a"}, {"a": 1}),
        ({"TargetGroupArn": "a", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "a", "Weight": 1}]}}, {"a": 1}),
        ({"ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "a", "Weight": 0}]}}, {"a": 1}),
        (
            {
                "ForwardConfig": {
                    "TargetGroups": [
                        {"TargetGroupArn": "old", "Weight": 30},
                        {"TargetGroupArn": "new", "Weight": 10},
                        {"TargetGroupArn": "gone", "Weight": 0},
                    ]
                }
            },
            {"old": 0.75, "new": 0.25},
        ),
        ({"Type": "fixed-response"}, {}),
    ],
)
def test_target_groups_of_an_action_share_its_requests(action: dict[str, Any], shares: dict[str, float]) -> None:
    assert dict(forwarded(action)) == shares


def test_a_service_in_two_target_groups_is_two_backends(served: Served) -> None:
    served.service("blue", "orders", "inside", "outside")
    routes = Routes(served.here.aws, (served.here.place,))
    groups = [backend.group["TargetGroupName"] for backend in routes.of_service(served.here.place, "blue", "orders")]
    assert sorted(groups) == ["inside", "outside"]


def test_more_services_than_ecs_describes_at_once(served: Served) -> None:
    served.record(one(served))
    for number in range(12):
        served.service("orders", f"other-{number}", f"other-{number}")
    assert found(served) == {"orders/orders": 1}


def test_a_deleted_service_gets_nothing(served: Served) -> None:
    served.record(one(served))
    served.ecs.delete_service(cluster="orders", service="orders", force=True)
    assert found(served) == {}


def test_the_service_that_is_looked_at_is_the_present_one(served: Served) -> None:
    served.record(one(served))
    served.service("next", "other", "other", image="image:2")
    [definition] = served.ecs.list_task_definitions(familyPrefix="next-other")["taskDefinitionArns"]
    served.ecs.update_service(cluster="orders", service="orders", taskDefinition=definition, desiredCount=0)
    routes = Routes(served.here.aws, (served.here.place,))
    [(_, backend)] = routes.all(HOST, "/")
    assert (backend.container["image"], backend.desired) == ("image:2", 0)


def test_what_was_read_is_used_again_for_a_moment(served: Served) -> None:
    routes = Routes(served.here.aws, (served.here.place,))
    assert routes.all(HOST, "/") == []
    served.record(one(served))
    assert routes.all(HOST, "/other") != []
    assert routes.all(HOST, "/") == []


def test_all_places_are_looked_at(emulator: Emulator) -> None:
    here, there = account(emulator), account(emulator)
    first, second = Served(here), Served(there)
    first.service("blue", "orders", "blue")
    second.record(one(second))
    routes = Routes(here.aws, (here.place, there.place))
    [(_, backend)] = routes.all(HOST, "/")
    assert backend.place == there.place
