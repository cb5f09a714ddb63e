"""Writing a whole folder at once: `templates/` is the old set or the new one, never a mixture.

A new folder is filled beside the old one (unchanged files are hard links), then the two change places in one system
call. Files that the generator did not make are carried over.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
from pathlib import Path

from sendy_cfn import fresh

HEADER = "# Made by generate.py from params/; edit there.\n"
_CONFIGURATION = re.compile(r"config/(toolchain(-[0-9]+)?|[^/]+/(environment|service-[^/]+))\.json")
_EXCHANGE = 2  # RENAME_EXCHANGE on Linux and RENAME_SWAP on macOS have the same value
_HERE = -100  # AT_FDCWD


class FolderWriter:
    """Collects the files of the new set. Use as a context manager: leaving it without `commit` discards everything."""

    def __init__(self, out: Path) -> None:
        """`out` is the folder to replace; it may not exist yet.

        Raises:
            OSError: it exists and is no folder, or one that has more in it than ours ever have.
        """
        self.out = out.resolve()
        if self.out.exists() and not self.out.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(out))
        if self.out in (here := Path.cwd(), *here.parents):
            raise OSError(errno.EINVAL, "the working directory is in it, and it is replaced as a whole", str(out))
        foreign = _foreign_folder(self.out)
        if foreign:
            raise OSError(
                errno.EINVAL, f"has a folder '{foreign}'; choose another, it is replaced as a whole", str(out)
            )
        self._exists = self.out.exists()
        self.new: Path | None = None
        self.changed: list[str] = []
        self.kept: set[str] = set()
        self._folders: set[str] = set()
        self._ours: bool | None = None  # not known yet

    def __enter__(self) -> FolderWriter:
        """Start with an empty set."""
        return self

    def __exit__(self, *_: object) -> None:
        """Discard what was not committed."""
        if self.new is not None and self.new.exists():
            import shutil  # here: a first run leaves nothing behind

            shutil.rmtree(self.new, ignore_errors=True)

    def put(self, name: str, data: bytes) -> None:
        """Add a file; an equal one that exists stays the same file.

        Raises:
            OSError: the folder can't be written, or the disk is full.
        """
        try:
            same = self._exists and fresh.read(f"{self.out}/{name}") == data
        except OSError:
            same = False
        if same:
            self.kept.add(name)
            return
        if self._exists and not self._is_ours() and (self.out / name).exists():
            raise FileExistsError(errno.EEXIST, "exists and was not made here; move it away", f"{self.out}/{name}")
        self.changed.append(name)
        fresh.write(self._place(name), data)

    def present(self, name: str) -> bytes:
        """A file as it is in the folder now; empty where there is none."""
        try:
            return fresh.read(f"{self.out}/{name}")
        except OSError:
            return b""

    def _is_ours(self) -> bool:
        """Whether anything in the folder was made here: then what stands in our files' places is ours, even edited."""
        if self._ours is None:
            self._ours = any(generated(self.out / name, name) for name in fresh.below(str(self.out)))
        return self._ours

    def keep(self, name: str) -> None:
        """Add a file that is known to be unchanged."""
        self.kept.add(name)

    def stale(self) -> list[str]:
        """Generated files that are in the folder and not in the new set, sorted."""
        known = self.kept.union(self.changed)
        found = (name for name in fresh.below(str(self.out)) if name not in known)
        return sorted(name for name in found if generated(self.out / name, name))

    def commit(self) -> None:
        """Put the new set in place; nothing happens where nothing changed.

        Raises:
            OSError: nothing was changed.
        """
        stale = self.stale()
        if not self.changed and not stale:
            return
        if len(self.changed) == 1 and not stale and self._replace_one(self.changed[0]):
            return
        new = self._started()
        gone = {*stale, *self.changed}
        for name in fresh.below(str(self.out)):
            if name not in gone:
                _link(f"{self.out}/{name}", self._place(name))
        _exchange(new, self.out)

    def _replace_one(self, name: str) -> bool:
        """One file alone is replaced as it is, in one step; False where its folder has to be made first."""
        new = self._started()
        try:
            (new / name).rename(self.out / name)
        except FileNotFoundError:
            return False
        for folder in (new / name).relative_to(new.parent).parents[:-1]:
            (new.parent / folder).rmdir()
        return True

    def _place(self, name: str) -> str:
        """Where the file goes in the new set."""
        new = self._started()
        folder = name.rpartition("/")[0]
        if folder not in self._folders:
            (new / folder).mkdir(parents=True, exist_ok=True)
            self._folders.add(folder)
        return f"{new}/{name}"

    def _started(self) -> Path:
        if self.new is None:
            self.out.parent.mkdir(parents=True, exist_ok=True)
            new = self.out.with_name(f".{self.out.name}.new-{os.urandom(4).hex()}")
            new.mkdir()
            self.new = new
        return self.new


def _foreign_folder(out: Path) -> str:
    """A folder in it that can't be ours: we make `config/` and in it one folder per environment."""
    for parent, names in ((out, ("config",)), (out / "config", None)):
        with contextlib.suppress(OSError), os.scandir(parent) as entries:
            for entry in entries:
                if entry.is_dir() and (entry.is_symlink() or (names and entry.name not in names)):
                    return entry.name
    return ""


def generated(path: Path, name: str) -> bool:
    """Whether the file is ours: templates say so in their first line, configurations have exactly our two keys."""
    try:
        if name.endswith(".yaml"):
            with path.open("rb") as file:
                return file.readline() == HEADER.encode()
        if _CONFIGURATION.fullmatch(name):
            import json

            found = json.loads(path.read_bytes())
            return isinstance(found, dict) and set(found) == {"Parameters", "Tags"}
    except (OSError, ValueError):
        return False
    return False


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # a file system without hard links
        import shutil

        shutil.copy2(source, target, follow_symlinks=False)


def _exchange(new: Path, old: Path) -> None:
    """Let two folders change places: atomic on Linux and macOS, elsewhere two renames and a way back."""
    if not old.exists():
        new.rename(old)
        return
    if not _swap(new, old):
        aside = new.with_name(f"{new.name}.old")
        old.rename(aside)
        try:
            new.rename(old)
        except OSError:
            aside.rename(old)
            raise
        aside.rename(new)


def _swap(one: Path, other: Path) -> bool:
    import ctypes  # here: only to replace a folder that exists

    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        if sys.platform == "darwin":
            return bool(library.renamex_np(os.fsencode(one), os.fsencode(other), _EXCHANGE) == 0)
        return bool(library.renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0)
    return False
