"""The registry's address: TLS in front of the emulator, which speaks plain HTTP and tells accounts by the host name."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

from rehearsal.full.child import Child

ADDRESS, PORT = "127.0.0.3", 443
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


def start(folder: Path, pem: Path, emulator: str, address: str = ADDRESS, port: int = PORT) -> Child:
    """Serve the emulator's registry over TLS; what is returned answers already.

    Raises:
        RehearsalError: HAProxy is missing, ended or does not answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "registry.cfg"
    file.write_text(configuration(pem, emulator, address, port), encoding="utf-8")
    child = Child("the registry's HAProxy", ["haproxy", "-db", "-f", str(file)], folder / "registry.log")
    child.wait(lambda: _answers(address, port))
    return child


def _answers(address: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1):
        return True
    return False
