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
    said = [
        Cell(wish.x, wish.y, wish.width, wish.height) if wish.x is not None and wish.y is not None else None
        for wish in wishes
    ]
    taken: dict[int, int] = {}  # by row, a bit for each column
    for cell in said:
        if cell:
            _take(taken, cell)
    return [cell or _free(wish, taken) for wish, cell in zip(wishes, said, strict=True)]


def _take(taken: dict[int, int], cell: Cell) -> None:
    for y in range(cell.y, cell.y + cell.height):
        taken[y] = taken.get(y, 0) | _bits(cell.x, cell.width)


def _bits(x: int, width: int) -> int:
    return ((1 << width) - 1) << x


def _free(wish: Wish, taken: dict[int, int]) -> Cell:
    for y in range(max(taken, default=-1) + 2):
        across = 0
        for row in range(y, y + wish.height):
            across |= taken.get(row, 0)
        x = next((x for x in range(COLUMNS - wish.width + 1) if not across & _bits(x, wish.width)), None)
        if x is not None:
            cell = Cell(x, y, wish.width, wish.height)
            _take(taken, cell)
            return cell
    raise AssertionError("a row below all others is free")


def overlaps(cells: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Pairs of widgets, by number, that are in each other's way."""
    for later, cell in enumerate(cells):
        for earlier in range(later):
            if cell.overlaps(cells[earlier]):
                yield earlier, later


def rows(cells: Sequence[Cell]) -> int:
    """How many rows the dashboard has."""
    return max((cell.y + cell.height for cell in cells), default=0)
