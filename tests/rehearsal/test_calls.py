"""Wrappers run by a real shell."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from rehearsal import calls
from rehearsal.calls import Call


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "calls"


def shell(tmp_path: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{tmp_path / 'tools'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", script],
        env={"PATH": path, calls.VARIABLE: str(tmp_path / "calls"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_call_is_noted_down_word_by_word_and_then_made(tmp_path: Path, log: Path) -> None:
    calls.wrap(tmp_path / "tools", "show", ["printf", "<%s>"])
    done = shell(tmp_path, "show 'two words' '' $'a\\nline' '\"q\"' | cat; show last", AWS_ACCESS_KEY_ID="key")
    assert done.stdout == '<two words><><a\nline><"q"><last>'
    assert list(calls.read(log)) == [
        Call("key", "show", ("two words", "", "a\nline", '"q"')),
        Call("key", "show", ("last",)),
    ]


def test_the_commands_status_and_standard_input_pass_through(tmp_path: Path, log: Path) -> None:
    calls.wrap(tmp_path / "tools", "run", ["bash", "-c", 'read -r line; echo "got $line" >&2; exit "$1"', "run"])
    done = shell(tmp_path, "echo hello | run 7")
    assert (done.returncode, done.stderr) == (7, "got hello\n")
    assert [call.key for call in calls.read(log)] == [""]


def test_each_call_has_the_key_of_its_moment(tmp_path: Path, log: Path) -> None:
    calls.wrap(tmp_path / "tools", "aws", ["true"])
    shell(tmp_path, "aws a; AWS_ACCESS_KEY_ID=other aws b; aws", AWS_ACCESS_KEY_ID="own")
    assert [(call.key, call.arguments) for call in calls.read(log)] == [("own", ("a",)), ("other", ("b",)), ("own", ())]


def test_without_a_call_there_is_nothing_to_read(log: Path) -> None:
    assert list(calls.read(log)) == []


def test_options() -> None:
    call = Call("k", "aws", ("ecs", "describe-services", "--cluster", "c", "--services", "a", "b", "--no-paginate"))
    assert call.options == {"--cluster": "c", "--services": "a", "--no-paginate": ""}
    assert call.values("--services") == ("a", "b")
    assert call.values("--no-paginate") == call.values("--gone") == ()
    assert str(call) == "aws ecs describe-services"


def test_an_option_may_have_its_value_after_a_sign() -> None:
    call = Call("k", "aws", ("sts", "assume-role", "--role-arn=arn:x=y", "--duration-seconds=900", "--flag", "--last"))
    assert call.options == {
        "--role-arn": "arn:x=y",
        "--duration-seconds": "900",
        "--flag": "",
        "--last": "",
    }
