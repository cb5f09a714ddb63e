"""A queue for what EventBridge or SNS could not deliver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import sqs
from awacs.aws import Action, Allow, ArnEquals, Bool, Condition, Deny, Principal, Statement
from troposphere import sqs as queues

from sendy_cfn.blocks import iam
from sendy_cfn.blocks.skeleton import DATA_LOSS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from troposphere import AWSHelperFn

KEPT_SECONDS = 14 * 24 * 3600  # AWS: at most 14 days


def queue(title: str, key: AWSHelperFn) -> queues.Queue:
    """The queue; the key has to admit the services that send to it."""
    return queues.Queue(
        title,
        **DATA_LOSS,
        KmsMasterKeyId=key,
        MessageRetentionPeriod=KEPT_SECONDS,
        RedriveAllowPolicy={"redrivePermission": "denyAll"},  # of other queues; it has a policy for services
    )


def policy(of: queues.Queue, senders: Mapping[str, Sequence[AWSHelperFn]]) -> queues.QueuePolicy:
    """Only these rules or topics may send, given by the service that sends for them; and nobody without TLS.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html#eb-dlq-perms
    https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html
    """
    arn = of.get_att("Arn")
    statements = [
        Statement(
            Sid=f"ReceiveFrom{service.partition('.')[0].capitalize()}",
            Effect=Allow,
            Principal=Principal("Service", service),
            Action=[sqs.SendMessage],
            Resource=[arn],
            Condition=Condition(ArnEquals({"aws:SourceArn": list(sources)})),
        )
        for service, sources in senders.items()
    ]
    deny = Statement(
        Sid="DenyWithoutTls",
        Effect=Deny,
        Principal=Principal("*"),
        Action=[Action("sqs", "*")],
        Resource=[arn],
        Condition=Condition(Bool({"aws:SecureTransport": "false"})),
    )
    return queues.QueuePolicy(f"{of.title}Policy", Queues=[of.ref()], PolicyDocument=iam.document(*statements, deny))
