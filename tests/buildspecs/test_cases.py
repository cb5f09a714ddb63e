"""How many test cases a build says it had: read from its reports, whoever wrote them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sendy_cfn.blocks.buildspecs import load
from tests.buildspecs.runner import Outcome, run

PYTEST = """<testsuites><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="5">
<testcase name="a"/><testcase name="b"><failure message="x">text &lt;failure&gt;</failure></testcase>
<testcase name="c"><error message="x"/><system-err>y</system-err></testcase>
<testcase name="d"><skipped message="x"/></testcase>
<testcase name="e"><system-out>&lt;error/&gt;</system-out></testcase>
</testsuite></testsuites>"""
SUREFIRE = '<testsuite><testcase name="f"/><testcase name="g"/></testsuite>'


def quality(folder: Path, commands: str) -> Outcome:
    (folder / "Dockerfile").write_text("FROM scratch\n")
    return run(load("quality"), folder, {"SERVICE": "orders", "QUALITY_COMMANDS": commands})


def counted(outcome: Outcome) -> dict[str, Any]:
    (line,) = [text for text in outcome.log.splitlines() if text.startswith('{"measure"')]
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.mark.parametrize(("command", "failed"), [("true", 0), ("false", 1)])
def test_a_build_that_fails_counts_too(source: Path, command: str, failed: int) -> None:
    outcome = quality(source, command)
    assert outcome.succeeded is not bool(failed)
    about = {"measure": "tests", "service": "orders", "suite": "quality"}
    assert counted(outcome) == {
        **about,
        "passed": 2 - failed,
        "failed": failed,
        "skipped": 0,
    }  # one is the Dockerfile's


def test_reports_of_the_services_own_tools_count(source: Path) -> None:
    for place, text in (
        ("reports/quality-pytest.xml", PYTEST),
        ("app/target/surefire-reports/TEST-orders.xml", SUREFIRE),
        ("app/build/test-results/test/x.xml", SUREFIRE),
        ("reports/quality-broken.xml", "<testsuite>"),
        ("docs/other.xml", SUREFIRE),  # in no place where reports are
    ):
        (source / place).parent.mkdir(parents=True, exist_ok=True)
        (source / place).write_text(text)
    found = counted(quality(source, "true"))
    assert (found["passed"], found["failed"], found["skipped"]) == (2 + 2 + 2 + 2, 2, 1)
