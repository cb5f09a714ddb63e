"""CodePipeline's API for reading, through boto3."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator import Emulator
from emulator.driver import Stacks
from tests.emulator.templates import body, resource


def action(name: str, category: str, provider: str, **more: Any) -> dict[str, Any]:
    kind = {"Category": category, "Owner": "AWS", "Provider": provider, "Version": "1"}
    return {"Name": name, "ActionTypeId": kind, **more}


def pipeline(name: str, **more: Any) -> str:
    source = action(
        *("Code", "Source", "CodeStarSourceConnection"),
        Configuration={"FullRepositoryId": "a/b", "BranchName": "main", "ConnectionArn": "arn:x"},
        OutputArtifacts=[{"Name": "Code"}],
        RunOrder=1,
        Namespace="Source",
    )
    rule = {
        "Name": "Check",
        "RuleTypeId": {"Category": "Rule", "Owner": "AWS", "Provider": "VariableCheck", "Version": "1"},
        "Configuration": {"Variable": "#{Build.Verdict}", "Value": "ok", "Operator": "EQ"},
    }
    build = action("Build", "Build", "CodeBuild", Configuration={"ProjectName": "p"}, InputArtifacts=[{"Name": "Code"}])
    properties = {
        "Name": name,
        "RoleArn": "arn:aws:iam::111111111111:role/pipeline",
        "PipelineType": "V2",
        "ExecutionMode": "SUPERSEDED",
        "ArtifactStore": {"Type": "S3", "Location": "artifacts"},
        "Tags": [{"Key": "team", "Value": "a"}],
        "RestartExecutionOnUpdate": False,
        "Stages": [
            {"Name": "Source", "Actions": [source]},
            {
                "Name": "Build",
                "Actions": [build],
                "OnFailure": {"Result": "ROLLBACK"},
                "OnSuccess": {"Conditions": [{"Result": "FAIL", "Rules": [rule]}]},
            },
        ],
        **more,
    }
    return body({"Pipeline": resource("AWS::CodePipeline::Pipeline", properties)})


def described(stacks: Stacks, name: str) -> dict[str, Any]:
    found: dict[str, Any] = stacks.client("codepipeline").get_pipeline(name=name)
    return found


def test_a_pipeline_is_told_in_the_form_of_the_api(stacks: Stacks) -> None:
    assert stacks.create("orders", pipeline("courier-orders")) == "CREATE_COMPLETE"
    found = described(stacks, "courier-orders")
    shown = found["pipeline"]
    assert found["metadata"]["pipelineArn"] == (f"arn:aws:codepipeline:{stacks.region}:{stacks.account}:courier-orders")
    assert set(shown) == {
        *("name", "roleArn", "pipelineType", "executionMode", "artifactStore", "stages", "version"),
    }
    source, build = shown["stages"]
    assert source["actions"][0]["actionTypeId"]["provider"] == "CodeStarSourceConnection"
    assert source["actions"][0]["outputArtifacts"] == [{"name": "Code"}]
    assert (source["actions"][0]["runOrder"], source["actions"][0]["namespace"]) == (1, "Source")
    assert build["onFailure"] == {"result": "ROLLBACK"}
    [condition] = build["onSuccess"]["conditions"]
    assert condition["result"] == "FAIL"
    # Keys of configurations are not CloudFormation's spelling of the API's.
    assert source["actions"][0]["configuration"]["FullRepositoryId"] == "a/b"
    assert condition["rules"][0]["configuration"] == {"Variable": "#{Build.Verdict}", "Value": "ok", "Operator": "EQ"}


def test_triggers_are_told(stacks: Stacks) -> None:
    push = [{"Branches": {"Includes": ["main"]}, "FilePaths": {"Includes": ["templates/**"], "Excludes": ["docs/**"]}}]
    trigger = {
        "ProviderType": "CodeStarSourceConnection",
        "GitConfiguration": {"SourceActionName": "Code", "Push": push},
    }
    stacks.create("orders", pipeline("courier-orders", Triggers=[trigger]))
    [found] = described(stacks, "courier-orders")["pipeline"]["triggers"]
    assert found["providerType"] == "CodeStarSourceConnection"
    assert found["gitConfiguration"] == {
        "sourceActionName": "Code",
        "push": [
            {"branches": {"includes": ["main"]}, "filePaths": {"includes": ["templates/**"], "excludes": ["docs/**"]}}
        ],
    }


def test_an_update_shows_and_a_deletion_too(stacks: Stacks) -> None:
    stacks.create("orders", pipeline("courier-orders"))
    other = "arn:aws:iam::111111111111:role/other"
    assert stacks.update("orders", pipeline("courier-orders", RoleArn=other)) == "UPDATE_COMPLETE"
    assert described(stacks, "courier-orders")["pipeline"]["roleArn"] == other
    stacks.delete("orders")
    with pytest.raises(ClientError, match="PipelineNotFoundException"):
        described(stacks, "courier-orders")
    assert stacks.client("codepipeline").list_pipelines()["pipelines"] == []


def test_pipelines_of_the_account_and_region_are_listed(stacks: Stacks, emulator: Emulator) -> None:
    for name in ("one", "two"):
        stacks.create(name, pipeline(name))
    listed = stacks.client("codepipeline").list_pipelines()["pipelines"]
    assert sorted(found["name"] for found in listed) == ["one", "two"]
    assert {found["pipelineType"] for found in listed} == {"V2"}
    for elsewhere in (Stacks(emulator, "399999999999"), Stacks(emulator, stacks.account, "us-east-1")):
        assert elsewhere.client("codepipeline").list_pipelines()["pipelines"] == []
        with pytest.raises(
            ClientError, match=f"Account '{elsewhere.account}' does not have a pipeline with name 'one'"
        ):
            described(elsewhere, "one")


def test_what_the_emulator_cannot_do_is_an_error_and_not_an_empty_answer(stacks: Stacks) -> None:
    stacks.create("orders", pipeline("courier-orders"))
    client = stacks.client("codepipeline")
    with pytest.raises(ClientError, match="the emulator has no operation ListPipelineExecutions of CodePipeline"):
        client.list_pipeline_executions(pipelineName="courier-orders")
    with pytest.raises(ClientError, match="StartPipelineExecution"):
        client.start_pipeline_execution(name="courier-orders")
