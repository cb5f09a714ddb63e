"""Writing a whole folder at once: `templates/` is the old set or the new one, never a mixture.

A new folder is filled beside the old one (unchanged files are hard links), then the two change places in one system
call. Files that the generator did not make are carried over. A folder that has its place is never changed any more.
docs/decisions/0015-atomic-folder.md says what readers and other writers can rely on.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sendy_cfn import fresh
from sendy_cfn.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = "# Made by generate.py from params/; edit there.\n"
_CONFIGURATION = re.compile(r"config/(toolchain(-[0-9]+)?|[^/]+/(environment|service-[^/]+))\.json")
_EXCHANGE = 2  # RENAME_EXCHANGE on Linux and RENAME_SWAP on macOS have the same value
_HERE = -100  # AT_FDCWD
# What a kernel, a C library or a file system says that can't exchange: https://man7.org/linux/man-pages/man2/rename.2.html
_NO_EXCHANGE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}
_CANT_MOVE = {
    errno.EBUSY: "is a mount point and can't be replaced; choose a folder in it, or mount the one above",
    errno.EXDEV: "is of another file system or of a container image, and can't be replaced; choose another, or copy it",
}


class FolderWriter:
    """Collects the files of the new set. Use as a context manager: leaving it without `commit` discards everything."""

    def __init__(self, out: Path, *, dry: bool = False) -> None:
        """`out` is the folder to replace; it may not exist yet. A `dry` one only compares, and can't be committed.

        Raises:
            OSError: it exists and is no folder, or one that has more in it than ours ever have.
        """
        self.out = Path(os.path.realpath(out))  # resolve() raises for links in a circle
        if os.path.lexists(self.out) and not self.out.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(out))
        if self.out in (here := Path.cwd(), *here.parents):
            raise OSError(errno.EINVAL, "the working directory is in it, and it is replaced as a whole", str(out))
        foreign = _foreign_folder(self.out)
        if foreign:
            raise OSError(
                errno.EINVAL, f"has a folder '{foreign}'; choose another, it is replaced as a whole", str(out)
            )
        self.changed: list[str] = []
        self.kept: set[str] = set()
        self.turn = Turn(self.out)
        self._dry = dry
        self._exists = False
        self._new: Path | None = None
        self._folders = {""}  # that are there, in the new set
        self._stale: list[str] | None = None  # not known yet
        self._ours: bool | None = None  # not known yet

    def __enter__(self) -> FolderWriter:
        """Start with an empty set, once it is our turn.

        Raises:
            OSError: others write it all the time.
            StopError: the user wants to wait no longer.
        """
        if not self._dry:
            try:
                self.turn.take()
            except BaseException:
                self.turn.leave()
                raise
        self._read = fresh.Folder(str(self.out))
        self._exists = self.out.exists()
        return self

    def __exit__(self, *_: object) -> None:
        """Discard what was not committed, or else what was there before."""
        self._read.close()
        if not self._dry:
            self.turn.leave()

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
        if self._exists and not self._is_ours() and _has_content(self.out / name):
            raise FileExistsError(errno.EEXIST, "exists and was not made here; move it away", f"{self.out}/{name}")
        self.changed.append(name)
        if not self._dry:
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
        self._stale = sorted(name for name in found if generated(self.out / name, name))
        return self._stale

    def moved(self) -> bool:
        """Whether another folder has taken its place since: what was kept is not what is there."""
        return not self._read.is_there()

    def commit(self) -> None:
        """Put the new set in place; nothing happens where nothing changed.

        Raises:
            OSError: nothing was changed.
        """
        stale = self.stale() if self._stale is None else self._stale
        if not self.changed and not stale:
            return
        new = self._started()
        gone = {*stale, *self.changed}
        for name in _all_below(self.out):
            if name not in gone:
                _link(f"{self.out}/{name}", self._place(name))
        try:
            _exchange(new, self.out)
        except OSError as error:
            raise OSError(error.errno, _CANT_MOVE.get(error.errno or 0, error.strerror), str(self.out)) from error

    def _place(self, name: str) -> str:
        """Where the file goes in the new set."""
        new = self._started()
        folder = name.rpartition("/")[0]
        if folder not in self._folders:
            (new / folder).mkdir(parents=True, exist_ok=True)
            self._folders.update(map(str, Path(name).parents))
        return f"{new}/{name}"

    def _started(self) -> Path:
        if self._new is None:
            if self.turn.refused is not None:
                raise self.turn.refused
            new = self.turn.folder / f"set-{os.urandom(4).hex()}"  # should the folder be swept under us, ours is gone
            new.mkdir()
            self._new = new
        return self._new


def _has_content(path: Path) -> bool:
    """An empty file is nobody's work: a machine that lost power may leave some."""
    return path.exists() and path.stat().st_size > 0


def _all_below(folder: Path) -> Iterator[str]:
    """What is to be carried over: files, and links to folders, which are no folders to go into."""
    for parent, folders, names in os.walk(folder):
        prefix = f"{parent[len(str(folder)) :]}/"[1:]
        links = (name for name in folders if Path(parent, name).is_symlink())
        yield from (prefix + name for name in (*names, *links))


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

        try:
            shutil.copy2(source, target, follow_symlinks=False)
        except OSError as error:  # of a link, it would name what that leads to
            raise OSError(error.errno, error.strerror, source) from error


def _exchange(new: Path, old: Path) -> None:
    """Let two folders change places.

    Atomic on Linux and macOS where the file system can do it. Elsewhere there is no `old` for a moment; a run that is
    killed in it leaves that to the next one, see `Turn`.
    """
    if not old.exists():
        new.rename(old)
        return
    if not _swap(new, old):
        aside = new.with_name(new.name.replace("set-", "old-"))
        old.rename(aside)
        try:
            new.rename(old)
        except OSError:
            aside.rename(old)
            raise


def _swap(one: Path, other: Path) -> bool:
    """Whether they have changed places; False where that can't be done in one step.

    Raises:
        OSError: it can be, and was refused.
    """
    import ctypes  # here: only to replace a folder that exists

    paths = os.fsencode(one), os.fsencode(other)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            failed = library.renamex_np(*paths, _EXCHANGE)
        else:
            failed = library.renameat2(_HERE, paths[0], _HERE, paths[1], _EXCHANGE)
    except (OSError, AttributeError):  # a C library without it, as musl
        return False
    number = ctypes.get_errno()
    if failed and number not in _NO_EXCHANGE:
        raise OSError(number, os.strerror(number), str(other))
    return not failed
