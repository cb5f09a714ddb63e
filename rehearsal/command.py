"""The command line of a rehearsal."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from emulator import StartError
from emulator.walk_shell import StepError
from rehearsal import dry_run, scenarios
from rehearsal.events import RehearsalError
from rehearsal.world import Setup
from sendy_cfn import config, package, targets
from sendy_cfn.aws import FAILED, INTERRUPTED, RefusedError
from sendy_cfn.errors import BAD_INPUT, DONE, ConfigError, nearest

_REPORT = Path("build/rehearsal")


def main(arguments: Sequence[str] | None = None) -> int:
    """Rehearse; the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    given = _parser().parse_args(words)
    try:
        return _rehearse(given, words)
    except (ConfigError, RefusedError) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except (RehearsalError, StartError, StepError) as error:
        print(f"rehearsal: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("\ninterrupted; nothing is left behind", file=sys.stderr)
        return INTERRUPTED


def _rehearse(given: argparse.Namespace, words: Sequence[str]) -> int:
    platform = config.load(given.params)
    try:
        targets.load(given.params, given.templates, package.CACHE)
    except RefusedError as error:
        # Somebody tries a change: the rehearsal is about what is deployed, whoever wrote it.
        print(
            f"note: {given.templates} is not what {given.params} gives ({error}); rehearsed as it is", file=sys.stderr
        )
    if given.service not in platform.services:
        raise RefusedError(f"'{given.service}' is no service, known are {', '.join(platform.services)}")
    if not given.source.is_dir():
        raise RefusedError(f"{given.source}: no such folder; --source is the repository of {given.service}")
    setup = Setup(platform, given.templates, given.service, given.source, Path())
    if not given.full:
        names = _known(given.scenario or scenarios.DRY, scenarios.SCENARIOS)
        with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
            return _ended(dry_run.run(replace(setup, folder=Path(folder)), names, given.report or _REPORT / "dry"))
    # Imported here: a dry rehearsal does without what they need.
    from rehearsal import full_run
    from rehearsal.full import isolation, machine
    from rehearsal.full.scenarios import LONG, SCENARIOS, SHORT

    names = _known(given.scenario or (SHORT if given.full == "short" else LONG), SCENARIOS)
    inside = os.environ.get(isolation.INSIDE)
    if inside is None:
        lacking = machine.missing()
        if lacking:
            raise RefusedError(f"a full rehearsal needs Debian's packages: apt-get install {' '.join(lacking)}")
        if refused := machine.refusal():
            raise RefusedError(refused)
        return isolation.enter(words)
    isolation.end_with(int(os.environ[isolation.OUTSIDE]))
    os.environ["PATH"] = machine.path()
    return _ended(full_run.run(replace(setup, folder=Path(inside) / "r"), given.full, names, given.report or _REPORT))


def _ended(passed: bool) -> int:
    print(f"rehearsal: {'passed' if passed else 'NOT PASSED'}")
    return DONE if passed else FAILED


def _known(names: Sequence[str], known: Iterable[str]) -> Sequence[str]:
    """The names, all of which are scenarios.

    Raises:
        RefusedError: one is not.
    """
    for name in names:
        if name not in (everything := list(known)):
            hint = nearest(name, everything) or f", known are {', '.join(everything)}"
            raise RefusedError(f"'{name}' is no scenario{hint}")
    return names


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
