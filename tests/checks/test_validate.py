from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sendy_cfn.checks import usage, validate

REPOSITORY = Path(__file__).parents[2]

SOUND = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: Nothing wrong here.
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: Orders
"""
# The comment behind a line is the defect planted there: the rule that must report it, and the resource.
DEFECTS = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: Wrong in many ways.
Parameters:
  Unused:  # W2001 Unused
    Type: String
Resources:
  Unknown:
    Type: AWS::SNS::Topic
    Properties:
      TopicNam: x  # F3002 Unknown
  Enum:
    Type: AWS::Logs::LogGroup
    Properties:
      RetentionInDays: 31  # W3030 Enum
  Types:
    Type: AWS::SQS::Queue
    Properties:
      DelaySeconds: [1]  # F3012 Types
  Child:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: child.yaml
"""
PLANTED = {
    (number, *line.partition("# ")[2].split()) for number, line in enumerate(DEFECTS.splitlines(), 1) if "# " in line
}


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "sound.yaml").write_text(SOUND, encoding="utf-8")
    return folder


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def run(templates: Path) -> tuple[int, str, bool]:
    """Run the check as users do; return status, output, and whether the validator was loaded."""
    script = (
        "import sys; from sendy_cfn.checks.validate import main; status = main(sys.argv[1:]); "
        "print('loaded', 'cloudformation_validate' in sys.modules, file=sys.stderr); sys.exit(status)"
    )
    where = ["--templates", str(templates), "--cache", str(templates.parent / "cache")]
    command = [sys.executable, "-c", script, *where]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, "loaded True" in done.stderr


def check(templates: Path) -> set[tuple[int, str, str]]:
    """(line, rule, resource) of the findings."""
    findings = validate.validate(usage.templates_of(templates), templates.parent / "cache")
    return {(finding.line, finding.rule, finding.resource) for finding in findings}


def test_planted_defects_are_reported_where_they_are_and_nothing_else(templates: Path) -> None:
    write(templates, "wrong.yaml", DEFECTS)

    assert check(templates) == PLANTED


def test_the_command_says_file_line_resource_and_rule_again_and_again(templates: Path) -> None:
    path = write(templates, "wrong.yaml", DEFECTS)

    first, second = run(templates), run(templates)

    assert first[:2] == second[:2]
    assert first[0] == usage.FOUND
    assert [f"{path}:10", "Unknown", "F3002"] in [line.split()[:3] for line in first[1].splitlines()]
    assert (first[2], second[2]) == (True, False)


def test_a_sound_tree_is_clean_and_looked_at_once(templates: Path) -> None:
    first, second = run(templates), run(templates)

    assert (first[0], first[2]) == (usage.CLEAN, True)
    assert (second[0], second[2]) == (usage.CLEAN, False)


def test_a_repaired_template_loses_its_findings(templates: Path) -> None:
    path = write(templates, "wrong.yaml", DEFECTS)
    assert check(templates)

    path.write_text(SOUND, encoding="utf-8")

    assert check(templates) == set()


@pytest.mark.parametrize("content", [b"", b"Resources: [\n", b"- 1\n", b"\xff\n", b"Resources: {}\n"])
def test_a_template_that_cannot_be_read_is_a_finding(templates: Path, content: bytes) -> None:
    (templates / "torn.yaml").write_bytes(content)

    assert check(templates)


def test_no_templates_is_bad_usage(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()

    assert run(tmp_path / "templates")[0] == usage.BAD_USAGE


ACCEPTED = """\
  Enum:
    Type: AWS::Logs::LogGroup
    Metadata:
      sendy-cfn:
        accept:
          - rule: W3030
            reason: shown here
"""


def test_what_a_template_accepts_is_no_finding_there_and_one_elsewhere(templates: Path) -> None:
    accepting = DEFECTS.replace("  Enum:\n    Type: AWS::Logs::LogGroup\n", ACCEPTED)
    path = write(templates, "wrong.yaml", accepting)
    assert {found[1] for found in check(templates)} == {planted[1] for planted in PLANTED} - {"W3030"}

    path.write_text(accepting.replace("W3030\n", "W3012\n"), encoding="utf-8")
    assert {found[1] for found in check(templates)} == {planted[1] for planted in PLANTED}
