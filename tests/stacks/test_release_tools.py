"""What pipelines share, held against what the pipelines of every case do with it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.generated import CASES, Document, Generated, generated
from tests.platforms import ROOT
from tests.stacks.authorization import Statements, allows
from tests.stacks.deliveries import Stack, policy_statements, role_of
from tests.stacks.deployment import arn
from tests.strategies.deployed import deployments

TEST_TRAFFIC = ("blue-green", "linear", "canary", "codedeploy")
BUILDS = {"cluster-switch": {"state", "verify"}, "codedeploy": {"revision"}}  # beside the scan, which all have


@pytest.fixture(params=CASES, ids=lambda path: path.name)
def case(request: pytest.FixtureRequest) -> Generated:
    return generated(request.param)


def evaluated(template: Document) -> Stack:
    """Each parameter has its own name as its value."""
    values = {name: name for name in template["Parameters"]}
    return Stack({"Outputs": {}, "Conditions": {}, **template}, values | {"AWS::StackName": "stack"})


def tools(found: Generated) -> Stack:
    return evaluated(found.templates["release-tools.yaml"])


def strategies(found: Generated) -> set[str]:
    names = (*BUILDS, *TEST_TRAFFIC)
    files = {one.file.removesuffix(".yaml").removesuffix("-pause") for one in deployments(found)}
    return {name for name in names for file in files if file.endswith(f"-{name}")}


def actions(found: Generated) -> Iterator[tuple[str, dict[str, Any]]]:
    """(service, action) of every build that a pipeline runs."""
    for file, template in found.templates.items():
        if file.startswith("pipeline-"):
            for stage in evaluated(template).resources["Pipeline"]["Stages"]:
                for action in stage["Actions"]:
                    if action["ActionTypeId"]["Provider"] == "CodeBuild":
                        yield file.removeprefix("pipeline-").removesuffix(".yaml"), action


def home(found: Generated, service: str, action: dict[str, Any]) -> tuple[Stack, dict[str, Any]]:
    """The stack that has the action's project, and the project."""
    name, shared = action["Configuration"]["ProjectName"], tools(found)
    for project in shared.of_type("CodeBuild::Project").values():
        if project["Name"] == name:
            return shared, project
    own = evaluated(found.templates[f"builds-{service}.yaml"])
    project = own.resources[own.outputs[name.removeprefix("Builds.Outputs.")].removesuffix(".id")]
    return own, project


def projects(found: Generated) -> Iterator[tuple[Stack, dict[str, Any]]]:
    for name, template in found.templates.items():
        if name.startswith("builds-") or name == "release-tools.yaml":
            stack = evaluated(template)
            for project in stack.of_type("CodeBuild::Project").values():
                yield stack, project


def script(project: dict[str, Any]) -> str:
    return str(project["Source"]["BuildSpec"])


def test_every_build_gets_what_its_specification_demands(case: Generated) -> None:
    seen = set()
    for service, action in actions(case):
        _, project = home(case, service, action)
        given = {v["name"] for v in json.loads(action["Configuration"]["EnvironmentVariables"])}
        assert len(action["Configuration"]["EnvironmentVariables"]) <= 1000  # AWS
        given |= {v["Name"] for v in project["Environment"]["EnvironmentVariables"]}
        demanded = set(re.findall(r"\$\{([A-Z_]+):\?\}", script(project)))
        assert demanded <= given, (project["Name"], demanded - given)
        seen.add(project["Name"].rpartition("-")[2])
    assert seen >= {"scan", "quality", "image"}
    for strategy in strategies(case) & set(BUILDS):
        assert seen >= BUILDS[strategy]


@pytest.fixture(scope="module")
def unscanned(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    """The shipped platform, with one service whose image no scan can look into."""
    params = Path(shutil.copytree(ROOT / "params", tmp_path_factory.mktemp("unscanned") / "params"))
    text = (params / "platform.yaml").read_text()
    old = "      repository: courier/orders\n"
    assert old in text
    (params / "platform.yaml").write_text(text.replace(old, f"{old}    scan: false\n"))
    return generated(params)


def test_a_service_may_do_without_the_scan(unscanned: Generated) -> None:
    for name in unscanned.platform.services:
        run = {a["Name"]: a["Configuration"]["ProjectName"] for s, a in actions(unscanned) if s == name}
        assert ("Scan" in run) == (name != "orders")
        assert "Image" in run
        pipeline = evaluated(unscanned.templates[f"pipeline-{name}.yaml"])
        policies = [policy["PolicyDocument"] for policy in pipeline.of_type("IAM::ManagedPolicy").values()]
        granted = [statement for policy in policies for statement in policy["Statement"]]
        scan = arn("codebuild", f"project/{unscanned.platform.platform}-release-scan")
        assert allows(granted, "codebuild:StartBuild", scan) == (name != "orders")


def test_shared_builds_are_those_that_pipelines_run(case: Generated) -> None:
    made = {project["Name"] for project in tools(case).of_type("CodeBuild::Project").values()}
    used = {action["Configuration"]["ProjectName"] for _, action in actions(case)}
    assert made <= used
    wanted = {"scan"}.union(*(BUILDS[strategy] for strategy in strategies(case) & set(BUILDS)))
    every = {"scan"}.union(*BUILDS.values())
    assert {name.rpartition("-release-")[2] for name in made} & every == wanted


def test_variables_that_releases_use_are_exported_by_the_build_that_they_name(case: Generated) -> None:
    for file, template in case.templates.items():
        if not file.startswith("pipeline-"):
            continue
        stages = json.dumps(template["Resources"]["Pipeline"]["Properties"]["Stages"])
        service = file.removeprefix("pipeline-").removesuffix(".yaml")
        for of, action in actions(case):
            if of == service and "Namespace" in action:
                _, project = home(case, service, action)
                exported = set(yaml.safe_load(script(project))["env"].get("exported-variables", []))
                used = set(re.findall(rf"#\{{{action['Namespace']}\.([A-Za-z_]+)\}}", stages))
                assert used
                assert used <= exported


def test_what_builds_read_from_the_parameter_store_is_there_and_theirs_to_read(case: Generated) -> None:
    stored = {parameter["Name"]: parameter for parameter in tools(case).of_type("SSM::Parameter").values()}
    read = set()
    for stack, project in projects(case):
        granted = policy_statements(stack, role_of(project["ServiceRole"]))
        for variable in project["Environment"]["EnvironmentVariables"]:
            if variable["Type"] == "PARAMETER_STORE":
                read.add(variable["Value"])
                assert allows(granted, "ssm:GetParameters", arn("ssm", f"parameter{variable['Value']}"))
                assert not allows(granted, "ssm:GetParameters", arn("ssm", "parameter/other/toolchain/settings/x"))
                assert re.search(rf"\b{variable['Name']}\b", script(project)), "no build reads it"
    assert read <= set(stored)
    assert all(str(parameter["Value"]) for parameter in stored.values())


def calls(text: str) -> Iterator[tuple[bool, str]]:
    """(with the reader's role, IAM action) of each call of the AWS CLI in a build specification."""
    found = re.findall(r"(as_reader )?\baws (ecr|ecs|cloudformation|cloudwatch|sts) ([a-z-]+)", text)
    found += [("", "ecr", verb) for verb in re.findall(r"\bscanner ([a-z]+-[a-z-]+)", text)]
    for reader, service, verb in found:
        yield bool(reader), f"{service}:{''.join(part.capitalize() for part in verb.split('-'))}"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("scan", {"ecr:BatchGetImage", "ecr:DescribeImageScanFindings", "ecr:StartImageScan"}),
        ("state", {"sts:AssumeRole", "cloudformation:DescribeStacks", "ecs:DescribeServices"}),
        ("verify", {"sts:AssumeRole", "cloudwatch:DescribeAlarms"}),
        ("revision", {"sts:AssumeRole", "ecs:DescribeTaskDefinition"}),
    ],
)
def test_calls_are_found_in_the_scripts(kind: str, expected: set[str]) -> None:
    for _, project in projects(generated(next(path for path in CASES if path.name == "strategies"))):
        if project["Name"].endswith(f"-release-{kind}"):
            assert {action for _, action in calls(script(project))} == expected


def test_shared_builds_may_do_what_their_scripts_call(case: Generated) -> None:
    stack = tools(case)
    platform = case.platform.platform
    roles = Stack(
        case.templates["deploy-roles.yaml"], dict.fromkeys(case.templates["deploy-roles.yaml"]["Parameters"], "test")
    )
    repository = arn("ecr", f"repository/{platform}/orders")
    entered = {place.account or "123456789012" for place in case.platform.environments.values()}
    for project in stack.of_type("CodeBuild::Project").values():
        granted = policy_statements(stack, role_of(project["ServiceRole"]))
        for reader, action in calls(script(project)):
            if action == "sts:AssumeRole":
                for account in entered:
                    role = f"arn:aws:iam::{account}:role/{platform}/deployment-roles/x-ReaderRole-1A2B"
                    assert allows(granted, action, role)
            elif reader:
                assert action in {a for s in policy_statements(roles, "ReaderRole") for a in s["Action"]}
                assert not any(action in s["Action"] for s in granted), "the toolchain's role looks at no environment"
            else:
                assert allows(granted, action, repository)
                assert not allows(granted, action, arn("ecr", "repository/other/orders"))


def test_shared_builds_write_logs_and_reports_and_hand_on_their_artifacts(case: Generated) -> None:
    stack = tools(case)
    getting: dict[str, set[str]] = {}  # project -> where CodePipeline has put what it gets
    making: dict[str, set[str]] = {}  # project -> where CodePipeline has it put its artifacts
    groups = {group["Name"] for group in stack.of_type("CodeBuild::ReportGroup").values()}
    bucket = f"arn:aws:s3:::{case.platform.platform}-artifacts-123456789012-eu-central-1"
    for service, build in actions(case):
        # AWS: 20 characters of the pipeline's name, and 10 of the artifact's
        place = f"{bucket}/{f'{case.platform.platform}-{service}'[:20]}"
        for output in build.get("OutputArtifacts", []):
            making.setdefault(build["Configuration"]["ProjectName"], set()).add(f"{place}/{output['Name'][:10]}/x1Y2")
        for given in build["InputArtifacts"]:
            getting.setdefault(build["Configuration"]["ProjectName"], set()).add(f"{place}/{given['Name'][:10]}/x1Y2")
    for project in stack.of_type("CodeBuild::Project").values():
        role = role_of(project["ServiceRole"])
        granted = policy_statements(stack, role)
        assert project["LogsConfig"]["CloudWatchLogs"]["GroupName"] == "BuildLogs.id"
        for action in ("CreateLogStream", "PutLogEvents"):
            assert allows(granted, f"logs:{action}", "BuildLogs.Arn")
        for report in yaml.safe_load(script(project)).get("reports", {}):
            name = f"{project['Name']}-{report}"  # how CodeBuild names the group of a report
            assert name in groups
            for action in ("CreateReportGroup", "CreateReport", "UpdateReport", "BatchPutTestCases"):
                assert allows(granted, f"codebuild:{action}", arn("codebuild", f"report-group/{name}"))
        for code in getting.get(project["Name"], set()):
            assert allows(granted, "s3:GetObject", code)
            assert not allows(granted, "s3:PutObject", code), "what pipelines build from is not theirs to change"
        assert not allows(granted, "s3:GetObject", f"{bucket}/{case.platform.platform}-any/Platform/x1Y2")
        assert not allows(granted, "s3:GetObject", f"{bucket}/other-orders/Service/x1Y2")
        assert allows(granted, "kms:Decrypt", project["EncryptionKey"])
        for artifact in making.get(project["Name"], set()):
            assert allows(granted, "s3:PutObject", artifact)
            assert allows(granted, "kms:GenerateDataKey", project["EncryptionKey"])
        assert trusts_only(stack, role, project["Name"])


def trusts_only(stack: Stack, role: str, project: str) -> bool:
    (statement,) = stack.resources[role]["AssumeRolePolicyDocument"]["Statement"]
    sources = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
    return statement["Principal"] == {"Service": "codebuild.amazonaws.com"} and (
        arn("codebuild", f"project/{project}") in (sources if isinstance(sources, list) else [sources])
    )


def test_only_builds_that_write_an_artifact_may(case: Generated) -> None:
    stack = tools(case)
    for role in stack.of_type("IAM::Role"):
        granted: Statements = policy_statements(stack, role)
        writes = any("s3:PutObject" in statement["Action"] for statement in granted)
        assert writes == (role == "ReaderRole" and "codedeploy" in strategies(case))
        assert not any("*" in action for statement in granted for action in statement["Action"])


def test_they_are_nested_once_in_the_first_root(case: Generated) -> None:
    nesting = []
    for name, template in case.templates.items():
        for body in template["Resources"].values():
            url = body.get("Properties", {}).get("TemplateURL", "")
            if body["Type"] == "AWS::CloudFormation::Stack" and Path(str(url)).name == "release-tools.yaml":
                nesting.append(name)
    assert nesting == ["toolchain.yaml"]


def test_clusters_have_a_test_listener_where_a_strategy_needs_it(case: Generated) -> None:
    needed = bool(strategies(case) & set(TEST_TRAFFIC))
    clusters = [template for name, template in case.templates.items() if name.startswith("cluster")]
    assert clusters
    for template in clusters:
        assert ("TestListener" in template["Resources"]) == needed
        assert ("TestListenerArn" in template["Outputs"]) == needed
        assert ("TestTrafficCidr" in template["Parameters"]) == needed
        ports = [rule["FromPort"] for rule in template["Resources"]["LoadBalancerSecurityGroup"]["Properties"]
                 ["SecurityGroupIngress"]]  # fmt: skip
        assert (8443 in ports) == needed
