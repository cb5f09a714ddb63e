"""What every pipeline of a region needs: a key, and the bucket for artifacts.

Nested in the toolchain's root; deployed on its own, in the toolchain's account, in each further region that has
environments (`artifact_names` tells the pipelines what is there).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import kms as key_actions
from awacs import s3 as bucket_actions
from awacs.aws import (
    Allow,
    ArnLike,
    Condition,
    Principal,
    Statement,
    StringEquals,
)
from troposphere import Sub, kms, s3

from sendy_cfn import wires
from sendy_cfn.blocks import artifact_names, buckets, role_paths, skeleton
from sendy_cfn.blocks import kms as keys
from sendy_cfn.knobs import common
from sendy_cfn.knobs import toolchain as knobs

if TYPE_CHECKING:
    from troposphere import Template

    from sendy_cfn.config.model import Platform

ACCESS_LOGS = "artifacts/"


def build(platform: Platform, *, shared: bool = False) -> Template:
    """The template; with environments in other accounts their deploy roles may read artifacts.

    `shared`: the roots of further cells use it too.
    """
    template = skeleton.new(f"{platform.platform}: key and bucket of the pipelines of a region")
    foreign = accounts(platform)

    key = template.add_resource(_key(platform.platform, foreign))
    # The environments' deploy roles know the key by this alias.
    template.add_resource(keys.alias("KeyAlias", artifact_names.key_alias(platform.platform), key))

    log_days = common.LOG_RETENTION_DAYS.take(template)
    log_bucket = template.add_resource(buckets.bucket("AccessLogBucket", expire_days=log_days))
    receive = buckets.receive_access_logs(log_bucket, ACCESS_LOGS)
    log_policy = template.add_resource(buckets.policy("AccessLogBucketPolicy", log_bucket, receive))

    days = knobs.ARTIFACT_DAYS.take(template)
    bucket = buckets.bucket(
        "ArtifactBucket",
        key=key.get_att("Arn"),
        expire_days=days,
        logs=buckets.access_logs(log_bucket, ACCESS_LOGS),
    )
    # The environments' deploy roles know the bucket by this name. It outlives its stack: import or delete it then.
    bucket.BucketName = artifact_names.bucket_name(platform.platform)
    bucket.DependsOn = log_policy.title
    template.add_resource(bucket)
    template.add_resource(buckets.policy("ArtifactBucketPolicy", bucket, *_readers(platform.platform, foreign, bucket)))

    offer = wires.toolchain_offer(template, platform.platform, shared=shared)
    offer(wires.ARTIFACT_BUCKET, bucket.ref())
    offer(wires.ARTIFACT_KEY_ARN, key.get_att("Arn"))
    return template


def accounts(platform: Platform) -> tuple[str, ...]:
    """Accounts other than the toolchain's that environments are in, ascending."""
    named = {environment.account for environment in platform.environments.values()}
    return tuple(sorted(account for account in named if account and account != platform.toolchain.account))


def _key(platform: str, foreign: tuple[str, ...]) -> kms.Key:
    statements = [keys.for_logs(), keys.for_events(), keys.for_redelivery(), _for_registry()]
    if foreign:
        statements.append(
            Statement(
                Sid="DecryptInEnvironments",
                Effect=Allow,
                Principal=Principal("AWS", list(foreign)),
                Action=[key_actions.Decrypt, key_actions.DescribeKey],
                Resource=keys.THIS_KEY,
                Condition=_deploy_roles_only(platform),
            )
        )
    return keys.key("Key", f"{platform}: artifacts, images, build logs and notifications", *statements)


def _for_registry() -> Statement:
    """Whoever makes a repository in this account hands ECR the key by a grant.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
    """
    return Statement(
        Sid="GrantToRegistry",
        Effect=Allow,
        Principal=Principal("AWS", Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")),
        Action=[key_actions.CreateGrant, key_actions.RetireGrant],
        Resource=keys.THIS_KEY,
        Condition=Condition(StringEquals("kms:ViaService", Sub("ecr.${AWS::Region}.${AWS::URLSuffix}"))),
    )


def _readers(platform: str, foreign: tuple[str, ...], bucket: s3.Bucket) -> list[Statement]:
    if not foreign:
        return []
    principal, condition = Principal("AWS", list(foreign)), _deploy_roles_only(platform)
    return [
        Statement(
            Sid="ReadInEnvironments",
            Effect=Allow,
            Principal=principal,
            Action=[bucket_actions.GetObject, bucket_actions.GetObjectVersion],
            Resource=[buckets.objects(bucket)],
            Condition=condition,
        ),
        Statement(
            Sid="LocateInEnvironments",
            Effect=Allow,
            Principal=principal,
            Action=[bucket_actions.GetBucketLocation, bucket_actions.GetBucketVersioning],
            Resource=[bucket.get_att("Arn")],
            Condition=condition,
        ),
    ]


def _deploy_roles_only(platform: str) -> Condition:
    """Of the accounts that are principals: roles themselves can be named only once they exist, and they come later."""
    pattern = role_paths.role_arn(role_paths.of_deployment(platform) + "*", account="*")
    return Condition(ArnLike("aws:PrincipalArn", Sub(pattern)))
