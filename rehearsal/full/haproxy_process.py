"""HAProxy: one master, one worker that takes new connections, and those that end with their last connection."""

from __future__ import annotations

import csv
import io
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal.events import RehearsalError
from rehearsal.full.child import START as LIMIT
from rehearsal.full.child import Child
from rehearsal.full.haproxy_config import Rendered

# What `set server … addr` answers when it worked.
_DONE = re.compile(r"(IP changed|port changed|no need to change|nothing changed)")
_SERVERS = 4  # of the kinds of rows of `show stat`


@dataclass(frozen=True)
class ServerStatus:
    """A server in one worker."""

    backend: str
    server: str
    requests: int  # under way or waiting


class HAProxy:
    """HAProxy with its configuration and log in one folder."""

    def __init__(self, folder: Path) -> None:
        """Nothing runs yet; the folder's path is short enough for sockets in it (about 80 characters)."""
        self.folder = folder
        self._socket = folder / "master.sock"
        self._config = folder / "haproxy.cfg"
        self._log = folder / "haproxy.log"
        self._child: Child | None = None

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._child is not None

    def run(self, rendered: Rendered) -> None:
        """Start with a configuration, or replace the running one without losing a connection.

        Raises:
            RehearsalError: HAProxy does not take the configuration, or did not start.
        """
        self._write(rendered)
        before = self.workers() if self._child else []
        if self._child:
            os.kill(self._child.pid, signal.SIGUSR2)
        else:
            command = ["haproxy", "-W", "-S", str(self._socket), "-f", str(self._config)]
            self._child = Child("HAProxy", command, self._log)
        self._child.wait(lambda: self._current(before))

    def check(self) -> None:
        """Still there.

        Raises:
            RehearsalError: it ended by itself.
        """
        if self._child:
            self._child.check()

    def stop(self) -> None:
        """End it and all its connections."""
        if self._child:
            self._child.stop()
        self._child = None

    def tell(self, commands: Sequence[str], *, newest: bool = True) -> None:
        """Give commands to every worker: one that only ends its connections routes their next requests all the same.

        Args:
            commands: of the runtime API, one after the other.
            newest: also to the newest worker.

        Raises:
            RehearsalError: the newest worker did not take a command.
        """
        for number, worker in enumerate(self.workers() if commands else ()):
            if number == 0 and not newest:
                continue
            for command in commands:
                answer = self._ask(f"@!{worker} {command}").strip()
                # An older worker may have ended, or not know what is new.
                if number == 0 and answer and not _DONE.match(answer):
                    raise RehearsalError(f"HAProxy did not take {command}: {answer}")

    def servers(self) -> Iterator[ServerStatus]:
        """Every server in every worker."""
        for row in self.statistics(_SERVERS):
            yield ServerStatus(row["pxname"], row["svname"], int(row["scur"] or 0) + int(row["qcur"] or 0))

    def statistics(self, kinds: int) -> Iterator[dict[str, str]]:
        """The rows of `show stat` of every worker, with the worker's process id as `worker`.

        Args:
            kinds: a sum of 1 for frontends, 2 for backends, 4 for servers.
        """
        for worker in self.workers():
            text = self._ask(f"@!{worker} show stat -1 {kinds} -1").lstrip("# ")
            if not text.startswith("pxname"):
                continue  # it has ended meanwhile
            for row in csv.DictReader(io.StringIO(text.strip())):
                yield {**row, "worker": str(worker)}

    def workers(self) -> list[int]:
        """The process ids of the workers, the newest first."""
        found: list[int] = []
        for line in self._ask("show proc").splitlines():
            words = line.split()
            if len(words) > 2 and words[0].isdigit() and words[1] == "worker":
                found.append(int(words[0]))
        return found

    def _current(self, before: Sequence[int]) -> bool:
        """Whether a worker that was not there before answers."""
        try:
            workers = self.workers()
            return bool(workers) and workers[0] not in before and "Pid:" in self._ask(f"@!{workers[0]} show info")
        except OSError:
            return False

    def _ask(self, command: str) -> str:
        """The answer. While the master replaces itself it gives none: worth a second try."""
        deadline = time.monotonic() + LIMIT
        while True:
            try:
                return self._once(command)
            except OSError:
                self.check()
                if not self._child or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def _once(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self._socket))
            connection.sendall(command.encode() + b"\n")
            connection.shutdown(socket.SHUT_WR)
            pieces = []
            while piece := connection.recv(65536):
                pieces.append(piece)
        return b"".join(pieces).decode(errors="replace")

    def _write(self, rendered: Rendered) -> None:
        for name, text in rendered.files.items():
            (self.folder / name).write_text(text, encoding="utf-8", newline="")
        self._config.write_text(rendered.text, encoding="utf-8")
        tried = subprocess.run(
            ["haproxy", "-c", "-q", "-f", str(self._config)], capture_output=True, text=True, check=False
        )
        if tried.returncode:
            raise RehearsalError(f"HAProxy does not take {self._config}:\n{tried.stderr or tried.stdout}")
