"""Turns params/ into CloudFormation templates: `python generate.py [--params DIR] [--out DIR] [--check]`.

Exit status: 0 done, 1 stale (with --check), 2 bad input or nowhere to write to, 130, 143 or 129 stopped (Ctrl-C,
termination, hang-up), 141 nobody reads what is printed.
"""

from __future__ import annotations

import gc
import io
import os
import sys

ROOT = os.path.realpath(__file__).rpartition(os.sep)[0]


def main() -> int:
    """Read the command line; do nothing where nothing changed, else generate."""
    from sendy_cfn.fresh import Memory  # here, where an interrupt is caught

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a folder's name may be none in the stream's encoding
    gc.disable()  # nothing here makes cycles that grow with the input; to look for some takes a twentieth of the time
    params, out, check = _plain(sys.argv[1:]) or _parsed()
    params, out = params or ".", out or "."
    memory = Memory(f"{ROOT}/.cache", params, out)
    unchanged = memory.unchanged()
    if unchanged is not None and (check or not memory.unfinished()):
        print(f"{out}: {'up to date' if check else f'{unchanged} files, nothing changed'}")
        if not check:
            print(memory.notes)
        return 0

    from pathlib import Path  # only now: what it takes to read YAML and to build

    from sendy_cfn import generator

    return generator.run(Path(params), Path(out), memory, check=check)


def _plain(words: list[str]) -> tuple[str, str, bool] | None:
    """The options where they are written out as in the usage; argparse takes as long as all of an unchanged tree."""
    folders, check = {"--params": "params", "--out": "templates"}, False
    rest = iter(words)
    for word in rest:
        if word == "--check":
            check = True
        elif word in folders and (folder := next(rest, "-")).strip("-") == folder:
            folders[word] = folder
        else:
            return None
    return folders["--params"], folders["--out"], check


def _parsed() -> tuple[str, str, bool]:
    """The options in any form; explains what is wrong with them."""
    import argparse

    parser = argparse.ArgumentParser(prog="generate.py", description="Turns params/ into CloudFormation templates.")
    parser.add_argument("--params", default="params", metavar="DIR", help="input folder (params)")
    parser.add_argument("--out", default="templates", metavar="DIR", help="output folder (templates)")
    parser.add_argument("--check", action="store_true", help="write nothing; list what is stale and end with status 1")
    found = parser.parse_args()
    return found.params, found.out, found.check


def _run() -> int:
    """What `main` comes back with, and what an interrupted or unheard one does."""
    try:
        status = main()
        sys.stdout.flush()
    except KeyboardInterrupt:  # only before anything is written; then it is noted, see sendy_cfn/stop.py
        print("stopped by SIGINT; nothing was changed", file=sys.stderr)
        return 130
    except OSError as error:  # all is done when it is told
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python tries again at its end
        if isinstance(error, BrokenPipeError):
            return 141
        print(f"standard output: {error.strerror}; all else is done", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    sys.exit(_run())
