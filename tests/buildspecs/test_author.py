"""Who wrote a commit, asked of a real repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sendy_cfn.blocks.buildspecs import load
from tests.buildspecs.runner import run


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=Ada “Countess” Lovelace", "-c", "user.email=ada@courier.example"]
    done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main")
    for number in (1, 2):
        (tmp_path / "file").write_text(str(number))
        git(tmp_path, "add", "file")
        git(tmp_path, "commit", "-q", "-m", f"change {number}")
    return tmp_path


def test_the_author_of_the_commit_that_is_released_not_of_the_branchs_head(clone: Path) -> None:
    first = git(clone, "rev-parse", "HEAD~1")
    git(clone, "commit", "-q", "--amend", "-m", "x", "--author", "Somebody Else <else@courier.example>")
    outcome = run(load("author"), clone, {"COMMIT_ID": first})
    assert outcome.succeeded, outcome.log
    assert outcome.exported == {"COMMIT_AUTHOR": "Ada Countess Lovelace <ada@courier.example>"}


@pytest.mark.parametrize("commit", ["0" * 40, "v1.0", "-p"])
def test_a_commit_that_the_clone_does_not_have_is_no_failure(clone: Path, commit: str) -> None:
    outcome = run(load("author"), clone, {"COMMIT_ID": commit})
    assert outcome.succeeded, outcome.log
    assert outcome.exported["COMMIT_AUTHOR"].startswith("unknown")


def test_without_a_commit_it_fails(clone: Path) -> None:
    assert not run(load("author"), clone, {"COMMIT_ID": ""}).succeeded
