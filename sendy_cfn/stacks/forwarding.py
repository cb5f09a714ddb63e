"""What an environment tells the toolchain, where it is in another account or region; nested in its root.

Deployments, stacks and alarms happen in the environment's account and region, and EventBridge's rules see those only.
So a rule sends them on to the toolchain's bus, where they are kept and become messages like all others. The root of an
environment beside the toolchain does not nest it.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awacs import events as actions
from awacs.aws import Condition, StringEquals
from troposphere import AccountId, Sub, events

from sendy_cfn import wires
from sendy_cfn.blocks import alarms, boundary, event_patterns, iam, role_paths, skeleton, undelivered
from sendy_cfn.blocks.suppress import suppress
from sendy_cfn.knobs import common

if TYPE_CHECKING:
    from troposphere import Template

    from sendy_cfn.config.model import Platform


def build(platform: Platform) -> Template:
    """The template; the root decides whether it is there."""
    name, here = platform.platform, platform.toolchain
    template = skeleton.new(f"{name}: events of an environment for the toolchain")
    common.ENVIRONMENT.take(template)
    account = common.toolchain_account(template, here.account)
    key = wires.KEY_ARN.take(template)
    bus = Sub(f"arn:${{AWS::Partition}}:events:{here.region}:${{{account}}}:event-bus/default")

    lost = template.add_resource(undelivered.queue("UndeliveredEvents", key))
    role = template.add_resource(
        iam.role(
            "ForwardRole",
            "EventBridge sends events to the toolchain with it",
            iam.trust("events.amazonaws.com", Condition(StringEquals({"aws:SourceAccount": AccountId}))),
            boundary.given(template),
            Path=role_paths.of_deployment(name),  # by which the toolchain's bus knows it
        )
    )
    policy = template.add_resource(
        iam.policy(
            "ForwardPolicy",
            "Send events to the toolchain",
            [role.ref()],
            iam.allow("SendEvents", [actions.PutEvents], bus),
            Path=role_paths.of_deployment(name),
        )
    )
    rules = []
    for title, pattern in patterns(name).items():
        rule = events.Rule(
            title,
            Description=f"{title.removesuffix('Events')} events go to the toolchain",
            EventPattern=pattern,
            State="ENABLED",
            Targets=[
                events.Target(
                    Id="Toolchain",
                    Arn=bus,
                    RoleArn=role.get_att("Arn"),
                    DeadLetterConfig=events.DeadLetterConfig(Arn=lost.get_att("Arn")),
                )
            ],
        )
        rules.append(template.add_resource(rule))
    unsent = f"{name}-${{Environment}}-undelivered_forwards"
    template.add_resource(alarms.undelivered(unsent, lost, "Events for the toolchain"))
    template.add_resource(undelivered.policy(lost, {"events.amazonaws.com": [rule.get_att("Arn") for rule in rules]}))
    for resource in (policy, *rules):
        suppress(resource, "I3042", "It names the toolchain's region, on purpose")
    return template


def patterns(platform: str) -> dict[str, dict[str, Any]]:
    """What is sent on, of this environment only: another one in the same account sends its own."""
    own = f"{platform}-${{Environment}}"
    found = {
        "DeploymentEvents": event_patterns.deployments(own, [AccountId]),
        "StackEvents": event_patterns.stacks(own, [AccountId]),
        "AlarmEvents": event_patterns.alarms(own, [AccountId]),
    }
    return {title: event_patterns.referring(pattern) for title, pattern in found.items()}
