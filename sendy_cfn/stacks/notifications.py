"""What people hear of: topics by severity, who is subscribed, and the rules that send.

Nested once, in the toolchain's first root.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awacs import codebuild, codepipeline
from awacs import sns as topic_actions
from awacs.aws import (
    Allow,
    ArnEqualsIfExists,
    Bool,
    Condition,
    Deny,
    Principal,
    Statement,
    StringEquals,
)
from troposphere import AccountId, Equals, Not, Or, Select, Split, Sub, chatbot, events, sns
from troposphere import Condition as If

from sendy_cfn import wires
from sendy_cfn.blocks import alarms, boundary, iam, notices, role_paths, skeleton, undelivered
from sendy_cfn.blocks.pipeline_roles import pipeline_arn
from sendy_cfn.blocks.suppress import suppress
from sendy_cfn.knobs import toolchain as knobs
from sendy_cfn.stacks.artifacts import accounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn, Template
    from troposphere import sqs as queues

    from sendy_cfn.config.model import Platform
    from sendy_cfn.parameters import Knob


def build(platform: Platform, *, shared: bool = False) -> Template:
    """The template; `shared`: the roots of further cells use the topic, too."""
    name = platform.platform
    template = skeleton.new(f"{name}: notifications of the pipelines and of what they release")
    key = wires.ARTIFACT_KEY_ARN.take(template)
    topics = {
        severity: template.add_resource(sns.Topic(f"{severity}Topic", KmsMasterKeyId=key))
        for severity in (notices.ALERT, notices.NOTICE)
    }
    lost = template.add_resource(undelivered.queue("UndeliveredMessages", key))
    _subscribe(template, topics, lost)
    chat = _chat(template, name, key)

    kinds = notices.messages(name, [AccountId, *accounts(platform)])
    rules = [template.add_resource(rule) for rule in notices.rules(kinds, topics, chat, lost)]
    always = [rule.get_att("Arn") for rule in rules if "Condition" not in rule.resource]
    for severity, topic in topics.items():
        of = {title for title, message in kinds.items() if message.severity == severity and message.mailed}
        mailed = [rule for rule in rules if rule.title in of]
        template.add_resource(_topic_policy(f"{severity}TopicPolicy", topic, [r.get_att("Arn") for r in mailed]))
    chat_rules = Sub(f"arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{AWS::AccountId}}:rule/{_stack_names()}")
    template.add_resource(_topic_policy("ChatTopicPolicy", chat, [chat_rules], Condition=notices.HAS_CHAT))
    senders: dict[str, Sequence[AWSHelperFn]] = {
        "events.amazonaws.com": [*always, chat_rules],
        "sns.amazonaws.com": [topic.ref() for topic in topics.values()],
    }
    template.add_resource(undelivered.policy(lost, senders))
    template.add_resource(alarms.undelivered(f"{name}-toolchain-undelivered_messages", lost, "Messages"))

    if foreign := accounts(platform):
        template.add_resource(_bus_policy(name, foreign))

    asked = any(place.approval for place in platform.environments.values())  # else no pipeline takes it
    offer = wires.toolchain_offer(template, name, shared=shared and asked)
    offer(wires.NOTIFICATION_TOPIC_ARN, topics[notices.NOTICE].ref())
    return template


def _bus_policy(platform: str, foreign: tuple[str, ...]) -> events.EventBusPolicy:
    """The environments' accounts send what happens there to this account's bus, with the role that is for that.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-permissions-manage.html
    """
    pattern = role_paths.role_arn(role_paths.of_deployment(platform) + "*", account="*")
    statement = {
        "Sid": "SendFromEnvironments",  # the API puts the statement's id here
        "Effect": "Allow",
        "Principal": {"AWS": [Sub(f"arn:${{AWS::Partition}}:iam::{account}:root") for account in foreign]},
        "Action": "events:PutEvents",
        "Resource": Sub("arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"),
        "Condition": {"ArnLike": {"aws:PrincipalArn": Sub(pattern)}},
    }
    policy = events.EventBusPolicy("EnvironmentEvents", StatementId=f"{platform}-environments", Statement=statement)
    suppress(policy, "I3042", "It names the accounts that environments are in, on purpose")
    return policy


def _stack_names() -> str:
    """Names of this stack's rules: a policy can't name one that is there with a condition only."""
    return "${AWS::StackName}-*"


def _subscribe(template: Template, topics: dict[str, sns.Topic], lost: queues.Queue) -> None:
    both = (notices.ALERT, notices.NOTICE)
    for knob, protocol, severities in (
        (knobs.NOTIFICATION_EMAIL, "email", both),
        (knobs.ALERT_EMAIL, "email", (notices.ALERT,)),
        (knobs.NOTIFICATION_WEBHOOK, "https", both),
    ):
        condition = _given(template, knob)
        for severity in severities:
            more: dict[str, Any] = {}
            if protocol == "https":  # SNS tries again and then keeps it; an e-mail it just hands on
                more["RedrivePolicy"] = {"deadLetterTargetArn": lost.get_att("Arn")}
            template.add_resource(
                sns.SubscriptionResource(
                    f"{knob.name}{severity}s",
                    Condition=condition,
                    TopicArn=topics[severity].ref(),
                    Protocol=protocol,
                    Endpoint=knob.take(template),
                    **more,
                )
            )


def _given(template: Template, knob: Knob) -> str:
    """The condition that the value is given."""
    name = f"Has{knob.name}"
    template.add_condition(name, Not(Equals(knob.take(template), "")))
    return name


def _chat(template: Template, platform: str, key: AWSHelperFn) -> sns.Topic:
    """The topic for chats, and the channels that Amazon Q Developer shows its messages in.

    The workspace has to be known to the account: an administrator connects it once in the console.
    https://docs.aws.amazon.com/chatbot/latest/adminguide/slack-setup.html
    https://docs.aws.amazon.com/chatbot/latest/adminguide/teams-setup.html
    """
    slack, teams = _given(template, knobs.SLACK_CHANNEL), _given(template, knobs.TEAMS_CHANNEL)
    template.add_condition(notices.HAS_CHAT, Or(If(slack), If(teams)))
    topic = template.add_resource(sns.Topic("ChatTopic", Condition=notices.HAS_CHAT, KmsMasterKeyId=key))
    role = template.add_resource(
        iam.role(
            "ChatRole",
            "Amazon Q Developer in chat applications takes it on",
            iam.trust("chatbot.amazonaws.com", Condition(StringEquals({"aws:SourceAccount": AccountId}))),
            boundary.given(template),
            Condition=notices.HAS_CHAT,
        )
    )
    # People in the channel may look, by what they write to the bot, at no more than this.
    look = template.add_resource(
        iam.policy(
            "ChatPolicy",
            "What people in the chat may look at",
            [role.ref()],
            iam.allow(
                "ReadPipelines",
                [
                    codepipeline.GetPipelineState,
                    codepipeline.GetPipelineExecution,
                    codepipeline.ListPipelineExecutions,
                ],
                pipeline_arn(f"{platform}-*"),
            ),
            iam.allow(
                "ReadBuilds",
                [codebuild.BatchGetBuilds],
                Sub(f"arn:${{AWS::Partition}}:codebuild:${{AWS::Region}}:${{AWS::AccountId}}:project/{platform}-*"),
            ),
            Condition=notices.HAS_CHAT,
        )
    )
    common: dict[str, Any] = {
        "IamRoleArn": role.get_att("Arn"),
        "GuardrailPolicies": [look.ref()],  # without one it would be AdministratorAccess
        "SnsTopicArns": [topic.ref()],
        "LoggingLevel": "ERROR",
        "UserRoleRequired": False,
    }
    there = "The channel is there only with a value, which the validator does not see from its condition"
    workspace, channel = _parts(template, knobs.SLACK_CHANNEL, 2)
    in_slack = template.add_resource(
        chatbot.SlackChannelConfiguration(
            "SlackChannelConfiguration",
            Condition=slack,
            ConfigurationName=f"{platform}-slack",
            SlackWorkspaceId=workspace,
            SlackChannelId=channel,
            **common,
        )
    )
    tenant, team, channel = _parts(template, knobs.TEAMS_CHANNEL, 3)
    in_teams = template.add_resource(
        chatbot.MicrosoftTeamsChannelConfiguration(
            "TeamsChannelConfiguration",
            Condition=teams,
            ConfigurationName=f"{platform}-teams",
            TeamsTenantId=tenant,
            TeamId=team,
            TeamsChannelId=channel,
            **common,
        )
    )
    for configuration in (in_slack, in_teams):
        suppress(configuration, "W1035", there)
    return topic


def _parts(template: Template, knob: Knob, count: int) -> list[Select]:
    """The parts of a value, which `/` separates."""
    return [Select(number, Split("/", knob.take(template))) for number in range(count)]


def _topic_policy(title: str, topic: sns.Topic, senders: Sequence[AWSHelperFn], **more: Any) -> sns.TopicPolicy:
    """Only these rules publish by way of EventBridge, and nobody without TLS.

    Whoever may by the account's own policies can, too: pipelines ask for approvals so.
    IfExists: AWS once said that EventBridge sends SNS no source, and now does not say.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
    """
    return sns.TopicPolicy(
        title,
        **more,
        Topics=[topic.ref()],
        PolicyDocument=iam.document(
            Statement(
                Sid="PublishMessages",
                Effect=Allow,
                Principal=Principal("Service", "events.amazonaws.com"),
                Action=[topic_actions.Publish],
                Resource=[topic.ref()],
                Condition=Condition(ArnEqualsIfExists({"aws:SourceArn": list(senders)})),
            ),
            Statement(
                Sid="DenyWithoutTls",
                Effect=Deny,
                Principal=Principal("*"),
                Action=[topic_actions.Publish],
                Resource=[topic.ref()],
                Condition=Condition(Bool({"aws:SecureTransport": "false"})),
            ),
        ),
    )
