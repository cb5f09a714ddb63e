"""The files of a CodeDeploy release, from a task definition as ECS describes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
import yaml
from botocore.validate import ParamValidator

from sendy_cfn.blocks.buildspecs import load
from tests.buildspecs.reader import ASSUME, READER, REFUSED, REGION, SESSION, answers
from tests.buildspecs.runner import Outcome, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.buildspecs.conftest import Tools

ECS = botocore.session.get_session().get_service_model("ecs")
REGISTER = ECS.operation_model("RegisterTaskDefinition").input_shape
ARN = "arn:aws:ecs:eu-west-1:000000000000:task-definition/courier-orders:12"
IMAGE = "000000000000.dkr.ecr.eu-central-1.amazonaws.com/courier/orders@sha256:" + "a" * 64
ROLE = "arn:aws:iam::000000000000:role/courier/orders"

# As `aws ecs describe-task-definition` prints one of Fargate: ECS fills in empty lists and a host port.
DESCRIBED: dict[str, Any] = {
    "taskDefinitionArn": ARN,
    "containerDefinitions": [
        {
            "name": "orders",
            "image": IMAGE,
            "cpu": 0,
            "portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
            "essential": True,
            "environment": [{"name": "GREETING", "value": ""}],
            "mountPoints": [],
            "volumesFrom": [],
            "linuxParameters": {
                "capabilities": {"drop": ["ALL"]},
                "devices": [],
                "tmpfs": [],
                "initProcessEnabled": True,
            },
            "secrets": [{"name": "TOKEN", "valueFrom": "arn:aws:ssm:eu-west-1:000000000000:parameter/token"}],
            "readonlyRootFilesystem": True,
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": "orders",
                    "awslogs-region": "eu-west-1",
                    "awslogs-stream-prefix": "orders",
                },
                "secretOptions": [],
            },
            "healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3},
            "systemControls": [],
        },
        {"name": "helper", "image": "helper:1", "essential": False, "command": [], "dockerLabels": {}},
    ],
    "family": "courier-orders",
    "taskRoleArn": f"{ROLE}-task",
    "executionRoleArn": f"{ROLE}-execution",
    "networkMode": "awsvpc",
    "revision": 12,
    "volumes": [{"name": "scratch", "host": {}}],
    "status": "ACTIVE",
    "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.ecr-auth"}],
    "placementConstraints": [],
    "compatibilities": ["EC2", "FARGATE"],
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
    "registeredAt": "2026-11-20T09:00:00.000000+00:00",
    "registeredBy": "arn:aws:sts::000000000000:assumed-role/deploy/AWSCloudFormation",
    "enableFaultInjection": False,
}


def revision(source: Path, tools: Tools, described: object = None, **environment: str) -> Outcome:
    tools.record("aws", rules=(ASSUME, answers("describe-task-definition", described or DESCRIBED)))
    contract = {
        "TASK_DEFINITION_ARN": ARN,
        "STACK_REGION": REGION,
        "READER_ROLE_ARN": READER,
        "CONTAINER_NAME": "orders",
        "CONTAINER_PORT": "8080",
    }
    return run(load("revision"), source, {**tools.environment, **contract, **environment})


def taskdef(source: Path) -> dict[str, Any]:
    found = json.loads((source / "revision" / "taskdef.json").read_text())
    assert isinstance(found, dict)
    return found


def test_the_artifact_is_two_files(source: Path, tools: Tools) -> None:
    outcome = revision(source, tools)
    assert outcome.succeeded, outcome.log
    assert [path.name for path in outcome.artifacts] == ["appspec.yaml", "taskdef.json"]


def in_the_way(source: Path, kind: str) -> Path:
    """Something named `revision` in the service's repository; a folder outside of it, which stays as it is."""
    outside = source.parent / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    place = source / "revision"
    if kind == "folder":
        (place / "below").mkdir(parents=True)
        (place / "extra.bin").write_bytes(b"extra")
        (place / "taskdef.json").write_text("old")
    elif kind == "file":
        place.write_text("notes")
    else:
        place.symlink_to(outside if kind == "symlink" else source / "nothing")
    return outside


@pytest.mark.parametrize("kind", ["folder", "file", "symlink", "dangling symlink"])
def test_whatever_the_repository_has_in_its_place_goes(source: Path, tools: Tools, kind: str) -> None:
    outside = in_the_way(source, kind)
    outcome = revision(source, tools)
    assert outcome.succeeded, outcome.log
    assert [path.name for path in outcome.artifacts] == ["appspec.yaml", "taskdef.json"]
    assert sorted(path.name for path in (source / "revision").iterdir()) == ["appspec.yaml", "taskdef.json"]
    assert not (source / "revision").is_symlink()
    assert taskdef(source)["family"] == "courier-orders"
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"kept": "kept"}


def test_nothing_else_is_handed_on_whatever_is_there(source: Path, tools: Tools) -> None:
    """Services have the folder in common with the build: only what is named is the artifact."""
    assert revision(source, tools).succeeded
    files = yaml.safe_load(load("revision"))["artifacts"]
    assert files == {"base-directory": "revision", "files": ["taskdef.json", "appspec.yaml"]}


def test_the_task_definition_can_be_registered(source: Path, tools: Tools) -> None:
    assert not ParamValidator().validate(DESCRIBED | {"registeredAt": 0}, ECS.shape_for("TaskDefinition")).has_errors()
    revision(source, tools)
    found = taskdef(source)
    report = ParamValidator().validate(found, REGISTER)
    assert not report.has_errors(), report.generate_report()
    assert set(found) <= set(REGISTER.members)


def test_every_setting_arrives(source: Path, tools: Tools) -> None:
    revision(source, tools)
    found = taskdef(source)
    assert found["family"] == "courier-orders"
    assert found["runtimePlatform"] == DESCRIBED["runtimePlatform"]
    assert found["enableFaultInjection"] is False
    orders, helper = found["containerDefinitions"]
    assert (orders["image"], orders["cpu"], orders["readonlyRootFilesystem"]) == (IMAGE, 0, True)
    assert orders["environment"] == [{"name": "GREETING", "value": ""}]
    assert orders["secrets"] == DESCRIBED["containerDefinitions"][0]["secrets"]
    assert helper == {"name": "helper", "image": "helper:1", "essential": False}


def test_whatever_can_be_registered_and_is_described_is_kept(source: Path, tools: Tools) -> None:
    """Fails when AWS adds a setting: it belongs into the script's list."""
    both = set(REGISTER.members) & set(ECS.shape_for("TaskDefinition").members)
    everything = dict.fromkeys(ECS.shape_for("TaskDefinition").members, "set") | {
        "containerDefinitions": DESCRIBED["containerDefinitions"]
    }
    outcome = revision(source, tools, everything)
    assert outcome.succeeded, outcome.log
    assert set(taskdef(source)) == both


def empties(value: object) -> list[object]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = [entry for child in inner for entry in empties(child)]
    return [*found, value] if value is None or value in ([], {}) else found


def test_nothing_is_null_or_an_empty_list(source: Path, tools: Tools) -> None:
    assert len(empties(DESCRIBED)) == 10
    revision(source, tools)
    assert empties(taskdef(source)) == []


def test_the_appspec_points_traffic_at_the_container(source: Path, tools: Tools) -> None:
    revision(source, tools)
    text = (source / "revision" / "appspec.yaml").read_text()
    assert '"<TASK_DEFINITION>"' in text
    properties = {
        "TaskDefinition": "<TASK_DEFINITION>",
        "LoadBalancerInfo": {"ContainerName": "orders", "ContainerPort": 8080},
    }
    assert yaml.safe_load(text) == {
        "version": 0.0,
        "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}],
    }


@pytest.mark.parametrize(
    ("image", "container"),
    [
        ("courier/orders:latest", "orders"),
        ("courier/orders@sha256:abc", "orders"),
        (IMAGE + ":tag", "orders"),
        (IMAGE, "payments"),
    ],
)
def test_an_image_that_is_not_by_digest_is_refused(source: Path, tools: Tools, image: str, container: str) -> None:
    described = DESCRIBED | {"containerDefinitions": [{"name": "orders", "image": image}]}
    outcome = revision(source, tools, described, CONTAINER_NAME=container)
    assert (outcome.succeeded, outcome.artifacts) == (False, [])
    assert f"container {container} has image" in outcome.log


def test_looks_with_the_role_of_the_environment(source: Path, tools: Tools) -> None:
    outcome = revision(source, tools)
    assert READER in tools.calls("aws", "sts", "assume-role")[0]
    (call,) = tools.calls("aws", "ecs", "describe-task-definition")
    assert call[3:7] == ["--region", REGION, "--task-definition", ARN]
    assert not any(word in outcome.log for word in SESSION)


def test_errors_of_aws_fail_the_build(source: Path, tools: Tools) -> None:
    outcome = revision(source, tools, REFUSED)
    assert (outcome.succeeded, outcome.artifacts) == (False, [])
    assert "AccessDenied" in outcome.log


@pytest.mark.parametrize(
    "missing", ["TASK_DEFINITION_ARN", "STACK_REGION", "READER_ROLE_ARN", "CONTAINER_NAME", "CONTAINER_PORT"]
)
def test_missing_input_is_an_error(source: Path, tools: Tools, missing: str) -> None:
    outcome = revision(source, tools, **{missing: ""})
    assert not outcome.succeeded
    assert missing in outcome.log
    assert tools.calls() == []
