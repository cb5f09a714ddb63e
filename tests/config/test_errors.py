"""Bad input, as a user meets it: the real command on a copy of the shipped params/ with one mistake in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.config.mistakes import IN_PLATFORM, Case
from tests.config.mistakes_in_releases import IN_RELEASES
from tests.config.mistakes_in_security import IN_SECURITY
from tests.config.mistakes_in_values import IN_VALUES
from tests.platforms import ROOT


def generate(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "generate.py", "--params", "params", "--out", "out"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if part in line)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "params", tmp_path / "params")
    return tmp_path


@pytest.mark.parametrize("case", [*IN_PLATFORM, *IN_VALUES, *IN_RELEASES, *IN_SECURITY], ids=lambda case: case.name)
def test_mistake_is_named_with_file_line_path_and_what_is_allowed(folder: Path, case: Case) -> None:
    path = folder / "params" / case.file
    text = path.read_text()
    assert case.old in text
    path.write_text(text.replace(case.old, case.new, 1))

    done = generate(folder)

    number = line_of(path.read_text(), case.at) if case.at else 0
    says = case.says.replace("{at}", f"params/{case.file}:{number}:").replace("{before}", str(number - 1))
    assert says in done.stderr
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (folder / "out").exists()


def test_all_mistakes_of_a_file_come_at_once_in_its_order(folder: Path) -> None:
    path = folder / "params/platform.yaml"
    path.write_text(path.read_text().replace("port: 8080", "port: 0").replace("port: 9000", "prt: 9000"))

    lines = generate(folder).stderr.splitlines()

    assert len(lines) == 2
    assert "services.orders.port" in lines[0]
    assert "services.tracking.prt" in lines[1]


def test_mistakes_in_single_keys_and_between_keys_come_together(folder: Path) -> None:
    path = folder / "params/platform.yaml"
    text = path.read_text().replace("port: 8080", "port: 0").replace("ec2: [arm64]", "ec2: []")
    path.write_text(text.replace("    capacity: fargate-spot", "    capacity: fargate-spot\n    hots: api"))

    lines = generate(folder).stderr.splitlines()

    assert [line.split(": ")[1] for line in lines] == [
        "services.orders.port",  # left out from here on
        "services.pricing.hots",
        "services.tracking.capacity",  # a rule over two sections of the file
    ]


def test_values_files_are_reported_together(folder: Path) -> None:
    for name in ("test", "staging"):
        path = folder / f"params/{name}.yaml"
        path.write_text(path.read_text().replace("  MaxTasks:", "  MaxTask: 1\n  MaxTasks:", 1))

    lines = generate(folder).stderr.splitlines()

    assert [line.split(":")[0] for line in lines] == ["params/staging.yaml", "params/test.yaml"]


def test_missing_values_file(folder: Path) -> None:
    (folder / "params/staging.yaml").unlink()

    done = generate(folder)

    assert done.stderr == "params/staging.yaml: can't be read: No such file or directory\n"
    assert done.returncode == 2


def test_a_failed_run_leaves_the_old_files(folder: Path) -> None:
    assert generate(folder).returncode == 0
    before = {path: path.read_bytes() for path in (folder / "out").rglob("*") if path.is_file()}
    path = folder / "params/platform.yaml"
    path.write_text(path.read_text().replace("port: 8080", "port: 8081").replace("port: 9000", "port: 0"))

    assert generate(folder).returncode == 2

    assert {path: path.read_bytes() for path in (folder / "out").rglob("*") if path.is_file()} == before
    assert sorted(p.name for p in folder.iterdir()) == ["out", "params"]
