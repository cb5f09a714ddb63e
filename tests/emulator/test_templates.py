from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.driver import Stacks
from tests.emulator.templates import CLUSTER, VPC, att, body, ref, resource, task

TOPIC = resource("AWS::SNS::Topic")
ROLE = resource(
    "AWS::IAM::Role",
    {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    },
)
NEVER = {"Never": {"Fn::Equals": ["a", "b"]}}


def parameter(value: Any) -> dict[str, Any]:
    return resource("AWS::SSM::Parameter", {"Type": "String", "Value": value})


@pytest.mark.parametrize(
    "value",
    [ref("Gone"), att("Gone", "Arn"), {"Fn::Sub": "x-${Gone}"}, {"Fn::Sub": "x-${Gone.Arn}"}],
    ids=["Ref", "GetAtt", "Sub", "Sub with attribute"],
)
def test_dangling_references_are_refused(stacks: Stacks, value: Any) -> None:
    with pytest.raises(ClientError, match=r"Unresolved resource dependencies \[Gone\] in the Resources block"):
        stacks.create("one", body({"Name": parameter(value)}))
    with pytest.raises(ClientError, match=r"Unresolved resource dependencies \[Gone\] in the Outputs block"):
        stacks.create("one", body({"Topic": TOPIC}, {"Bad": value}))
    assert stacks.statuses() == {}


def test_a_reference_to_a_resource_that_its_condition_leaves_out_is_refused(stacks: Stacks) -> None:
    resources = {"Topic": {**TOPIC, "Condition": "Never"}, "Name": parameter(ref("Topic"))}
    with pytest.raises(ClientError, match=r"\[Topic\]"):
        stacks.create("one", body(resources, Conditions=NEVER))
    guarded = parameter({"Fn::If": ["Never", ref("Topic"), "none"]})
    resources = {"Topic": {**TOPIC, "Condition": "Never"}, "Name": guarded}
    assert stacks.create("two", body(resources, Conditions=NEVER)) == "CREATE_COMPLETE"


@pytest.mark.parametrize("attributes", [{"DependsOn": "Gone"}, {"Condition": "Gone"}])
def test_unknown_dependencies_and_conditions_are_refused(stacks: Stacks, attributes: dict[str, str]) -> None:
    with pytest.raises(ClientError, match="Gone"):
        stacks.create("one", body({"Topic": {**TOPIC, **attributes}}))


def test_an_attribute_that_the_type_does_not_have_fails(stacks: Stacks) -> None:
    assert (
        stacks.create("one", body({"Topic": TOPIC, "Name": parameter(att("Topic", "Colour"))})) == "ROLLBACK_COMPLETE"
    )
    assert any("Colour does not exist in schema" in reason for reason in stacks.failures("one"))


def test_unknown_parameters_are_refused(stacks: Stacks) -> None:
    with pytest.raises(ClientError, match=r"Parameters: \[Colour\] do not exist in the template"):
        stacks.create("one", body({"Topic": TOPIC}), {"Colour": "red"})


@pytest.mark.parametrize("architecture", ["", "arm64/"])
def test_the_public_image_parameters_exist(stacks: Stacks, architecture: str) -> None:
    name = f"/aws/service/ecs/optimized-ami/amazon-linux-2023/{architecture}recommended/image_id"
    image = {"Image": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": name}}
    template = body({"Name": parameter(ref("Image"))}, Parameters=image)
    assert stacks.create("one", template) == "CREATE_COMPLETE"
    assert stacks.resolved("one")["Name"].properties["Value"].startswith("ami-")
    assert stacks.client("ssm").get_parameter(Name=name)["Parameter"]["Value"].startswith("ami-")


def test_a_missing_ssm_parameter_is_refused(stacks: Stacks) -> None:
    wanted = {"Vpc": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/nowhere"}}
    with pytest.raises(ClientError, match="/nowhere"):
        stacks.create("one", body({"Name": parameter(ref("Vpc"))}, Parameters=wanted))


def test_parameters_of_aws_types_must_exist(stacks: Stacks) -> None:
    wanted = {"Vpc": {"Type": "AWS::EC2::VPC::Id"}, "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"}}
    template = body({"Name": parameter(ref("Vpc"))}, Parameters=wanted)
    stacks.create("net", body({"Vpc": VPC}, {"Vpc": ref("Vpc")}))
    vpc = stacks.outputs("net")["Vpc"]
    with pytest.raises(ClientError, match="parameter value vpc-0 for parameter name Vpc does not exist"):
        stacks.create("one", template, {"Vpc": "vpc-0", "Subnets": "subnet-0"})
    with pytest.raises(ClientError, match="parameter name Subnets does not exist"):
        stacks.create("one", template, {"Vpc": vpc, "Subnets": "subnet-0"})


def test_iam_needs_its_capability(stacks: Stacks) -> None:
    named = resource("AWS::IAM::Role", {**ROLE["Properties"], "RoleName": "worker"})
    with pytest.raises(ClientError, match="CAPABILITY_IAM"):
        stacks.create("one", body({"Role": ROLE}), Capabilities=[])
    with pytest.raises(ClientError, match="CAPABILITY_NAMED_IAM"):
        stacks.create("one", body({"Role": named}), Capabilities=["CAPABILITY_IAM"])
    assert stacks.create("one", body({"Role": ROLE}), Capabilities=["CAPABILITY_IAM"]) == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"Cluster": "nowhere", "TaskDefinition": ref("Task")}, "Cluster not found: nowhere"),
        ({"Cluster": ref("Cluster"), "TaskDefinition": "nothing:7"}, "Unable to describe task definition: nothing:7"),
        (
            {
                "Cluster": ref("Cluster"),
                "TaskDefinition": ref("Task"),
                "CapacityProviderStrategy": [{"CapacityProvider": "none"}],
            },
            "capacity provider 'none' was not found",
        ),
        (
            {"Cluster": ref("Cluster"), "TaskDefinition": ref("Task"), "LoadBalancers": [{"TargetGroupArn": "%s"}]},
            "targetgroup/a/b' does not exist",
        ),
    ],
)
def test_a_service_needs_what_it_names(stacks: Stacks, properties: dict[str, Any], reason: str) -> None:
    for balancer in properties.get("LoadBalancers", []):
        balancer["TargetGroupArn"] = f"arn:aws:elasticloadbalancing:eu-west-1:{stacks.account}:targetgroup/a/b"
        balancer |= {"ContainerName": "app", "ContainerPort": 80}
    resources = {"Cluster": CLUSTER, "Task": task("a"), "Service": resource("AWS::ECS::Service", properties)}
    assert stacks.create("one", body(resources)) == "ROLLBACK_COMPLETE"
    assert any(reason in failure for failure in stacks.failures("one"))


def test_listener_rules_do_not_share_a_priority(stacks: Stacks) -> None:
    fixed = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]

    def rule(priority: int) -> dict[str, Any]:
        conditions = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}]
        properties = {"ListenerArn": ref("Http"), "Priority": priority, "Conditions": conditions, "Actions": fixed}
        return resource("AWS::ElasticLoadBalancingV2::ListenerRule", properties)

    def template(second: int) -> str:
        subnets = {
            f"Subnet{index}": resource("AWS::EC2::Subnet", {"VpcId": ref("Vpc"), "CidrBlock": f"10.0.{index}.0/24"})
            for index in range(2)
        }
        listener = {"LoadBalancerArn": ref("Front"), "Port": 80, "Protocol": "HTTP", "DefaultActions": fixed}
        front = {"Type": "application", "Subnets": [ref(name) for name in subnets]}
        return body(
            {
                "Vpc": VPC,
                **subnets,
                "Front": resource("AWS::ElasticLoadBalancingV2::LoadBalancer", front),
                "Http": resource("AWS::ElasticLoadBalancingV2::Listener", listener),
                "First": rule(1),
                "Second": rule(second),
            },
            {"Http": ref("Http")},
        )

    assert stacks.create("one", template(2)) == "CREATE_COMPLETE"
    rules = stacks.client("elbv2").describe_rules(ListenerArn=stacks.outputs("one")["Http"])["Rules"]
    assert sorted(found["Priority"] for found in rules) == ["1", "2", "default"]
    assert stacks.update("one", template(1)) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("Priority '1' is currently in use" in reason for reason in stacks.failures("one"))
