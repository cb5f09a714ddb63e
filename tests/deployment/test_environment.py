"""Environments: created, changed, left alone, side by side, deleted."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator import Resolved
from tests.deployment.site import Site

ROOT = "courier-test"
NESTED = "AWS::CloudFormation::Stack"


@pytest.fixture(scope="module")
def deployed(new_site: Callable[[], Site]) -> Site:
    """The test environment, as params/ has it; tests that use it leave it so."""
    site = new_site()
    assert site.create("test") == "CREATE_COMPLETE"
    return site


def changed(before: dict[str, Resolved], after: dict[str, Resolved]) -> set[str]:
    """Resources that are not as they were, nested stacks themselves left out."""
    return {
        name
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name) and (before.get(name) or after[name]).type != NESTED
    }


def nat_gateways(site: Site) -> list[Any]:
    found = site.client("ec2").describe_nat_gateways(Filter=[{"Name": "state", "Values": ["pending", "available"]}])
    return list(found["NatGateways"])


def test_every_stack_of_the_tree_is_complete(deployed: Site) -> None:
    statuses = deployed.stacks.statuses()
    assert set(statuses.values()) == {"CREATE_COMPLETE"}
    nested = {"Network", "ClusterBlue", "Monitoring", "DeployRoles"}
    assert {name.split("-")[2] for name in statuses if name != ROOT} == nested


def test_ec2_has_the_subnets_in_two_zones(deployed: Site) -> None:
    vpc = deployed.resolved(ROOT)["Network/Vpc"].physical_id
    subnets = deployed.client("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    assert len({subnet["CidrBlock"] for subnet in subnets}) == len(subnets) == 4
    assert len({subnet["AvailabilityZone"] for subnet in subnets}) == 2


def test_the_load_balancer_is_behind_its_web_acl(deployed: Site) -> None:
    resolved = deployed.resolved(ROOT)
    balancer = resolved["ClusterBlue/LoadBalancer"].physical_id
    found = deployed.client("wafv2").get_web_acl_for_resource(ResourceArn=balancer)["WebACL"]
    names = ["IpReputation", "RequestsPerClient", "KnownBadInputs", "Common"]
    assert [rule["Name"] for rule in found["Rules"]] == names
    assert found["Rules"][1]["Statement"]["RateBasedStatement"]["Limit"] == 10_000
    group = resolved["ClusterBlue/WebAclLogGroup"].physical_id
    assert group.startswith("aws-waf-logs-courier-test-blue-")
    (destination,) = resolved["ClusterBlue/WebAclLogging"].properties["LogDestinationConfigs"]
    assert destination.endswith(f":log-group:{group}")


def test_alarms_rules_and_the_event_log_are_there(deployed: Site) -> None:
    """A dashboard is not: `params/test.yaml` says so."""
    resolved = deployed.resolved(ROOT)
    found = deployed.client("cloudwatch").describe_alarms()["MetricAlarms"]
    names = {alarm["AlarmName"] for alarm in found}
    assert {"courier-test-blue-elb-5xx", "courier-test-nat-a-ports", "courier-test-undelivered_events-health"} <= names
    rules = {rule["Name"] for rule in deployed.client("events").list_rules()["Rules"]}
    assert {resolved[f"Monitoring/{kind}Events"].physical_id for kind in ("Task", "Deployment")} <= rules
    (log,) = deployed.client("logs").describe_metric_filters()["metricFilters"][:1]
    assert log["logGroupName"] == resolved["Monitoring/EventLog"].physical_id
    assert "Monitoring/Dashboard" not in resolved


def test_what_other_roots_look_up_is_in_ssm(deployed: Site) -> None:
    resolved = deployed.resolved(ROOT)
    pages = deployed.client("ssm").get_paginator("get_parameters_by_path").paginate(Path="/courier", Recursive=True)
    found = {parameter["Name"]: parameter["Value"] for page in pages for parameter in page["Parameters"]}
    assert found["/courier/test/network/vpc-id"] == resolved["Network/Vpc"].physical_id
    assert found["/courier/test/cluster-blue/cluster-name"] == resolved["ClusterBlue/Cluster"].physical_id
    private = [resolved[f"Network/PrivateSubnet{zone}"].physical_id for zone in "AB"]
    assert found["/courier/test/network/private-subnet-ids"].split(",") == private


def test_what_is_deployed_already_is_no_update(deployed: Site) -> None:
    before = deployed.resolved(ROOT)
    with pytest.raises(ClientError, match="No updates are to be performed"):
        deployed.update("test")
    assert deployed.resolved(ROOT) == before


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        ({"IdleTimeoutSeconds": 75}, {"ClusterBlue/LoadBalancer"}),
        ({"Arm64InstancesMax": 3}, {"ClusterBlue/Arm64AutoScalingGroup"}),
    ],
    ids=lambda value: next(iter(value)),
)
def test_a_parameter_touches_only_what_it_must(deployed: Site, change: dict[str, int], touched: set[str]) -> None:
    before = deployed.resolved(ROOT)
    assert deployed.update("test", **change) == "UPDATE_COMPLETE"
    after = deployed.resolved(ROOT)
    assert changed(before, after) == touched
    assert {name: r.physical_id for name, r in before.items()} == {name: r.physical_id for name, r in after.items()}
    deployed.update("test")


def test_nat_gateways_are_as_many_as_asked_for(site: Site) -> None:
    site.create("test", Nat="none")
    assert nat_gateways(site) == []
    endpoints = site.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    offered = {found["ServiceName"].split(".", 3)[3] for found in endpoints}
    assert {"s3", "ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "sts"} <= offered
    site.update("test", Nat="single")
    [single] = nat_gateways(site)
    site.update("test", Nat="per-zone")
    assert len({gateway["SubnetId"] for gateway in nat_gateways(site)}) == 2
    assert single["NatGatewayId"] in [gateway["NatGatewayId"] for gateway in nat_gateways(site)]


def test_a_third_zone_renumbers_nothing(site: Site) -> None:
    site.create("test", Zones=2)
    before = _subnets(site)
    assert site.update("test", Zones=3) == "UPDATE_COMPLETE"
    after = _subnets(site)
    assert {name: after[name] for name in before} == before
    assert {name.rsplit("/", 1)[1] for name in after.keys() - before.keys()} == {"PublicSubnetC", "PrivateSubnetC"}
    assert len({cidr for _, cidr in after.values()}) == len(after) == 6


def _subnets(site: Site) -> dict[str, tuple[str, str]]:
    return {
        name: (resource.physical_id, resource.properties["CidrBlock"])
        for name, resource in site.resolved(ROOT).items()
        if resource.type == "AWS::EC2::Subnet"
    }


def test_a_failed_update_leaves_everything_as_it_was(site: Site, tmp_path: Path) -> None:
    site.create("test")
    before = site.resolved(ROOT)
    site.folder = shutil.copytree(site.folder, tmp_path / "templates")
    cluster = site.folder / "cluster.yaml"
    text = cluster.read_text()
    assert "Scheme: internet-facing" in text
    cluster.write_text(text.replace("Scheme: internet-facing", "Scheme: sideways"))
    # The network, which comes first, is changed too.
    assert site.update("test", LogRetentionDays=7) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("sideways" in reason for reason in site.stacks.failures(ROOT))
    assert site.resolved(ROOT) == before
    assert set(site.stacks.statuses().values()) == {"UPDATE_ROLLBACK_COMPLETE", "CREATE_COMPLETE"}


def test_production_and_staging_stand_side_by_side(site: Site) -> None:
    assert site.create("staging") == "CREATE_COMPLETE"
    assert site.create("production") == "CREATE_COMPLETE"
    clusters = {arn.rsplit("/", 1)[1] for arn in site.client("ecs").list_clusters()["clusterArns"]}
    assert clusters == {"courier-staging-blue", "courier-production-blue", "courier-production-green"}
    assert len(site.client("elbv2").describe_load_balancers()["LoadBalancers"]) == 3
    listeners = site.client("ssm").get_parameters(
        Names=[f"/courier/production/cluster-{colour}/listener-arn" for colour in ("blue", "green")]
    )["Parameters"]
    assert len({parameter["Value"] for parameter in listeners}) == 2
    boards = {one["DashboardName"] for one in site.client("cloudwatch").list_dashboards()["DashboardEntries"]}
    assert boards == {"courier-staging", "courier-production"}
    before = site.resolved("courier-production")
    assert site.stacks.delete("courier-staging") == "DELETE_COMPLETE"
    assert site.resolved("courier-production") == before
    assert set(site.stacks.statuses().values()) == {"CREATE_COMPLETE"}


def test_what_holds_data_outlives_its_stack(site: Site) -> None:
    site.create("test")
    resolved = site.resolved(ROOT)
    assert site.stacks.delete(ROOT) == "DELETE_COMPLETE"
    assert site.stacks.statuses() == {}
    buckets = {bucket["Name"] for bucket in site.client("s3").list_buckets()["Buckets"]}
    assert resolved["ClusterBlue/AccessLogBucket"].physical_id in buckets
    key = site.client("kms").describe_key(KeyId=resolved["Network/Key"].physical_id)["KeyMetadata"]
    assert key["KeyState"] == "Enabled"
    zones = {zone["Id"].rsplit("/", 1)[1] for zone in site.client("route53").list_hosted_zones()["HostedZones"]}
    assert resolved["Network/HostedZone"].physical_id in zones
    groups = {group["logGroupName"] for group in site.client("logs").describe_log_groups()["logGroups"]}
    assert resolved["Network/FlowLogGroup"].physical_id in groups
    assert resolved["Monitoring/EventLog"].physical_id in groups
    assert site.client("elbv2").describe_load_balancers()["LoadBalancers"] == []
    vpcs = {vpc["VpcId"] for vpc in site.client("ec2").describe_vpcs()["Vpcs"]}
    assert resolved["Network/Vpc"].physical_id not in vpcs
