"""What people hear of: which events become which messages, what these say, and who gets them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from emulator import Emulator
from sendy_cfn.blocks import notices
from sendy_cfn.stacks import notifications
from tests.monitoring import examples
from tests.monitoring.deployed import Deployed
from tests.monitoring.examples import example
from tests.monitoring.transformed import transformed
from tests.platforms import platform
from tests.stacks.authorization import allows
from tests.stacks.deliveries import Stack
from tests.stacks.deployment import arn
from tests.stacks.test_artifacts import TWO_ACCOUNTS

SLACK = "T012ABCDE/C034FGHIJ"
TEAMS = "6e2c6a34-1f2e-4b7c-9c55-0f6f0a3f6f10/0c18352a-a4d4-6853-ef53-0123456789ab/19%3aabc_1-2%40thread.tacv2"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"
NOTHING = dict.fromkeys(("NotificationEmail", "AlertEmail", "NotificationWebhook", "SlackChannel", "TeamsChannel"), "")
# Example -> the rule that makes a message of it, and its severity.
SENT = {
    "stage-failed": ("StageFailed", "Alert"),
    "stage-failed-in-test": ("StageFailed", "Alert"),
    "stage-refused": ("StageFailed", "Alert"),
    "pipeline-rollback-started": ("RollbackStarted", "Alert"),
    "ecs-failed": ("DeploymentFailed", "Alert"),
    "alarm-health-on": ("AlarmOn", "Alert"),
    "alarm-health-off": ("AlarmOver", "Notice"),
    "alarm-warning-on": ("WarningOn", "Notice"),
    "scan-critical": ("CriticalFindings", "Alert"),
    "scan-high": ("HighFindings", "Notice"),
    "inspector-critical": ("CriticalInspection", "Alert"),
    "inspector-high": ("HighInspection", "Notice"),
    "approval-started": ("ApprovalNeeded", "Notice"),
}


def built(text: str | None = None, **values: str) -> Stack:
    template = notifications.build(platform(text)).to_dict()
    return Stack(template, {"ArtifactKeyArn": KEY, "AWS::StackName": "stack", **NOTHING, **values})


def sending(emulator: Emulator, stack: Stack, event: examples.Event) -> set[str]:
    rules = stack.of_type("Events::Rule")
    return {name for name, rule in rules.items() if examples.matches(emulator, rule["EventPattern"], event)}


@pytest.mark.parametrize("name", examples.names())
def test_each_event_is_one_message_or_none(emulator: Emulator, name: str) -> None:
    stack = built(SlackChannel=SLACK)
    expected = {SENT[name][0]} if name in SENT else set()
    assert sending(emulator, stack, example(name)) == expected
    assert sending(emulator, stack, examples.renamed(example(name), "courier", "parcels")) == set()
    assert sending(emulator, stack, examples.elsewhere(example(name), "999999999999")) == set()
    for rule in expected:
        targets = {one["Id"]: one["Arn"] for one in stack.resources[rule]["Targets"]}
        mail = {"Topic": f"{SENT[name][1]}Topic.id"} if rule != "ApprovalNeeded" else {}
        assert targets == {"Chat": "ChatTopic.id", **mail}


@pytest.mark.parametrize(
    "name", ["ecs-failed", "alarm-health-on", "alarm-health-off", "alarm-warning-on", "stage-failed", "scan-critical"]
)
def test_messages_of_environments_in_other_accounts(emulator: Emulator, name: str) -> None:
    """Of deployments and alarms; all else happens in the toolchain's account."""
    there = examples.elsewhere(example(name), "333333333333")
    found = sending(emulator, built(TWO_ACCOUNTS, SlackChannel=SLACK), there)
    assert found == ({SENT[name][0]} if name.startswith(("ecs", "alarm")) else set())


def message(emulator: Emulator, name: str, target: str) -> str:
    (rule, _severity) = SENT[name]
    found = built(SlackChannel=SLACK).resources[rule]["Targets"]
    (transformer,) = [one["InputTransformer"] for one in found if one["Id"] == target]
    return transformed(emulator, transformer, example(name))


def timeless(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text)


def lines(text: str) -> list[str]:
    """As an e-mail has them: each in quotation marks."""
    found = timeless(text).splitlines()
    assert all(re.fullmatch('"[^"]+"', line) for line in found), text
    return [line.strip('"') for line in found]


EXECUTION = "12345678-1234-5678-abcd-12345678abcd"
PAGE = "https://eu-central-1.console.aws.amazon.com"
TIMELINE = (
    f"Execution {EXECUTION}: {PAGE}/codesuite/codepipeline/pipelines/courier-orders/executions/{EXECUTION}/timeline"
    "?region=eu-central-1"
)
IMAGE = "Image sha256:" + "7f5b2640" * 8
ALARM = f"{PAGE}/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/courier-production-orders"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("stage-failed", ["Alert: courier-orders: stage DeployProduction failed at TIME", TIMELINE]),
        (
            "pipeline-rollback-started",
            [
                "Alert: courier-orders: a stage goes back to its last good release (AutomatedRollback) since TIME",
                TIMELINE,
            ],
        ),
        (
            "ecs-failed",
            [
                "Alert: ECS ended a deployment and rolls it back: arn:aws:ecs:eu-central-1:123456789012:service/"
                "courier-production-blue/courier-production-orders",
                "Reason: ECS deployment circuit breaker: task failed to start.",
                f"Deployment ecs-svc/1234567890123456789: {PAGE}/ecs/v2/clusters?region=eu-central-1",
            ],
        ),
        (
            "alarm-health-on",
            [
                "Alert: Alarm courier-production-orders-health went off at TIME",
                "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:courier-production-orders-errors transitioned to "
                "ALARM at Thursday 26 November, 2026 11:02:33 UTC",
                f"{ALARM}-health",
            ],
        ),
        (
            "alarm-health-off",
            ["Notice: Alarm courier-production-orders-health is over since TIME", f"{ALARM}-health"],
        ),
        (
            "alarm-warning-on",
            [
                "Notice: Alarm courier-production-orders-cpu went off at TIME",
                "orders uses more than 85 % of its CPU. Look at whether it has as many tasks as it may have first: "
                f"{PAGE}/ecs/v2/clusters/courier-production-blue/services/courier-production-orders-Service-1A2B3C/"
                "tasks?region=eu-central-1",
                f"{ALARM}-cpu",
            ],
        ),
        (
            "scan-critical",
            [
                "Alert: 2 critical findings in an image of courier/orders",
                f"{IMAGE}: {PAGE}/ecr/private-registry/repositories?region=eu-central-1",
            ],
        ),
        (
            "scan-high",
            [
                "Notice: 3 high findings, none critical, in an image of courier/orders",
                f"{IMAGE}: {PAGE}/ecr/private-registry/repositories?region=eu-central-1",
            ],
        ),
        (
            "inspector-critical",
            [
                "Alert: Inspector has a critical finding in an image of courier/orders",
                "CVE-2026-1 - openssl",
                f"{IMAGE}: {PAGE}/inspector/v2/home?region=eu-central-1#/findings/container-image",
            ],
        ),
    ],
)
def test_what_an_e_mail_says(emulator: Emulator, name: str, expected: list[str]) -> None:
    assert lines(message(emulator, name, "Topic")) == expected


@pytest.mark.parametrize("name", SENT)
def test_what_a_chat_shows(emulator: Emulator, name: str) -> None:
    """https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html"""
    text = message(emulator, name, "Chat")
    found = json.loads(text)
    assert (found["version"], found["source"], found["content"]["textType"]) == ("1.0", "custom", "client-markdown")
    assert set(found) <= {"version", "source", "content", "metadata"}
    assert "https://eu-central-1.console.aws.amazon.com/" in found["content"]["description"]
    assert len(found["content"]["title"]) <= 250
    assert len(found["content"]["description"]) <= 8000
    urgent = found["content"]["title"].startswith(":rotating_light:")
    assert urgent == (SENT[name][1] == notices.ALERT)
    assert not re.search(r"<[a-z]+>", text)
    of_pipeline = name.startswith(("stage", "pipeline", "approval"))
    assert found.get("metadata") == ({"threadId": EXECUTION} if of_pipeline else None)


@pytest.mark.parametrize("kind", notices.messages("courier", []).values(), ids=notices.messages("courier", []))
def test_chats_get_no_text_that_could_break_their_json(kind: notices.Message) -> None:
    chat = kind.subject + "".join(kind.lines)
    for name, path in kind.paths.items():
        if path.endswith((".reason", ".title")):  # written freely
            assert f"<{name}>" not in chat


def test_nobody_is_asked_to_confirm_what_was_not_given() -> None:
    stack = built()
    assert stack.of_type("SNS::Subscription") == {}
    assert len(stack.of_type("SNS::Topic")) == 2
    assert not [name for name in stack.made if "Chat" in name or "Slack" in name or "Teams" in name]
    assert "ApprovalNeeded" not in stack.made  # by e-mail CodePipeline asks itself


@pytest.mark.parametrize(
    ("given", "subscribed"),
    [
        ({"NotificationEmail": "a@b.example"}, {("email", "a@b.example", t) for t in ("AlertTopic", "NoticeTopic")}),
        ({"AlertEmail": "c@b.example"}, {("email", "c@b.example", "AlertTopic")}),
        (
            {"NotificationWebhook": "https://b.example/x"},
            {("https", "https://b.example/x", t) for t in ("AlertTopic", "NoticeTopic")},
        ),
    ],
)
def test_who_is_subscribed_to_what(given: dict[str, str], subscribed: set[tuple[str, str, str]]) -> None:
    made = built(**given).of_type("SNS::Subscription").values()
    assert {(one["Protocol"], one["Endpoint"], one["TopicArn"].removesuffix(".id")) for one in made} == subscribed
    for one in made:
        assert ("RedrivePolicy" in one) == (one["Protocol"] == "https")


@pytest.mark.parametrize(
    ("given", "kind", "ids"),
    [
        ({"SlackChannel": SLACK}, "SlackChannelConfiguration", ("SlackWorkspaceId", "SlackChannelId")),
        ({"TeamsChannel": TEAMS}, "MicrosoftTeamsChannelConfiguration", ("TeamsTenantId", "TeamId", "TeamsChannelId")),
    ],
)
def test_a_chat_shows_messages_and_reads_only(given: dict[str, str], kind: str, ids: tuple[str, ...]) -> None:
    stack = built(**given)
    (channel,) = stack.of_type(f"Chatbot::{kind}").values()
    assert "/".join(channel[name] for name in ids) in given.values()
    assert channel["SnsTopicArns"] == ["ChatTopic.id"]
    assert channel["GuardrailPolicies"] == ["ChatPolicy.id"]
    assert stack.resources["ChatPolicy"]["Roles"] == ["ChatRole.id"]
    assert "ManagedPolicyArns" not in stack.resources["ChatRole"]
    granted = stack.resources["ChatPolicy"]["PolicyDocument"]["Statement"]
    assert allows(granted, "codepipeline:GetPipelineState", arn("codepipeline", "courier-orders"))
    assert not allows(granted, "codepipeline:GetPipelineState", arn("codepipeline", "parcels-orders"))
    for action in ("codepipeline:PutApprovalResult", "codepipeline:StartPipelineExecution", "s3:GetObject"):
        assert not allows(granted, action, arn("codepipeline", "courier-orders"))
    (trust,) = stack.resources["ChatRole"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "chatbot.amazonaws.com"}


@pytest.mark.parametrize("severity", ["Alert", "Notice", "Chat"])
def test_topics_take_messages_of_their_rules_by_tls_only(severity: str) -> None:
    stack = built(SlackChannel=SLACK)
    topic, granted = f"{severity}Topic.id", stack.resources[f"{severity}TopicPolicy"]["PolicyDocument"]["Statement"]
    assert stack.resources[f"{severity}Topic"]["KmsMasterKeyId"] == KEY
    senders = [
        name
        for name, rule in stack.of_type("Events::Rule").items()
        if any(one["Arn"] == topic for one in rule["Targets"])
    ]
    assert senders
    for name in senders:
        source = arn("events", f"rule/stack-{name}-1A2B") if severity == "Chat" else f"{name}.Arn"
        by = {"aws__SourceArn": source}
        assert allows(granted, "sns:Publish", topic, **by, aws__SecureTransport="true")
        assert not allows(granted, "sns:Publish", topic, **by, aws__SecureTransport="false")
    other = arn("events", "rule/other")
    assert not allows(granted, "sns:Publish", topic, aws__SourceArn=other, aws__SecureTransport="true")


def test_what_does_not_arrive_is_kept() -> None:
    stack = built(SlackChannel=SLACK, NotificationWebhook="https://b.example/x")
    (policy,) = stack.of_type("SQS::QueuePolicy").values()
    granted, queue = policy["PolicyDocument"]["Statement"], "UndeliveredMessages.Arn"
    senders = ["AlertTopic.id", "NoticeTopic.id"]
    for name, rule in stack.of_type("Events::Rule").items():
        assert all(target["DeadLetterConfig"] == {"Arn": queue} for target in rule["Targets"])
        senders.append(f"{name}.Arn" if name != "ApprovalNeeded" else arn("events", f"rule/stack-{name}-1A2B"))
    for one in stack.of_type("SNS::Subscription").values():
        assert one["RedrivePolicy"] == {"deadLetterTargetArn": queue}
    for sender in senders:
        assert allows(granted, "sqs:SendMessage", queue, aws__SourceArn=sender, aws__SecureTransport="true")
    other = arn("sns", "other")
    assert not allows(granted, "sqs:SendMessage", queue, aws__SourceArn=other, aws__SecureTransport="true")


def test_messages_arrive(emulator: Emulator) -> None:
    """In the emulator, from the event to who is subscribed; queues stand for people."""
    stack = Deployed(emulator, notifications.build(platform()), SlackChannel=SLACK)
    sns, sqs, got = stack.client("sns"), stack.client("sqs"), {}
    for topic in ("AlertTopic", "NoticeTopic", "ChatTopic"):
        url = sqs.create_queue(QueueName=topic)["QueueUrl"]
        queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=stack.resources[topic].physical_id, Protocol="sqs", Endpoint=queue)
        got[topic] = url
    for name in examples.names():
        stack.send(example(name))

    def received(topic: str) -> list[str]:
        found: list[Any] = []
        while messages := sqs.receive_message(QueueUrl=got[topic], MaxNumberOfMessages=10).get("Messages"):
            for one in messages:
                found.append(json.loads(one["Body"])["Message"])
                sqs.delete_message(QueueUrl=got[topic], ReceiptHandle=one["ReceiptHandle"])
        return found

    counts = {severity: sum(one == severity for _, one in SENT.values()) for severity in ("Alert", "Notice")}
    alerts, news, chat = (received(topic) for topic in got)
    assert len(alerts) == counts["Alert"]
    assert len(news) == counts["Notice"] - 1  # CodePipeline asks for approvals itself
    assert all(text.startswith('"Alert: ') for text in alerts)
    assert all(text.startswith('"Notice: ') for text in news)
    assert len(chat) == len(SENT)
    assert all(json.loads(text)["source"] == "custom" for text in chat)
