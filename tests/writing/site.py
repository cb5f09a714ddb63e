"""A user's folder with a small platform, an old and a new input, and what is in the folder after all kinds of ends."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias, TypeVar

from tests.platforms import ROOT
from tests.writing import gate
from tests.writing.gate import Done, Plan

Files = dict[str, bytes]
Ended: TypeAlias = "subprocess.CompletedProcess[str]"
Item = TypeVar("Item")
OLD, NEW = "shop", "store"  # names of the platform's service
COMMAND = ("generate.py",)
WORKERS = 2  # sites that are used at the same time


def files(folder: Path) -> Files:
    """All files, links with where they go."""
    return {
        path.relative_to(folder).as_posix(): bytes(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


class Site:
    """Generated from the old input, with files of the user's own in `templates/`; then the input is the new one."""

    def __init__(self, folder: Path, compiled: Path, within: Sequence[str] = ()) -> None:
        """`compiled` is a folder for compiled code that sites share; `within` starts a command in the folder."""
        self.folder = folder
        self.within = within
        self.env = {"PYTHONPYCACHEPREFIX": str(compiled), "PYTHONDONTWRITEBYTECODE": ""}
        folder.mkdir()
        shutil.copy(ROOT / "generate.py", folder)
        (folder / "sendy_cfn").symlink_to(ROOT / "sendy_cfn")
        shutil.copytree(ROOT / "tests/cases/bare", folder / "params")
        self.want(NEW)
        self.ok()
        (folder / "templates/config/test/mine.txt").write_text("mine")
        (folder / "templates/mine").symlink_to("config/test/mine.txt")
        (folder / "templates/config/test/there").symlink_to("../../../params", target_is_directory=True)
        self.new = self.set()
        self.want(OLD)
        self.ok()
        self.old = self.set()
        assert len(set(self.old) ^ set(self.new)) > 2
        assert len(set(self.old) & set(self.new)) > 10
        self.clean = self.names()
        self.env["PYTHONDONTWRITEBYTECODE"] = "1"  # or else writes of compiled code would be counted
        self._saved = folder.with_name(f"{folder.name}.saved")
        self.want(NEW)
        shutil.copytree(folder, self._saved, symlinks=True)

    def want(self, service: str) -> None:
        """Change the input."""
        path = self.folder / "params/platform.yaml"
        path.write_text(re.sub(rf"  ({OLD}|{NEW}): ", f"  {service}: ", path.read_text()))

    def restore(self) -> None:
        """As it was made: the old set, the new input."""
        for name in ("params", "templates", ".cache", ".templates.new"):
            self.remove(name)
        for name in ("params", "templates", ".cache"):
            shutil.copytree(self._saved / name, self.folder / name, symlinks=True)

    def remove(self, name: str) -> None:
        """Remove what is in it by this name, if anything."""
        path = self.folder / name
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.exists():
            shutil.rmtree(path)

    def names(self) -> list[str]:
        """What is in the folder, and in the memory's."""
        inner = [f".cache/{path.name}" for path in (self.folder / ".cache").glob("*")]
        return sorted([path.name for path in self.folder.iterdir()] + inner)

    def set(self) -> Files:
        """The generated folder's content; empty if there is none."""
        return files(self.folder / "templates")

    def run(self, *more: str, command: Iterable[str] = COMMAND, start: Sequence[str] = ()) -> Ended:
        """The command as users type it; `start` is what starts it otherwise."""
        return subprocess.run(
            [*self.within, *start, sys.executable, *command, *more],
            cwd=self.folder,
            env=os.environ | self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=gate.LIMIT,
        )

    def ok(self) -> None:
        """Generate, which has to work."""
        done = self.run()
        assert (done.returncode, done.stderr) == (0, "")

    def gated(self, plan: Plan, *more: str, audit: bool = False) -> Done:
        """The command with its system calls answered by plan."""
        return gate.run([*COMMAND, *more], self.folder, self.env, plan, audit=audit)

    def is_whole(self) -> str:
        """Which of the two sets is there; fails if it is neither."""
        found = self.set()
        assert found in (self.old, self.new), sorted(found)
        return OLD if found == self.old else NEW

    def settle(self, service: str) -> None:
        """A normal run with this input makes its set and leaves nothing beside it; `--check` agrees."""
        self.want(service)
        done = self.run()
        assert (done.returncode, done.stderr) == (0, "")
        assert self.set() == (self.old if service == OLD else self.new)
        assert self.names() == self.clean


def at_once(sites: list[Site], work: Callable[[Site, Item], None], items: Iterable[Item]) -> None:
    """Do the work for each item, on as many sites at a time as there are."""
    shares = list(items)

    def share(number: int) -> None:
        for item in shares[number :: len(sites)]:
            work(sites[number], item)

    with ThreadPoolExecutor(len(sites)) as pool:
        list(pool.map(share, range(len(sites))))
