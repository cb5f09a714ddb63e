"""The command line of a rehearsal."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from emulator import StartError
from rehearsal import dry_run
from rehearsal.events import RehearsalError
from rehearsal.world import Setup
from sendy_cfn import package, targets
from sendy_cfn.aws import FAILED, INTERRUPTED, RefusedError
from sendy_cfn.errors import BAD_INPUT, DONE, ConfigError

_REPORT = Path("build/rehearsal")


def main(arguments: Sequence[str] | None = None) -> int:
    """Rehearse; the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    given = _parser().parse_args(words)
    started = time.monotonic()
    try:
        passed = _rehearse(given, words)
    except (ConfigError, RefusedError) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except (RehearsalError, StartError) as error:
        print(f"rehearsal: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("\ninterrupted; nothing is left behind", file=sys.stderr)
        return INTERRUPTED
    print(f"rehearsal: {'passed' if passed else 'NOT PASSED'}, {time.monotonic() - started:.0f} s")
    return DONE if passed else FAILED


def _rehearse(given: argparse.Namespace, words: Sequence[str]) -> bool:
    platform = targets.load(given.params, given.templates, package.CACHE)
    if given.service not in platform.services:
        raise RefusedError(f"'{given.service}' is no service, known are {', '.join(platform.services)}")
    setup = Setup(platform, given.templates, given.service, given.source, Path())
    if not given.full:
        with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
            return dry_run.run(replace(setup, folder=Path(folder)), given.scenario, given.report)
    # Imported here: a dry rehearsal does without what they need.
    from rehearsal import full_run
    from rehearsal.full import isolation, machine
    from rehearsal.full.scenarios import LONG, SHORT

    inside = os.environ.get(isolation.INSIDE)
    if inside is None:
        lacking = machine.missing()
        if lacking:
            raise RefusedError(f"a full rehearsal needs Debian's packages: apt-get install {' '.join(lacking)}")
        return isolation.enter(words) == DONE
    os.environ["PATH"] = machine.path()
    names = given.scenario or (SHORT if given.full == "short" else LONG)
    return full_run.run(replace(setup, folder=Path(inside) / "r"), given.full, names, given.report or _REPORT)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rehearsal", description="Rehearses releases on this machine.")
    parser.add_argument("--params", type=Path, default=Path("params"), metavar="DIR")
    parser.add_argument("--templates", type=Path, default=Path("templates"), metavar="DIR")
    parser.add_argument("--service", default="orders", metavar="NAME", help="(orders)")
    parser.add_argument("--source", type=Path, default=Path("examples/orders"), metavar="DIR", help="its repository")
    parser.add_argument("--full", choices=("short", "long"), help="with containers and customers; as root")
    parser.add_argument("--scenario", action="append", metavar="NAME", help="play only this one; may be repeated")
    parser.add_argument("--report", type=Path, metavar="DIR", help="write rehearsal.html and rehearsal.json there")
    return parser
