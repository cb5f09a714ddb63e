"""S3 buckets that nobody reaches from outside or without TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import s3 as actions
from awacs.aws import Action, Allow, Bool, Condition, Deny, Principal, Statement, StringEquals
from troposphere import AccountId, Sub, s3

from sendy_cfn.blocks.iam import document
from sendy_cfn.blocks.skeleton import ALWAYS_RETAINED, keep
from sendy_cfn.blocks.suppress import suppress

if TYPE_CHECKING:
    from troposphere import AWSHelperFn

UNFINISHED_UPLOAD_DAYS = 7
REPLACED_VERSION_DAYS = 30


def bucket(
    title: str,
    *,
    key: AWSHelperFn | str | None = None,
    throwaway: bool = False,
    expire_days: AWSHelperFn | int | None = None,
    logs: s3.LoggingConfiguration | None = None,
) -> s3.Bucket:
    """A private, versioned bucket without a name of its own, whose replaced versions go after 30 days.

    It is retained when its stack is deleted, unless `throwaway`: then it goes too. S3 deletes only empty buckets, so it
    has to be emptied first.

    Args:
        title: logical id.
        key: ARN of the KMS key; None for writers that take only S3's own encryption (SSE-S3).
        throwaway: whether the environment is a throw-away one.
        expire_days: days after which objects go; None keeps them.
        logs: where accesses are logged, see `access_logs`; None only for the bucket that holds the logs.
    """
    # Whoever logs into a bucket without a key does so before the stack is complete: then it can't be deleted any more.
    more = dict(ALWAYS_RETAINED) if key is None and not throwaway else keep(throwaway=throwaway)
    if logs is not None:
        more["LoggingConfiguration"] = logs
    made = s3.Bucket(
        title,
        BucketEncryption=s3.BucketEncryption(ServerSideEncryptionConfiguration=[_encryption(key)]),
        OwnershipControls=s3.OwnershipControls(Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]),
        PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
            BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
        ),
        VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
        LifecycleConfiguration=s3.LifecycleConfiguration(Rules=_lifecycle(expire_days)),
        **more,
    )
    if logs is None:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
        suppress(
            made, "CKV_AWS_18", "It holds access logs itself: one that logs into itself would log its logs for ever"
        )
    return made


def policy(title: str, to: s3.Bucket, *statements: Statement) -> s3.BucketPolicy:
    """The bucket's policy: the statements, and a denial of everything that comes without TLS."""
    deny = Statement(
        Sid="DenyWithoutTls",
        Effect=Deny,
        Principal=Principal("*"),
        Action=[Action("s3", "*")],
        Resource=[to.get_att("Arn"), objects(to)],
        Condition=Condition(Bool({"aws:SecureTransport": "false"})),
    )
    return s3.BucketPolicy(title, Bucket=to.ref(), PolicyDocument=document(*statements, deny))


def objects(of: s3.Bucket, under: str = "") -> Sub:
    """The ARN pattern of the bucket's objects, or of those under a prefix such as "logs/"."""
    return Sub(f"${{{of.title}.Arn}}/{under}*")


def access_logs(to: s3.Bucket, under: str) -> s3.LoggingConfiguration:
    """For `bucket(logs=…)`: accesses are logged to bucket `to` under a prefix such as "artifacts/".

    The policy of `to` needs `receive_access_logs`, and the logged bucket should depend on that policy.
    """
    return s3.LoggingConfiguration(DestinationBucketName=to.ref(), LogFilePrefix=under)


def receive_access_logs(to: s3.Bucket, under: str) -> Statement:
    """For `policy`: the account's buckets may log their accesses to bucket `to` under the prefix.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    return Statement(
        Sid="ReceiveAccessLogs",
        Effect=Allow,
        Principal=Principal("Service", "logging.s3.amazonaws.com"),
        Action=[actions.PutObject],
        Resource=[objects(to, under)],
        Condition=Condition(StringEquals({"aws:SourceAccount": AccountId})),
    )


def _encryption(key: AWSHelperFn | str | None) -> s3.ServerSideEncryptionRule:
    if key is None:
        by_default = s3.ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
        return s3.ServerSideEncryptionRule(ServerSideEncryptionByDefault=by_default)
    by_default = s3.ServerSideEncryptionByDefault(SSEAlgorithm="aws:kms", KMSMasterKeyID=key)
    # A bucket key saves a KMS request per object.
    return s3.ServerSideEncryptionRule(ServerSideEncryptionByDefault=by_default, BucketKeyEnabled=True)


def _lifecycle(expire_days: AWSHelperFn | int | None) -> list[s3.LifecycleRule]:
    unfinished = s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=UNFINISHED_UPLOAD_DAYS)
    replaced = s3.NoncurrentVersionExpiration(NoncurrentDays=REPLACED_VERSION_DAYS)
    leftovers = s3.LifecycleRule(
        Id="RemoveLeftovers",
        Status="Enabled",
        AbortIncompleteMultipartUpload=unfinished,
        NoncurrentVersionExpiration=replaced,
    )
    if expire_days is None:
        return [leftovers]
    return [leftovers, s3.LifecycleRule(Id="Expire", Status="Enabled", ExpirationInDays=expire_days)]
