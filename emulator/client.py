"""The emulator seen from outside: start it, talk to it, end it."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from emulator import state as lines

DEFAULT_ACCOUNT = "111111111111"
DEFAULT_REGION = "eu-west-1"
START_LIMIT = 60.0  # seconds; about 2 on a quiet machine
_ROOT = Path(__file__).resolve().parent.parent


class StartError(RuntimeError):
    """The server ended or did not answer in time; the text holds the end of its log."""


@dataclass(frozen=True)
class Emulator:
    """A running emulator."""

    url: str
    state: Path
    region: str

    def environment(self, account: str = DEFAULT_ACCOUNT, region: str | None = None) -> dict[str, str]:
        """The whole environment for an AWS CLI that talks to the emulator; each account (12 digits) is isolated."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        where = region or self.region
        return {
            **kept,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "emulated",
            "AWS_REGION": where,
            "AWS_DEFAULT_REGION": where,
            "AWS_PAGER": "",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def client(self, service: str, account: str = DEFAULT_ACCOUNT, region: str | None = None) -> Any:
        """A boto3 client."""
        return _session().client(
            service,
            endpoint_url=self.url,
            region_name=region or self.region,
            aws_access_key_id=account,
            aws_secret_access_key="emulated",
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def resolved(
        self, stack_name: str, account: str = DEFAULT_ACCOUNT, region: str | None = None
    ) -> dict[str, lines.Resolved]:
        """The resources of a stack with resolved properties, those of nested stacks as `Child/LogicalId`."""
        return lines.resolved(self.state, stack_name, account, region or self.region)

    def recorded(self, stack_name: str, account: str = DEFAULT_ACCOUNT, region: str | None = None) -> dict[str, str]:
        """The resources of a stack with nothing behind them: logical id as in `resolved`, and type."""
        found = self.resolved(stack_name, account, region)
        return {name: resource.type for name, resource in found.items() if resource.recorded}


@contextlib.contextmanager
def running(region: str = DEFAULT_REGION, state_file: Path | None = None) -> Iterator[Emulator]:
    """A fresh emulator on a free port, ended when the block ends, however it ends.

    Args:
        region: of requests and clients that name none.
        state_file: where the lines about every resource go; by default a file that goes with the emulator.

    Raises:
        StartError: it did not start.
    """
    with tempfile.TemporaryDirectory(prefix="emulator-client-") as folder:
        written = state_file or Path(folder) / "state.jsonl"
        log = Path(folder) / "server.log"
        port = _free_port()
        command = [sys.executable, "-m", "emulator", "--port", str(port), "--region", region, "--with-parent"]
        with log.open("wb") as output:
            # A session of its own: Ctrl-C reaches the caller, who may still want to delete stacks.
            process = subprocess.Popen(
                [*command, "--state", str(written)],
                cwd=_ROOT,
                # What the server writes goes with this folder, however it ends.
                env={**os.environ, "TMPDIR": folder},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        emulator = Emulator(f"http://127.0.0.1:{port}", written, region)
        try:
            _wait(emulator.url, process, log)
            yield emulator
        finally:
            _end(process)


@cache
def _session() -> Any:
    """One session for all clients: each session reads the API descriptions again."""
    return boto3.session.Session()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_LIMIT
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with opener.open(f"{url}/_ministack/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise StartError(f"the emulator did not start (exit status {process.poll()}):\n{tail}")


def _end(process: subprocess.Popen[bytes]) -> None:
    # It keeps nothing worth closing, and an orderly end takes seconds.
    process.kill()
    process.wait()
    if process.stdin is not None:
        process.stdin.close()
