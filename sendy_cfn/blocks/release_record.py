"""The build that writes a line about each release of the last environment, and the rule that starts it.

A rule starts it, not the pipeline: what measures a release must not be able to fail it, and a stage that rolls itself
back is measured, too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from awacs import codebuild as build_actions
from awacs import logs
from awacs.aws import Condition, StringEquals
from troposphere import AccountId, codebuild, events

from sendy_cfn.blocks import build_calls, builds, event_patterns, iam
from sendy_cfn.blocks.build_calls import Place
from sendy_cfn.blocks.buildspecs import load
from sendy_cfn.blocks.pipeline_roles import pipeline_arn
from sendy_cfn.config.words import Architecture
from sendy_cfn.names import logical

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, AWSObject
    from troposphere import logs as log
    from troposphere import sqs as queues

MINUTES = 10  # then the build is stopped
# Variable of the build -> where the event has it.
FROM_EVENT = {
    "PIPELINE": "$.detail.pipeline",
    "STAGE": "$.detail.stage",
    "STATE": "$.detail.state",
    "EXECUTION": "$.detail.execution-id",
    "AT": "$.time",
}


def stage_name(environment: str) -> str:
    """The stage of a pipeline that releases to an environment."""
    return f"Deploy{logical(environment)}"


def ended(platform: str, environment: str) -> dict[str, object]:
    """Releases to the environment that have ended, well or not."""
    stage, states = [stage_name(environment)], ["SUCCEEDED", "FAILED"]
    return event_patterns.pipelines(platform, event_patterns.PIPELINE_KINDS[1], stage=stage, state=states)


def recorder(
    platform: str,
    environment: str,
    key: AWSHelperFn,
    group: log.LogGroup,
    lost: queues.Queue,
    boundary: AWSHelperFn,
) -> tuple[list[AWSObject], events.Rule]:
    """Project, roles and rule; the rule once more, for the queue's policy."""
    prefix, kind = f"{platform}-delivery", "record"
    assume = builds.trust(prefix, [kind])
    role = iam.role("RecordRole", "Writes down releases", assume, boundary)
    places = {
        "executions": Place("ReadExecutions", (pipeline_arn(f"{platform}-*"),)),
        "event log": Place("ReadEvents", (group.get_att("Arn"),)),
    }
    policy = iam.policy(
        "RecordPolicy",
        "Look at executions of pipelines and at the event log",
        [role.ref()],
        iam.allow("WriteLogs", [logs.CreateLogStream, logs.PutLogEvents], group.get_att("Arn")),
        *build_calls.statements([kind], places),
    )
    host, image = builds.HOSTS[Architecture.AMD64]
    fixed = {"PLATFORM": platform, "ENVIRONMENT": environment, "EVENT_LOG": group.ref()}
    project = codebuild.Project(
        "RecordProject",
        Name=builds.project_name(prefix, kind),
        Description="Writes a line about each release of the last environment into the event log",
        ServiceRole=role.get_att("Arn"),
        EncryptionKey=key,
        Source=codebuild.Source(Type="NO_SOURCE", BuildSpec=load(kind)),
        Artifacts=codebuild.Artifacts(Type="NO_ARTIFACTS"),
        Environment=codebuild.Environment(
            Type=host,
            Image=image,
            ComputeType="BUILD_GENERAL1_SMALL",
            EnvironmentVariables=[
                codebuild.EnvironmentVariable(Name=name, Value=value, Type="PLAINTEXT") for name, value in fixed.items()
            ],
        ),
        LogsConfig=codebuild.LogsConfig(
            CloudWatchLogs=codebuild.CloudWatchLogs(Status="ENABLED", GroupName=group.ref(), StreamName=kind)
        ),
        TimeoutInMinutes=MINUTES,
        QueuedTimeoutInMinutes=builds.QUEUED_MINUTES,
    )
    starter = iam.role(
        "StartRole",
        "Lets events start the build that writes down releases",
        iam.trust("events.amazonaws.com", Condition(StringEquals({"aws:SourceAccount": AccountId}))),
        boundary,
    )
    start = iam.allow("StartBuild", [build_actions.StartBuild], project.get_att("Arn"))
    starting = iam.policy("StartPolicy", "Start the build that writes down releases", [starter.ref()], start)
    rule = events.Rule(
        "ReleaseEnded",
        Description=f"A release to {environment} that has ended is written down",
        EventPattern=ended(platform, environment),
        State="ENABLED",
        Targets=[
            events.Target(
                Id="Record",
                Arn=project.get_att("Arn"),
                RoleArn=starter.get_att("Arn"),
                InputTransformer=events.InputTransformer(
                    InputPathsMap={name.lower(): path for name, path in FROM_EVENT.items()},
                    InputTemplate=_overrides(),
                ),
                DeadLetterConfig=events.DeadLetterConfig(Arn=lost.get_att("Arn")),
            )
        ],
    )
    return [role, policy, project, starter, starting, rule], rule


def _overrides() -> str:
    """What the event changes of StartBuild's request.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
    https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html
    """
    variables = [{"name": name, "type": "PLAINTEXT", "value": f"<{name.lower()}>"} for name in FROM_EVENT]
    return json.dumps({"environmentVariablesOverride": variables}, separators=(",", ":"))
