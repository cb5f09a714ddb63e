"""The runner itself, where the tests of the specifications lean on it."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.buildspecs.runner import run

SPEC = """
version: 0.2
env:
  shell: bash
  variables: {{GREETING: hello, NAME: spec}}
  exported-variables: [RESULT, MISSING]
phases:
  {phases}
reports:
  found:
    files: ["out/*.xml"]
"""


def spec(phases: str) -> str:
    return SPEC.format(phases=phases)


def test_variables_and_folder_carry_over_but_options_do_not(source: Path) -> None:
    (source / "inner").mkdir()
    text = spec('build: {commands: ["set -eu; cd inner; RESULT=$GREETING-$NAME", "false; pwd; RESULT=$RESULT-again"]}')
    outcome = run(text, source, {"NAME": "project"})
    assert outcome.succeeded
    assert outcome.exported == {"RESULT": "hello-project-again"}
    assert outcome.log == f"{source / 'inner'}\n"


def test_a_failed_command_ends_its_phase_and_post_build_still_runs(source: Path) -> None:
    phases = 'build: {commands: ["false", "echo not me"], finally: ["echo finally"]}\n  post_build: {commands: '
    outcome = run(spec(phases + '["echo after, $CODEBUILD_BUILD_SUCCEEDING"]}'), source, {})
    assert (outcome.succeeded, outcome.phases) == (False, {"build": False, "post_build": True})
    assert outcome.log == "finally\nafter, 0\n"


@pytest.mark.parametrize(
    ("failing", "ran"),
    [
        ('pre_build: {commands: ["exit 3"]}', ["pre_build"]),
        ('pre_build: {on-failure: CONTINUE, commands: ["exit 3"]}', ["pre_build", "build"]),
    ],
)
def test_failure_before_the_build(source: Path, failing: str, ran: list[str]) -> None:
    outcome = run(spec(failing + '\n  build: {commands: ["true"]}'), source, {})
    assert not outcome.succeeded
    assert list(outcome.phases) == ran


def test_abort_skips_post_build_and_reports(source: Path) -> None:
    failing = '["mkdir out; touch out/a.xml; false"]'
    kept = run(spec(f"build: {{commands: {failing}}}"), source, {})
    assert kept.reports == {"found": [source / "out" / "a.xml"]}
    lost = run(spec(f"build: {{on-failure: ABORT, commands: {failing}}}\n  post_build: {{commands: [x]}}"), source, {})
    assert (lost.phases, lost.reports) == ({"build": False}, {})


@pytest.mark.parametrize(("command", "files"), [("true", ["b.txt"]), ("false", [])])
def test_artifacts_are_those_of_a_build_that_succeeded(source: Path, command: str, files: list[str]) -> None:
    text = spec(f'build: {{commands: ["mkdir out; touch a.txt out/b.txt; {command}"]}}')
    outcome = run(f'{text}artifacts: {{base-directory: out, files: ["*"]}}\n', source, {})
    assert [path.name for path in outcome.artifacts] == files


def test_exit_loses_what_the_command_exported(source: Path) -> None:
    outcome = run(spec('build: {commands: ["RESULT=1; exit 0"]}'), source, {})
    assert (outcome.succeeded, outcome.exported) == (True, {})


def test_a_hanging_command_is_killed_with_its_children(source: Path) -> None:
    started = time.monotonic()
    with pytest.raises(subprocess.TimeoutExpired):
        run(spec('build: {commands: ["sleep 30 | cat"]}'), source, {}, seconds=0.5)
    assert time.monotonic() - started < 5
