"""Folders and the way in, without root: what is started inside is a program of the test."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.events import RehearsalError
from rehearsal.full import isolation
from tests.platforms import ROOT
from tests.rehearsal.scheduled import until


@pytest.fixture(autouse=True)
def prefix(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Folders of this test only."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-test-", dir="/tmp") as own:
        name = f"{Path(own).name}-of-"
        monkeypatch.setattr(isolation, "_PREFIX", name)
        monkeypatch.delenv(isolation.KEEP, raising=False)
        yield name


def folders(prefix: str) -> list[Path]:
    return sorted(Path("/tmp").glob(f"{prefix}*"))


def test_the_folder_is_removed_with_all_that_is_in_it(prefix: str) -> None:
    with isolation._folder() as folder:
        assert folders(prefix) == [folder]
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "r" / "deep").mkdir(parents=True)
        (folder / "r" / "deep" / "file").write_text("x")
    assert folders(prefix) == []


def test_it_is_removed_whatever_happens(prefix: str) -> None:
    with pytest.raises(KeyboardInterrupt), isolation._folder():
        raise KeyboardInterrupt
    assert folders(prefix) == []


def test_sockets_fit_into_it() -> None:
    with isolation._folder() as folder:
        assert len(str(folder)) < 60


def test_folders_that_nobody_uses_are_swept_and_others_stay(prefix: str) -> None:
    left = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    (left / "lock").touch()
    (left / "r").mkdir()
    starting = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    with isolation._folder() as used:
        isolation._sweep()
        assert folders(prefix) == sorted([used, starting])
    starting.rmdir()
    isolation._sweep()
    assert folders(prefix) == []


def test_the_lock_of_a_killed_rehearsal_is_gone(prefix: str) -> None:
    left = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    script = "import fcntl, sys\nheld = open(sys.argv[1])\nfcntl.flock(held, 2)\nprint(1, flush=True)\nsys.stdin.read()"
    (left / "lock").touch()
    with subprocess.Popen(
        [sys.executable, "-c", script, str(left / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        isolation._sweep()
        assert folders(prefix) == [left]
        holder.kill()
    isolation._sweep()
    assert folders(prefix) == []


def test_it_is_locked_as_long_as_it_is_used() -> None:
    with isolation._folder() as folder, (folder / "lock").open() as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_folder_can_be_kept(prefix: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(isolation.KEEP, "1")
    with isolation._folder() as folder:
        pass
    assert folders(prefix) == [folder]
    assert str(folder) in capsys.readouterr().err
    isolation._sweep()
    assert folders(prefix) == [folder]
    shutil.rmtree(folder)


def inside(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """What runs in place of unshare; $@ is what would run inside."""
    monkeypatch.setattr(isolation, "_COMMAND", ("sh", "-c", script, "sh"))


def test_the_rehearsal_is_started_again_inside_with_its_arguments(
    prefix: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    inside(monkeypatch, f'echo "$@" >{tmp_path}/words; ls "${isolation.INSIDE}" >{tmp_path}/files; exit 3')
    assert isolation.enter(["--full", "short"]) == 3
    assert (tmp_path / "words").read_text() == f"{sys.executable} -m rehearsal --full short\n"
    assert (tmp_path / "files").read_text() == "lock\n"
    assert folders(prefix) == []


def test_it_is_ended_with_sigterm_and_nothing_stays(
    prefix: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    inside(monkeypatch, f"echo $$ >{tmp_path}/pid; exec sleep 60")
    before = signal.getsignal(signal.SIGTERM)

    def end() -> None:
        until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n"))
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end, daemon=True).start()
    with pytest.raises(SystemExit) as ended:
        isolation.enter([])
    assert ended.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) == before
    assert folders(prefix) == []
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_an_interrupted_one_may_clean_up_and_is_ended_if_it_does_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(isolation, "_PATIENCE", 0.2)
    for script, cleaned in ((f"touch {tmp_path}/ready; sleep 0.1; touch {tmp_path}/clean", True), ("sleep 60", False)):
        with subprocess.Popen(["sh", "-c", script]) as process:
            monkeypatch.setattr(process, "wait", _interrupted_once(process))
            assert isolation._status(process) == 130
            assert process.returncode == (0 if cleaned else -signal.SIGKILL)
    assert (tmp_path / "clean").exists()


def test_what_is_inside_ends_with_the_process_outside() -> None:
    script = "import os, time\nfrom rehearsal.full import isolation\n"
    script += "isolation.end_with(int(os.environ[isolation.OUTSIDE]))\nprint(1, flush=True)\ntime.sleep(60)"
    inner, outer = os.pipe()
    given = {**os.environ, isolation.OUTSIDE: str(inner)}
    with subprocess.Popen(
        [sys.executable, "-c", script], env=given, cwd=ROOT, pass_fds=[inner], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.close(inner)
        assert process.poll() is None
        os.close(outer)
        assert process.wait(20) == -signal.SIGKILL


def test_a_command_that_fails_is_told_with_what_it_said() -> None:
    with pytest.raises(RehearsalError, match=r"^sh -c: no such device$"):
        isolation._run("sh", "-c", "echo 'no such device' >&2; exit 2")


def _interrupted_once(process: subprocess.Popen[bytes]) -> object:
    """Its `wait`, which Ctrl-C ends the first time."""
    plain, calls = process.wait, iter([True])

    def wait(timeout: float | None = None) -> int:
        if next(calls, False):
            raise KeyboardInterrupt
        return plain(timeout)

    return wait
