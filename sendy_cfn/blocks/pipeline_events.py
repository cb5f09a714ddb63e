"""Events that start a pipeline, for sources that CodePipeline has no triggers for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import codepipeline, sqs
from awacs.aws import Action, Allow, ArnEquals, Bool, Condition, Deny, Principal, Statement, StringEquals
from troposphere import AccountId, events
from troposphere import sqs as queues

from sendy_cfn.blocks import alarms, iam
from sendy_cfn.blocks.pipeline_roles import pipeline_arn
from sendy_cfn.blocks.skeleton import DATA_LOSS
from sendy_cfn.blocks.suppress import suppress

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, AWSObject

    from sendy_cfn.blocks.pipeline_sources import Origin

KEPT_SECONDS = 14 * 24 * 3600  # AWS: at most 14 days


def starter(code: Origin, pipeline: str, boundary: AWSHelperFn) -> list[AWSObject]:
    """A rule that starts the pipeline, its role, a queue for events that it could not deliver, and that one's alarm.

    Nothing where the code comes through a connection: its pushes are filtered by triggers.
    """
    if code.kind.event is None:
        return []
    role = iam.role(
        "StartRole",
        f"Lets events start pipeline {pipeline}",
        iam.trust("events.amazonaws.com", Condition(StringEquals({"aws:SourceAccount": AccountId}))),
        boundary,
    )
    start = iam.allow("StartPipeline", [codepipeline.StartPipelineExecution], pipeline_arn(pipeline))
    policy = iam.policy("StartPolicy", f"Start pipeline {pipeline}", [role.ref()], start)
    queue = queues.Queue(
        "UndeliveredEvents",
        **DATA_LOSS,
        SqsManagedSseEnabled=True,
        MessageRetentionPeriod=KEPT_SECONDS,
        RedriveAllowPolicy={"redrivePermission": "denyAll"},  # EventBridge's alone, no other queue's
    )
    suppress(
        queue,
        "CKV_AWS_27",
        "SqsManagedSseEnabled encrypts it; a key of our own would have to be open to EventBridge, for events that say "
        "that a source changed",
    )
    rule = events.Rule(
        "SourceChanged",
        Description=f"A change of its source starts pipeline {pipeline}",
        EventPattern=code.kind.event(code.source),
        State="ENABLED",
        Targets=[
            events.Target(
                Id="Pipeline",
                Arn=pipeline_arn(pipeline),
                RoleArn=role.get_att("Arn"),
                DeadLetterConfig=events.DeadLetterConfig(Arn=queue.get_att("Arn")),
            )
        ],
    )
    lost = alarms.undelivered(f"{pipeline}-undelivered_starts", queue, f"Changes that start pipeline {pipeline}")
    return [role, policy, queue, rule, _queue_policy(queue, rule), lost]


def _queue_policy(queue: queues.Queue, rule: events.Rule) -> queues.QueuePolicy:
    """Only the rule may send, and nobody without TLS."""
    arn = queue.get_att("Arn")
    send = Statement(
        Sid="ReceiveUndelivered",
        Effect=Allow,
        Principal=Principal("Service", "events.amazonaws.com"),
        Action=[sqs.SendMessage],
        Resource=[arn],
        Condition=Condition(ArnEquals({"aws:SourceArn": rule.get_att("Arn")})),
    )
    deny = Statement(
        Sid="DenyWithoutTls",
        Effect=Deny,
        Principal=Principal("*"),
        Action=[Action("sqs", "*")],
        Resource=[arn],
        Condition=Condition(Bool({"aws:SecureTransport": "false"})),
    )
    return queues.QueuePolicy("UndeliveredEventsPolicy", Queues=[queue.ref()], PolicyDocument=iam.document(send, deny))
