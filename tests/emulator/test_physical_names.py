"""Names that CloudFormation makes up: the logical id stays readable where a name has to be short."""

from __future__ import annotations

import re

import pytest

from emulator.driver import Stacks
from tests.emulator.templates import VPC, body, ref, resource

LONG = "courier-production-network-and-more-stacks"  # the longest part, and too long for a load balancer


def group(*names: str) -> str:
    """A template with target groups of these logical ids, whose names have 32 characters at most."""
    properties = {"VpcId": ref("Vpc"), "Port": 80, "Protocol": "HTTP"}
    groups = {name: resource("AWS::ElasticLoadBalancingV2::TargetGroup", properties) for name in names}
    return body({"Vpc": VPC, **groups}, {name: ref(name) for name in names})


def names(stacks: Stacks) -> list[str]:
    found = stacks.client("elbv2").describe_target_groups()["TargetGroups"]
    return sorted(each["TargetGroupName"] for each in found)


def test_a_short_name_is_whole(stacks: Stacks) -> None:
    stacks.create("shop", group("Blue"))
    [name] = names(stacks)
    assert re.fullmatch(r"shop-Blue-[A-Z0-9]+", name)


def test_a_name_that_is_too_long_loses_the_stacks_part(stacks: Stacks) -> None:
    stacks.create(LONG, group("BlueGroup", "GreenGroup"))
    blue, green = names(stacks)
    assert len(blue) <= 32
    assert len(green) <= 32
    assert re.fullmatch(r"c[a-z-]*-BlueGroup-[A-Z0-9]+", blue)
    assert re.fullmatch(r"c[a-z-]*-GreenGroup-[A-Z0-9]+", green)
    assert LONG.startswith(blue.partition("-BlueGroup")[0])


def test_resources_with_long_ids_stay_apart(stacks: Stacks) -> None:
    ids = ("TargetGroupOfTheServiceNumberOne", "TargetGroupOfTheServiceNumberTwo")
    assert stacks.create(LONG, group(*ids)) == "CREATE_COMPLETE"
    found = names(stacks)
    assert len(set(found)) == 2
    assert all(len(name) <= 32 for name in found)


def test_a_name_stays_with_updates(stacks: Stacks) -> None:
    stacks.create(LONG, group("BlueGroup"))
    before = names(stacks)
    assert stacks.update(LONG, group("BlueGroup", "GreenGroup")) == "UPDATE_COMPLETE"
    assert set(before) < set(names(stacks))


@pytest.mark.parametrize("stack", ["shop", LONG + "-" + "x" * 60])
def test_buckets_keep_their_rules(stacks: Stacks, stack: str) -> None:
    assert stacks.create(stack, body({"TheBucket": resource("AWS::S3::Bucket")}, {"Name": ref("TheBucket")})) == (
        "CREATE_COMPLETE"
    )
    name = stacks.outputs(stack)["Name"]
    assert re.fullmatch(r"[a-z0-9-]{3,63}", name)
    assert "-thebucket-" in name
