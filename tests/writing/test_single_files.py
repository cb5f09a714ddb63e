"""The other writers: each of their files is the old one or the new one."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sendy_cfn import whole
from sendy_cfn.checks import cache
from tests.platforms import ROOT
from tests.writing import gate
from tests.writing.gate import TAKING_ROOM, Plan
from tests.writing.site import files

WRITERS = {
    "sendy_cfn.config.schema": ("params/platform.schema.json", "params/environment.schema.json"),
    "sendy_cfn.config.reference": ("docs/reference.md",),
    "sendy_cfn.checks.house.page": ("docs/checks.md",),
}
STORE = (
    "import pathlib; from sendy_cfn.checks import cache; "
    "store = cache.Store(pathlib.Path('docs/store.json')); store.put('key', []); store.save()"
)


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """With compiled code that all share and none writes, as that would be counted."""
    compiled = {"PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(tmp_path_factory.mktemp("compiled"))}
    for module in ("sendy_cfn.checks.house.page", "sendy_cfn.checks.cache", "sendy_cfn.config.schema"):
        subprocess.run(
            [sys.executable, "-c", f"import {module}"],
            env=os.environ | compiled | {"PYTHONDONTWRITEBYTECODE": ""},
            check=True,
        )
    return compiled | {"PYTHONDONTWRITEBYTECODE": "1"}


def run(folder: Path, module: str, plan: Plan, env: dict[str, str]) -> gate.Done:
    # The stand-in runs files, not modules: one that runs the module.
    program = folder.with_name("program.py")
    program.write_text(f"import runpy\nrunpy.run_module('{module}', run_name='__main__')\n")
    return gate.run([str(program)], folder, env, plan)


@pytest.mark.parametrize("module", WRITERS)
def test_a_generated_page_is_old_or_new(module: str, tmp_path: Path, env: dict[str, str]) -> None:
    folder = tmp_path / "project"
    for name in ("params", "docs"):
        (folder / name).mkdir(parents=True)
    names = WRITERS[module]

    def restore() -> None:
        for path in [path for path in folder.rglob("*") if path.is_file()]:
            path.unlink()
        for name in names:
            (folder / name).write_text("old")

    restore()
    done = run(folder, module, Plan(), env)
    assert (done.status, done.err) == (0, "")
    assert {name: (folder / name).read_bytes() for name in names} == {
        name: (ROOT / name).read_bytes() for name in names
    }
    made = set(files(folder))
    first = range(1, min(len(done.calls), 4) + 1)
    for plan in [Plan(at, signal.SIGKILL) for at in first] + [Plan(2, errno=errno.ENOSPC, only=TAKING_ROOM)]:
        restore()
        failed = run(folder, module, plan, env)
        assert failed.status != 0
        for name in names:
            assert (folder / name).read_bytes() in (b"old", (ROOT / name).read_bytes())
        extra = set(files(folder)) - made
        assert all(name.endswith(".new") for name in extra)  # git ignores it
        assert not plan.errno or not extra


def test_a_file_beside_its_place_is_removed_with_an_error(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        whole.write(path, "half \ud800")
    assert files(tmp_path) == {"file": b"old"}
    whole.write(path, "new")
    assert files(tmp_path) == {"file": b"new"}


def test_a_store_of_findings_that_can_not_be_written_is_no_error(tmp_path: Path, env: dict[str, str]) -> None:
    """It costs time only; and what was there is still true."""
    (tmp_path / "docs").mkdir()
    program = tmp_path / "program.py"
    program.write_text(STORE.replace("; ", "\n"))
    for plan in (Plan(), *(Plan(at, errno=errno.ENOSPC, only=TAKING_ROOM, onwards=True) for at in (1, 2))):
        done = gate.run([str(program)], tmp_path, env, plan)
        assert (done.status, done.err) == (0, "")
        assert cache.Store(tmp_path / "docs/store.json").get("key") == []
        assert list(files(tmp_path / "docs")) == ["store.json"]
