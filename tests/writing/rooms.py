"""Mounts that only the commands started in them see, made without privileges in namespaces of their own.

Not every machine lets us: hardened ones and most containers don't. Who asks then gets None and uses the gate instead.
https://man7.org/linux/man-pages/man7/user_namespaces.7.html
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Room:
    """A process that keeps the mounts."""

    keeper: int
    user: bool  # whether it has a user namespace, too

    def path(self, path: Path) -> Path:
        """How the outside names a path of the room."""
        return Path(f"/proc/{self.keeper}/root{path}")

    def within(self, folder: Path) -> tuple[str, ...]:
        """What starts a command in the room, in one of its folders."""
        users = ("-U", "--preserve-credentials") if self.user else ()
        return ("nsenter", "-t", str(self.keeper), *users, "-m", "sh", "-c", 'cd "$0" && exec "$@"', str(folder))


@contextlib.contextmanager
def room(mounts: str) -> Iterator[Room | None]:
    """A room after these shell commands, which mount; None where that can't be done."""
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        yield None
        return
    for options in (("-r", "-m"), ("-m",)):
        command = ["unshare", *options, "sh", "-ec", f"{mounts}\necho ready\nexec sleep 600"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as keeper:
            try:
                assert keeper.stdout is not None
                if keeper.stdout.readline() == "ready\n":
                    yield Room(keeper.pid, options == ("-r", "-m"))
                    return
            finally:
                keeper.kill()
    yield None
