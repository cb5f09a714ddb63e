"""Values of variables are data to the builds: whatever is in them, nothing of it is run.

The schema refuses most of these texts. Here each variable that a project or a pipeline sets has them all the same, so
that the scripts are safe by themselves.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import pytest

from sendy_cfn.blocks.buildspecs import NAMES, load
from tests.buildspecs.runner import run
from tests.hostile.evaluated import Evaluation
from tests.hostile.folders import Document, Folders
from tests.platforms import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.buildspecs.conftest import Tools

MARK = "pwned"
TOUCH = f"touch {MARK}"
PAYLOADS = (
    # Out of every kind of quotes, as a substitution, as a further command, as a further line.
    f"x\"; {TOUCH}; #'; {TOUCH}; #$({TOUCH})`{TOUCH}`<({TOUCH})|| {TOUCH} && {TOUCH} & {TOUCH}\n{TOUCH}\n%s%n\\",
    f"a[$({TOUCH})]",  # in arithmetic, and where a name of a variable is looked up
    f"-o{MARK}",
)
COMMANDS = ("QUALITY_COMMANDS", "SMOKE_COMMANDS", "REGRESSION_COMMANDS", "LOAD_COMMANDS")  # they are there to be run
# Numbers of parameters, which CloudFormation checks and bash counts with, and words of the builds themselves.
NUMBERS = {"TTL_SECONDS", "GRACE_SECONDS", "SMOKE_TIMEOUT_SECONDS", "BAKE_MINUTES", "IDLE_TASKS", "STANDBY_TASKS"} | {
    "MAX_P95_MILLISECONDS", "MAX_ERROR_PERCENT", "CONTAINER_PORT",
}  # fmt: skip
# Values of the right form, for variables by which a build may end before it looks at others.
GOOD = {
    "EXPECTED_VERSION": "4f2a9c1e7b3d", "IMAGE_DIGEST": "sha256:" + "a" * 64, "FAIL_ON": "CRITICAL",
    "LIVE_BEFORE": "blue", "LIVE_AFTER": "green", "BUILD_CONTEXT": ".", "DOCKERFILE": "Dockerfile",
}  # fmt: skip
OTHERS = {
    "QUALITY_COMMANDS": "true",  # in place of the checks that would install tools
    "SERVICE_URL": "http://127.0.0.1:1", "SMOKE_TIMEOUT_SECONDS": "1", "LOAD_SECONDS": "1", "SCAN_TIMEOUT_SECONDS": "0",
    "BAKE_MINUTES": "0", "TTL_SECONDS": "0", "GRACE_SECONDS": "0", "IDLE_TASKS": "1", "STANDBY_TASKS": "1",
    "MAX_P95_MILLISECONDS": "1", "MAX_ERROR_PERCENT": "1", "CONTAINER_PORT": "1", "POLL_SECONDS": "1",
}  # fmt: skip


@functools.cache
def variables() -> dict[str, set[str]]:
    """Kind of build -> the variables that emitted projects and actions set for it."""
    found: dict[str, set[str]] = {name: set() for name in NAMES}
    with Folders() as folders:
        for made in (folders.made(ROOT / place) for place in ("params", "tests/cases/full", "tests/cases/strategies")):
            _note(made.templates.values(), found)
    return found


def _note(templates: Iterable[Document], found: dict[str, set[str]]) -> None:
    for template in templates:
        for title, resource in Evaluation(template).tree["Resources"].items():
            if resource["Type"] == "AWS::CodeBuild::Project":
                given = resource["Properties"]["Environment"]["EnvironmentVariables"]
                found[title.removesuffix("Project").lower()] |= {entry["Name"] for entry in given}
            if resource["Type"] == "AWS::CodePipeline::Pipeline":
                for kind, names in _of_actions(resource["Properties"]["Stages"]):
                    found[kind] |= names


def _of_actions(stages: list[dict[str, Any]]) -> list[tuple[str, set[str]]]:
    builds = [action for stage in stages for action in stage["Actions"]]
    return [
        (action["Name"].lower(), {entry["name"] for entry in json.loads(given)})
        for action in builds
        if (given := action["Configuration"].get("EnvironmentVariables"))
    ]


@pytest.mark.parametrize("kind", NAMES)
def test_nothing_in_a_variable_is_run(kind: str, source: Path, tools: Tools) -> None:
    names = variables()[kind] - set(COMMANDS) - NUMBERS
    assert names
    answers = (
        {"match": "get-login-password", "replies": [{"out": "token"}]},
        {"match": "assume-role", "replies": [{"out": "a\tb\tc\n"}]},
        {"match": "imageTag=", "replies": [{"out": "None\n"}]},
        {"match": "describe-stacks", "replies": [{"out": json.dumps({"StackStatus": "CREATE_COMPLETE"})}]},
    )
    tools.record("docker", "aws", "curl", "git", "python3", rules=answers)
    (source / "Dockerfile").write_text("FROM scratch\n")
    for payload in PAYLOADS:
        for several in ([name for name in names if name not in GOOD], *([name] for name in names if name in GOOD)):
            run(load(kind), source, {**tools.environment, **OTHERS, **GOOD, **dict.fromkeys(several, payload)})
            left = [path.name for path in source.parent.rglob(f"*{MARK}*")]
            assert left == [], f"{several} = {payload!r}"


def test_a_variable_arrives_as_it_was_given(source: Path, tools: Tools) -> None:
    for payload in PAYLOADS:
        text = f"{payload}\u00e9 ${{AWS::Region}} #{{x}}"
        commands = {"SERVICE_URL": "http://127.0.0.1:1", "REGRESSION_COMMANDS": 'printf %s "$VALUE" >value'}
        outcome = run(load("regression"), source, {**tools.environment, **commands, "VALUE": text})
        assert outcome.succeeded, outcome.log
        assert (source / "value").read_text() == text


def test_the_mark_would_be_seen(source: Path, tools: Tools) -> None:
    commands = {"SERVICE_URL": "http://127.0.0.1:1", "REGRESSION_COMMANDS": f"eval : {PAYLOADS[1]}"}
    run(load("regression"), source, {**tools.environment, **commands})
    assert (source / MARK).exists()
