"""A server that runs as long as a part of the rehearsal needs it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rehearsal.events import RehearsalError

START = 30.0  # seconds until it has to be ready; less than one on a quiet machine
_END = 10.0  # seconds that it has after SIGTERM
_TAIL = 2000  # characters of its logs in a message


class Child:
    """A process with a group of its own."""

    def __init__(self, name: str, command: Sequence[str], output: Path, logs: Sequence[Path] = ()) -> None:
        """Start it.

        Args:
            name: for messages.
            command: its words.
            output: file for what it prints.
            logs: other files that it writes to.

        Raises:
            RehearsalError: there is no such command.
        """
        self._name, self._logs = name, (output, *logs)
        try:
            with output.open("ab") as file:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
                )
        except OSError as error:
            raise RehearsalError(f"{name}: {error}") from error

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def wait(self, ready: Callable[[], bool]) -> None:
        """Wait until it is ready; it is ended if it does not get so.

        Raises:
            RehearsalError: it ended, or is not ready in time.
        """
        deadline = time.monotonic() + START
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                self.stop()
                raise RehearsalError(f"{self._name} did not start within {START:.0f} s:\n{self._tail()}")
            time.sleep(0.02)

    def check(self) -> None:
        """Still there.

        Raises:
            RehearsalError: it ended by itself; the message has the end of its logs.
        """
        if self._process.poll() is not None:
            raise RehearsalError(f"{self._name} ended with exit status {self._process.returncode}:\n{self._tail()}")

    def stop(self) -> None:
        """End it, and what it started."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_END)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()

    def _tail(self) -> str:
        texts = [log.read_text(encoding="utf-8", errors="replace")[-_TAIL:] for log in self._logs if log.exists()]
        return "".join(texts).strip()
