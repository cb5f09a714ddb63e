"""Builds may do what their specifications call: no more, and nothing that nobody thought of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from sendy_cfn import stacks
from sendy_cfn.blocks import build_calls, buildspecs
from sendy_cfn.blocks.build_calls import CALLS, Place, calls, statements
from tests.generated import CASES, generated
from tests.platforms import ROOT, platform, watched

EVERY_PLACE = {place: Place(place, (f"arn:aws:x:::{place}",)) for command in CALLS.values() for place in command}
Spec = Callable[[str], None]


@pytest.fixture
def spec(monkeypatch: pytest.MonkeyPatch) -> Iterator[Spec]:
    """Lets all kinds of build have one script."""
    calls.cache_clear()
    yield lambda script: monkeypatch.setattr(build_calls, "load", lambda _kind: script)
    calls.cache_clear()


def allowed(*kinds: str, as_reader: bool = False, places: dict[str, Place] = EVERY_PLACE) -> dict[str, list[str]]:
    found = statements(kinds, places, as_reader=as_reader)
    return {one.Sid: [action.JSONrepr() for action in one.Action] for one in found}


@pytest.mark.parametrize(
    ("script", "own", "as_reader"),
    [
        ("aws ecr start-image-scan --x y", ["aws ecr start-image-scan"], []),
        ("x=$(aws ecr batch-get-image); aws ecr  batch-get-image", ["aws ecr batch-get-image"], []),
        ("if wrapped aws ecs stop-task; then", ["aws ecs stop-task"], []),
        ("as_reader aws ecs describe-services", [], ["aws ecs describe-services"]),
        ('scan() { aws ecr "$1"; }', ['aws ecr "$1"'], []),
        ("aws --region r ecr x", ["aws --region r"], []),
        ("# aws ecr x\nls # aws ecr y", [], []),
        ("a=com.amazonaws.codebuild c=vnd.docker.x --driver docker-container my-aws ecr x", [], []),
        ("docker push a/b|cat; docker buildx  build .", ["docker buildx build", "docker push"], []),
    ],
)
def test_commands_are_found(spec: Spec, script: str, own: list[str], as_reader: list[str]) -> None:
    spec(script)
    assert calls("any") == (tuple(own), tuple(as_reader))


@pytest.mark.parametrize(
    "command", ["aws s3 cp", 'aws ecr "$1"', "aws --region eu-west-1", "docker push", "docker pull"]
)
def test_a_command_without_an_entry_is_refused(spec: Spec, command: str) -> None:
    spec(f"{command} x\n")
    with pytest.raises(LookupError, match=r"buildspecs/image\.yaml: .*: say in blocks/build_calls\.py what it needs"):
        statements(["image"], EVERY_PLACE)


def test_a_call_of_something_that_the_role_does_not_have_is_refused(spec: Spec) -> None:
    spec("aws ecr start-image-scan x")
    with pytest.raises(LookupError, match=r"buildspecs/load\.yaml: aws ecr start-image-scan: its role has no images"):
        statements(["load"], {})


def test_more_calls_allow_more_and_fewer_less(spec: Spec) -> None:
    spec("aws ecr start-image-scan x")
    assert allowed("scan") == {"images": ["ecr:StartImageScan"]}
    calls.cache_clear()
    spec("aws ecr start-image-scan x\naws ecr get-login-password | docker login y\nas_reader aws ecs describe-services")
    assert allowed("scan") == {"images": ["ecr:StartImageScan"], "registry": ["ecr:GetAuthorizationToken"]}
    assert allowed("scan", as_reader=True) == {"services": ["ecs:DescribeServices"]}


def test_what_the_platform_does_not_have_is_left_out() -> None:
    without = EVERY_PLACE | {"base images": Place("x", ()), "signatures": Place("y", ())}
    assert set(allowed("image", places=without)) == {"images", "registry"}


def test_every_entry_is_called() -> None:
    called = [calls(kind) for kind in buildspecs.NAMES]
    assert {command for found in called for commands in found for command in commands} == set(CALLS)


@pytest.mark.parametrize("kind", buildspecs.NAMES)
def test_reports_and_artifacts_are_those_of_the_specification(kind: str) -> None:
    text = yaml.safe_load(buildspecs.load(kind))
    assert buildspecs.reports(kind) == tuple(text.get("reports", {}))
    assert buildspecs.has_artifacts(kind) is ("artifacts" in text)


@pytest.mark.parametrize("kind", buildspecs.NAMES)
def test_nothing_calls_aws_in_another_way(kind: str) -> None:
    text = buildspecs.load(kind)
    assert "boto" not in text
    assert "amazonaws.com/" not in text.replace("com.amazonaws.", "")


def test_operations_have_the_names_of_their_actions() -> None:
    differ = {"aws ecr get-login-password", "aws sts assume-role"} | {c for c in CALLS if c.startswith("docker")}
    for command in set(CALLS) - differ:
        _, service, operation = command.split()
        name = f"{service}:{''.join(part.capitalize() for part in operation.split('-'))}"
        assert name in {action.JSONrepr() for actions in CALLS[command].values() for action in actions}


def policies(case: str) -> dict[str, dict[str, Any]]:
    """Statements of build roles, by policy and Sid."""
    folder = ROOT / ("params" if case == "params" else f"tests/cases/{case}")
    found: dict[str, dict[str, Any]] = {}
    for file, template in generated(folder).templates.items():
        for name, resource in template["Resources"].items():
            if resource["Type"] == "AWS::IAM::ManagedPolicy" and file.startswith(("builds-", "release-", "deploy-")):
                statements = resource["Properties"]["PolicyDocument"]["Statement"]
                found.setdefault(name, {}).update((statement["Sid"], statement) for statement in statements)
    return found


def test_a_generated_platform_allows_its_builds_what_they_do() -> None:
    assert {case.name for case in CASES} >= {"params", "bare", "strategies", "full"}
    shipped, bare, strategies = policies("params"), policies("bare"), policies("strategies")
    assert "ReaderPolicy" not in bare
    # Without CodeDeploy nobody asks for task definitions, or hands on revisions.
    assert {"ReadStacks", "ReadServices", "WatchAlarms"} <= set(shipped["ReaderPolicy"])
    assert "ReadTaskDefinitions" not in shipped["ReaderPolicy"]
    assert "HandOnRevisions" not in shipped["ReaderPolicy"]
    assert {"ReadTaskDefinitions", "HandOnRevisions"} <= set(strategies["ReaderPolicy"])
    # Without a load test nobody reads its limits.
    assert "ReadSettings" in shipped["TestPolicy"]
    assert "ReadSettings" not in bare["TestPolicy"]
    assert {"PullBaseImages", "SignImages"} <= set(strategies["ImagePolicy"])
    assert not {"PullBaseImages", "SignImages"} & set(bare["ImagePolicy"])


def tools(of: str) -> set[str]:
    """Roles of the builds that all pipelines share."""
    text = (ROOT / "tests/cases/bare/platform.yaml").read_text().partition("services:")[0]
    text = text.replace("test: {", "test: {approval: true, ")
    chosen = platform(f'{text}services:\n  shop: {{kind: web, paths: ["/*"], {of}}}\n')
    units = stacks.units(chosen, {"shop": {}}, {"shop": watched(chosen)})
    (unit,) = (unit for unit in units if unit.file == "release-tools.yaml")
    return {name for name in unit.build({}).resources if name.endswith("Role")}


def test_shared_builds_are_there_while_some_pipeline_runs_them() -> None:
    hosted, uploaded = "source: {repository: a/b}", "source: {provider: s3, bucket: sources, object_key: a.zip}"
    assert tools(hosted) == {"ScanRole", "AuthorRole"}
    assert tools(uploaded) == {"ScanRole"}
    assert tools(f"{uploaded}, scan: false") == set()


def test_builds_read_the_settings_that_are_their_variables() -> None:
    for case in CASES:
        for file, template in generated(case).templates.items():
            resources = template["Resources"]
            for project in (r["Properties"] for r in resources.values() if r["Type"] == "AWS::CodeBuild::Project"):
                variables = project["Environment"]["EnvironmentVariables"]
                stored = {v["Value"] for v in variables if v["Type"] == "PARAMETER_STORE"}
                role = project["ServiceRole"]["Fn::GetAtt"][0]
                policy = resources[role.replace("Role", "Policy")]["Properties"]["PolicyDocument"]["Statement"]
                read = [s["Resource"] for s in policy if s["Sid"] == "ReadSettings"]
                names = {arn["Fn::Sub"].partition(":parameter")[2] for arns in read for arn in arns}
                assert stored <= names, (case.name, file, project["Name"])
                assert "*" not in "".join(names)
