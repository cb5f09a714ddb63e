"""Runs a Python program and interferes from within, where the kernel doesn't offer to: `audited.py PLAN PROGRAM…`.

Python tells audit hooks of what it is about to do with files. Single writes are not among it.
https://docs.python.org/3/library/audit_events.html
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import sys

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


def main(plan: str, program: str, *arguments: str) -> None:
    """Become the program."""
    given = json.loads(plan)
    log = os.open(given["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    count = 0

    def hook(event: str, details: tuple[object, ...]) -> None:
        nonlocal count
        if event == "import" and details[0] == given["importing"]:
            os.kill(os.getpid(), given["signal"])
        name = name_of(event, details)
        if not name:
            return
        count += 1
        os.write(log, f"{name}\n".encode())
        number = given["always"].get(name) or 0
        if count == given["at"] or (given["onwards"] and count >= given["at"]):
            if given["signal"]:
                os.kill(os.getpid(), given["signal"])
            elif not given["only"] or name in given["only"]:
                number = given["errno"]
        if number:
            raise OSError(number, os.strerror(number))

    sys.argv = [program, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(program))  # noqa: PTH100, PTH120 - as Python itself sets it
    sys.addaudithook(hook)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
