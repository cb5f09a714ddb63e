"""Places of widgets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sendy_cfn.pictures import grid
from sendy_cfn.pictures.grid import Cell, Wish


def test_widgets_are_where_they_say() -> None:
    assert grid.place([Wish(3, 2, 5, 4), Wish(0, 0, 2, 2)]) == [Cell(3, 2, 5, 4), Cell(0, 0, 2, 2)]


def test_widgets_that_do_not_say_are_put_side_by_side_and_then_below() -> None:
    assert grid.place([Wish(None, None)] * 5) == [
        Cell(0, 0, 6, 6),
        Cell(6, 0, 6, 6),
        Cell(12, 0, 6, 6),
        Cell(18, 0, 6, 6),
        Cell(0, 6, 6, 6),
    ]


def test_they_fill_what_the_others_leave() -> None:
    assert grid.place([Wish(None, None, 12, 3), Wish(0, 0, 6, 6), Wish(None, None, 12, 3)]) == [
        Cell(6, 0, 12, 3),
        Cell(0, 0, 6, 6),
        Cell(6, 3, 12, 3),
    ]


def test_fields_that_touch_do_not_overlap() -> None:
    cell = Cell(4, 4, 4, 4)
    beside = [Cell(0, 4, 4, 4), Cell(8, 4, 4, 4), Cell(4, 0, 4, 4), Cell(4, 8, 4, 4)]
    inside = [Cell(7, 7, 4, 4), Cell(5, 5, 1, 1), Cell(0, 0, 24, 12), cell]
    assert not any(cell.overlaps(other) or other.overlaps(cell) for other in beside)
    assert all(cell.overlaps(other) and other.overlaps(cell) for other in inside)


SIZE = st.builds(Wish, st.none(), st.none(), st.integers(1, 24), st.integers(1, 8))


@given(st.lists(SIZE, max_size=12))
def test_nothing_that_is_placed_here_overlaps_or_leaves_the_grid(wishes: list[Wish]) -> None:
    cells = grid.place(wishes)
    assert [(cell.width, cell.height) for cell in cells] == [(wish.width, wish.height) for wish in wishes]
    assert list(grid.overlaps(cells)) == []
    assert all(cell.x >= 0 and cell.x + cell.width <= grid.COLUMNS for cell in cells)
    assert grid.rows(cells) <= sum(wish.height for wish in wishes)
