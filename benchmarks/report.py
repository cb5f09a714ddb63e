"""The benchmark's tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.bench import Result


@dataclass(frozen=True, slots=True)
class Target:
    """A figure and its limit."""

    name: str
    limit: str  # in words
    measured: float
    number: float  # the limit
    unit: str
    at_least: bool = False  # else at most
    also: str = ""  # the figure in other words

    @property
    def met(self) -> bool:
        """Whether the figure keeps to the limit."""
        return self.measured >= self.number if self.at_least else self.measured <= self.number

    @property
    def shown(self) -> str:
        """The figure with its unit."""
        if self.unit == "B/":
            return f"B/{self.measured:.0f}"
        return f"{self.measured:.3g} {self.unit} {self.also}".strip()


def show(result: Result, targets: Sequence[Target]) -> None:
    """Print everything."""
    base, runs = result.baseline.least, len(result.baseline.costs)
    print(f"\nB, import troposphere: {base.cpu:.3f} s CPU, {base.peak:.1f} MiB; least of {runs} runs\n")
    head = (
        "services",
        "files",
        "resources",
        "KiB",
        "CPU s",
        "/ B",
        "peak MiB",
        "--check s",
        "unchanged s",
        "changed s",
    )
    rows = [
        (
            str(count),
            str(size.files),
            str(size.resources),
            str(size.bytes // 1024),
            f"{result.full[count].least.cpu:.3f}",
            f"{result.full[count].ratio:.2f}",
            f"{result.full[count].peak:.1f}",
            *(f"{series[count].least.cpu:.3f}" for series in (result.check, result.unchanged, result.changed)),
        )
        for count, size in result.sizes.items()
    ]
    _table(head, rows)
    print("\nCPU s: least of the runs; / B: median of each run over the mean of B before and after it.")
    if result.gates:
        print()
        gates = [
            (name, *(f"{cost.cpu:.1f} / {cost.wall:.1f}" for cost in costs)) for name, costs in result.gates.items()
        ]
        _table(("gate", "first: CPU / wall s", "again: CPU / wall s"), gates)
    print()
    _table(
        ("target", "limit", "measured", ""),
        [(target.name, target.limit, target.shown, "met" if target.met else "MISSED") for target in targets],
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        print("  ".join(cells).rstrip())
