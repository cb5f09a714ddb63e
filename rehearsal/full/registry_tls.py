"""The registry's address: TLS in front of the emulator, which speaks plain HTTP and tells accounts by the host name."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from rehearsal.events import RehearsalError

ADDRESS, PORT = "127.0.0.3", 443
_LIMIT = 30.0  # seconds to start or end
_CONFIGURATION = """\
global
  maxconn 500

defaults
  mode http
  timeout connect 10s
  timeout client 10m
  timeout server 10m

frontend registry
  bind {address}:{port} ssl crt {pem} alpn http/1.1
  default_backend emulator

backend emulator
  server emulator {emulator}
"""


@dataclass(frozen=True)
class Registry:
    """HAProxy in front of the emulator."""

    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Nothing.

        Raises:
            RehearsalError: it ended; the message has the end of its log.
        """
        if self.process.poll() is not None:
            tail = self.log.read_text(encoding="utf-8", errors="replace")[-800:]
            raise RehearsalError(f"the registry's HAProxy ended with {self.process.returncode}: {tail.strip()}")

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_LIMIT)
            return
        self.process.kill()
        self.process.wait()


def host(account: str, region: str) -> str:
    """The registry's name: a certificate needs it, and it has to resolve to `ADDRESS`."""
    return f"{account}.dkr.ecr.{region}.amazonaws.com"


def configuration(pem: Path, emulator: str, address: str = ADDRESS, port: int = PORT) -> str:
    """HAProxy's.

    Args:
        pem: key and certificate.
        emulator: its address, such as http://127.0.0.1:4566.
        address: where to listen.
        port: where to listen.
    """
    return _CONFIGURATION.format(address=address, port=port, pem=pem, emulator=emulator.removeprefix("http://"))


def start(folder: Path, pem: Path, emulator: str, address: str = ADDRESS, port: int = PORT) -> Registry:
    """Serve the emulator's registry over TLS; what is returned answers already.

    Raises:
        RehearsalError: HAProxy is missing, ended or does not answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file, log = folder / "registry.cfg", folder / "registry.log"
    file.write_text(configuration(pem, emulator, address, port), encoding="utf-8")
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["haproxy", "-db", "-f", str(file)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        raise RehearsalError(f"haproxy: {error}") from error
    registry = Registry(process, log)
    deadline = time.monotonic() + _LIMIT
    while True:
        registry.check()
        with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1):
            return registry
        if time.monotonic() > deadline:
            registry.stop()
            raise RehearsalError(f"the registry does not answer at {address}:{port} after {_LIMIT:.0f} s")
        time.sleep(0.02)
