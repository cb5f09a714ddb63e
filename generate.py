"""Turns params/ into CloudFormation templates: `python generate.py [--params DIR] [--out DIR] [--check]`.

Exit status: 0 done, 1 stale (with --check), 2 bad input.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> int:
    """Parse the command line; do nothing where nothing changed, else generate."""
    parser = argparse.ArgumentParser(prog="generate.py", description="Turns params/ into CloudFormation templates.")
    parser.add_argument("--params", type=Path, default=Path("params"), metavar="DIR", help="input folder (params)")
    parser.add_argument("--out", type=Path, default=Path("templates"), metavar="DIR", help="output folder (templates)")
    parser.add_argument("--check", action="store_true", help="write nothing; list what is stale and end with status 1")
    arguments = parser.parse_args()

    from sendy_cfn.fresh import Memory

    memory = Memory(ROOT / ".cache", arguments.params, arguments.out)
    unchanged = memory.unchanged()
    if unchanged is not None:
        print(f"{arguments.out}: {'up to date' if arguments.check else f'{unchanged} files, nothing changed'}")
        return 0

    from sendy_cfn import generator  # only now: imports YAML, and what it takes to build

    return generator.run(arguments.params, arguments.out, memory, check=arguments.check)


if __name__ == "__main__":
    sys.exit(main())
