"""Runs a command and answers its file-changing system calls: let them be made, make them fail, or end the process.

The kernel hands each call over before it is made, so that nothing is patched and nothing is missed. What a killed
process leaves is what is there before its next such call: the calls in between change nothing. Where the kernel doesn't
do this (other systems, some containers), Python's audit hooks stand in, which know of everything but single writes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import functools
import json
import os
import platform
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.writing import launcher

HERE = Path(__file__).parent
LIMIT = 60  # seconds that a command may take
_RECEIVE, _SEND = 0xC0502100, 0xC0182101  # SECCOMP_IOCTL_NOTIF_RECV and _SEND
_CONTINUE = 1
_UNLINKAT, _OF_FOLDER = (263, 35), 0x200  # AT_REMOVEDIR
_NAMES = {number: name for name, of in launcher.CALLS.get(platform.machine(), {}).items() for number in of}
TAKING_ROOM = frozenset({"open", "write", "mkdir", "link", "symlink", "exchange", "rename"})


@dataclass(frozen=True)
class Plan:
    """What happens at which call; they are counted from 1."""

    at: int = 0
    signal: int = 0  # sent before the call
    errno: int = 0  # instead of the call
    onwards: bool = False  # at all later calls, too
    only: frozenset[str] = frozenset()  # where calls of other names are made in any case
    meanwhile: str = ""  # what a shell does before the call, in the folder of the command
    always: dict[str, int] = field(default_factory=dict)  # name of calls -> errno
    importing: str = ""  # signal and shell come when this module is imported; known to Python's audit hooks alone

    def error(self, number: int, name: str) -> int:
        """The errno of this call, 0 if it is made."""
        hit = number == self.at or (self.onwards and number >= self.at > 0)
        if hit and self.errno and (not self.only or name in self.only):
            return self.errno
        return self.always.get(name, 0)


@dataclass(frozen=True)
class Done:
    """What the command did."""

    status: int
    out: str
    err: str
    calls: list[str]


@functools.cache
def kernel() -> bool:
    """Whether the kernel hands over calls here."""
    if platform.machine() not in launcher.CALLS or sys.platform != "linux":
        return False
    try:
        return _through_kernel([sys.executable, "-c", ""], Path.cwd(), {}, Plan()).status == 0
    except OSError:
        return False


def run(program: Sequence[str], cwd: Path, env: dict[str, str], plan: Plan, *, audit: bool = False) -> Done:
    """Run a Python program; `audit` for the stand-in even where the kernel could do it."""
    if audit or not kernel():
        return _through_hooks(program, cwd, env, plan)
    return _through_kernel([sys.executable, *program], cwd, env, plan)


def _through_hooks(program: Sequence[str], cwd: Path, env: dict[str, str], plan: Plan) -> Done:
    with tempfile.NamedTemporaryFile("r") as log:
        given = json.dumps(dataclasses.asdict(plan) | {"only": sorted(plan.only), "log": log.name})
        command = [sys.executable, str(HERE / "audited.py"), given, *program]
        done = subprocess.run(
            command, cwd=cwd, env=os.environ | env, capture_output=True, text=True, check=False, timeout=LIMIT
        )
        return Done(done.returncode, done.stdout, done.stderr, log.read().split())


def _through_kernel(command: Sequence[str], cwd: Path, env: dict[str, str], plan: Plan) -> Done:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        started = subprocess.Popen(
            [sys.executable, "-I", "-S", str(HERE / "launcher.py"), str(theirs.fileno()), *command],
            cwd=cwd,
            env=os.environ | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        with started:
            _, listeners, _, _ = socket.recv_fds(ours, 1, 1)
            calls = list(_answer(started, listeners[0], plan)) if listeners else []
            out, err = started.communicate(timeout=LIMIT)
    if not listeners:
        raise OSError(errno.ENOTSUP, err)
    return Done(started.returncode, out, err, calls)


def _answer(started: subprocess.Popen[str], listener: int, plan: Plan) -> Iterator[str]:
    """Answer until the process ends; the names of the calls that it asked for."""
    deadline = time.monotonic() + LIMIT
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    number = 0
    try:
        while started.poll() is None:
            if time.monotonic() > deadline:
                started.kill()
                raise TimeoutError(f"{started.args!r} after {number} calls")
            ready = poll.poll(50)
            if not ready or not ready[0][1] & select.POLLIN:
                if ready:  # nobody is left who could ask
                    started.wait(LIMIT)
                continue
            asked = bytearray(80)
            with contextlib.suppress(FileNotFoundError):  # it was killed, or a signal interrupted the call
                fcntl.ioctl(listener, _RECEIVE, asked)
                number += 1
                identity, _, _, call, flags = struct.unpack_from("QIIi28xQ", asked)
                name = "rmdir" if call in _UNLINKAT and flags & _OF_FOLDER else _NAMES[call]
                yield name
                if plan.meanwhile and (number == plan.at or (plan.onwards and number > plan.at)):
                    subprocess.run(
                        plan.meanwhile, shell=True, check=True, cwd=f"/proc/{started.pid}/cwd", timeout=LIMIT
                    )
                if number == plan.at and plan.signal:
                    started.send_signal(plan.signal)
                    if plan.signal == signal.SIGKILL:
                        started.wait(LIMIT)
                        return
                error = plan.error(number, name)
                fcntl.ioctl(listener, _SEND, struct.pack("QqiI", identity, 0, -error, 0 if error else _CONTINUE))
    finally:
        os.close(listener)
