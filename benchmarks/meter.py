"""Runs a command and prints what it cost: CPU seconds, seconds, KiB of memory at its peak, exit status.

A process of its own, started by `bench` with as little as possible loaded: a child's peak counts what its parent had in
memory when it was started.
"""

from __future__ import annotations

import os
import sys
import time


def main(command: list[str]) -> None:
    """Print the four numbers of the command, whose output goes nowhere."""
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        os.execvp(command[0], command)
    _, status, used = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    print(used.ru_utime + used.ru_stime, seconds, used.ru_maxrss, os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main(sys.argv[1:])
