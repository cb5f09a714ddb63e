"""The command line of a rehearsal."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from emulator import StartError
from rehearsal import dry_run
from rehearsal.events import Events, RehearsalError
from rehearsal.scenarios import SCENARIOS
from rehearsal.world import Setup
from sendy_cfn import package, targets
from sendy_cfn.aws import FAILED, INTERRUPTED, RefusedError
from sendy_cfn.errors import BAD_INPUT, DONE, ConfigError


def main(arguments: Sequence[str] | None = None) -> int:
    """Rehearse; the exit status."""
    given = _parser().parse_args(arguments)
    started = time.monotonic()
    try:
        platform = targets.load(given.params, given.templates, package.CACHE)
        if given.service not in platform.services:
            raise RefusedError(f"'{given.service}' is no service, known are {', '.join(platform.services)}")
        with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
            setup = Setup(platform, given.templates, given.service, given.source, Path(folder))
            passed = dry_run.run(setup, Events(), given.scenario or None, given.report)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rehearsal", description="Rehearses releases on this machine.")
    parser.add_argument("--params", type=Path, default=Path("params"), metavar="DIR")
    parser.add_argument("--templates", type=Path, default=Path("templates"), metavar="DIR")
    parser.add_argument("--service", default="orders", metavar="NAME", help="(orders)")
    parser.add_argument("--source", type=Path, default=Path("examples/orders"), metavar="DIR", help="its repository")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, metavar="NAME", help=", ".join(SCENARIOS))
    parser.add_argument("--report", type=Path, metavar="DIR", help="write rehearsal.html and rehearsal.json there")
    return parser
