"""The real engines: what they read themselves, what checkov is told and tells, and the page of what is accepted."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sendy_cfn.checks import security_page
from sendy_cfn.checks.action_templates import Library, template
from sendy_cfn.checks.engines import cfn_lint, policies
from sendy_cfn.checks.engines.subject import CRASH, Settings, Subject
from sendy_cfn.checks.suppressions import EVERYWHERE, Accepted, read
from tests.generated import generated
from tests.platforms import ROOT

SETTINGS = Settings(ROOT / ".cfnlintrc", ROOT / ".venv-policies", ROOT / ".cache/checks/home")
BUCKET = """\
Resources:
  Open:
    Type: AWS::S3::Bucket
    Properties: {AccessControl: PublicReadWrite}
"""


@pytest.fixture(scope="module")
def checkov(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What checkov says of the shipped templates when it is run by hand, as users may."""
    home = tmp_path_factory.mktemp("home")
    command = [str(ROOT / ".venv-policies/bin/python"), "-I", "-m", "checkov.main", *policies.FLAGS]
    # A proxy that nobody listens on: whoever calls home is refused.
    nobody = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    done = subprocess.run(
        [*command, "--directory", str(ROOT / "templates")],
        cwd=home,
        env={"HOME": str(home), "PATH": os.environ["PATH"]} | nobody,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "127.0.0.1" not in done.stderr
    found: dict[str, object] = json.loads(done.stdout)["results"]
    return found


def accepted() -> set[tuple[str, str, str, str]]:
    library = Library(ROOT / "templates")
    return {
        (path.name, entry.resource, entry.rule, entry.reason)
        for path in (ROOT / "templates").glob("*.yaml")
        for entry in read(template(library, path.name))
        if isinstance(entry, Accepted)
    }


def test_checkov_by_hand_accepts_what_we_accept(checkov: dict[str, list[dict[str, object]]]) -> None:
    assert checkov["failed_checks"] == []
    skipped = {
        (
            str(one["file_path"]).strip("/"),
            str(one["resource"]).rpartition(".")[2],
            str(one["check_id"]),
            one["check_result"]["suppress_comment"],  # type: ignore[index]  # checkov's own form, a dict
        )
        for one in checkov["skipped_checks"]
    }
    assert skipped == {entry for entry in accepted() if entry[2].startswith("CKV")}
    assert skipped


def test_cfn_lint_by_hand_accepts_what_we_accept(tmp_path: Path) -> None:
    made = generated(ROOT / "tests/cases/two-regions")
    command = Path(sys.executable).with_name("cfn-lint")
    accepting = [
        path.name for path in made.folder.glob("*.yaml") if "ignore_checks" in path.read_text(encoding="utf-8")
    ]
    assert accepting
    done = subprocess.run(
        [command, "--config-file", str(SETTINGS.config), "--regions", "eu-central-1", "--", *accepting],
        cwd=made.folder,
        env=os.environ | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_cfn_lint_ignores_for_who_runs_it_alone_what_the_gate_accepts_everywhere() -> None:
    assert set(cfn_lint.ignored(SETTINGS.config)) == set(EVERYWHERE)


def test_checkov_names_resource_line_rule_and_property_and_tells_what_it_cannot_read(tmp_path: Path) -> None:
    texts = {"open.yaml": BUCKET, "torn.yaml": "Resources: [\n", "same.yaml": BUCKET.replace("Open", "Wide")}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / ".checkov.yaml").write_text("skip-check: [CKV_AWS_57]\n", encoding="utf-8")
    subjects = [Subject(tmp_path / name, name, ("eu-west-1",)) for name in texts]

    first, torn, same = policies.ENGINE.start(subjects, SETTINGS)()

    found = {(raw.line, raw.resource, raw.rule) for raw in first}
    assert (2, "Open", "CKV_AWS_57") in found
    assert any("Properties/AccessControl" in raw.todo for raw in first)
    assert {(line, "Wide", rule) for line, _, rule in found} == {(raw.line, raw.resource, raw.rule) for raw in same}
    assert CRASH in {raw.rule for raw in torn}


def test_a_checkov_that_does_not_work_is_a_finding_for_each_template(tmp_path: Path) -> None:
    python = tmp_path / "bin/python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\necho no module >&2; exit 3\n", encoding="utf-8")
    python.chmod(0o755)
    broken = Settings(SETTINGS.config, tmp_path, tmp_path / "home")

    results = policies.ENGINE.start([Subject(tmp_path / "a", "a", ()), Subject(tmp_path / "b", "b", ())], broken)()

    assert [[raw.rule for raw in raws] for raws in results] == [[CRASH], [CRASH]]
    assert "no module" in results[0][0].message


@pytest.fixture(scope="module")
def page() -> str:
    return security_page.text(ROOT / "templates", SETTINGS)


def test_the_page_is_fresh(page: str) -> None:
    assert page == (ROOT / security_page.FILE).read_text(encoding="utf-8"), "make schemas"


def test_the_page_has_every_accepted_finding_with_its_reason_and_what_the_rule_says(page: str) -> None:
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    for file, resource, rule, reason in accepted():
        assert any(row.startswith(f"| {rule} |") and f"`{resource}`" in row and file in row for row in rows)
        assert any(row.startswith(f"| {rule} |") and reason in row for row in rows)
    assert "no engine has it" not in page
    assert re.search(r"\| checkov \| \d+\.\d+\.\d+ \|", page)
