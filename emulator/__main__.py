"""`python -m emulator --port N --state FILE.jsonl`: the emulator in the foreground."""

import argparse
import sys
from pathlib import Path

from emulator import server
from emulator.names import MissingNamesError


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; 2 if the installed ministack is not the one this launcher was written for."""
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--state", type=Path, required=True, help="file that receives one JSON line per resource action"
    )
    parser.add_argument("--region", default="eu-west-1", help="region of requests that name none")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    options = parser.parse_args(arguments)
    try:
        server.serve(options.port, options.state, options.region, with_parent=options.with_parent)
    except MissingNamesError as error:
        sys.stderr.write(f"emulator: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
