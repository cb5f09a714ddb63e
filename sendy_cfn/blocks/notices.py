"""What people hear of, and in which words: rules that turn events into messages.

Each message has a text for e-mail and webhooks, and one in the form that Amazon Q Developer shows in chats: it drops
all else. EventBridge escapes nothing that it puts into a message, so chats get no text that AWS's services or people
write freely.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import If, NoValue, events

from sendy_cfn.blocks import alarms
from sendy_cfn.blocks import event_patterns as patterns
from sendy_cfn.blocks.service_alarms import WARNINGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from troposphere import sns
    from troposphere import sqs as queues

ALERT, NOTICE = "Alert", "Notice"  # act now; know
HAS_CHAT = "HasChat"
CONSOLE = "https://<region>.console.aws.amazon.com"
EXECUTION = f"{CONSOLE}/codesuite/codepipeline/pipelines/<pipeline>/executions/<execution>/timeline?region=<region>"
PIPELINE = {
    "region": "$.region",
    "time": "$.time",
    "pipeline": "$.detail.pipeline",
    "execution": "$.detail.execution-id",
}

ALARM = f"{CONSOLE}/cloudwatch/home?region=<region>#alarmsV2:alarm/<alarm>"


@dataclass(frozen=True, slots=True)
class Message:
    """A kind of message: which events, how urgent, what it says."""

    severity: str
    pattern: dict[str, Any]
    paths: Mapping[str, str]  # name in < > -> where every such event has it
    subject: str
    lines: tuple[str, ...]
    only_by_mail: tuple[str, ...] = ()  # may have quotation marks
    mailed: bool = True  # False: somebody else sends the e-mail


def messages(platform: str, accounts: Sequence[Any]) -> dict[str, Message]:
    """All kinds of messages, by the logical id of the rule; `accounts` are those that environments are in."""
    execution, stage, action = patterns.PIPELINE_KINDS
    scan = {
        "region": "$.region",
        "repository": "$.detail.repository-name",
        "digest": "$.detail.image-digest",
    }
    image = f"Image <digest>: {CONSOLE}/ecr/private-registry/repositories?region=<region>"
    # One message for a service, a cluster or a network that is not well, however many of its alarms go off.
    health = [{"wildcard": f"{platform}-*-{alarms.HEALTH}"}]
    alarm = {"region": "$.region", "alarm": "$.detail.alarmName", "time": "$.time"}
    return {
        "StageFailed": Message(
            ALERT,
            patterns.pipelines(platform, stage, state=["FAILED"]),
            {**PIPELINE, "stage": "$.detail.stage"},
            "<pipeline>: stage <stage> failed at <time>",
            (f"Execution <execution>: {EXECUTION}",),
        ),
        "RollbackStarted": Message(
            ALERT,
            patterns.pipelines(
                platform,
                execution,
                **{
                    "state": ["STARTED"],
                    "execution-trigger": {"trigger-type": ["AutomatedRollback", "ManualRollback"]},
                },
            ),
            {**PIPELINE, "how": "$.detail.execution-trigger.trigger-type"},
            "<pipeline>: a stage goes back to its last good release (<how>) since <time>",
            (f"Execution <execution>: {EXECUTION}",),
        ),
        "DeploymentFailed": Message(
            ALERT,
            patterns.deployments(platform, accounts, eventName=["SERVICE_DEPLOYMENT_FAILED"]),
            {
                "region": "$.region",
                "service": "$.resources[0]",
                "deployment": "$.detail.deploymentId",
                "why": "$.detail.reason",
            },
            "ECS ended a deployment and rolls it back: <service>",
            (f"Deployment <deployment>: {CONSOLE}/ecs/v2/clusters?region=<region>",),
            ("Reason: <why>",),
        ),
        "AlarmOn": Message(
            ALERT,
            patterns.alarms(platform, accounts, alarmName=health, state={"value": ["ALARM"]}),
            alarm | {"why": "$.detail.state.reason"},
            "Alarm <alarm> went off at <time>",
            (ALARM,),
            ("<why>",),
        ),
        "AlarmOver": Message(
            NOTICE,
            patterns.alarms(
                platform, accounts, alarmName=health, state={"value": ["OK"]}, previousState={"value": ["ALARM"]}
            ),
            alarm,
            "Alarm <alarm> is over since <time>",
            (ALARM,),
        ),
        # What may become trouble, and is part of no composite alarm.
        "WarningOn": Message(
            NOTICE,
            patterns.alarms(
                platform,
                accounts,
                alarmName=[{"wildcard": f"{platform}-*-{kind}"} for kind in WARNINGS],
                state={"value": ["ALARM"]},
            ),
            alarm | {"what": "$.detail.configuration.description"},
            "Alarm <alarm> went off at <time>",
            (ALARM,),
            ("<what>",),
        ),
        "CriticalFindings": Message(
            ALERT,
            patterns.scans(platform, **{"finding-severity-counts": {"CRITICAL": [{"numeric": [">", 0]}]}}),
            {**scan, "count": "$.detail.finding-severity-counts.CRITICAL"},
            "<count> critical findings in an image of <repository>",
            (image,),
        ),
        "HighFindings": Message(
            NOTICE,
            patterns.scans(
                platform,
                **{
                    "finding-severity-counts": {
                        "HIGH": [{"numeric": [">", 0]}],
                        "CRITICAL": [{"exists": False}, {"numeric": ["=", 0]}],
                    }
                },
            ),
            {**scan, "count": "$.detail.finding-severity-counts.HIGH"},
            "<count> high findings, none critical, in an image of <repository>",
            (image,),
        ),
        "CriticalInspection": _inspection(platform, ALERT, "CRITICAL"),
        "HighInspection": _inspection(platform, NOTICE, "HIGH"),
        # By e-mail CodePipeline itself asks: its message says commit, author and what else people decide by.
        "ApprovalNeeded": Message(
            NOTICE,
            patterns.pipelines(platform, action, state=["STARTED"], type={"category": ["Approval"]}),
            {**PIPELINE, "stage": "$.detail.stage"},
            "<pipeline>: stage <stage> waits for an approval since <time>",
            (f"Decide: {CONSOLE}/codesuite/codepipeline/pipelines/<pipeline>/view?region=<region>",),
            mailed=False,
        ),
    }


def _inspection(platform: str, severity: str, found: str) -> Message:
    return Message(
        severity,
        patterns.inspections(platform, found),
        {
            "region": "$.region",
            "repository": "$.detail.resources[0].details.awsEcrContainerImage.repositoryName",
            "digest": "$.detail.resources[0].details.awsEcrContainerImage.imageHash",
            "title": "$.detail.title",
        },
        f"Inspector has a {found.lower()} finding in an image of <repository>",
        (f"Image <digest>: {CONSOLE}/inspector/v2/home?region=<region>#/findings/container-image",),
        ("<title>",),
    )


def rules(
    kinds: Mapping[str, Message], topics: Mapping[str, sns.Topic], chat: sns.Topic, lost: queues.Queue
) -> list[events.Rule]:
    """A rule for each kind of message; `topics` by severity. The chat's topic exists with the condition HAS_CHAT."""
    return [_rule(title, message, topics[message.severity], chat, lost) for title, message in kinds.items()]


def _rule(title: str, message: Message, topic: sns.Topic, chat: sns.Topic, lost: queues.Queue) -> events.Rule:
    to_chat = _target("Chat", chat, message, _for_chat(message), lost)
    if message.mailed:
        more: dict[str, Any] = {}
        targets = [_target("Topic", topic, message, _by_mail(message), lost), If(HAS_CHAT, to_chat, NoValue)]
    else:
        more = {"Condition": HAS_CHAT}
        targets = [to_chat]
    return events.Rule(
        title,
        **more,
        Description=f"{message.severity}: {message.subject.replace('<', '').replace('>', '')}",
        EventPattern=message.pattern,
        State="ENABLED",
        Targets=targets,
    )


def _target(name: str, topic: sns.Topic, message: Message, template: str, lost: queues.Queue) -> events.Target:
    used = {key: path for key, path in message.paths.items() if f"<{key}>" in template}
    return events.Target(
        Id=name,
        Arn=topic.ref(),
        InputTransformer=events.InputTransformer(InputPathsMap=used, InputTemplate=template),
        DeadLetterConfig=events.DeadLetterConfig(Arn=lost.get_att("Arn")),
    )


def _by_mail(message: Message) -> str:
    """Lines of text; AWS wants each in quotation marks, and leaves them there."""
    lines = (f"{message.severity}: {message.subject}", *message.only_by_mail, *message.lines)
    return "\n".join(json.dumps(line) for line in lines)


def _for_chat(message: Message) -> str:
    mark = ":rotating_light:" if message.severity == ALERT else ":information_source:"
    content = {
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": f"{mark} {message.subject}",
            "description": "\n".join(message.lines),
        },
    }
    if "execution" in message.paths:  # what is about one execution is one thread
        content["metadata"] = {"threadId": "<execution>"}
    return json.dumps(content)
