"""The toolchain's root with its pipelines."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.deployment.site import Site, digest

ROOT = "courier-toolchain"
PLACES = ("test", "staging", "production")


@pytest.fixture(scope="module")
def deployed(new_site: Callable[[], Site]) -> Site:
    """All environments and the toolchain."""
    site = new_site()
    for place in PLACES:
        assert site.create(place) == "CREATE_COMPLETE"
    assert site.create("toolchain") == "CREATE_COMPLETE"
    return site


def stages(site: Site, pipeline: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = site.resolved(ROOT)[f"{pipeline}/Pipeline"].properties["Stages"]
    return found


def deploys(site: Site, pipeline: str) -> list[dict[str, Any]]:
    actions = [action for stage in stages(site, pipeline) for action in stage["Actions"]]
    return [action for action in actions if action["ActionTypeId"]["Provider"] == "CloudFormation"]


def test_without_environments_there_is_no_toolchain(site: Site) -> None:
    assert site.create("toolchain") == "ROLLBACK_COMPLETE"
    assert any("/courier/test/deploy/" in reason for reason in site.stacks.failures(ROOT))


def test_pipelines_deploy_in_promotion_order_with_each_environments_roles(deployed: Site) -> None:
    for pipeline, service in (("PipelineOrders", "orders"), ("PipelinePricing", "pricing")):
        actions = deploys(deployed, pipeline)
        names = [action["Configuration"]["StackName"] for action in actions]
        assert list(dict.fromkeys(names)) == [f"courier-{place}-{service}" for place in PLACES]
        for action, name in zip(actions, names, strict=True):
            outputs = deployed.stacks.outputs(name.removesuffix(f"-{service}"))
            assert action["RoleArn"] == outputs["PipelineRoleArn"]
            assert action["Configuration"]["RoleArn"] == outputs["CloudFormationRoleArn"]


def test_the_deploy_action_deploys(deployed: Site) -> None:
    """Its template, configuration and overrides, as CodePipeline would put them together, make a stack."""
    action = deploys(deployed, "PipelineOrders")[0]["Configuration"]
    template = deployed.folder / action["TemplatePath"].removeprefix("Platform::templates/")
    configuration = json.loads(
        (deployed.folder / action["TemplateConfiguration"].removeprefix("Platform::templates/")).read_text()
    )
    repository = deployed.resolved(ROOT)["PipelineOrders/Builds/Repository"].physical_id
    uri = deployed.client("ecr").describe_repositories(repositoryNames=[repository])["repositories"][0]["repositoryUri"]
    variables = {"#{Build.IMAGE_URI}": f"{uri}@{digest('a')}", "#{ServiceSource.CommitId}": "a" * 40}
    overrides = {name: variables[value] for name, value in json.loads(action["ParameterOverrides"]).items()}
    status = deployed.stacks.create(
        action["StackName"],
        template.read_text(),
        configuration["Parameters"] | overrides,
        Capabilities=action["Capabilities"].split(","),
        RoleARN=action["RoleArn"],
    )
    assert status == "CREATE_COMPLETE"
    used = deployed.task_definition(action["StackName"])["containerDefinitions"][0]["image"]
    assert used == variables["#{Build.IMAGE_URI}"]
    assert deployed.stacks.outputs(action["StackName"])["Release"] == "a" * 40


def test_each_service_has_a_repository_of_unchangeable_tags(deployed: Site) -> None:
    found = deployed.client("ecr").describe_repositories()["repositories"]
    tags = {repository["repositoryName"]: repository["imageTagMutability"] for repository in found}
    for service in deployed.platform.services:
        assert tags[f"courier/{service}"] == "IMMUTABLE"


def test_build_projects_exist_under_the_names_that_pipelines_call(deployed: Site) -> None:
    projects = set(deployed.client("codebuild").list_projects()["projects"])
    called = {
        action["Configuration"]["ProjectName"]
        for pipeline in ("PipelineOrders", "PipelinePricing", "PipelineTracking")
        for stage in stages(deployed, pipeline)
        for action in stage["Actions"]
        if action["ActionTypeId"]["Provider"] == "CodeBuild"
    }
    assert called
    assert called <= projects


def test_delivery_is_observed_and_people_hear_of_it(deployed: Site) -> None:
    resolved = deployed.resolved(ROOT)
    log = resolved["DeliveryMonitoring/EventLog"].physical_id
    rules = deployed.client("events").list_rules()["Rules"]
    targets = [
        target["Arn"].rsplit(":", 1)[-1]
        for rule in rules
        for target in deployed.client("events").list_targets_by_rule(Rule=rule["Name"])["Targets"]
    ]
    topics = {resolved[f"Notifications/{severity}Topic"].physical_id for severity in ("Alert", "Notice")}
    assert {log, *(topic.rsplit(":", 1)[-1] for topic in topics)} <= set(targets)
    filters = deployed.client("logs").describe_metric_filters(logGroupName=log)["metricFilters"]
    assert {"Released", "LeadTime"} <= {one["metricTransformations"][0]["metricName"] for one in filters}
    board = deployed.client("cloudwatch").get_dashboard(DashboardName="courier-delivery")["DashboardBody"]
    assert log in board
    assert "${" not in board
    assert json.loads(board)["widgets"]
    mailed = deployed.client("sns").list_subscriptions()["Subscriptions"]
    assert {one["TopicArn"] for one in mailed if one["Endpoint"] == "releases@courier.example"} == topics


def test_images_and_artifacts_outlive_the_toolchain(deployed: Site) -> None:
    resolved = deployed.resolved(ROOT)
    assert deployed.stacks.delete(ROOT) == "DELETE_COMPLETE"
    buckets = {bucket["Name"] for bucket in deployed.client("s3").list_buckets()["Buckets"]}
    assert resolved["Artifacts/ArtifactBucket"].physical_id in buckets
    left = {found["repositoryName"] for found in deployed.client("ecr").describe_repositories()["repositories"]}
    assert resolved["PipelineOrders/Builds/Repository"].physical_id in left
    assert resolved["PipelineOrders/Builds/Cache"].physical_id not in left
