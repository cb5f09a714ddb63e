"""The event log: a log group that EventBridge writes this platform's events to, and what that needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Sub, events, logs

from sendy_cfn.blocks import event_patterns
from sendy_cfn.blocks.references import json_text
from sendy_cfn.blocks.skeleton import keep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from troposphere import AWSHelperFn
    from troposphere import sqs as queues

# AWS asks for both.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-cloudwatchlogs-permissions
WRITERS = ["events.amazonaws.com", "delivery.logs.amazonaws.com"]


def group(key: AWSHelperFn, retention: AWSHelperFn, *, throwaway: bool = False) -> logs.LogGroup:
    """The log group; it outlives its stack, unless the environment is a throw-away one."""
    return logs.LogGroup("EventLog", **keep(throwaway=throwaway), KmsKeyId=key, RetentionInDays=retention)


def group_arn(of: logs.LogGroup) -> Sub:
    """The group's ARN as targets of rules have it: without the `:*` at the end of GetAtt's."""
    return Sub(f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:${{{of.title}}}")


def kept(platform: str, accounts: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """Patterns of all that is kept, by the logical id of the rule; `accounts` are those that environments are in."""
    return {
        "PipelineEvents": event_patterns.pipelines(platform),
        "BuildEvents": event_patterns.builds(platform),
        "DeploymentEvents": event_patterns.deployments(platform, accounts),
        "StackEvents": event_patterns.stacks(platform, accounts),
        "ScanEvents": event_patterns.scans(platform),
        "InspectorEvents": event_patterns.inspections(platform, "CRITICAL", "HIGH"),
    }


def rules(patterns: Mapping[str, dict[str, Any]], to: logs.LogGroup, lost: queues.Queue) -> list[events.Rule]:
    """A rule for each pattern that writes events to the group, as they are."""
    return [
        events.Rule(
            title,
            Description=f"{title.removesuffix('Events')} events go to the event log",
            EventPattern=pattern,
            State="ENABLED",
            Targets=[
                events.Target(
                    Id="EventLog",
                    Arn=group_arn(to),
                    DeadLetterConfig=events.DeadLetterConfig(Arn=lost.get_att("Arn")),
                )
            ],
        )
        for title, pattern in patterns.items()
    ]


def writing(to: logs.LogGroup, by: Sequence[events.Rule]) -> logs.ResourcePolicy:
    """Only these rules write to the group. AWS: at most 10 such policies per account and region.

    Streams are made without a source: AWS's own example has the condition on the lines only.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-cloudwatchlogs-permissions
    """
    arn = to.get_att("Arn")
    writers = {"Effect": "Allow", "Principal": {"Service": WRITERS}, "Resource": arn}
    sources = {"ArnEquals": {"aws:SourceArn": [rule.get_att("Arn") for rule in by]}}
    statements = [
        {"Sid": "MakeStreams", **writers, "Action": "logs:CreateLogStream"},
        {"Sid": "WriteEvents", **writers, "Action": "logs:PutLogEvents", "Condition": sources},
    ]
    document = json_text({"Version": "2012-10-17", "Statement": statements})  # the property takes text
    return logs.ResourcePolicy("EventLogPolicy", PolicyName=Sub("${AWS::StackName}"), PolicyDocument=document)
