from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sendy_cfn.checks import lint, usage
from sendy_cfn.checks.cache import fingerprint
from sendy_cfn.checks.engines import cfn_lint
from sendy_cfn.checks.engines.subject import Settings, Subject
from sendy_cfn.checks.usage import UsageError

REPOSITORY = Path(__file__).parents[2]

CHILD = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: Takes a name, offers a topic.
Parameters:
  Name:
    Type: String
    Description: Shown in mails.
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !Ref Name
Outputs:
  TopicArn:
    Value: !Ref Topic
"""

# The comment behind a line is the defect planted there: the rule that must report it, and the resource.
DEFECTS = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: Wrong in many ways.
Resources:
  Unknown:
    Type: AWS::SNS::Topic
    Properties:
      TopicNam: x  # E3002 Unknown
  Dangling:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !Ref Nothing  # E1020 Dangling
  Enum:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      RetentionInDays: 31  # E3030 Enum
  Types:
    Type: AWS::SQS::Queue
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      DelaySeconds: "1"  # E3012 Types
  Careless:  # I3011 Careless
    Type: AWS::Logs::LogGroup
    Properties:
      RetentionInDays: 30
  Hardcoded:
    Type: AWS::SNS::Topic
    Properties:
      KmsMasterKeyId: !Sub arn:aws:kms:${AWS::Region}:123456789012:key/x  # I3042 Hardcoded
  Lacking:
    Type: AWS::CloudFormation::Stack
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      TemplateURL: child.yaml
      Parameters:
        Name: x
        Size: 1  # E3043 Lacking
  Forgetful:
    Type: AWS::CloudFormation::Stack
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      TemplateURL: child.yaml
      Parameters: {}  # E3043 Forgetful
  Lost:
    Type: AWS::CloudFormation::Stack
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      TemplateURL: lost.yaml  # no-such-template Lost
  Outside:
    Type: AWS::CloudFormation::Stack
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      TemplateURL: ../templates/child.yaml  # no-such-template Outside
      Parameters:
        Name: x
  Miswired:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !GetAtt Lacking.Outputs.TopicName  # E1010 Miswired
Outputs:
  Result:
    Value: !Ref Nowhere  # E6101 Result
"""

SOUND_ROOT = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: Nests and uses the topic.
Resources:
  Nested:
    Type: AWS::CloudFormation::Stack
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      TemplateURL: child.yaml
      Parameters:
        Name: name
  Mails:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !GetAtt Nested.Outputs.TopicArn
"""

PLANTED = [
    (number, *line.partition("# ")[2].split()) for number, line in enumerate(DEFECTS.splitlines(), 1) if "# " in line
]


def write(folder: Path, **templates: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in templates.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def rules_without_context(work: Path, *ignored: str) -> Path:
    """The repository's configuration, without the wish for context metadata in the small templates here."""
    text = (REPOSITORY / ".cfnlintrc").read_text(encoding="utf-8")
    config = work / "cfnlintrc"
    config.write_text(text + "".join(f"  - {rule}\n" for rule in ("I4010", *ignored)), encoding="utf-8")
    return config


def run(templates: Path, config: Path) -> tuple[int, str, bool]:
    """Run the gate as users do; return status, output, and whether cfn-lint was loaded."""
    script = (
        "import sys; from sendy_cfn.checks.lint import main; status = main(sys.argv[1:]); "
        "print('loaded', 'cfnlint' in sys.modules, file=sys.stderr); sys.exit(status)"
    )
    command = [sys.executable, "-c", script, *where(templates, config), "--regions", "eu-central-1,us-east-1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr, "loaded True" in done.stderr


def where(templates: Path, config: Path) -> list[str]:
    """Options for a run of cfn-lint alone that leaves nothing in the repository."""
    work = templates.parent
    folders = ["--templates", str(templates), "--cache", str(work / "cache"), "--work", str(work / "work")]
    return [*folders, "--config", str(config), "--engines", "cfn-lint"]


def reported(output: str) -> set[tuple[str, int, str, str]]:
    """(file, line, rule, resource) of every line of the table."""
    rows = [re.split(" {2,}", line) for line in output.splitlines() if ".yaml:" in line]
    places = [(Path(place.rpartition(":")[0]).name, int(place.rpartition(":")[2])) for place, *_ in rows]
    return {(*place, row[2].removeprefix("cfn-lint "), row[1]) for place, row in zip(places, rows, strict=True)}


@pytest.fixture(scope="module")
def defects(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, int, str]:
    work = tmp_path_factory.mktemp("defects")
    templates = write(work / "templates", child=CHILD, root=DEFECTS, torn="Resources: [\n", empty="")
    (templates / "latin.yaml").write_bytes(b"Description: \xff\n")
    config = rules_without_context(work)
    status, output, _ = run(templates, config)
    return templates, config, status, output


@pytest.mark.parametrize(("line", "rule", "resource"), PLANTED)
def test_a_planted_defect_is_reported_where_it_is(
    defects: tuple[Path, Path, int, str], line: int, rule: str, resource: str
) -> None:
    assert ("root.yaml", line, rule, resource) in reported(defects[3])


def test_findings_give_exit_status_1_and_the_sound_template_none(defects: tuple[Path, Path, int, str]) -> None:
    assert defects[2] == usage.FOUND
    assert "child.yaml" not in {file for file, *_ in reported(defects[3])}


@pytest.mark.parametrize("file", ["torn.yaml", "empty.yaml", "latin.yaml"])
def test_a_template_that_cannot_be_read_is_a_finding(defects: tuple[Path, Path, int, str], file: str) -> None:
    assert file in {name for name, *_ in reported(defects[3])}


def test_an_unchanged_tree_does_not_load_cfnlint_and_reports_the_same(defects: tuple[Path, Path, int, str]) -> None:
    templates, config, status, output = defects

    again, repeated, loaded = run(templates, config)

    assert "loaded True" in output
    assert loaded is False
    assert (again, repeated) == (status, output.replace("loaded True", "loaded False"))


def test_wiring_is_linted_again_when_the_child_changes(tmp_path: Path) -> None:
    templates, config = write(tmp_path / "templates", child=CHILD, root=SOUND_ROOT), rules_without_context(tmp_path)
    status, output, _ = run(templates, config)
    assert (status, reported(output)) == (usage.CLEAN, set())

    write(templates, child=CHILD.replace("TopicArn:", "TopicRef:"))
    status, output, _ = run(templates, config)

    assert status == usage.FOUND
    assert {found[2:] for found in reported(output)} == {("E1010", "Mails")}


def test_all_that_may_change_the_answer_changes_the_key(tmp_path: Path) -> None:
    templates, config = write(tmp_path / "templates", child=CHILD, root=SOUND_ROOT), rules_without_context(tmp_path)
    child, root = templates / "child.yaml", templates / "root.yaml"

    def keys(*regions: str) -> dict[Path, str]:
        return {
            path: fingerprint(path.read_bytes(), *cfn_lint.ENGINE.context(Subject(path, "", regions), Settings(config)))
            for path in (child, root)
            if path.exists()
        }

    before = keys("eu-central-1", "us-east-1")
    assert keys("us-east-1", "eu-central-1", "us-east-1") == before
    assert all(before[path] != key for path, key in keys("us-east-1").items())

    root.write_text(SOUND_ROOT.replace("name", "title"), encoding="utf-8")
    changed_root = keys("eu-central-1", "us-east-1")
    assert (changed_root[child] == before[child], changed_root[root] == before[root]) == (True, False)

    child.unlink()
    assert keys("eu-central-1", "us-east-1")[root] != changed_root[root]

    write(templates, child=CHILD, root=SOUND_ROOT)
    assert keys("eu-central-1", "us-east-1") == before
    rules_without_context(tmp_path, "W1")
    assert all(before[path] != key for path, key in keys("eu-central-1", "us-east-1").items())


def test_bad_usage_is_told_from_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    templates, config = write(tmp_path / "templates", child=CHILD), rules_without_context(tmp_path)
    nothing = write(tmp_path / "nothing")

    def main(folder: Path, rules: Path, regions: str) -> int:
        return lint.main([*where(folder, rules), "--regions", regions])

    assert main(nothing, config, "eu-central-1") == usage.BAD_USAGE
    assert main(templates, tmp_path / "missing", "eu-central-1") == usage.BAD_USAGE
    assert main(templates, config, "eu-middle-1") == usage.BAD_USAGE
    assert "eu-middle-1" in capsys.readouterr().err
    config.write_text("ignore_cheks: [E]\n", encoding="utf-8")
    assert main(templates, config, "eu-central-1") == usage.BAD_USAGE
    assert "ignore_cheks" in capsys.readouterr().err
    config.write_text("ignore_checks: [E\n", encoding="utf-8")
    assert main(templates, config, "eu-central-1") == usage.BAD_USAGE
    assert str(config) in capsys.readouterr().err


def test_engines_that_are_not_there_are_bad_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = [*where(write(tmp_path / "t", child=CHILD), rules_without_context(tmp_path)), "--regions", "eu-west-1"]

    assert lint.main([*options, "--engines", "cfn-lint,cfn-lnt"]) == usage.BAD_USAGE
    assert "cfn-lnt" in capsys.readouterr().err
    assert lint.main([*options, "--engines", "checkov", "--policies", str(tmp_path)]) == usage.BAD_USAGE
    assert "make lint" in capsys.readouterr().err


def test_the_regions_are_those_that_the_platform_names() -> None:
    regions = lint.platform_of(REPOSITORY / "params").regions

    assert regions
    assert len(regions) == len(set(regions))


def test_params_with_errors_are_bad_usage(tmp_path: Path) -> None:
    (tmp_path / "platform.yaml").write_text("platfrom: x\n", encoding="utf-8")

    with pytest.raises(UsageError, match="platfrom"):
        lint.platform_of(tmp_path)
