"""Customer-managed keys: administered and used through the account's IAM policies, and by the services named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awacs import kms as actions
from awacs.aws import Allow, ArnLike, Condition, Principal, Statement, StringEquals
from troposphere import AccountId, Sub, kms

from sendy_cfn.blocks.iam import document
from sendy_cfn.blocks.skeleton import keep

if TYPE_CHECKING:
    from troposphere import AWSHelperFn

# Days between deletion and the end of the key, 7 to 30.
# https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
PENDING_DAYS = 30
PENDING_DAYS_THROWAWAY = 7

ADMINISTRATION = [
    actions.CreateAlias,
    actions.UpdateAlias,
    actions.DeleteAlias,
    actions.DescribeKey,
    actions.EnableKey,
    actions.DisableKey,
    actions.EnableKeyRotation,
    actions.DisableKeyRotation,
    actions.GetKeyRotationStatus,
    actions.RotateKeyOnDemand,
    actions.GetKeyPolicy,
    actions.ListKeyPolicies,
    actions.PutKeyPolicy,
    actions.ListGrants,
    actions.RevokeGrant,
    actions.ListResourceTags,
    actions.TagResource,
    actions.UntagResource,
    actions.UpdateKeyDescription,
    actions.ScheduleKeyDeletion,
    actions.CancelKeyDeletion,
]
USE = [
    actions.DescribeKey,
    actions.Encrypt,
    actions.Decrypt,
    actions.ReEncryptFrom,
    actions.ReEncryptTo,
    actions.GenerateDataKey,
    actions.GenerateDataKeyWithoutPlaintext,
]
THIS_KEY = [
    "*"
]  # in a key policy: the key that has it (https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html)


def key(title: str, description: str, *more: Statement, throwaway: bool = False) -> kms.Key:
    """A symmetric key that rotates every year.

    Its policy lets the account's IAM policies grant administration and use, each action named; `more` lets services use
    it. The key is retained when its stack is deleted, because what it encrypts can be read only with it; with
    `throwaway` it goes.
    """
    policies: dict[str, Any] = dict(keep(throwaway=throwaway))
    account = Principal("AWS", Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root"))
    return kms.Key(
        title,
        **policies,
        Description=description,
        EnableKeyRotation=True,
        PendingWindowInDays=PENDING_DAYS_THROWAWAY if throwaway else PENDING_DAYS,
        KeyPolicy=document(
            Statement(
                Sid="AdministerThroughIam", Effect=Allow, Principal=account, Action=ADMINISTRATION, Resource=THIS_KEY
            ),
            Statement(Sid="UseThroughIam", Effect=Allow, Principal=account, Action=USE, Resource=THIS_KEY),
            *more,
        ),
    )


def environment_key(platform: str, *, throwaway: bool) -> kms.Key:
    """The one key of an environment: for logs, for topics and queues, and for what services keep secret."""
    return key(
        "Key",
        f"{platform}: logs, topics and secrets of an environment",
        for_logs(),
        for_alarms(),
        for_events(),
        throwaway=throwaway,
    )


def alias(title: str, name: AWSHelperFn | str, to: kms.Key) -> kms.Alias:
    """The key's name for people, `alias/…`; unique in account and region."""
    return kms.Alias(title, AliasName=name, TargetKeyId=to.ref())


def for_logs() -> Statement:
    """CloudWatch Logs may encrypt this account's log groups in this region, and nothing else.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    groups = Sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*")
    return Statement(
        Sid="EncryptLogs",
        Effect=Allow,
        # China's principal ends in .com.cn.
        Principal=Principal("Service", Sub("logs.${AWS::Region}.${AWS::URLSuffix}")),
        Action=USE,
        Resource=THIS_KEY,
        Condition=Condition(ArnLike("kms:EncryptionContext:aws:logs:arn", groups)),
    )


def for_alarms() -> Statement:
    """Alarms of this account may publish to topics that the key encrypts.

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    return _for_publisher(
        "PublishAlarms", "cloudwatch.amazonaws.com", Condition(StringEquals("aws:SourceAccount", AccountId))
    )


def for_events() -> Statement:
    """EventBridge may publish to topics and queues that the key encrypts.

    Without a condition: EventBridge sends KMS neither aws:SourceAccount nor aws:SourceArn, with one it would deliver
    nothing. The policies of topics and queues say which rules may publish.
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    return _for_publisher("PublishEvents", "events.amazonaws.com")


def for_redelivery() -> Statement:
    """SNS may put what it could not deliver into queues that the key encrypts.

    https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html
    """
    return _for_publisher(
        "KeepUndelivered", "sns.amazonaws.com", Condition(StringEquals("aws:SourceAccount", AccountId))
    )


def _for_publisher(sid: str, service: str, condition: Condition | None = None) -> Statement:
    more = {"Condition": condition} if condition else {}
    return Statement(
        Sid=sid,
        Effect=Allow,
        Principal=Principal("Service", service),
        Action=[actions.Decrypt, actions.GenerateDataKey],
        Resource=THIS_KEY,
        **more,
    )
