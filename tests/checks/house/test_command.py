"""The command: what it takes, prints and returns."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sendy_cfn.checks import __main__ as command
from tests.checks.house.samples import NETWORK
from tests.platforms import ROOT

BAD = NETWORK.replace("us-east-1b", "us-east-1a")


def run(*files: Path) -> tuple[int, str, str]:
    arguments = [sys.executable, "-m", "sendy_cfn.checks", *map(str, files)]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_templates_are_clean() -> None:
    count = len(list((ROOT / "templates").glob("*.yaml")))
    assert run(ROOT / "templates") == (command.CLEAN, f"house: {count} templates, no findings\n", "")


def test_a_finding_is_a_row_with_template_line_resource_and_rule(tmp_path: Path) -> None:
    path = write(tmp_path / "net.template", BAD)

    status, output, _ = run(path, path, tmp_path)

    row, last = output.splitlines()
    assert status == command.FOUND
    line = BAD.splitlines().index("      Subnets:") + 1
    assert row.split()[:3] == [f"{path}:{line}", "LoadBalancer", "house-load-balancer-zones"]
    assert last.endswith("1 finding")


def test_folders_are_searched_for_templates_of_any_ending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "a/b/one.yml", BAD)
    write(tmp_path / "two.json", '{\n\t"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}')
    write(tmp_path / "config.json", '{"Parameters": {"Resources": "x"}}')
    write(tmp_path / "notes.txt", "Resources: [")
    write(tmp_path / ".cache/three.yaml", BAD)

    assert command.main([str(tmp_path)]) == command.FOUND
    assert capsys.readouterr().out.splitlines()[-1] == "house: 2 templates, 1 finding"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("torn.yaml", "Resources:\n  A: {\n", ":3: is not YAML: while parsing a flow node did not find expected node"),
        ("two.yaml", "Resources: {}\n---\nResources: {}\n", ":2: is not YAML: expected a single document"),
        ("self.yaml", "Resources: &a\n  A: *a\n", ": is nested too deeply, or within itself"),
        ("deep.yaml", "Resources: {A: {Type: 'AWS::Events::Rule', Properties: {EventPattern: " + "{a: " * 300 + "1" +
         "}" * 300 + "}}}", ""),
        ("other.yaml", "a: 1\n", ": is no template: it has no Resources"),
        ("list.yaml", "- Resources\n", ": is not a mapping"),
        ("empty.yaml", "", ": is not a mapping"),
        ("gone.yaml", None, ": can't be read: No such file or directory"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_by_name_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str | None, said: str
) -> None:
    path = tmp_path / name
    if text is not None:
        write(path, text)

    status = command.main([str(path)])

    output = capsys.readouterr()
    if name == "deep.yaml":
        assert status in (command.FOUND, command.BAD_USAGE)
        return
    assert status == command.BAD_USAGE
    assert output.out == ""
    assert output.err.startswith(f"house: {path}{said}")
    assert output.err.count("\n") == 1


def test_bytes_that_are_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"Description: \xff\nResources: {}\n")
    assert command.main([str(tmp_path)]) == command.BAD_USAGE
    assert "latin.yaml: is not YAML" in capsys.readouterr().err


def test_findings_are_printed_beside_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "bad.yaml", BAD)
    write(tmp_path / "torn.yaml", "Resources: {")

    assert command.main([str(tmp_path)]) == command.BAD_USAGE

    output = capsys.readouterr()
    assert "house-load-balancer-zones" in output.out
    assert "torn.yaml" in output.err


def test_a_folder_without_templates_and_no_file_at_all_are_bad_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([str(tmp_path)]) == command.BAD_USAGE
    assert "no templates below this folder" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        command.main([])
    assert stopped.value.code == command.BAD_USAGE


def test_neither_linter_is_loaded() -> None:
    code = "import sys, sendy_cfn.checks.__main__; print({'cfnlint', 'botocore', 'troposphere'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
