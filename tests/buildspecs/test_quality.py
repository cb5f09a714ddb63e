"""The quality checks over the sample service, broken copies of it, and other languages."""

import shutil
import sys
from pathlib import Path

import pytest

from sendy_cfn.blocks.buildspecs import load
from tests.buildspecs.conftest import Tools
from tests.buildspecs.junit import cases
from tests.buildspecs.runner import Outcome, run
from tests.buildspecs.servers import SAMPLE

PYTEST = Path(sys.executable).parent


@pytest.fixture
def orders(source: Path) -> Path:
    """A copy of the sample service."""
    shutil.copytree(SAMPLE, source, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    return source


@pytest.fixture
def bare(source: Path) -> Path:
    """A service of no known language."""
    (source / "Dockerfile").write_text("FROM scratch\n")
    return source


def quality(source: Path, **environment: str) -> Outcome:
    """The checks, with the Python that runs these tests, which has pytest."""
    return run(load("quality"), source, {"PATH": f"{PYTEST}:/usr/bin:/bin", **environment})


def steps(outcome: Outcome) -> dict[str, str]:
    return cases(next(path for path in outcome.reports["quality"] if path.name == "quality.xml"))


def test_the_sample_passes_and_its_tests_are_reported(orders: Path) -> None:
    outcome = quality(orders)
    assert outcome.succeeded, outcome.log
    assert steps(outcome) == {"Dockerfile has a base image": "", "python compiles": "", "ruff": "", "pytest": ""}
    tests = cases(orders / "reports" / "quality-pytest.xml")
    assert orders / "reports" / "quality-pytest.xml" in outcome.reports["quality"]
    assert len(tests) >= 9
    assert not any(tests.values())


def test_a_broken_test_fails_and_is_reported(orders: Path) -> None:
    (orders / "orders.py").write_text((orders / "orders.py").read_text().replace("last=False", "last=True"))
    outcome = quality(orders)
    assert not outcome.succeeded
    assert steps(outcome)["pytest"] == "exit status 1, see the build log"
    tests = cases(orders / "reports" / "quality-pytest.xml")
    assert [name for name, problem in tests.items() if problem] == ["test_forgets_the_oldest"]


def test_code_that_cannot_be_right_is_found_before_any_test_runs(orders: Path) -> None:
    (orders / "app.py").write_text((orders / "app.py").read_text() + "\n\ndef unused() -> None:\n    undefined()\n")
    outcome = quality(orders)
    assert not outcome.succeeded
    assert list(steps(outcome)) == ["Dockerfile has a base image", "python compiles", "ruff"]
    assert "undefined" in outcome.log
    assert orders / "reports" / "quality-ruff.xml" in outcome.reports["quality"]


@pytest.mark.parametrize(
    ("file", "text", "passes"),
    [
        ("pyproject.toml", "[tool.other]\n", True),
        ("pyproject.toml", "[tool.ruff.lint]\nselect = ['E501']\n[tool.ruff]\nline-length = 20\n", False),
        ("ruff.toml", "[lint]\nselect = ['N']\n", True),
    ],
)
def test_the_service_says_what_is_analysed(orders: Path, file: str, text: str, passes: bool) -> None:
    (orders / file).write_text(text)
    assert quality(orders).succeeded is passes


def test_code_that_does_not_compile_ends_the_checks(orders: Path) -> None:
    (orders / "app.py").write_text("def main(:\n")
    outcome = quality(orders)
    assert not outcome.succeeded
    assert list(steps(outcome)) == ["Dockerfile has a base image", "python compiles"]


@pytest.mark.parametrize("text", [None, "RUN true\n"])
def test_needs_a_dockerfile_with_a_base_image(bare: Path, text: str | None) -> None:
    (bare / "Dockerfile").unlink()
    if text:
        (bare / "Dockerfile").write_text(text)
    outcome = quality(bare)
    assert not outcome.succeeded
    assert list(steps(outcome)) == ["Dockerfile has a base image"]


def test_own_commands_replace_the_default_ones(orders: Path) -> None:
    (orders / "app.py").write_text("def main(:\n")
    outcome = quality(orders, QUALITY_COMMANDS="echo one\necho two")
    assert outcome.succeeded, outcome.log
    assert "one\ntwo\n" in outcome.log
    assert list(steps(outcome)) == ["Dockerfile has a base image", "QUALITY_COMMANDS"]


def test_the_first_own_command_that_fails_is_the_last(bare: Path) -> None:
    outcome = quality(bare, QUALITY_COMMANDS="false | true\necho after")
    assert not outcome.succeeded
    assert "after" not in outcome.log


def test_own_hook_needs_no_mode(bare: Path) -> None:
    (bare / ".pipeline").mkdir()
    (bare / ".pipeline" / "quality").write_text(f"#!{sys.executable}\nprint('hook')\nraise SystemExit(3)\n")
    outcome = quality(bare)
    assert not outcome.succeeded
    assert "hook\n" in outcome.log
    assert steps(outcome)[".pipeline/quality"] == "exit status 3, see the build log"


def test_a_service_in_a_folder_of_its_repository(source: Path) -> None:
    shutil.copytree(SAMPLE, source / "services" / "orders", ignore=shutil.ignore_patterns("__pycache__"))
    (source / "broken.py").write_text("def main(:\n")
    outcome = quality(source, BUILD_CONTEXT="services/orders", DOCKERFILE="services/orders/Dockerfile")
    assert outcome.succeeded, outcome.log
    assert "pytest" in steps(outcome)


NODE = ["npm ci", "npm run lint --if-present", "npm run test --if-present"]


@pytest.mark.parametrize(
    ("files", "calls"),
    [
        (["package.json", "package-lock.json"], NODE),
        (["package.json"], ["npm install", *NODE[1:]]),
        (["go.mod"], ["go vet ./...", "go test ./..."]),
        (["pom.xml"], ["mvn --batch-mode verify"]),
        (["build.gradle.kts"], ["gradle check"]),
        ([], []),
    ],
)
def test_other_languages(bare: Path, tools: Tools, files: list[str], calls: list[str]) -> None:
    for file in files:
        (bare / file).touch()
    tools.record("npm", "go", "mvn", "gradle")
    outcome = quality(bare, **tools.environment)
    assert outcome.succeeded, outcome.log
    assert [" ".join(call) for call in tools.calls()] == calls


@pytest.mark.parametrize(("file", "wrapper"), [("pom.xml", "mvnw"), ("build.gradle", "gradlew")])
def test_java_wrapper_comes_first(bare: Path, tools: Tools, file: str, wrapper: str) -> None:
    tools.record("mvn", "gradle")
    (bare / file).touch()
    (bare / wrapper).write_text("#!/bin/sh\necho wrapped $*\nexit 1\n")
    outcome = quality(bare, **tools.environment)
    assert not outcome.succeeded
    assert "wrapped" in outcome.log
    assert tools.calls() == []


def test_requirements_are_installed_before_the_tests(orders: Path, tools: Tools) -> None:
    (orders / "requirements.txt").touch()
    tools.record("python3")
    outcome = quality(orders, **tools.environment)
    assert outcome.succeeded, outcome.log
    installed, tested = (
        next(number for number, call in enumerate(tools.calls()) if words in " ".join(call))
        for words in ("-r requirements.txt", "-m pytest -q")
    )
    assert installed < tested
