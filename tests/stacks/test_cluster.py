"""The cluster stack as a whole, and its capacity."""

from __future__ import annotations

import pytest

from sendy_cfn import wires
from sendy_cfn.knobs import cluster as knobs
from tests.stacks.clusters import attributes, built, named, of_type, only, outlives, providers, text, types


def test_only_a_throwaway_cluster_lacks_protection() -> None:
    for throwaway in (False, True):
        template = built(throwaway=throwaway)
        assert attributes(template)["deletion_protection.enabled"] == str(not throwaway).lower()
        for says, group in providers(template).values():
            assert (says["ManagedTerminationProtection"] == "ENABLED") is not throwaway
            assert group["NewInstancesProtectedFromScaleIn"] is not throwaway
        bucket = template["Resources"]["AccessLogBucket"]
        expected = "Delete" if throwaway else "Retain"
        assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == (expected, expected)


def test_stack_comes_apart_in_an_order_that_aws_allows() -> None:
    template = built()
    associations = next(iter(of_type(template, "ECS::ClusterCapacityProviderAssociations")))
    assert set(of_type(template, "ECS::CapacityProvider")) <= outlives(template, associations)
    for provider in of_type(template, "ECS::CapacityProvider"):
        assert set(of_type(template, "AutoScaling::AutoScalingGroup")) & outlives(template, provider)
    for group in of_type(template, "AutoScaling::AutoScalingGroup"):
        # instances deregister from the cluster with the role's policy, as long as there are any
        assert {*of_type(template, "ECS::Cluster"), *of_type(template, "IAM::ManagedPolicy")} <= outlives(
            template, group
        )
    for balancer in of_type(template, "ElasticLoadBalancingV2::LoadBalancer"):
        assert set(of_type(template, "S3::BucketPolicy")) <= outlives(template, balancer)


def test_instances_are_private_and_the_load_balancer_is_public() -> None:
    template = built()
    for group in of_type(template, "AutoScaling::AutoScalingGroup").values():
        assert group["VPCZoneIdentifier"] == {"Ref": wires.PRIVATE_SUBNET_IDS.name}
    for launch in of_type(template, "EC2::LaunchTemplate").values():
        (interface,) = launch["LaunchTemplateData"]["NetworkInterfaces"]
        assert interface["AssociatePublicIpAddress"] is False
    balancer = only(template, "ElasticLoadBalancingV2::LoadBalancer")
    assert (balancer["Scheme"], balancer["Type"]) == ("internet-facing", "application")
    assert balancer["Subnets"] == {"Ref": wires.PUBLIC_SUBNET_IDS.name}


def test_two_clusters_of_an_environment_share_no_name() -> None:
    template = built()
    explicit = [
        properties[key]
        for kind, key in (
            ("SSM::Parameter", "Name"),
            ("ECS::Cluster", "ClusterName"),
            ("Logs::LogGroup", "LogGroupName"),
        )
        for properties in of_type(template, kind).values()
    ]
    blue, green = (
        {text(name, Environment="test", ClusterId=colour) for name in explicit} for colour in ("blue", "green")
    )
    assert len(blue) == len(green) == len(explicit)
    assert not blue & green


def test_services_find_what_they_look_up() -> None:
    template = built()
    offered = (
        wires.CLUSTER_NAME,
        wires.LISTENER_ARN,
        wires.LOAD_BALANCER_DNS_NAME,
        wires.LOAD_BALANCER_FULL_NAME,
        wires.LOAD_BALANCER_SECURITY_GROUP_ID,
        wires.capacity_provider("amd64"),
        wires.capacity_provider("arm64"),
    )
    stored = {
        text(item["Name"], Environment="test", ClusterId="green-2"): item["Value"]
        for item in of_type(template, "SSM::Parameter").values()
    }
    assert stored == {
        wire.ssm_name("courier", "test", "green-2"): template["Outputs"][wire.name]["Value"] for wire in offered
    }


@pytest.mark.parametrize("throwaway", [False, True])
@pytest.mark.parametrize("domain", [False, True])
@pytest.mark.parametrize("ec2", [(), ("amd64", "arm64")])
def test_all_that_is_named_exists_and_all_parameters_are_used(
    ec2: tuple[str, ...], domain: bool, throwaway: bool
) -> None:
    template = built(ec2=ec2, domain=domain, throwaway=throwaway)
    used = named([template["Resources"], template["Outputs"], list(template.get("Conditions", {}).values())])
    used -= set(template.get("Conditions", {}))
    assert {name for name in used if not name.startswith("AWS::")} <= {*template["Resources"], *template["Parameters"]}
    assert set(template["Parameters"]) <= used


@pytest.mark.parametrize("throwaway", [False, True])
def test_termination_protection_has_all_it_needs(throwaway: bool) -> None:
    for says, group in providers(built(throwaway=throwaway)).values():
        assert says["ManagedDraining"] == "ENABLED"
        if says["ManagedTerminationProtection"] == "ENABLED":
            assert says["ManagedScaling"]["Status"] == "ENABLED"
            assert group["NewInstancesProtectedFromScaleIn"] is True


def test_protected_instances_are_replaced_when_the_image_changes() -> None:
    template = built()
    for logical_id in of_type(template, "AutoScaling::AutoScalingGroup"):
        preferences = template["Resources"][logical_id]["UpdatePolicy"]["AutoScalingInstanceRefresh"]["Preferences"]
        assert preferences["ScaleInProtectedInstances"] == "Refresh"
        # AWS: at most 100 apart; 100 and more at both ends launches before it ends
        assert 100 == preferences["MinHealthyPercentage"] < preferences["MaxHealthyPercentage"] <= 200


def test_instances_are_hardened() -> None:
    for launch in of_type(built(), "EC2::LaunchTemplate").values():
        data = launch["LaunchTemplateData"]
        assert data["MetadataOptions"]["HttpTokens"] == "required"
        assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
        assert all(mapping["Ebs"]["Encrypted"] is True for mapping in data["BlockDeviceMappings"])
        assert "KeyName" not in data


def test_instances_join_this_cluster() -> None:
    template = built()
    (logical_id,) = of_type(template, "ECS::Cluster")
    for launch in of_type(template, "EC2::LaunchTemplate").values():
        script = text(launch["LaunchTemplateData"]["UserData"]["Fn::Base64"], **{logical_id: "courier-test-blue"})
        assert script.startswith("#!/bin/bash\n")
        assert "\nECS_CLUSTER=courier-test-blue\n" in script
        assert "${" not in script


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_each_architecture_has_its_own_image_sizes_and_provider(architecture: str) -> None:
    template = built(ec2=(architecture,))
    other = {"amd64": "arm64", "arm64": "amd64"}[architecture]
    data = only(template, "EC2::LaunchTemplate")["LaunchTemplateData"]
    image = template["Parameters"][data["ImageId"]["Ref"]]
    assert image["Type"] == "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"
    assert ("/arm64/" in image["Default"]) is (architecture == "arm64")
    assert not any(other in name.lower() for name in (*template["Parameters"], *template["Resources"]))
    wire = wires.capacity_provider(architecture)
    assert template["Outputs"][wire.name]["Value"] == {"Ref": f"{architecture.capitalize()}CapacityProvider"}


@pytest.mark.parametrize(
    ("architecture", "instance_type"),
    [
        ("amd64", "t3.large"),
        ("amd64", "m7i-flex.large"),
        ("amd64", "c5n.18xlarge"),
        ("amd64", "g4dn.xlarge"),
        ("amd64", "u-6tb1.112xlarge"),
        ("arm64", "t4g.medium"),
        ("arm64", "c7gn.2xlarge"),
        ("arm64", "im4gn.large"),
        ("arm64", "m8g.metal-24xl"),
    ],
)
def test_instance_types_belong_to_an_architecture(architecture: str, instance_type: str) -> None:
    other = {"amd64": "arm64", "arm64": "amd64"}[architecture]
    assert knobs.BY_ARCHITECTURE[architecture].type.check(instance_type) == ""
    assert knobs.BY_ARCHITECTURE[other].type.check(instance_type)


def test_defaults_are_allowed() -> None:
    assert [knob.name for knob in knobs.KNOBS if knob.default is not None and knob.check(knob.default)] == []


def test_without_ec2_nothing_of_it_is_there() -> None:
    template = built(ec2=())
    assert not {name for name in types(template) if name.startswith(("AWS::AutoScaling", "AWS::IAM"))}
    assert not {"AWS::EC2::LaunchTemplate", "AWS::ECS::CapacityProvider"} & types(template)
    assert wires.PRIVATE_SUBNET_IDS.name not in template["Parameters"]
    assert only(template, "ECS::ClusterCapacityProviderAssociations")["CapacityProviders"] == [
        "FARGATE",
        "FARGATE_SPOT",
    ]


def test_every_provider_is_associated_and_the_default_is_one_of_them() -> None:
    template = built()
    associations = only(template, "ECS::ClusterCapacityProviderAssociations")
    assert {item["Ref"] for item in associations["CapacityProviders"] if isinstance(item, dict)} == set(
        of_type(template, "ECS::CapacityProvider")
    )
    for step in associations["DefaultCapacityProviderStrategy"]:
        assert step["CapacityProvider"] in associations["CapacityProviders"]
        assert step["Weight"] > 0


def test_instances_may_do_nothing_outside_their_cluster() -> None:
    template = built()
    for statement in only(template, "IAM::ManagedPolicy")["PolicyDocument"]["Statement"]:
        assert not any("*" in action for action in statement["Action"])
        if statement["Resource"] == ["*"]:
            assert statement["Action"] == ["ecs:DiscoverPollEndpoint"]  # AWS: has no resource
        else:
            assert all("Cluster" in named(resource) for resource in statement["Resource"])


def test_insights_log_group_is_the_one_that_the_cluster_writes_to() -> None:
    template = built()
    values = {"Environment": "test", "ClusterId": "blue"}
    name = text(only(template, "ECS::Cluster")["ClusterName"], **values)
    group = of_type(template, "Logs::LogGroup")["InsightsLogGroup"]
    assert text(group["LogGroupName"], **values) == f"/aws/ecs/containerinsights/{name}/performance"
    (cluster_id,) = of_type(template, "ECS::Cluster")
    assert "InsightsLogGroup" in outlives(template, cluster_id)
    assert group["KmsKeyId"] == {"Ref": wires.KEY_ARN.name}


def test_what_is_protected_comes_after_what_may_fail() -> None:
    """Rolling back a first creation deletes: deletion protection and protected instances would stop that halfway."""
    resources = built()["Resources"]
    for name in ("LoadBalancer", "Arm64AutoScalingGroup"):
        assert {"Cluster", "Certificate"} <= set(resources[name]["DependsOn"]), name
