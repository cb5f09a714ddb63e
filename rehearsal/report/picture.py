"""A picture of a report for a README: `python -m rehearsal.report.picture PAGE.html PICTURE.png`.

It shows the verdict, its numbers and the chart of the whole run, in light colours. Exit status 0, or 1 where no picture
could be taken.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rehearsal.events import RehearsalError
from rehearsal.report import browser

LARGEST = 200_000  # bytes
SCALES = (1.0, 0.9, 0.8, 0.7, 0.6)  # the first that is small enough


def take(
    page: Path, picture: Path, photograph: Callable[[Path, Path, float], None] = browser.photograph
) -> tuple[float, int]:
    """Take it, with fewer pixels if the file would be too large; its scale and its bytes.

    Raises:
        RehearsalError: There is no browser, or no picture that is small enough.
    """
    for scale in SCALES:
        photograph(page, picture, scale)
        size = picture.stat().st_size
        if size <= LARGEST:
            return scale, size
    raise RehearsalError(f"{picture} has {size:,} bytes, more than {LARGEST:,}, with the fewest pixels")


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the picture; the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if len(given) != 2:
        print("python -m rehearsal.report.picture PAGE.html PICTURE.png", file=sys.stderr)
        return 2
    page, picture = map(Path, given)
    try:
        scale, size = take(page, picture)
    except (OSError, RehearsalError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{picture}: {size:,} bytes, {round(browser.WIDE * scale)} pixels wide")
    return 0


if __name__ == "__main__":
    sys.exit(main())
