from __future__ import annotations

from typing import Any

import pytest

from sendy_cfn.blocks import artifact_names, role_paths
from sendy_cfn.config.model import Platform
from sendy_cfn.config.words import Connection
from sendy_cfn.stacks import artifacts, source
from tests.platforms import platform
from tests.stacks.authorization import Statements, allows
from tests.stacks.evaluate import Stack

KNOBS = {"ArtifactDays": 90, "LogRetentionDays": 365}
ARNS = {"ArtifactBucket.Arn": "arn:aws:s3:::artifacts", "AccessLogBucket.Arn": "arn:aws:s3:::logs"}

TWO_ACCOUNTS = """
platform: courier
domain: courier.example
toolchain:
  region: eu-central-1
  account: "111111111111"
  source: {repository: courier/platform}
environments:
  test: {region: eu-central-1, account: "111111111111"}
  staging: {region: eu-central-1, account: "222222222222"}
  production: {region: eu-west-1, account: "333333333333"}
services:
  orders: {kind: web, source: {repository: courier/orders}}
"""


def stack(of: Platform, **values: Any) -> Stack:
    return Stack(artifacts.build(of).to_dict(), KNOBS | ARNS | values)


def statements(of: Stack, resource: str, document: str = "PolicyDocument") -> Statements:
    found: Statements = of.resources[resource][document]["Statement"]
    return found


def admitting(found: Statements, account: str) -> Statements:
    """What the policy says to a principal of the account."""
    return [one for one in found if isinstance(one["Principal"], dict) and account in one["Principal"].get("AWS", ())]


@pytest.mark.parametrize(("account", "region"), [("111111111111", "eu-central-1"), ("222222222222", "us-east-1")])
def test_the_names_that_others_derive_are_the_names_it_gives(account: str, region: str) -> None:
    made = stack(platform(), **{"AWS::AccountId": account, "AWS::Region": region})
    elsewhere = Stack(artifacts.build(platform()).to_dict(), KNOBS | ARNS | {"AWS::AccountId": account})
    name = elsewhere.value(artifact_names.bucket_name("courier", region).to_dict())
    assert made.resources["ArtifactBucket"]["BucketName"] == name
    assert elsewhere.value(artifact_names.bucket_arn("courier", region).to_dict()) == f"arn:aws:s3:::{name}"
    alias = made.resources["KeyAlias"]["AliasName"]
    arn = elsewhere.value(artifact_names.key_alias_arn("courier", region).to_dict())
    assert arn == f"arn:aws:kms:{region}:{account}:{alias}"


def test_the_longest_names_are_bucket_names() -> None:
    name = artifact_names.bucket_name("p" * 16, "ap-southeast-1", "1" * 12).to_dict()["Fn::Sub"]
    assert len(name) <= 63


def test_one_account_admits_no_other() -> None:
    made = stack(platform())
    for policy in ("ArtifactBucketPolicy", "AccessLogBucketPolicy"):
        assert not [one for one in statements(made, policy) if "AWS" in one["Principal"]]
    own = "arn:aws:iam::123456789012:root"
    assert {one["Principal"].get("AWS", own) for one in statements(made, "Key", "KeyPolicy")} == {own}


@pytest.mark.parametrize("account", ["222222222222", "333333333333"])
def test_another_account_reads_with_its_deploy_roles_only(account: str) -> None:
    made = stack(platform(TWO_ACCOUNTS))
    bucket = admitting(statements(made, "ArtifactBucketPolicy"), account)
    key = admitting(statements(made, "Key", "KeyPolicy"), account)
    deploy_role = f"arn:aws:iam::{account}:role{role_paths.of_deployment('courier')}courier-test-Deploy-PipelineRole-1A"
    someone = f"arn:aws:iam::{account}:role/Developer"
    for role, able in ((deploy_role, True), (someone, False)):
        assert allows(bucket, "s3:GetObject", "arn:aws:s3:::artifacts/x/y.zip", aws__PrincipalArn=role) is able
        assert allows(key, "kms:Decrypt", "*", aws__PrincipalArn=role) is able
    for action in ("s3:PutObject", "s3:DeleteObject", "s3:GetObjectVersionAcl"):
        assert not allows(bucket, action, "arn:aws:s3:::artifacts/x/y.zip", aws__PrincipalArn=deploy_role)
    for action in ("kms:Encrypt", "kms:CreateGrant", "kms:PutKeyPolicy"):
        assert not allows(key, action, "*", aws__PrincipalArn=deploy_role)


def test_the_toolchains_own_account_is_not_foreign() -> None:
    assert artifacts.accounts(platform(TWO_ACCOUNTS)) == ("222222222222", "333333333333")


@pytest.mark.parametrize("service", ["events.amazonaws.com", "sns.amazonaws.com"])
def test_who_sends_to_topics_and_queues_may_encrypt(service: str) -> None:
    key = statements(stack(platform()), "Key", "KeyPolicy")
    of_service = [one for one in key if one["Principal"].get("Service") == service]
    here = {"aws__SourceAccount": "123456789012"}
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        assert allows(of_service, action, "*", **here)
    assert not allows(of_service, "kms:PutKeyPolicy", "*", **here)


@pytest.mark.parametrize("bucket", ["ArtifactBucket", "AccessLogBucket"])
def test_buckets_refuse_what_comes_without_tls(bucket: str) -> None:
    policy = [{"Effect": "Allow", "Action": "*", "Principal": "*"}, *statements(stack(platform()), f"{bucket}Policy")]
    arn = ARNS[f"{bucket}.Arn"]
    assert allows(policy, "s3:GetObject", f"{arn}.Arn/x", aws__SecureTransport="true")
    for resource in (f"{arn}/x", f"{bucket}.Arn"):
        assert not allows(policy, "s3:GetObject", resource, aws__SecureTransport="false")


def test_artifacts_are_encrypted_with_the_key_that_is_offered() -> None:
    made = stack(platform())
    (rule,) = made.resources["ArtifactBucket"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == made.outputs["ArtifactKeyArn"]
    assert made.outputs["ArtifactBucket"] == "ArtifactBucket.id"


def test_what_holds_data_is_retained() -> None:
    made = stack(platform())
    for name in ("Key", "ArtifactBucket", "AccessLogBucket"):
        assert made.made[name]["DeletionPolicy"].startswith("Retain")
        assert made.made[name]["UpdateReplacePolicy"] == "Retain"


def test_accesses_to_artifacts_are_logged_where_logs_are_received() -> None:
    made = stack(platform())
    logging = made.resources["ArtifactBucket"]["LoggingConfiguration"]
    assert logging["DestinationBucketName"] == "AccessLogBucket.id"
    assert "AccessLogBucketPolicy" in made.depends_on("ArtifactBucket")
    received = statements(made, "AccessLogBucketPolicy")
    target = f"arn:aws:s3:::logs/{logging['LogFilePrefix']}2026-11-23"
    assert allows(received, "s3:PutObject", target, aws__SourceAccount="123456789012", aws__SecureTransport="true")


EXISTING = "arn:aws:codeconnections:eu-central-1:123456789012:connection/6e2c6a34-1f2e-4b7c-9c55-0f6f0a3f6f10"


@pytest.mark.parametrize(("existing", "made"), [("", True), (EXISTING, False)])
def test_the_connection_is_the_existing_one_or_a_new_one(existing: str, made: bool) -> None:
    evaluated = Stack(source.build(platform()).to_dict(), {"ExistingConnectionArn": existing})
    assert bool(evaluated.of_type("CodeConnections::Connection")) is made
    assert evaluated.outputs["ConnectionArn"] == (existing or "Connection.ConnectionArn")
    assert "region=eu-central-1" in evaluated.outputs["ConnectionApprovalUrl"]


def test_every_git_host_has_its_provider_type() -> None:
    assert set(source.PROVIDER_TYPE) == set(Connection)
