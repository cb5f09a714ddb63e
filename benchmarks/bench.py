"""What generation costs, against its targets: `python -m benchmarks.bench [--services 1,10,100,1000] [--json FILE]`.

Every figure is relative to B, the CPU seconds of `python -c "import troposphere"` on the same machine in the same run:
no generator that is built on it can cost less. Other load comes and goes, so each measurement stands between some of B
and is compared with these; of several such ratios the median counts. CPU seconds are user plus system, of the whole
process, Python's start included, with compiled code.

Exit status: 0 all targets met, 1 not all.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import measure
from benchmarks.measure import Bench, Cost, Size
from benchmarks.report import Target, show

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROUNDS = 5
ROUNDS_OF_MANY = 3  # from MANY services on, a run is long enough to even out what else happens
MANY = 500
SHORT_RUNS = 3  # in each round, of what has a limit in seconds: of these the least disturbed counts
UNCHANGED_GATE = 3  # seconds for a check of templates of which none changed
UNWANTED = {"boto3", "botocore", "awscli", "cfnlint", "jsonschema", "cloudformation_validate"}


@dataclass(slots=True)
class Series:
    """Runs of one command."""

    costs: list[Cost] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)  # CPU seconds / B around the run

    @property
    def ratio(self) -> float:
        """CPU seconds in units of B."""
        return statistics.median(self.ratios)

    @property
    def least(self) -> Cost:
        """The run that was least disturbed."""
        return min(self.costs, key=lambda cost: cost.cpu)

    @property
    def peak(self) -> float:
        """MiB of memory, of the run that took most."""
        return max(cost.peak for cost in self.costs)


@dataclass(slots=True)
class Result:
    """All that was measured; sizes by number of services."""

    baseline: Series = field(default_factory=Series)
    full: dict[int, Series] = field(default_factory=dict)
    check: dict[int, Series] = field(default_factory=dict)
    unchanged: dict[int, Series] = field(default_factory=dict)
    changed: dict[int, Series] = field(default_factory=dict)
    sizes: dict[int, Size] = field(default_factory=dict)
    gates: dict[str, tuple[Cost, Cost]] = field(default_factory=dict)  # first, and with all remembered
    unwanted: list[str] = field(default_factory=list)

    def per_resource(self, services: int, least: int) -> float:
        """What an emitted resource costs on top of the fixed part, in units of B.

        The fixed part is a run with the `least` services minus what its own resources cost at this very price:
        price = (cost - fixed) / resources, fixed = cost of least - price * resources of least. So the price is the
        slope between the two runs.
        """
        more = self.sizes[services].resources - self.sizes[least].resources
        return (self.full[services].ratio - self.full[least].ratio) / more

    def per_service(self, services: int, least: int) -> float:
        """What a service more costs, in units of B."""
        return (self.full[services].ratio - self.full[least].ratio) / (services - least)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and judge."""
    parser = argparse.ArgumentParser(prog="bench", description="What generation costs, against its targets.")
    parser.add_argument("--services", type=_numbers, default=[1, 10, 100, 1000], metavar="1,10,100,1000")
    parser.add_argument("--lint", type=_numbers, default=[1, 10], metavar="1,10", help="sizes to lint; '' for none")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"runs of each command ({ROUNDS})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    options = parser.parse_args(arguments)
    with measure.scratch() as folder:
        print(f"measuring in {folder}", flush=True)
        result = run(Bench(folder), options.services, options.lint, options.rounds)
    met = targets(result)
    show(result, met)
    if options.json:
        options.json.write_text(json.dumps(dataclasses.asdict(result), indent=2) + "\n")
    return 0 if all(target.met for target in met) else 1


def _numbers(text: str) -> list[int]:
    return sorted(int(part) for part in text.split(",") if part)


def run(bench: Bench, services: Sequence[int], lint: Sequence[int], rounds: int) -> Result:
    """Measure all sizes, in rounds so that the machine's moods fall on all of them."""
    result = Result()
    result.unwanted = sorted(bench.imported(services[0]) & UNWANTED)  # compiles the code, too
    bench.baseline()
    for number in range(rounds):
        for count in services:
            if count < MANY or number < ROUNDS_OF_MANY:
                _round(bench, result, count, number)
    for count in lint:
        if count not in services:
            bench.generate_all(count)
        values = ("--params", str(bench.params(count)), "--work", str(bench.folder / f"work-{count}"))
        for gate, more in (("lint", values), ("validate", ())):
            first = bench.check(gate, count, *more)
            result.gates[f"{gate}, {count} services"] = (first, bench.check(gate, count, *more))
    return result


def _round(bench: Bench, result: Result, count: int, number: int) -> None:
    before = _baseline(bench, result)

    def add(series: dict[int, Series], command: Callable[[], Cost]) -> None:
        nonlocal before
        cost = command()
        after = _baseline(bench, result)
        found = series.setdefault(count, Series())
        found.costs.append(cost)
        found.ratios.append(2 * cost.cpu / (before + after))
        before = after

    add(result.full, lambda: bench.generate_all(count))
    result.sizes[count] = bench.size(count)
    for again in range(SHORT_RUNS):
        port = 9000 + SHORT_RUNS * number + again
        add(result.check, lambda: bench.generate(count, "--check"))
        add(result.unchanged, lambda: bench.generate(count))
        add(result.changed, partial(bench.change_one, count, port))


def _baseline(bench: Bench, result: Result) -> float:
    """CPU seconds of B at this moment."""
    costs = [bench.baseline() for _ in range(3)]
    result.baseline.costs += costs
    return statistics.median(cost.cpu for cost in costs)


def targets(result: Result) -> list[Target]:
    """Each target with what was measured; those of sizes that were not measured are left out."""
    counts = sorted(result.full)
    least, most = counts[0], counts[-1]
    found = [Target("one service", "3 B", result.full[1].ratio, 3, "B")] if least == 1 else []
    for count in counts:
        if count >= 100 > least:
            price = result.per_resource(count, least)
            found.append(Target(f"each resource of {count} services", "B/500", 1 / price, 500, "B/", at_least=True))
    if most >= 1000:
        memory = result.full[most].peak / result.baseline.peak
        found.append(Target(f"peak memory of {most} services", "2 x import", memory, 2, "x"))
        if 100 in counts and least < 100:
            slope = result.per_service(most, 100) / result.per_service(100, least)
            found.append(Target(f"a service more, {most} against 100", "about 1 x", slope, 1.25, "x"))
    usual = 100 if 100 in counts else most
    for name, series, limit in (
        (f"unchanged, {usual} services", result.unchanged[usual], 0.1),
        (f"--check, {usual} services", result.check[usual], 0.1),
        (f"one of {usual} services changed", result.changed[usual], 0.2),
    ):
        also = f"({series.ratio:.2f} B)"
        found.append(Target(f"{name}, CPU", f"{limit} s", series.least.cpu, limit, "s", also=also))
        found.append(Target(f"{name}, wall", f"{limit} s", min(cost.wall for cost in series.costs), limit, "s"))
    for name, (_, again) in result.gates.items():
        found.append(Target(f"{name}, unchanged, wall", f"{UNCHANGED_GATE} s", again.wall, UNCHANGED_GATE, "s"))
    found.append(Target("SDK, linters, schema libraries imported", "none", len(result.unwanted), 0, ""))
    return found


if __name__ == "__main__":
    sys.exit(main())
