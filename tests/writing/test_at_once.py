"""Several runs at once, and somebody who reads what they write."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sendy_cfn.turn import Turn
from tests.writing import gate
from tests.writing.gate import Plan
from tests.writing.site import COMMAND, NEW, OLD, Files, Site

ROUNDS = 22
OTHER = ("--params", "params-old")  # with which the old set is made
# Starts a run that makes the old set, and waits until it says that it has to wait.
SECOND = (
    f"({sys.executable} generate.py --params params-old >second.out 2>second.err; echo $? >second.status) & "
    "until grep -q waiting second.err; do sleep 0.02; done"
)


@pytest.fixture
def shared(site: Site) -> Site:
    """With a second input."""
    site.want(OLD)
    for name in ("params-old", "second.err", "second.out", "second.status"):
        site.remove(name)
    shutil.copytree(site.folder / "params", site.folder / "params-old")
    (site.folder / "second.err").touch()
    site.want(NEW)
    return site


def start(site: Site, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *COMMAND, *more],
        cwd=site.folder,
        env=os.environ | site.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(*runs: subprocess.Popen[str]) -> list[str]:
    """What they said on standard error; all end well."""
    said = []
    for run in runs:
        with run:
            _, err = run.communicate(timeout=gate.LIMIT)
            assert run.returncode == 0, err
            said.append(err)
    return said


def left_over(site: Site) -> list[str]:
    return [name for name in site.names() if name.endswith(".new")]


class Reader(threading.Thread):
    """Reads the folder again and again, as docs/decisions/0015-atomic-folder.md says how."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.seen: list[Files] = []  # each once
        self.count = self.again = 0
        self.failed: OSError | None = None
        self.done = threading.Event()

    def run(self) -> None:
        try:
            while not self.done.is_set():
                found = self.snapshot()
                if found is None:
                    self.again += 1
                else:
                    self.count += 1
                    if found not in self.seen:
                        self.seen.append(found)
        except OSError as error:
            self.failed = error

    def snapshot(self) -> Files | None:
        """All files by way of one descriptor; None where another folder took its place meanwhile."""
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)  # never missing
        try:
            try:
                found = dict(read_below(folder))
            except FileNotFoundError:
                found = None
            return found if os.path.samestat(os.fstat(folder), self.folder.stat()) else None
        finally:
            os.close(folder)


def read_below(folder: int) -> list[tuple[str, bytes]]:
    found = []
    for parent, folders, names, inner in os.fwalk(".", dir_fd=folder):
        for name in names + folders:
            path = f"{parent}/{name}"[2:]
            try:
                found.append((path, os.readlink(name, dir_fd=inner).encode()))
            except OSError as error:
                if error.errno != errno.EINVAL:  # no link
                    raise
                if name in names:
                    file = os.open(name, os.O_RDONLY, dir_fd=inner)
                    with os.fdopen(file, "rb") as opened:
                        found.append((path, opened.read()))
    return found


def test_two_runs_and_a_reader(shared: Site) -> None:
    reader = Reader(shared.folder / "templates")
    reader.start()
    waited, won = 0, set()
    try:
        for number in range(ROUNDS):
            runs = [start(shared), start(shared, *OTHER)]
            said = finish(*(runs if number % 2 else reversed(runs)))
            waited += sum("another run is writing it; waiting" in line for line in said)
            won.add(shared.is_whole())
            assert left_over(shared) == []
            if number % 7 == 0:
                for input_of, service in (((), NEW), (OTHER, OLD)):
                    done = shared.run("--check", *input_of)
                    assert done.returncode == (0 if shared.is_whole() == service else 1)
    finally:
        reader.done.set()
        reader.join()
    assert reader.failed is None
    assert waited > 0
    assert won <= {OLD, NEW}
    assert reader.count > ROUNDS
    assert sorted(map(len, reader.seen)) == sorted(map(len, (shared.old, shared.new)))
    assert all(found in (shared.old, shared.new) for found in reader.seen)


def test_a_handful_at_once(shared: Site) -> None:
    """As an editor starts them, one for each file that it saves."""
    finish(*(start(shared) for _ in range(5)))
    assert shared.is_whole() == NEW
    assert left_over(shared) == []
    assert shared.run("--check").returncode == 0


@pytest.mark.parametrize("number", [0, signal.SIGKILL, signal.SIGTERM])
def test_who_waits_has_its_turn_when_the_other_has_ended(shared: Site, number: int) -> None:
    """Ended well, killed or stopped: just before it would have put its set in place."""
    calls = shared.gated(Plan()).calls
    shared.restore()
    done = shared.gated(Plan(calls.index("exchange") + 1, number, meanwhile=SECOND))
    assert done.status == {0: 0, signal.SIGKILL: -signal.SIGKILL, signal.SIGTERM: 143}[number]
    for _ in range(gate.LIMIT * 10):
        if (shared.folder / "second.status").exists():
            break
        threading.Event().wait(0.1)
    assert (shared.folder / "second.status").read_text() == "0\n"
    assert (shared.folder / "second.err").read_text() == (
        f"{shared.folder}/templates: another run is writing it; waiting\n"
    )
    assert shared.is_whole() == OLD
    assert left_over(shared) == []
    assert shared.run("--check", *OTHER).returncode == 0


def test_a_check_waits_for_nobody(shared: Site) -> None:
    """It is answered while another run has its turn, and of what is there then."""
    calls = shared.gated(Plan()).calls
    shared.restore()
    for at, status in ((calls.index("exchange") + 1, 1), (calls.index("exchange") + 2, 0)):
        shared.restore()
        checked = f"{sys.executable} generate.py --check >second.out 2>&1; test $? = {status}"
        done = shared.gated(Plan(at, meanwhile=checked))
        assert (done.status, done.err) == (0, "")
        assert "waiting" not in (shared.folder / "second.out").read_text()


def test_patience_ends(tmp_path: Path) -> None:
    out = tmp_path / "templates"
    first, second = Turn(out), Turn(out, patience=0.1)
    first.take()
    with pytest.raises(TimeoutError, match="other runs have been writing"):
        second.take()
    second.leave()
    assert (tmp_path / ".templates.new/lock").exists()
    first.leave()
    assert list(tmp_path.iterdir()) == []
    second.take()
    assert second.refused is None
    second.leave()


def test_a_turn_is_not_taken_from_who_has_it(tmp_path: Path) -> None:
    """What is in its folder is not cleaned up by others, however long it takes."""
    out = tmp_path / "templates"
    first, second = Turn(out), Turn(out, patience=0.1)
    first.take()
    (first.folder / "set-1").mkdir()
    with pytest.raises(TimeoutError):
        second.take()
    second.leave()
    assert (first.folder / "set-1").is_dir()
    first.leave()


def test_turns_at_different_folders_are_independent(tmp_path: Path) -> None:
    first, second = Turn(tmp_path / "one"), Turn(tmp_path / "two", patience=0)
    first.take()
    second.take()
    assert not second.waited
    first.leave()
    second.leave()
