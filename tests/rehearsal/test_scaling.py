"""Limits of scalable targets that a stack has."""

from __future__ import annotations

import pytest

from emulator import Emulator
from rehearsal import scaling
from tests.emulator.templates import CLUSTER, att, body, ref, resource, task
from tests.rehearsal.deployed import Account, account


@pytest.fixture
def here(emulator: Emulator) -> Account:
    return account(emulator)


def stack(low: int, high: int, desired: int | None, of: object = None) -> str:
    service = {"Cluster": ref("Cluster"), "TaskDefinition": ref("Task"), "ServiceName": "orders"}
    target = {
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": of or {"Fn::Join": ["/", ["service", ref("Cluster"), att("Service", "Name")]]},
        "MinCapacity": low,
        "MaxCapacity": high,
        "RoleARN": "arn:aws:iam::1:role/x",
    }
    resources = {
        "Cluster": CLUSTER,
        "Task": task("orders:1"),
        "Service": resource(
            "AWS::ECS::Service", {**service, **({"DesiredCount": desired} if desired is not None else {})}
        ),
        "Target": resource("AWS::ApplicationAutoScaling::ScalableTarget", target),
    }
    return body(resources, {"Cluster": ref("Cluster")})


def desired(here: Account) -> int:
    cluster = here.stacks.outputs("shop")["Cluster"]
    [found] = here.client("ecs").describe_services(cluster=cluster, services=["orders"])["services"]
    return int(found["desiredCount"])


@pytest.mark.parametrize(
    ("low", "high", "given", "wanted"), [(3, 6, None, 3), (3, 6, 4, 4), (1, 2, 5, 2), (2, 2, 2, 2)]
)
def test_the_number_of_tasks_comes_between_the_limits(
    here: Account, low: int, high: int, given: int | None, wanted: int
) -> None:
    assert here.stacks.create("shop", stack(low, high, given)) == "CREATE_COMPLETE"
    before = desired(here)
    scaling.keep_within(here.aws, here.events, here.place, "shop")
    assert desired(here) == wanted
    told = [f"orders: {wanted} tasks instead of {before}, its scalable target has {low} to {high}"]
    assert here.said("note") == (told if wanted != before else [])
    scaling.keep_within(here.aws, here.events, here.place, "shop")
    assert len(here.said("note")) == (wanted != before)


def test_a_target_of_a_service_that_is_not_there_changes_nothing(here: Account) -> None:
    text = stack(3, 6, 1, {"Fn::Join": ["/", ["service", ref("Cluster"), "gone"]]})
    assert here.stacks.create("shop", text) == "CREATE_COMPLETE"
    scaling.keep_within(here.aws, here.events, here.place, "shop")
    assert desired(here) == 1


def test_a_stack_without_a_target_changes_nothing(here: Account) -> None:
    here.stacks.create("plain", body({"Topic": resource("AWS::SNS::Topic")}))
    for name in ("plain", "gone"):
        scaling.keep_within(here.aws, here.events, here.place, name)
    assert here.said("note") == []
