"""Real repositories, real pushes."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.events import RehearsalError
from rehearsal.sources import Checkout, GitHost, git

NAME = "example/orders"


@pytest.fixture
def host(tmp_path: Path) -> GitHost:
    return GitHost(tmp_path / "git")


@pytest.fixture
def code(host: GitHost, tmp_path: Path) -> Checkout:
    return Checkout.of(host, NAME, tmp_path / "work")


def commit(code: Checkout, message: str, **files: str) -> str:
    for name, text in files.items():
        path = code.folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return code.commit(message)


def test_the_first_push_has_all_files_and_later_ones_what_changed(host: GitHost, code: Checkout) -> None:
    assert list(host.pushes(NAME)) == []
    first = commit(code, "One", a="1", deep__b="1")
    code.push()
    commit(code, "Two", a="2")
    second = commit(code, "Three", c="1")
    code.push()
    one, two = host.pushes(NAME)
    assert (one.repository, one.branch, one.tag, one.commit) == (NAME, "main", "", first)
    assert one.files == ("a", "deep/b")
    assert (two.commit, two.files) == (second, ("a", "c"))
    assert list(host.pushes(NAME)) == []


def test_tags_and_branches_are_told_apart(host: GitHost, code: Checkout) -> None:
    head = commit(code, "One", a="1")
    code.push()
    list(host.pushes(NAME))
    git(code.folder, "tag", "--annotate", "--message", "Release", "v1")
    git(code.folder, "push", "--quiet", "origin", "v1", "main:refs/heads/feature/x")
    found = sorted((push.branch, push.tag, push.commit) for push in host.pushes(NAME))
    assert found == [("", "v1", head), ("feature/x", "", head)]


def test_a_deleted_branch_is_no_push(host: GitHost, code: Checkout) -> None:
    commit(code, "One", a="1")
    code.push()
    git(code.folder, "push", "--quiet", "origin", "main:other")
    list(host.pushes(NAME))
    git(code.folder, "push", "--quiet", "origin", ":other")
    assert list(host.pushes(NAME)) == []


def test_repositories_are_told_apart(host: GitHost, code: Checkout, tmp_path: Path) -> None:
    other = Checkout.of(host, "example/templates", tmp_path / "other")
    commit(code, "One", a="1")
    code.push()
    commit(other, "One", b="1")
    other.push()
    assert [push.files for push in host.pushes("example/templates")] == [("b",)]
    assert [push.files for push in host.pushes(NAME)] == [("a",)]


def test_a_revision_is_what_the_source_action_tells(host: GitHost, code: Checkout) -> None:
    head = commit(code, 'Title\n\nWith "quotes" and\nlines', a="1")
    code.push()
    found = host.revision(NAME, "main")
    assert found.commit == head
    assert found.message == 'Title\n\nWith "quotes" and\nlines'
    assert found.author_date[:2] == "20"
    with pytest.raises(RehearsalError, match="gone"):
        host.revision(NAME, "gone")


def test_an_archive_has_the_commits_files_and_no_history(host: GitHost, code: Checkout, tmp_path: Path) -> None:
    first = commit(code, "One", a="1", deep__b="x")
    commit(code, "Two", a="2", c="3")
    code.push()
    host.archive(NAME, first, tmp_path / "archive")
    files = sorted(str(path.relative_to(tmp_path / "archive")) for path in (tmp_path / "archive").rglob("*"))
    assert files == ["a", "deep", "deep/b"]
    assert (tmp_path / "archive" / "a").read_text() == "1"


def test_a_clone_has_the_history_up_to_the_commit(host: GitHost, code: Checkout, tmp_path: Path) -> None:
    first = commit(code, "One", a="1")
    second = commit(code, "Two", a="2")
    commit(code, "Three", a="3")
    code.push()
    host.clone(NAME, second, tmp_path / "clone")
    assert (tmp_path / "clone" / "a").read_text() == "2"
    assert git(tmp_path / "clone", "log", "--format=%H").split() == [second, first]


def test_a_commit_that_is_not_there_is_an_error(host: GitHost, code: Checkout, tmp_path: Path) -> None:
    commit(code, "One", a="1")
    code.push()
    with pytest.raises(RehearsalError, match="git checkout"):
        host.clone(NAME, "0" * 39 + "1", tmp_path / "clone")


def test_somebodys_git_settings_do_not_reach_the_rehearsal(
    host: GitHost, code: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    (tmp_path / "gitconfig").write_text(f"[core]\nhooksPath = {hooks}\n[user]\nname = Somebody\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    commit(code, "One", a="1")
    code.push()
    assert git(code.folder, "log", "--format=%an").strip() == "Rehearsal"
    assert [push.branch for push in host.pushes(NAME)] == ["main"]
