"""Programs of images, as processes of this machine: one for each task definition, on a port of its own."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.dry import dockerfile
from rehearsal.events import RehearsalError
from rehearsal.routes import Backend

_START = 20.0  # seconds until a program has to listen; under 1 on a quiet machine


@dataclass(frozen=True)
class Process:
    """A program that runs."""

    program: dockerfile.Program
    process: subprocess.Popen[bytes]
    port: int
    log: Path


@dataclass
class Processes:
    """All that run, by task definition."""

    images: Path  # where the recorder of docker notes images down
    folder: Path  # for logs
    _running: dict[str, Process] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, backend: Backend, secrets: Mapping[str, str]) -> Process:
        """The process for a task of this backend, started when there is none.

        Raises:
            RehearsalError: there is no such image, or the program ended or did not listen.
        """
        key = f"{backend.definition['taskDefinitionArn']} {backend.place}"
        with self._lock:
            if key not in self._running:
                self._running[key] = self._start(backend, secrets)
        found = self._running[key]
        self._wait(found)
        return found

    def running(self, backend: Backend) -> Process | None:
        """The process for a task of this backend, if it was started."""
        return self._running.get(f"{backend.definition['taskDefinitionArn']} {backend.place}")

    def stop(self) -> None:
        """End all of them."""
        with self._lock:
            for found in self._running.values():
                found.process.kill()
                found.process.wait()
            self._running.clear()

    def _start(self, backend: Backend, secrets: Mapping[str, str]) -> Process:
        image = str(backend.container["image"])
        digest = image.partition("@sha256:")[2]
        noted = self.images / f"{digest}.json"
        if not digest or not noted.exists():
            raise RehearsalError(f"CannotPullContainerError: there is no image {image}")
        program = dockerfile.load(noted)
        port = _free_port()
        given = {item["name"]: item["value"] for item in backend.container.get("environment", [])}
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / f"{backend.service}-{port}.log"
        own = {**program.environment, **given, **secrets, "PORT": str(port), "HOST": "127.0.0.1"}
        with log.open("wb") as output:
            process = subprocess.Popen(
                _command(program),
                cwd=program.context,
                env={"PATH": os.environ["PATH"], **own},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return Process(program, process, port, log)

    @staticmethod
    def _wait(found: Process) -> None:
        end = time.monotonic() + _START
        while time.monotonic() < end:
            status = found.process.poll()
            if status is not None:
                tail = found.log.read_text(encoding="utf-8", errors="replace")[-300:]
                raise RehearsalError(f"essential container exited with {status}: {' '.join(tail.split())}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", found.port)) == 0:
                    return
            time.sleep(0.05)
        raise RehearsalError(f"the program does not listen after {_START:.0f} s")


def status(process: Process, path: str) -> int:
    """What a health check of the path is answered with; 0 without an answer."""
    return get(process.port, path, f"127.0.0.1:{process.port}")[0]


def get(port: int, path: str, host: str) -> tuple[int, str]:
    """Status and body of an answer; status 0 without one."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", path, headers={"Host": host})
        answer = link.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        link.close()


def _command(program: dockerfile.Program) -> list[str]:
    """The program's command with its files where the build had them, and this Python for the image's."""
    words = [
        word.replace(program.folder, program.context, 1) if word.startswith(f"{program.folder}/") else word
        for word in program.command
    ]
    return [sys.executable, *words[1:]] if words[0] in ("python", "python3") else words


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
