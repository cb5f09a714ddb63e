"""Pipelines with and without mistakes, through the check of actions."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sendy_cfn.checks import actions, usage
from sendy_cfn.checks.action_types import ACTION_TYPES, GUIDE, RULE_TYPES
from sendy_cfn.checks.findings import Finding
from tests.checks.action_mistakes import MISTAKES
from tests.checks.action_samples import PIPELINE, SERVICE, TEXTS

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def rewrite(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def run(templates: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "sendy_cfn.checks.actions", "--templates", str(templates)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout


def test_the_shipped_templates_have_no_finding() -> None:
    assert actions.check(REPOSITORY / "templates") == []


def test_a_mistake_in_the_shipped_ones_is_found(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "templates", tmp_path, dirs_exist_ok=True)
    for path in tmp_path.glob("builds-*.yaml"):
        path.write_text(path.read_text().replace("- IMAGE_URI\n", "- IMAGE_URL\n"))

    found = {(Path(finding.template).name, finding.rule) for finding in actions.check(tmp_path)}

    assert found == {(path.name, "unknown-variable") for path in tmp_path.glob("pipeline-*.yaml")} != set()


def test_a_pipeline_with_all_that_the_check_knows_has_no_finding(templates: Path) -> None:
    assert actions.check(templates) == []


def test_the_sample_pipeline_has_every_type_of_the_table() -> None:
    used = set(re.findall(r"Category: (\w+), Owner: AWS, Provider: (\w+)", PIPELINE))
    assert used == {(category, kind.provider) for kind in (*ACTION_TYPES, *RULE_TYPES) for category in kind.categories}


@pytest.mark.parametrize(
    ("old", "new", "rule", "place", "message"), MISTAKES, ids=[f"{m[2]}-{n}" for n, m in enumerate(MISTAKES)]
)
def test_a_mistake_is_found(templates: Path, old: str, new: str, rule: str, place: str, message: str) -> None:
    rewrite(templates, "pipeline.yaml", old, new)

    found = [(finding.rule, finding.resource) for finding in actions.check(templates) if message in finding.message]

    assert (rule, place) in found


@pytest.mark.parametrize(("more", "found"), [(0, False), (1, True)])
def test_what_cloudformation_puts_in_counts_at_its_longest(templates: Path, more: int, found: bool) -> None:
    """A pipeline that AWS refuses only for the ARN in it: the text alone is far below the limit."""
    start, end = '[{"name": "ROLE", "value": "', '"}, {"name": "COMMIT_ID", "value": "'
    text = f'{start}${{Connection}}{end}#{{ServiceSource.CommitId}}"}}, {{"name": "PATHS", "value": "PADDING"}}]'
    arn = 31 + 35 + 64  # characters of a role's before its path, of ours, and of its name
    rest = 1000 - arn - len(text.replace("${Connection}", "").replace("PADDING", ""))
    text = text.replace("PADDING", "p" * (rest + more))
    assert len(text) < 900
    old = """'[{"name": "COMMIT_ID", "value": "#{ServiceSource.CommitId}"}]'"""
    rewrite(templates, "pipeline.yaml", old, f"!Sub '{text}'")

    reported = [(f.rule, f.resource) for f in actions.check(templates)]

    assert reported == ([("too-long", "Build.Image")] if found else [])


def test_what_it_puts_in_for_an_account_or_a_region_is_short(templates: Path) -> None:
    name = "a" * (1000 - 12 - 14 - len("-") - len("-"))
    rewrite(
        templates,
        "pipeline.yaml",
        "RepositoryName: base",
        f'RepositoryName: !Sub "{name}-${{AWS::AccountId}}-${{AWS::Region}}"',
    )

    assert actions.check(templates) == []

    rewrite(templates, "pipeline.yaml", f"{name}-", f"{name}--")

    assert [(f.rule, f.resource) for f in actions.check(templates)] == [("too-long", "Source.Base")]


def test_a_verify_action_that_gets_too_long_only_once_resolved_is_found(tmp_path: Path) -> None:
    """Long names in the shipped pipeline, as the paths of a service may be: below 1,000 characters as they stand."""
    shutil.copytree(REPOSITORY / "templates", tmp_path, dirs_exist_ok=True)
    path = tmp_path / "pipeline-orders.yaml"
    (whole,) = re.findall(r"EnvironmentVariables: !Sub '(.*BAKE_MINUTES.*)'", path.read_text())
    assert len(whole) < 940
    longer = whole.replace('"HEALTH_PATH","value":"/', '"HEALTH_PATH","value":"/' + "h" * (980 - len(whole)))
    assert 975 < len(longer) <= 1000
    path.write_text(path.read_text().replace(whole, longer))

    assert [(f.rule, f.resource) for f in actions.check(tmp_path)] == [("too-long", "DeployProduction.Verify")]


def test_every_rule_of_the_check_has_a_mistake() -> None:
    sources = (REPOSITORY / "sendy_cfn/checks").glob("action*.py")
    ids = re.compile(r'(?:, |= )"([a-z0-9]+(?:-[a-z0-9]+)+)",')
    known = {rule for path in sources for rule in ids.findall(path.read_text())}
    assert len(known) > 20
    assert known <= {mistake[2] for mistake in MISTAKES}


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("builds.yaml", "[VERDICT,", "[VERDCIT,", "only VERDCIT"),
        ("builds.yaml", "[IMAGE_URI]", "IMAGE_URI", "IMAGE_URI, only none"),
        ("builds.yaml", "env: {}", "env: {", ""),
        ("service.yaml", "ServiceUrl:", "Url:", "ServiceUrl, only Url"),
    ],
)
def test_a_change_of_what_pipelines_use_is_found_in_them(
    templates: Path, name: str, old: str, new: str, message: str
) -> None:
    rewrite(templates, name, old, new)

    found = actions.check(templates)

    assert {finding.template for finding in found} <= {str(templates / "pipeline.yaml")}
    assert any(message in finding.message for finding in found) or not message


def test_a_build_specification_in_a_file_exports_nothing_that_is_known(templates: Path) -> None:
    rewrite(templates, "builds.yaml", "BuildSpec: 'env: {}'", "BuildSpec: buildspec.yaml")
    rewrite(templates, "pipeline.yaml", "RunOrder: 2", "RunOrder: 2\n              Namespace: Revised")
    rewrite(templates, "pipeline.yaml", "ApplicationName: orders", "ApplicationName: '#{Revised.NAME}'")

    assert [finding.message for finding in actions.check(templates)] == [
        "ApplicationName: the build specification of Deploy.Revision does not export: NAME, only none"
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Europe/Berlin", "UTC"),
        ("Europe/Berlin", "UTC-03:00"),
        ("Europe/Berlin", "EST"),
        ("Europe/Berlin", "!Ref Window"),
        ("'* * 9-16 ? * MON-THU,FRI *'", "!Ref Window"),
        ("* * 9-16 ? * MON-THU,FRI *", "0 0/15 9-16 L-3 1-6 ?"),
        ("* * 9-16 ? * MON-THU,FRI *", "* * * ? jan-mar 6#3 2026-2030"),
        (
            "!Ref Connection\n",
            "!If [Made, !Ref Connection, arn:aws:codeconnections:eu-west-1:1:connection/1]\n",
        ),
        ('{"Image": "#{Build.IMAGE_URI}"}', '{"Image": {"Fn::GetArtifactAtt": ["Platform", "ObjectKey"]}}'),
        ("WaitTime: '10'", "WaitTime: '#{variables.Reason}'"),
        ("WaitTime: '10'", "AlarmStates: ALARM"),
        ("TimeoutInMinutes: 1440", "TimeoutInMinutes: !Ref Window"),
        ("orders-errors", "a" * 10_000),
        ("courier/orders\n", "a" * 1000 + "\n"),
    ],
)
def test_what_is_right_in_other_ways_is_not_reported(templates: Path, old: str, new: str) -> None:
    rewrite(templates, "pipeline.yaml", old, new)

    assert actions.check(templates) == []


def test_a_finding_is_at_the_line_of_its_key(templates: Path) -> None:
    rewrite(templates, "pipeline.yaml", "WaitTime: '10'", "WaitTime: ten")
    line = (templates / "pipeline.yaml").read_text().splitlines().index("                      WaitTime: ten") + 1

    (found,) = actions.check(templates)

    assert isinstance(found, Finding)
    assert (found.line, found.resource) == (line, "Deploy.OnSuccess.Quiet")


def test_a_missing_key_is_at_the_line_of_the_action(templates: Path) -> None:
    rewrite(templates, "pipeline.yaml", "FullRepositoryId: courier/orders", "")
    line = (templates / "pipeline.yaml").read_text().splitlines().index("            - Name: Service") + 1

    (found,) = actions.check(templates)

    assert found.line == line


@pytest.mark.parametrize("content", [b"", b"Resources: [", b"- 1", b"\x00", b"\xff"])
def test_a_template_that_cannot_be_read_is_a_finding(templates: Path, content: bytes) -> None:
    (templates / "pipeline.yaml").write_bytes(content + b" # AWS::CodePipeline::Pipeline")

    assert [finding.rule for finding in actions.check(templates)] == ["unreadable"]


def test_the_command_says_file_line_place_and_rule(templates: Path) -> None:
    rewrite(templates, "pipeline.yaml", "StackName:", "Stackname:")

    status, output = run(templates)

    assert status == usage.FOUND
    lines = [line.split()[1:3] for line in output.splitlines()]
    assert ["Deploy.Deploy", "unknown-key"] in lines
    assert output.splitlines()[-1] == "actions: 1 templates, 2 findings"


def test_a_folder_without_templates_is_bad_usage_and_one_without_pipelines_is_clean(tmp_path: Path) -> None:
    assert run(tmp_path)[0] == usage.BAD_USAGE
    (tmp_path / "service.yaml").write_text(SERVICE, encoding="utf-8")
    assert run(tmp_path)[0] == usage.CLEAN


def test_templates_in_json_are_read_alike(templates: Path) -> None:
    action = {
        "Name": "Service",
        "ActionTypeId": {"Category": "Source", "Owner": "AWS", "Provider": "S3", "Version": "1"},
        "Configuration": {"S3Bucket": {"Fn::Sub": "${AWS::Region}-x"}, "S3Objectkey": "x"},
        "OutputArtifacts": [{"Name": "Service"}],
    }
    stages = [{"Name": "Source", "Actions": [action]}]
    resource = {"Type": actions.PIPELINE, "Properties": {"Stages": stages}}
    (templates / "pipeline.yaml").write_text(json.dumps({"Resources": {"Pipeline": resource}}), encoding="utf-8")

    assert {finding.rule for finding in actions.check(templates)} == {"unknown-key", "missing-key"}


def test_every_type_names_its_page_and_no_key_twice() -> None:
    for kind in (*ACTION_TYPES, *RULE_TYPES):
        names = [key.name for key in kind.keys]
        assert kind.page.startswith(f"{GUIDE}/")
        assert len(names) == len(set(names))
        assert {key.beside for key in kind.keys} <= {"", *names}
