"""Runs a Python program and interferes from within, where the kernel doesn't offer to: `audited.py PLAN PROGRAM…`.

Python tells audit hooks of what it is about to do with files. Single writes are not among it.
https://docs.python.org/3/library/audit_events.html
"""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from typing import Any

_EVENTS = {
    "os.mkdir": "mkdir",
    "os.rmdir": "rmdir",
    "os.rename": "rename",
    "os.link": "link",
    "os.symlink": "symlink",
    "os.remove": "unlink",
    "os.chmod": "other",
    "os.truncate": "other",
    "fcntl.flock": "lock",
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def name_of(event: str, arguments: tuple[object, ...]) -> str:
    """What the launcher calls it; empty for what changes no file."""
    if event == "open":
        return "open" if isinstance(arguments[2], int) and arguments[2] & _WRITING else ""
    if event == "ctypes.dlsym":
        return "exchange" if "rename" in str(arguments[1]) else ""
    return _EVENTS.get(event, "")


class Hook:
    """Counts what the program is about to do with files and does what was planned for it."""

    def __init__(self, plan: dict[str, Any]) -> None:
        """`plan` has the fields of a Plan, and `log`: a file for the names."""
        self.plan = plan
        self.log = os.open(plan["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.count = 0
        self.busy = False  # with what is done meanwhile

    def __call__(self, event: str, details: tuple[object, ...]) -> None:
        """Of an event; OSError where it is to fail."""
        if self.busy:
            return
        if event == "import" and details[0] == self.plan["importing"]:
            self.interfere()
        name = name_of(event, details)
        if name:
            self.count += 1
            os.write(self.log, f"{name}\n".encode())
            self.decide(name)

    def decide(self, name: str) -> None:
        """Let it be, or raise."""
        plan, number = self.plan, self.plan["always"].get(name, 0)
        if self.count == plan["at"] or (plan["onwards"] and self.count >= plan["at"] > 0):
            self.interfere()
            if not plan["only"] or name in plan["only"]:
                number = plan["errno"] or number
        if number:
            raise OSError(number, os.strerror(number))

    def interfere(self) -> None:
        """What comes from outside."""
        if self.plan["meanwhile"]:
            self.busy = True
            subprocess.run(self.plan["meanwhile"], shell=True, check=True)
            self.busy = False
        if self.plan["signal"]:
            os.kill(os.getpid(), self.plan["signal"])


def main(plan: str, program: str, *arguments: str) -> None:
    """Become the program."""
    hook = Hook(json.loads(plan))
    sys.argv = [program, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(program))  # noqa: PTH100, PTH120 - as Python itself sets it
    sys.addaudithook(hook)
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
