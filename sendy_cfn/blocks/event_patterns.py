"""Which events of AWS are this platform's: EventBridge patterns.

Names tell: pipelines, projects, stacks, services and alarms begin with `<platform>-`, repositories with `<platform>/`.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import AccountId, Sub

if TYPE_CHECKING:
    from collections.abc import Sequence

    Pattern = dict[str, Any]

PIPELINE_KINDS = [
    "CodePipeline Pipeline Execution State Change",
    "CodePipeline Stage Execution State Change",
    "CodePipeline Action Execution State Change",
]

FAILED_TO_RUN = ("EssentialContainerExited", "TaskFailedToStart")  # stop codes


def referring(node: Any) -> Any:
    """The pattern with a Sub for each text that has a reference in it."""
    if isinstance(node, dict):
        return {key: referring(item) for key, item in node.items()}
    if isinstance(node, list):
        return [referring(item) for item in node]
    return Sub(node) if isinstance(node, str) and "${" in node else node


def pattern(source: str, kinds: Sequence[str], accounts: Sequence[Any] = (AccountId,), **more: Any) -> Pattern:
    """Events of a service of AWS that happen in one of the accounts."""
    return {"source": [f"aws.{source}"], "account": list(accounts), "detail-type": list(kinds), **more}


def pipelines(platform: str, *kinds: str, **detail: Any) -> Pattern:
    """Executions, stages and actions of pipelines.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
    """
    of = {"pipeline": [{"prefix": f"{platform}-"}], **detail}
    return pattern("codepipeline", kinds or PIPELINE_KINDS, detail=of)


def builds(platform: str) -> Pattern:
    """Builds that have ended.

    https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications-ref.html
    """
    ended = {"project-name": [{"prefix": f"{platform}-"}], "build-status": [{"anything-but": ["IN_PROGRESS"]}]}
    return pattern("codebuild", ["CodeBuild Build State Change"], detail=ended)


def deployments(platform: str, accounts: Sequence[Any], **detail: Any) -> Pattern:
    """Deployments of ECS services.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
    """
    more = {"detail": detail} if detail else {}
    services = [{"wildcard": f"*:service/{platform}-*"}]
    return pattern("ecs", ["ECS Deployment State Change"], accounts, resources=services, **more)


def task_failures(clusters: Sequence[str]) -> Pattern:
    """Tasks of these clusters that ended by themselves, or never began; not those that ECS or people stopped.

    Where ECS stops a task because its health checks fail, it says ServiceSchedulerInitiated, as when it scales in.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
    """
    mine = [{"suffix": f":cluster/{cluster}"} for cluster in clusters]
    of = {"clusterArn": mine, "lastStatus": ["STOPPED"], "stopCode": list(FAILED_TO_RUN)}
    return pattern("ecs", ["ECS Task State Change"], detail=of)


def deployments_in(clusters: Sequence[str]) -> Pattern:
    """Deployments of the services in these clusters."""
    mine = [{"wildcard": f"*:service/{cluster}/*"} for cluster in clusters]
    return pattern("ecs", ["ECS Deployment State Change"], resources=mine)


def stacks(platform: str, accounts: Sequence[Any]) -> Pattern:
    """Operations on stacks, nested ones too, that have ended or turned back.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-stack-status-change.html
    """
    mine = [{"wildcard": f"*:stack/{platform}-*"}]
    ends = [{"suffix": "_COMPLETE"}, {"suffix": "_FAILED"}, {"suffix": "ROLLBACK_IN_PROGRESS"}]
    return pattern(
        "cloudformation",
        ["CloudFormation Stack Status Change"],
        accounts,
        detail={"stack-id": mine, "status-details": {"status": ends}},
    )


def scans(platform: str, **detail: Any) -> Pattern:
    """ECR's basic scans.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
    """
    of = {"repository-name": [{"prefix": f"{platform}/"}], **detail}
    return pattern("ecr", ["ECR Image Scan"], detail=of)


def inspections(platform: str, *severities: str) -> Pattern:
    """Findings of Inspector, which scans where scanning is enhanced.

    https://docs.aws.amazon.com/inspector/latest/user/eventbridge-integration.html
    """
    image = {"awsEcrContainerImage": {"repositoryName": [{"prefix": f"{platform}/"}]}}
    of = {"severity": list(severities), "status": ["ACTIVE"], "resources": {"details": image}}
    return pattern("inspector2", ["Inspector2 Finding"], detail=of)


def alarms(platform: str, accounts: Sequence[Any], **detail: Any) -> Pattern:
    """Alarms that change their state.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
    """
    of = {"alarmName": [{"prefix": f"{platform}-"}], **detail}
    return pattern("cloudwatch", ["CloudWatch Alarm State Change"], accounts, detail=of)
