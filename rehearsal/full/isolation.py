"""A network, mounts and process numbers of our own: the rehearsal runs in them, and all of it ends with them.

`enter` starts the rehearsal again inside; `wake` and `furnish` are called there. Names and addresses inside are nobody else's, so
that the usual ports can be used, and nothing of the machine's network changes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from rehearsal.events import RehearsalError

INSIDE = "REHEARSAL_FOLDER"  # variable that says that this process is inside, and where its folder is
_PREFIX = "rehearsal-full-"
_PATIENCE = 60.0  # seconds that an interrupted rehearsal has to end by itself
_COMMAND = (
    *("unshare", "--net", "--mount", "--pid", "--ipc", "--uts", "--fork", "--mount-proc", "--kill-child"),
    *("--propagation", "private"),
    # Takes in what becomes of tasks' processes, as the first process of a system has to.
    *("catatonit", "--"),
)


def enter(arguments: Sequence[str]) -> int:
    """Run `python -m rehearsal` with these arguments inside, in a folder that is gone afterwards; its exit status.

    Raises:
        RehearsalError: this user may not make such places.
    """
    if os.geteuid() != 0:
        raise RehearsalError("a full rehearsal starts containers in a network of its own: run it as root, or with sudo")
    _sweep()
    with _folder() as folder:
        process = subprocess.Popen(
            [*_COMMAND, sys.executable, "-m", "rehearsal", *arguments], env={**os.environ, INSIDE: str(folder)}
        )
        with _told(process):
            return _status(process)


def wake() -> None:
    """Bring the loopback interface up, before anything listens.

    Raises:
        RehearsalError: this process may not.
    """
    _run("ip", "link", "set", "lo", "up")


def furnish(folder: Path, hosts: Mapping[str, str]) -> None:
    """Give the place inside its names and a resolver's address; only this process's children see it.

    Args:
        folder: for the files that stand for those in /etc.
        hosts: addresses by name, beside localhost.

    Raises:
        RehearsalError: a mount failed.
    """
    lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in hosts.items())]
    texts = {"hosts": "\n".join(lines), "resolv.conf": "nameserver 127.0.0.1\noptions timeout:5 attempts:3"}
    for name, text in texts.items():
        file = folder / name
        file.write_text(text + "\n", encoding="utf-8")
        _run("mount", "--bind", str(file), str(Path("/etc", name).resolve()))


def _status(process: subprocess.Popen[bytes]) -> int:
    """Wait to the end; an interrupted rehearsal cleans up after itself, or is ended."""
    try:
        return process.wait()
    except KeyboardInterrupt:
        # The terminal has told those inside as well.
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(_PATIENCE)
        process.kill()
        process.wait()
        return 130


@contextlib.contextmanager
def _told(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Hand SIGTERM and SIGHUP on as an end: without the process nothing inside goes on."""

    def end(number: int, _frame: FrameType | None) -> None:
        process.kill()
        process.wait()
        sys.exit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder for everything, locked as long as it is in use."""
    # Short: sockets in it have to fit into 108 characters.
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir="/tmp"))
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Remove folders of rehearsals that were killed: nobody holds their lock."""
    for folder in Path("/tmp").glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError), (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RehearsalError(f"{' '.join(command[:2])}: {done.stderr.strip()}")
