"""One run at a time writes a folder; what a killed one left is cleaned up by the next.

.templates.new/        beside the output folder, while a run may write
    lock               held by flock
    set-<random>/      the new set while it is filled; once it is in place, the old one
    old-<random>/      the old set, for a moment, where the file system can't exchange two folders
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sys
import time
from pathlib import Path

from sendy_cfn import fresh, stop

PATIENCE = 60  # seconds to wait for other runs; one of a thousand services takes less than ten
_PAUSE = 0.02  # seconds between two looks at the lock
# What flock says where there are no locks, as on some network and FUSE file systems.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}


class Turn:
    """The right to write one output folder, and the folder beside it to work in."""

    def __init__(self, out: Path, patience: float = PATIENCE) -> None:
        """`out` is the resolved path of the folder to write; nothing is touched yet. `patience` is in seconds."""
        self.out = out
        self.patience = patience
        self.folder = Path(fresh.beside(str(out)))
        self.waited = False
        self.refused: OSError | None = None  # why nothing can be written here, to be said once something has to be
        self._lock = self.folder / "lock"
        self._file: int | None = None
        self._parents: list[Path] = []  # folders made for it, the deepest first

    def take(self) -> None:
        """Wait for the turn, then put right what a killed run left.

        Where nothing can be written, this is no error yet: a run that changes nothing needs no turn.

        Raises:
            TimeoutError: others had their turns all the time.
            OSError: the file system has no locks, and somebody else's folder is there.
            StopError: the user lost patience first.
        """
        try:
            self._file = self._locked()
        except PermissionError as error:
            self.refused = error
        except OSError as error:
            if error.errno not in (errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EMFILE):
                raise
            self.refused = error
        else:
            self._repair()

    def leave(self) -> None:
        """Remove the folder with all that is in it and let the next one have its turn; fine without a turn, too."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._repair()
                self._lock.unlink()
            self._remove_empty()
            os.close(self._file)
            self._file = None
        else:
            self._remove_empty()

    def _remove_empty(self) -> None:
        """Others may have made their lock in it already; then it stays, as do parents of what was made."""
        for folder in (self.folder, *self._parents):
            try:
                folder.rmdir()
            except OSError:
                return

    def _locked(self) -> int:
        """The locked file, as a descriptor."""
        deadline = time.monotonic() + self.patience
        while True:
            made = self._make_folder()
            try:
                file = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
            except FileNotFoundError:  # the one before has just removed the folder
                continue
            try:
                self._wait(file, deadline, made=made)
                if self._is_there(file):
                    return file
            except BaseException:
                os.close(file)
                raise
            os.close(file)

    def _make_folder(self) -> bool:
        """Whether it was made now."""
        if not self.out.parent.is_dir():
            self._parents += [path for path in self.out.parents if not path.exists()]
            self.out.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.folder.mkdir()
        except FileExistsError:
            self._check_owner()
            return False
        return True

    def _check_owner(self) -> None:
        """Raises: PermissionError where a stranger has put it there, as is easy below /tmp."""
        with contextlib.suppress(FileNotFoundError):
            found = self.folder.lstat()
            known = (os.geteuid(), self.out.parent.stat().st_uid)
            if self.folder.is_symlink() or found.st_uid not in known:
                raise PermissionError(errno.EPERM, "was made by another user; delete it", str(self.folder))

    def _wait(self, file: int, deadline: float, *, made: bool) -> None:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                pass
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise
                if made:  # only one can have made it
                    return
                reason = "another run is writing, or was killed and this can be deleted (there are no file locks here)"
                raise OSError(errno.EBUSY, reason, str(self.folder)) from None
            if not self.waited:
                print(f"{self.out}: another run is writing it; waiting", file=sys.stderr, flush=True)
                self.waited = True
            if time.monotonic() > deadline:
                reason = f"other runs have been writing for {self.patience:.0f} seconds; gave up"
                raise TimeoutError(errno.ETIMEDOUT, reason, str(self.out))
            stop.poll()
            time.sleep(_PAUSE)

    def _is_there(self, file: int) -> bool:
        """Whether the locked file is still the one that others would lock; its owner before removed it at the end."""
        try:
            return os.path.samestat(os.fstat(file), self._lock.stat())
        except FileNotFoundError:
            return False

    def _repair(self) -> None:
        """An old set that was moved aside and not replaced goes back to its place; all else goes."""
        if not os.path.lexists(self.out):
            for aside in self.folder.glob("old-*"):
                aside.rename(self.out)
                break
        for path in self.folder.iterdir():
            if path != self._lock:
                _remove(path)


def _remove(path: Path) -> None:
    """Remove a folder, even one with folders that are write-protected; says so where it can't be done."""
    try:
        _remove_all(path)
    except OSError:
        try:
            for parent, _, _ in os.walk(path):
                Path(parent).chmod(0o700)
            _remove_all(path)
        except OSError as error:
            print(f"note: can't remove {path}: {error.strerror}; the next run tries again", file=sys.stderr)


def _remove_all(path: Path) -> None:
    """What shutil.rmtree does, which takes longer to import than this takes."""
    for parent, folders, names in os.walk(path, topdown=False):
        for name in names:
            os.unlink(f"{parent}/{name}")  # noqa: PTH108 - of thousands of files; a Path for each takes as long again
        for folder in map(Path(parent).joinpath, folders):
            if folder.is_symlink():
                folder.unlink()
            else:
                folder.rmdir()
    path.rmdir()
