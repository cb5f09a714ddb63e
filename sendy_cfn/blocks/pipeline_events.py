"""Events that start a pipeline, for sources that CodePipeline has no triggers for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import codepipeline
from awacs.aws import Condition, StringEquals
from troposphere import AccountId, events
from troposphere import sqs as queues

from sendy_cfn.blocks import alarms, iam, undelivered
from sendy_cfn.blocks.pipeline_roles import pipeline_arn
from sendy_cfn.blocks.skeleton import DATA_LOSS
from sendy_cfn.blocks.suppress import suppress

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, AWSObject

    from sendy_cfn.blocks.pipeline_sources import Origin


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
        MessageRetentionPeriod=undelivered.KEPT_SECONDS,
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
    return [role, policy, queue, rule, undelivered.policy(queue, {"events.amazonaws.com": [rule.get_att("Arn")]}), lost]
