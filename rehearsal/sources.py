"""The Git host: bare repositories that people push to, and what a pipeline's source action takes from them."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.events import RehearsalError

_ZERO = "0" * 40
_IDENTITY = {
    "GIT_AUTHOR_NAME": "Rehearsal",
    "GIT_AUTHOR_EMAIL": "rehearsal@example.com",
    "GIT_COMMITTER_NAME": "Rehearsal",
    "GIT_COMMITTER_EMAIL": "rehearsal@example.com",
    # Nothing of the machine's own settings: hooks and signing would be somebody's.
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
# What Git calls after a push, with a line for each reference; a webhook would tell CodeConnections the same.
_HOOK = '#!/bin/sh\nwhile read -r line; do echo "$line" >>pushes; done\n'


@dataclass(frozen=True)
class Push:
    """What a push changed: one reference."""

    repository: str
    branch: str  # "" for a tag
    tag: str  # "" for a branch
    commit: str
    files: tuple[str, ...]  # that differ from what the branch had before


@dataclass(frozen=True)
class Revision:
    """A commit."""

    commit: str
    message: str
    author_date: str


@dataclass
class GitHost:
    """All repositories, in one folder."""

    folder: Path
    _seen: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def path(self, repository: str) -> Path:
        """Where a repository (`owner/name`) is; made when it is not there yet."""
        path = self.folder / f"{repository}.git"
        with self._lock:
            if not path.exists():
                git(self.folder.parent, "init", "--quiet", "--bare", "--initial-branch=main", str(path))
                hook = path / "hooks" / "post-receive"
                hook.parent.mkdir(exist_ok=True)
                hook.write_text(_HOOK, encoding="utf-8")
                hook.chmod(0o755)
        return path

    def pushes(self, repository: str) -> Iterator[Push]:
        """What was pushed since the last call, oldest first."""
        path = self.path(repository)
        log = path / "pushes"
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        for line in lines[self._seen.get(repository, 0) :]:
            old, new, reference = line.split(" ", 2)
            if new != _ZERO:
                yield self._push(repository, old, new, reference)
        self._seen[repository] = len(lines)

    def revision(self, repository: str, branch: str) -> Revision:
        """The head of a branch.

        Raises:
            RehearsalError: there is no such branch.
        """
        shown = git(self.path(repository), "log", "-1", "--format=%H%n%aI%n%B", f"refs/heads/{branch}", "--")
        commit, date, message = shown.split("\n", 2)
        return Revision(commit, message.strip(), date)

    def archive(self, repository: str, commit: str, target: Path) -> None:
        """The files of a commit, without history: what the console calls CodePipeline default."""
        target.mkdir(parents=True)
        path = self.path(repository)
        packed = subprocess.run(["git", "-C", str(path), "archive", commit], capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", str(target)], input=packed, check=True)

    def clone(self, repository: str, commit: str, target: Path) -> None:
        """A whole clone at a commit: what the console calls full clone."""
        git(self.folder, "clone", "--quiet", str(self.path(repository)), str(target))
        git(target, "checkout", "--quiet", "--detach", commit)

    def _push(self, repository: str, old: str, new: str, reference: str) -> Push:
        path = self.path(repository)
        known = old if old != _ZERO else git(path, "hash-object", "-t", "tree", os.devnull).strip()
        files = git(path, "diff", "--name-only", known, new).splitlines()
        branch, tag = reference.removeprefix("refs/heads/"), reference.removeprefix("refs/tags/")
        return Push(
            repository,
            branch if branch != reference else "",
            tag if tag != reference else "",
            git(path, "rev-parse", f"{new}^{{commit}}").strip(),
            tuple(files),
        )


@dataclass(frozen=True)
class Checkout:
    """A developer's copy of a repository."""

    folder: Path

    @classmethod
    def of(cls, host: GitHost, repository: str, folder: Path) -> Checkout:
        """Clone a repository, which may be empty."""
        git(folder.parent, "clone", "--quiet", str(host.path(repository)), str(folder))
        git(folder, "checkout", "--quiet", "-B", "main")
        return cls(folder)

    def commit(self, message: str) -> str:
        """Commit all that changed; the commit's id."""
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--allow-empty", "--message", message)
        return git(self.folder, "rev-parse", "HEAD").strip()

    def push(self) -> None:
        """Send the branch."""
        git(self.folder, "push", "--quiet", "origin", "main")


def git(folder: Path, *arguments: str, environment: Mapping[str, str] = _IDENTITY) -> str:
    """What git prints.

    Raises:
        RehearsalError: it ended with another status than 0.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
    if done.returncode:
        raise RehearsalError(f"git {arguments[0]} in {folder.name}: {' '.join(done.stderr.split())[-400:]}")
    return done.stdout
