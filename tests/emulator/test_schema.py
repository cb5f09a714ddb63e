from typing import Any

import pytest

from emulator import schema
from emulator.driver import Stacks
from tests.emulator.templates import body, ref, resource, text


@pytest.mark.parametrize(
    ("kind", "properties", "reason"),
    [
        ("AWS::SQS::Queue", {"Colour": "red"}, r"#: extraneous key \[Colour\] is not permitted"),
        ("AWS::EC2::NatGateway", {"Tags": [{"Key": "a"}]}, r"#/Tags/0: required key \[Value\] not found"),
        ("AWS::Logs::LogGroup", {"RetentionInDays": 31}, "#/RetentionInDays: 31 is not a valid enum value"),
        ("AWS::SQS::Queue", {"DelaySeconds": "soon"}, "#/DelaySeconds: expected type: Integer"),
        ("AWS::ECR::Repository", {"RepositoryName": "UPPER"}, r"#/RepositoryName: .*\[pattern\]"),
        ("AWS::S3::Bucket", {"Arn": "arn:aws:s3:::a"}, r"read-only property \[Arn\]"),
        ("AWS::CodePipeline::Pipeline", {"RoleArn": "arn:aws:iam::aws:role/x", "Stages": []}, "ArtifactStore"),
        ("AWS::EC2::LaunchTemplate", {}, r"required key \[LaunchTemplateData\]"),
    ],
)
def test_what_cloudformation_refuses_is_refused(kind: str, properties: dict[str, Any], reason: str) -> None:
    with pytest.raises(schema.PropertiesError, match=reason):
        schema.checked(kind, "Thing", properties)


def test_all_reasons_are_given_at_once() -> None:
    with pytest.raises(schema.PropertiesError) as caught:
        schema.checked("AWS::SQS::Queue", "Jobs", {"Colour": "red", "DelaySeconds": "soon"})
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("kind", "given", "typed"),
    [
        ("AWS::SQS::Queue", {"DelaySeconds": "5"}, {"DelaySeconds": 5}),
        ("AWS::SQS::Queue", {"FifoQueue": "true"}, {"FifoQueue": True}),
        ("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/16", "EnableDnsSupport": False}, None),
        ("AWS::EC2::FlowLog", {"ResourceId": 5, "ResourceType": "VPC"}, {"ResourceId": "5", "ResourceType": "VPC"}),
    ],
)
def test_values_take_the_type_of_the_schema(kind: str, given: dict[str, Any], typed: dict[str, Any] | None) -> None:
    assert schema.checked(kind, "Thing", given) == (given if typed is None else typed)


def test_a_violation_fails_the_resource_and_rolls_back(stacks: Stacks) -> None:
    template = body(
        {
            "Topic": resource("AWS::SNS::Topic"),
            "Log": resource("AWS::Logs::LogGroup", {"RetentionInDays": ref("Days")}, DependsOn="Topic"),
        },
        Parameters=text("Days"),
    )
    assert stacks.create("bad", template, {"Days": 31}) == "ROLLBACK_COMPLETE"
    assert stacks.failures("bad") == [
        "Log: Properties validation failed for resource Log with message:\n"
        "#/RetentionInDays: 31 is not a valid enum value"
    ]
    assert stacks.client("sns").list_topics()["Topics"] == []

    stacks.create("good", template, {"Days": 30})
    assert stacks.update("good", template, {"Days": 31}) == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.resolved("good")["Log"].properties["RetentionInDays"] == 30


def test_stack_tags_reach_resources_and_are_not_held_against_them(stacks: Stacks) -> None:
    # An auto scaling group's own tags need PropagateAtLaunch, those of the stack come without.
    group = resource(
        "AWS::AutoScaling::AutoScalingGroup",
        {
            "MinSize": "0",
            "MaxSize": "1",
            "AvailabilityZones": ["eu-west-1a"],
            "LaunchTemplate": {"LaunchTemplateId": "lt-1", "Version": "1"},
        },
    )
    tags = [{"Key": "team", "Value": "shop"}]
    assert stacks.create("one", body({"Group": group}), Tags=tags) == "CREATE_COMPLETE"
    assert stacks.resolved("one")["Group"].properties["Tags"] == tags
