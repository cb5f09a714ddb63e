"""A network, mounts and process numbers of our own: the rehearsal runs in them, and all of it ends with them.

`enter` starts the rehearsal again inside; `wake` and `furnish` are called there. Names and addresses inside are nobody
else's, so that the usual ports can be used, and nothing of the machine's network changes.
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
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from rehearsal.events import RehearsalError

INSIDE = "REHEARSAL_FOLDER"  # variable that says that this process is inside, and where its folder is
KEEP = "REHEARSAL_KEEP"  # variable: leave the folder where it is
OUTSIDE = "REHEARSAL_OUTSIDE"  # variable: descriptor of a pipe that the process outside holds the other end of
_INTERRUPTED = 130
_KEPT = "kept"  # file that says that somebody wants to look at the folder
_PREFIX = "rehearsal-full-"
_PATIENCE = 20.0  # seconds that an interrupted rehearsal has to end by itself
_COMMAND = (
    *("unshare", "--net", "--mount", "--pid", "--ipc", "--uts", "--fork", "--mount-proc", "--kill-child"),
    *("--propagation", "private"),
    # Takes in what becomes of tasks' processes, as the first process of a system has to.
    *("catatonit", "--"),
)


def enter(arguments: Sequence[str]) -> int:
    """Run `python -m rehearsal` with these arguments inside, in a folder that is gone afterwards; its exit status."""
    _sweep()
    with _folder() as folder, _told():
        inner, outer = os.pipe()
        try:
            process = subprocess.Popen(
                [*_COMMAND, sys.executable, "-m", "rehearsal", *arguments],
                env={**os.environ, INSIDE: str(folder), OUTSIDE: str(inner)},
                pass_fds=[inner],
            )
            return _status(process)
        finally:
            os.close(inner)
            os.close(outer)


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
    """Wait to the end; an interrupted rehearsal has some time to clean up after itself."""
    try:
        return process.wait()
    except KeyboardInterrupt:
        # The terminal has told those inside as well.
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            process.wait(_PATIENCE)
        return _INTERRUPTED
    finally:
        # Without this process nothing inside goes on.
        process.kill()
        process.wait()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """End on SIGTERM and SIGHUP as on an error, so that everything is cleaned up."""

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_with(descriptor: int) -> None:
    """End this process, and all that is inside with it, once the process that holds the pipe's other end is gone."""

    def watch() -> None:
        os.read(descriptor, 1)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name="outside").start()


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
            if os.environ.get(KEEP):
                (folder / _KEPT).touch()
                print(f"kept: {folder}", file=sys.stderr)
            else:
                shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Remove folders of rehearsals that were killed: nobody holds their lock."""
    for folder in Path("/tmp").glob(f"{_PREFIX}*"):
        if (folder / _KEPT).exists():
            continue
        with contextlib.suppress(OSError), (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RehearsalError(f"{' '.join(command[:2])}: {done.stderr.strip()}")
