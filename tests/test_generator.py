"""The main job as a command: what it writes, keeps, removes and refuses."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.platforms import ROOT

Files = dict[str, bytes]


def run(
    folder: Path,
    *more: str,
    options: tuple[str, ...] = (),
    env: dict[str, str] | None = None,
    largest_file: int | None = None,
) -> subprocess.CompletedProcess[str]:
    """The command, in a folder; `largest_file` in bytes stands for a disk that is full."""

    def limit() -> None:
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    command = [sys.executable, *options, "generate.py", "--params", "params", "--out", "out", *more]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | (env or {})
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, preexec_fn=limit
    )


def files(folder: Path) -> Files:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def edit(folder: Path, old: str, new: str, file: str = "platform.yaml") -> None:
    path = folder / "params" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of its own: the shipped inputs, our code by link, its own cache."""
    shutil.copytree(ROOT / "params", tmp_path / "params")
    shutil.copy(ROOT / "generate.py", tmp_path)
    (tmp_path / "sendy_cfn").symlink_to(ROOT / "sendy_cfn")
    return tmp_path


@pytest.fixture
def made(folder: Path) -> Path:
    done = run(folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_committed_templates_are_what_params_give(made: Path) -> None:
    assert files(made / "out") == files(ROOT / "templates")


def test_output_does_not_depend_on_the_hash_seed(folder: Path) -> None:
    seen = []
    for seed in ("1", "2", "3"):
        shutil.rmtree(folder / ".cache", ignore_errors=True)
        shutil.rmtree(folder / "out", ignore_errors=True)
        assert run(folder, env={"PYTHONHASHSEED": seed}).returncode == 0
        seen.append(files(folder / "out"))
    assert seen[0] == seen[1] == seen[2]


def test_output_says_nothing_of_where_and_when_it_was_made(made: Path) -> None:
    for name, data in files(made / "out").items():
        for word in (str(made), str(ROOT), os.uname().nodename):
            assert word.encode() not in data, name


def test_every_file_fits_the_limits_of_a_template_body(made: Path) -> None:
    sizes = {name: len(data) for name, data in files(made / "out").items() if name.endswith(".yaml")}
    assert len(sizes) > 10
    assert {name: size for name, size in sizes.items() if size > 51_200} == {}


def imported(done: subprocess.CompletedProcess[str]) -> set[str]:
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_generation_imports_no_sdk_linter_or_schema_library(folder: Path) -> None:
    done = run(folder, options=("-X", "importtime"))
    assert done.returncode == 0
    assert "troposphere" in imported(done)
    assert imported(done) & {"boto3", "botocore", "cfnlint", "jsonschema", "cloudformation_validate", "awscli"} == set()


def test_an_unchanged_tree_imports_nothing_that_builds(made: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (made / "out").rglob("*")}
    for more in ((), ("--check",)):
        done = run(made, *more, options=("-X", "importtime"))
        assert done.returncode == 0
        assert imported(done) & {"troposphere", "awacs", "yaml"} == set()
    assert {path: path.stat().st_mtime_ns for path in (made / "out").rglob("*")} == before


def test_a_change_of_one_service_touches_its_files_only(made: Path) -> None:
    before = files(made / "out")
    edit(made, "port: 9000", "port: 9001")
    assert run(made).returncode == 0
    after = files(made / "out")
    assert {name for name in after if after[name] != before.get(name)} == {"service-tracking.yaml"}


@pytest.mark.parametrize(
    ("old", "new", "file"),
    [
        ("port: 9000", "port: 9001", "platform.yaml"),
        ("sqs:SendMessage", "sns:Publish", "platform.yaml"),
        ("strategy: cluster-switch", "strategy: rolling", "platform.yaml"),
        ("  endpoints: []", "  endpoints: [logs]", "platform.yaml"),
        ("  pricing:  ", "  prices:  ", "platform.yaml"),
        ("  Nat: single", "  Nat: none", "test.yaml"),
    ],
)
def test_what_is_remembered_never_shows(made: Path, old: str, new: str, file: str) -> None:
    edit(made, old, new, file)
    if new.startswith("  prices"):
        for name in ("test", "staging", "production"):
            path = made / f"params/{name}.yaml"
            path.write_text(path.read_text().replace("  pricing:", "  prices:"))
    assert run(made).returncode == 0
    incremental = files(made / "out")
    shutil.rmtree(made / ".cache")
    shutil.rmtree(made / "out")
    assert run(made).returncode == 0
    assert files(made / "out") == incremental


def test_a_removed_service_takes_its_files_with_it_and_nobody_elses(made: Path) -> None:
    (made / "out/NOTES.md").write_text("mine")
    (made / "out/mine.yaml").write_text("a: 1\n")
    (made / "out/config/mine.json").write_text('{"a": 1}')
    path = made / "params/platform.yaml"
    path.write_text(path.read_text().partition("  tracking:")[0])
    edit(made, "  tracking:\n    Cpu: 1024\n    Memory: 2048\n", "", "staging.yaml")
    edit(made, "  tracking:\n    Cpu: 1024\n    Memory: 2048\n    MaxTasks: 40\n", "", "production.yaml")

    done = run(made)

    assert done.returncode == 0, done.stderr
    assert "removed  out/service-tracking.yaml" in done.stdout
    left = files(made / "out")
    assert not [name for name in left if "tracking" in name]
    assert left["NOTES.md"] == b"mine"
    assert left["mine.yaml"] == b"a: 1\n"
    assert left["config/mine.json"] == b'{"a": 1}'


def test_check_lists_what_is_stale_and_writes_nothing(made: Path) -> None:
    (made / "out/network.yaml").write_text("# Made by generate.py from params/; edit there.\nbroken\n")
    (made / "out/config/toolchain.json").unlink()
    (made / "out/service-gone.yaml").write_text("# Made by generate.py from params/; edit there.\n")
    before = files(made / "out")

    done = run(made, "--check")

    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "stale    out/config/toolchain.json",
        "stale    out/network.yaml",
        "extra    out/service-gone.yaml",
        "out: 3 files are not what params/ gives; run generate.py",
    ]
    assert files(made / "out") == before

    assert run(made).returncode == 0
    done = run(made, "--check")
    assert (done.returncode, done.stdout) == (0, "out: up to date\n")


def test_check_works_without_an_output_folder(folder: Path) -> None:
    done = run(folder, "--check")
    assert done.returncode == 1
    assert not (folder / "out").exists()


def test_a_full_disk_leaves_the_old_set(made: Path) -> None:
    before = files(made / "out")
    edit(made, "platform: courier", "platform: parcels")

    done = run(made, largest_file=12_000)

    assert done.returncode == 2
    assert done.stderr.endswith("File too large; nothing was changed\n")
    assert "Traceback" not in done.stderr
    assert files(made / "out") == before
    assert sorted(path.name for path in made.iterdir() if "out" in path.name) == ["out"]


def test_an_output_folder_that_can_not_be_made(folder: Path) -> None:
    (folder / "out").write_text("a file")
    done = run(folder)
    assert done.returncode == 2
    assert "nothing was changed" in done.stderr
    assert (folder / "out").read_text() == "a file"
    assert sorted(path.name for path in folder.iterdir() if "out" in path.name) == ["out"]


def test_a_broken_cache_is_no_cache(made: Path) -> None:
    for path in (made / ".cache").glob("generate-*"):
        path.write_text("{")
    done = run(made)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("out", [".", "params", "params/made", "/", ".."])
def test_a_folder_that_is_not_its_own_is_refused(folder: Path, out: str) -> None:
    """It is replaced as a whole: what else is in it would be lost."""
    (folder / ".git/refs/empty").mkdir(parents=True)
    before = files(folder)
    for more in ((), ("--check",)):
        done = run(folder, "--out", out, *more)
        assert done.returncode == 2
        assert done.stderr.endswith("nothing was changed\n")
        assert len(done.stderr.splitlines()) == 1
    assert files(folder) == before
    assert (folder / ".git/refs/empty").is_dir()


def test_a_folder_with_folders_of_others_is_refused(made: Path) -> None:
    (made / "out/.git/refs").mkdir(parents=True)
    edit(made, "port: 9000", "port: 9001")
    edit(made, "port: 8080", "port: 8081")
    done = run(made)
    assert done.returncode == 2
    assert "has a folder '.git'" in done.stderr


def test_a_file_of_the_same_name_that_was_not_made_here_is_refused(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out/network.yaml").write_text("# my own\nResources: {}\n")
    done = run(folder)
    assert done.returncode == 2
    assert "network.yaml: exists and was not made here" in done.stderr
    assert files(folder / "out") == {"network.yaml": b"# my own\nResources: {}\n"}
