"""A pipeline's role, and the environments' that it takes on, follow from its stages: more stages more, fewer less."""

from __future__ import annotations

from typing import Any

import pytest
from troposphere import codepipeline

from sendy_cfn.blocks import deploy_calls, pipeline_calls
from tests.generated import generated
from tests.platforms import ROOT, platform
from tests.stacks.deliveries import (
    HEAD,
    NEAR,
    PLATFORM_REPOSITORY,
    VARIANTS,
    Delivery,
    delivery,
    policy_statements,
    role_of,
)
from tests.stacks.deployment import SHIFT, UPDATE, WATCH, built, of_types, policies, statements

TOPIC, ROLE = "arn:aws:sns:eu-central-1:123456789012:news", "arn:aws:iam::123456789012:role/r"


def action(provider: str, category: str = "Test", **more: Any) -> codepipeline.Actions:
    kind = codepipeline.ActionTypeId(Category=category, Owner="AWS", Provider=provider, Version="1")
    return codepipeline.Actions(Name="Step", ActionTypeId=kind, **{"Configuration": {}} | more)


def stage(*actions: codepipeline.Actions, **more: Any) -> codepipeline.Stages:
    return codepipeline.Stages(Name="Stage", Actions=list(actions), **more)


def called(*stages: codepipeline.Stages) -> dict[str, tuple[list[str], list[str]]]:
    found = pipeline_calls.statements(stages, lambda name: f"arn:{name}")
    return {one.Sid: ([action.JSONrepr() for action in one.Action], one.Resource) for one in found}


def build(project: str) -> codepipeline.Actions:
    return action("CodeBuild", Configuration={"ProjectName": project})


def asked() -> codepipeline.Actions:
    return action("Manual", "Approval", Configuration={"NotificationArn": TOPIC})


def conditions(provider: str, **more: Any) -> codepipeline.SuccessConditions:
    kind = codepipeline.RuleTypeId(Category="Rule", Owner="AWS", Provider=provider, Version="1")
    rule = codepipeline.RuleDeclaration(Name="Rule", RuleTypeId=kind, Configuration={}, **more)
    return codepipeline.SuccessConditions(Conditions=[codepipeline.Condition(Result="FAIL", Rules=[rule])])


def test_each_action_adds_what_it_calls() -> None:
    runs = (["codebuild:StartBuild", "codebuild:BatchGetBuilds"], ["arn:a"])
    assert called(stage(build("a"))) == {"RunBuilds": runs}
    assert called(stage(build("a"), build("b")), stage(build("a")))["RunBuilds"][1] == ["arn:a", "arn:b"]
    assert called(stage(build("a"), asked())) == {"RunBuilds": runs, "AskForApproval": (["sns:Publish"], [TOPIC])}
    assert called(stage(action("Manual", "Approval"))) == {}


def test_with_a_role_of_its_own_an_action_is_that_roles_business() -> None:
    taken = (["sts:AssumeRole"], [ROLE])
    assert called(stage(action("CloudFormation", RoleArn=ROLE))) == {"EnterEnvironments": taken}
    watched = stage(build("a"), OnSuccess=conditions("CloudWatchAlarm", RoleArn=ROLE))
    assert called(watched)["EnterEnvironments"] == taken
    assert called(stage(build("a"), OnSuccess=conditions("VariableCheck"))).keys() == {"RunBuilds"}


@pytest.mark.parametrize("unknown", [action("ElasticBeanstalk"), action("CloudFormation"), action("CodeDeployToECS")])
def test_an_action_without_an_entry_is_refused(unknown: codepipeline.Actions) -> None:
    with pytest.raises(LookupError, match=f"action {unknown.ActionTypeId.Provider}: say in blocks/pipeline_calls"):
        called(stage(unknown))


def test_a_rule_without_an_entry_is_refused() -> None:
    with pytest.raises(LookupError, match="rule CloudWatchAlarm: say in blocks/pipeline_calls"):
        called(stage(build("a"), OnSuccess=conditions("CloudWatchAlarm")))


def test_a_pipeline_has_what_its_stages_call_and_no_more() -> None:
    sids = {}
    for variant in VARIANTS:
        found = delivery(variant)
        sids[variant] = {s["Sid"] for s in policy_statements(found.outer, role_of(found.pipeline["RoleArn"]))}
    always = {"HandOnArtifacts", "LookAtBuckets", "UseKey", "RunBuilds", "EnterEnvironments"}
    assert sids["github"] == always | {"UseConnection", "AskForApproval"}
    assert sids["codecommit"] == always | {"ReadService", "ReadPlatform", "AskForApproval"}
    assert sids["s3"] == always | {"ReadService", "LookService", "UseConnection", "AskForApproval"}


def test_without_approval_nobody_is_asked() -> None:
    unasked = NEAR.replace(", approval: true", "")
    assert unasked != NEAR
    source = "{repository: courier/orders}"
    found = Delivery(platform(HEAD.format(source=source, toolchain=PLATFORM_REPOSITORY, environments=unasked)))
    sids = {s["Sid"]: s for s in policy_statements(found.outer, role_of(found.pipeline["RoleArn"]))}
    assert "AskForApproval" not in sids
    assert not [arn for arn in sids["RunBuilds"]["Resource"] if arn.endswith("-author")]


def test_what_environments_let_pipelines_do_follows_from_the_pipelines() -> None:
    def role(*done: str) -> dict[str, Any]:
        return policies(built(platform(), of_types("AWS::Logs::LogGroup", pipelines=done)), "PipelineRole")

    def sids(*done: str) -> set[str]:
        return {one["Sid"] for found in role(*done).values() for one in found}

    assert role(UPDATE).keys() == {"DeployPolicy"}
    assert role(UPDATE, SHIFT).keys() == {"DeployPolicy", "CodeDeployPolicy"}
    assert sids(UPDATE, WATCH) - sids(UPDATE) == {"WatchAlarms"}
    assert sids(WATCH) == {"WatchAlarms"}
    assert sids(SHIFT) >= {"StartDeployments", "ReadArtifacts"}
    with pytest.raises(LookupError, match="CloudFormation CHANGE_SET_EXECUTE: say in blocks/deploy_calls"):
        role(UPDATE, "CloudFormation CHANGE_SET_EXECUTE")


def test_a_generated_platform_allows_what_its_pipelines_do() -> None:
    def policies_of(case: str) -> set[str]:
        folder = ROOT / ("params" if case == "params" else f"tests/cases/{case}")
        return set(generated(folder).templates["deploy-roles.yaml"]["Resources"])

    assert {"DeployPolicy", "CodeDeployPolicy", "ShiftPolicy"} <= policies_of("strategies")
    for case in ("params", "bare"):
        assert "DeployPolicy" in policies_of(case)
        assert not {"CodeDeployPolicy", "ShiftPolicy"} & policies_of(case)


def test_every_entry_is_used() -> None:
    known = {policy for policy, _ in deploy_calls.CALLS.values()}
    assert known == set(deploy_calls.ABOUT)
    everything = built(platform(), of_types("AWS::Logs::LogGroup", pipelines=deploy_calls.CALLS))
    assert len({one["Sid"] for one in statements(everything, "PipelineRole")}) > 10
