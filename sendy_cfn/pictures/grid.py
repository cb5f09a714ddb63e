"""Where widgets are: 24 columns and as many rows as it takes.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

COLUMNS = 24
DEFAULT = 6  # columns and rows of a widget that doesn't say
TALLEST = 1000  # rows


class Cell(NamedTuple):
    """A widget's place, in columns and rows."""

    x: int
    y: int
    width: int
    height: int

    def overlaps(self, other: Cell) -> bool:
        """Whether a field of the grid is in both."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


class Wish(NamedTuple):
    """What a widget says of its place."""

    x: int | None
    y: int | None
    width: int = DEFAULT
    height: int = DEFAULT


def place(wishes: Sequence[Wish]) -> list[Cell]:
    """The widgets' cells: as they say, and for those that don't, the first free one in reading order."""
    fixed = [
        Cell(wish.x, wish.y, wish.width, wish.height) for wish in wishes if wish.x is not None and wish.y is not None
    ]
    taken, found, named = list(fixed), [], iter(fixed)
    for wish in wishes:
        if wish.x is not None and wish.y is not None:
            found.append(next(named))
        else:
            found.append(_free(wish, taken))
            taken.append(found[-1])
    return found


def _free(wish: Wish, taken: Sequence[Cell]) -> Cell:
    below = max((cell.y + cell.height for cell in taken), default=0)
    places = (Cell(x, y, wish.width, wish.height) for y in range(below + 1) for x in range(COLUMNS - wish.width + 1))
    return next(cell for cell in places if not any(map(cell.overlaps, taken)))


def overlaps(cells: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Pairs of widgets, by number, that are in each other's way."""
    for later, cell in enumerate(cells):
        for earlier in range(later):
            if cell.overlaps(cells[earlier]):
                yield earlier, later


def rows(cells: Sequence[Cell]) -> int:
    """How many rows the dashboard has."""
    return max((cell.y + cell.height for cell in cells), default=0)
