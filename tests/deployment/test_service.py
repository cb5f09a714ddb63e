"""Service stacks, released one image after the other as the pipeline's deploy action does it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from tests.deployment.site import Site, digest

STACK = "courier-test-orders"
CLUSTER = "courier-test-blue"


@pytest.fixture(scope="module")
def deployed(new_site: Callable[[], Site]) -> Site:
    """An environment; each test deletes what it released."""
    site = new_site()
    site.create("test")
    return site


@pytest.fixture
def released(deployed: Site) -> Site:
    assert deployed.release("orders", "test", digest("a")) == "CREATE_COMPLETE"
    return deployed


@pytest.fixture(autouse=True)
def _no_services_stay(deployed: Site) -> object:
    yield
    for name in [name for name in deployed.stacks.statuses() if name.startswith("courier-test-") and _is_service(name)]:
        assert deployed.stacks.delete(name) == "DELETE_COMPLETE"


def _is_service(name: str) -> bool:
    return name.removeprefix("courier-test-") in ("orders", "pricing", "tracking")


def image(site: Site) -> str:
    found: str = site.task_definition(STACK)["containerDefinitions"][0]["image"]
    return found


def test_values_of_the_environment_come_through_ssm(released: Site) -> None:
    environment, service = released.resolved("courier-test"), released.resolved(STACK)
    assert service["Service"].properties["Cluster"] == CLUSTER
    network = service["Service"].properties["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["Subnets"] == [environment[f"Network/PrivateSubnet{zone}"].physical_id for zone in "AB"]
    assert service["TargetGroup"].properties["VpcId"] == environment["Network/Vpc"].physical_id
    assert service["LogGroup"].properties["KmsKeyId"].endswith(f"key/{environment['Network/Key'].physical_id}")


def test_a_second_image_is_a_second_revision_in_use(released: Site) -> None:
    first = released.task_definition(STACK)["revision"]
    assert released.release("orders", "test", digest("b")) == "UPDATE_COMPLETE"
    definition = released.task_definition(STACK)
    assert definition["revision"] == first + 1
    assert image(released).endswith(digest("b"))
    assert released.stacks.outputs(STACK)["Release"] == "b" * 7


def test_a_release_leaves_the_task_count_to_scaling(released: Site) -> None:
    ecs = released.client("ecs")
    ecs.update_service(cluster=CLUSTER, service=released.service(STACK)["serviceArn"], desiredCount=5)
    released.release("orders", "test", digest("b"))
    assert released.service(STACK)["desiredCount"] == 5


def test_the_same_image_again_changes_nothing(released: Site) -> None:
    with pytest.raises(ClientError, match="No updates are to be performed"):
        released.release("orders", "test", digest("a"))


def test_a_release_touches_nothing_but_the_task(released: Site) -> None:
    before = released.resolved(STACK)
    released.release("orders", "test", digest("b"))
    after = released.resolved(STACK)
    assert {name for name in before if before[name] != after[name]} == {"TaskDefinition", "Service"}
    assert before["Service"].physical_id == after["Service"].physical_id


@pytest.mark.parametrize("given", ["latest", "sha256:" + "a" * 63], ids=["no digest", "short digest"])
def test_an_image_that_can_change_is_refused_before_anything_happens(released: Site, given: str) -> None:
    with pytest.raises(ClientError, match="Image"):
        released.release("orders", "test", given)
    assert image(released).endswith(digest("a"))
    assert released.stacks.statuses()[STACK] == "CREATE_COMPLETE"


def test_a_failed_release_goes_back_to_the_old_task(released: Site) -> None:
    text = (released.folder / "service-orders.yaml").read_text()
    broken = text.replace("PropagateTags: SERVICE", "PropagateTags: NOBODY")
    assert broken != text
    assert released.release_text(broken, "orders", "test", digest("b")) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("NOBODY" in reason for reason in released.stacks.failures(STACK))
    assert image(released).endswith(digest("a"))
    assert released.release("orders", "test", digest("c")) == "UPDATE_COMPLETE"
    assert image(released).endswith(digest("c"))


def test_all_services_share_the_load_balancer(released: Site) -> None:
    for service in ("pricing", "tracking"):
        assert released.release(service, "test", digest("a")) == "CREATE_COMPLETE"
    listener = released.resolved("courier-test")["ClusterBlue/HttpsListener"].physical_id
    rules = released.client("elbv2").describe_rules(ListenerArn=listener)["Rules"]
    priorities = [rule["Priority"] for rule in rules if rule["Priority"] != "default"]
    assert len(set(priorities)) == len(priorities) == 3
    records = {
        record["Name"].rstrip(".")
        for record in released.client("route53").list_resource_record_sets(
            HostedZoneId=released.resolved("courier-test")["Network/HostedZone"].physical_id
        )["ResourceRecordSets"]
        if record["Type"] == "CNAME"
    }
    assert {f"{host}.test.courier.example" for host in ("orders", "api", "tracking")} <= records


def test_only_the_log_outlives_a_service(released: Site) -> None:
    resolved = released.resolved(STACK)
    assert released.stacks.delete(STACK) == "DELETE_COMPLETE"
    groups = {group["logGroupName"] for group in released.client("logs").describe_log_groups()["logGroups"]}
    assert resolved["LogGroup"].physical_id in groups
    running = released.client("ecs").describe_services(cluster=CLUSTER, services=[resolved["Service"].physical_id])
    assert [service for service in running["services"] if service["status"] == "ACTIVE"] == []
    groups_left = released.client("elbv2").describe_target_groups()["TargetGroups"]
    assert resolved["TargetGroup"].physical_id not in {group["TargetGroupArn"] for group in groups_left}
