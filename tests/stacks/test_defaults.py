"""What auditors look for is in every emitted template without being asked for; what is not has its reason here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.generated import CASES, Generated, generated

OUTLIVE = {
    *("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::ECR::Repository", "AWS::Logs::LogGroup", "AWS::SQS::Queue"),
    *("AWS::Route53::HostedZone", "AWS::Signer::SigningProfile", "AWS::CloudFormation::Stack"),
}
# Logs of load balancers and of S3 itself can't be encrypted with a key of one's own, and are logged nowhere.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
LAST_BUCKET = "AccessLogBucket"
Found = tuple[str, dict[str, Any], dict[str, Any]]  # where, properties, the whole resource


@pytest.fixture(scope="module", params=CASES, ids=lambda path: path.name)
def made(request: pytest.FixtureRequest) -> Generated:
    return generated(request.param)


def resources(made: Generated, kind: str) -> Iterator[Found]:
    for file, template in made.templates.items():
        for title, body in template["Resources"].items():
            if body["Type"] == f"AWS::{kind}":
                yield f"{file}: {title}", body.get("Properties", {}), body


def test_what_holds_data_or_stacks_says_what_becomes_of_it(made: Generated) -> None:
    for file, template in made.templates.items():
        for title, body in template["Resources"].items():
            if body["Type"] in OUTLIVE:
                assert {"DeletionPolicy", "UpdateReplacePolicy"} <= set(body), f"{file}: {title}"


def test_logs_are_encrypted_and_end(made: Generated) -> None:
    for where, group, _ in resources(made, "Logs::LogGroup"):
        assert {"KmsKeyId", "RetentionInDays"} <= set(group), where


def test_buckets_are_closed_versioned_encrypted_and_logged(made: Generated) -> None:
    for where, bucket, _ in resources(made, "S3::Bucket"):
        assert all(bucket["PublicAccessBlockConfiguration"].values()), where
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4, where
        assert {"VersioningConfiguration", "LifecycleConfiguration"} <= set(bucket), where
        assert "BucketOwnerEnforced" in json.dumps(bucket["OwnershipControls"]), where
        if not where.endswith(LAST_BUCKET):
            encryption = json.dumps(bucket["BucketEncryption"])
            assert '"aws:kms"' in encryption, where
            assert '"BucketKeyEnabled": true' in encryption, where
            assert "LoggingConfiguration" in bucket, where


@pytest.mark.parametrize(
    ("kind", "policy", "names"),
    [
        ("S3::Bucket", "S3::BucketPolicy", "Bucket"),
        ("SNS::Topic", "SNS::TopicPolicy", "Topics"),
        ("SQS::Queue", "SQS::QueuePolicy", "Queues"),
    ],
)
def test_nothing_is_sent_or_read_without_tls(made: Generated, kind: str, policy: str, names: str) -> None:
    for where, _, _ in resources(made, kind):
        file, title = where.split(": ")
        denied = [
            statement
            for found, one, _ in resources(made, policy)
            if found.startswith(file) and {"Ref": title} in [one[names], *(one[names] if names != "Bucket" else [])]
            for statement in one["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Deny"
        ]
        assert any(one["Condition"] == {"Bool": {"aws:SecureTransport": "false"}} for one in denied), where


def test_queues_and_topics_are_encrypted_and_events_are_not_lost(made: Generated) -> None:
    for where, topic, _ in resources(made, "SNS::Topic"):
        assert "KmsMasterKeyId" in topic, where
    for where, queue, _ in resources(made, "SQS::Queue"):
        assert "KmsMasterKeyId" in queue or queue["SqsManagedSseEnabled"] is True, where
        assert queue["RedriveAllowPolicy"] == {"redrivePermission": "denyAll"}, where
    for where, rule, _ in resources(made, "Events::Rule"):
        targets = [target.get("Fn::If", [None, target])[1] for target in rule["Targets"]]
        assert all("DeadLetterConfig" in target for target in targets), where


def test_services_trust_in_roles_is_bound_to_the_account(made: Generated) -> None:
    for where, role, _ in resources(made, "IAM::Role"):
        assert not role.keys() & {"RoleName", "Policies", "ManagedPolicyArns"}, where
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            # EC2 sends no source; an instance gets a role by iam:PassRole of the account only.
            if statement["Principal"] != {"Service": "ec2.amazonaws.com"}:
                condition = json.dumps(statement["Condition"])
                assert "aws:SourceAccount" in condition or "aws:PrincipalArn" in condition, where


def test_policies_name_their_actions(made: Generated) -> None:
    for where, policy, _ in resources(made, "IAM::ManagedPolicy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            assert not [action for action in statement["Action"] if "*" in action], where


def test_containers_write_nowhere_unless_platform_yaml_says_so(made: Generated) -> None:
    for where, definition, _ in resources(made, "ECS::TaskDefinition"):
        container, *others = definition["ContainerDefinitions"]
        service = made.platform.services[container["Name"]]
        assert container["ReadonlyRootFilesystem"] is service.read_only, where
        assert service.read_only is not service.exec, "only those that people may look into are writable"
        assert all(one["ReadonlyRootFilesystem"] is True for one in others), where
        for one in (container, *others):
            assert one["User"] not in ("0", "root"), where
        # The task's memory limits all of its containers together, so one of them may do without.
        assert all("Memory" in one for one in others or [container]), where
        assert "Memory" in definition, where


def test_the_network_is_watched_and_gives_no_public_addresses(made: Generated) -> None:
    for where, subnet, _ in resources(made, "EC2::Subnet"):
        assert subnet["MapPublicIpOnLaunch"] is False, where
    files = {where.split(":")[0] for where, _, _ in resources(made, "EC2::VPC")}
    logged = {where.split(":")[0] for where, log, _ in resources(made, "EC2::FlowLog") if log["TrafficType"] == "ALL"}
    assert files == logged
    for where, service, _ in resources(made, "ECS::Service"):
        assert service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED", where
    for where, group, _ in resources(made, "EC2::SecurityGroup"):
        assert {"GroupDescription", "SecurityGroupEgress"} <= set(group), where
        rules = [*group.get("SecurityGroupIngress", []), *group["SecurityGroupEgress"]]
        assert all("Description" in rule for rule in rules), where
