"""Servers of the rehearsal: started, watched, ended."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from rehearsal.events import RehearsalError
from rehearsal.full.child import Child


def test_it_is_waited_for_and_ended(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    child = Child("server", ["sh", "-c", f"sleep 0.1; touch {ready}; sleep 60"], tmp_path / "log")
    child.wait(ready.exists)
    child.check()
    child.stop()
    with pytest.raises(RehearsalError, match="ended with exit status -15"):
        child.check()


def test_the_end_of_its_logs_says_why_it_ended(tmp_path: Path) -> None:
    own = tmp_path / "own.log"
    child = Child("server", ["sh", "-c", f"echo printed; echo written >{own}; exit 4"], tmp_path / "log", [own])
    with pytest.raises(RehearsalError, match=r"server ended with exit status 4:\nprinted\nwritten"):
        child.wait(lambda: False)


def test_what_it_started_ends_too_when_it_does_not_obey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rehearsal.full.child._END", 0.2)
    beat = tmp_path / "beat"
    script = f"trap '' TERM; (trap '' TERM; while :; do touch {beat}; sleep 0.05; done) & wait"
    child = Child("server", ["sh", "-c", script], tmp_path / "log")
    child.wait(beat.exists)
    child.stop()
    beat.unlink()
    time.sleep(0.3)
    assert not beat.exists()


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RehearsalError, match="server: "):
        Child("server", ["no-such-server"], tmp_path / "log")
