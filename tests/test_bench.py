"""The benchmark measures what it says; how fast anything is, no test asserts."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import bench, measure, platforms
from benchmarks.bench import Result, Series
from benchmarks.measure import Bench, Cost, Size
from benchmarks.report import Target
from sendy_cfn import config
from sendy_cfn.config.rules import SERVICES_PER_CELL
from sendy_cfn.config.words import Capacity
from tests.generated import generated, load


def test_inputs_of_any_size_are_varied_and_valid(tmp_path: Path) -> None:
    many = 2 * SERVICES_PER_CELL + 1
    platforms.write(tmp_path / "many", many)
    platform = config.load(tmp_path / "many")
    assert len(platform.services) == many
    assert platform.cells == (1, 2, 3)
    assert {service.capacity for service in platform.services.values()} == set(Capacity)

    platforms.write(tmp_path / "one", 1)
    before = generated(tmp_path / "one").templates
    platforms.change(tmp_path / "one", 9001)
    generated.cache_clear()
    after = generated(tmp_path / "one").templates
    assert [name for name in after if after[name] != before[name]] == ["service-parcels-0000.yaml"]


def test_a_cell_with_all_the_services_that_it_may_have_fits(tmp_path: Path) -> None:
    """The toolchain root, which nests one pipeline for each, is the tightest."""
    platforms.write(tmp_path / "params", SERVICES_PER_CELL)
    made = generated(tmp_path / "params")
    pipelines = [name for name in made.templates["toolchain.yaml"]["Resources"] if name.startswith("PipelineParcels")]
    assert len(pipelines) == SERVICES_PER_CELL


def test_a_run_has_all_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = bench.main(["--services", "1,2", "--lint", "", "--rounds", "1", "--json", str(tmp_path / "out.json")])
    figures = json.loads((tmp_path / "out.json").read_text())
    assert set(figures["sizes"]) == {"1", "2"}
    assert figures["unwanted"] == []
    for series in ("full", "check", "unchanged", "changed"):
        for count in ("1", "2"):
            costs = figures[series][count]["costs"]
            assert len(costs) == len(figures[series][count]["ratios"]) == (1 if series == "full" else bench.SHORT_RUNS)
            assert all(cost["cpu"] > 0 for cost in costs)
            assert all(cost["peak"] > 5 for cost in costs)  # MiB; no Python is smaller
    shown = capsys.readouterr().out
    assert "B, import troposphere" in shown
    assert (status == 1) is ("MISSED" in shown)


def test_what_is_counted_is_what_is_there(tmp_path: Path) -> None:
    made = Bench(tmp_path)
    made.generate_all(4)  # one of each kind
    files = [path for path in made.out(4).rglob("*") if path.is_file()]
    resources = sum(len(load(path.read_text())["Resources"]) for path in made.out(4).glob("*.yaml"))
    assert made.size(4) == Size(len(files), resources, sum(path.stat().st_size for path in files))


def test_peak_is_the_commands_own_and_failure_is_no_measurement(tmp_path: Path) -> None:
    made = Bench(tmp_path)
    ballast = bytearray(64 << 20)  # what the measuring process has in memory is not counted
    assert made.run(sys.executable, "-c", "pass").peak < 32
    assert made.run(sys.executable, "-c", "bytearray(64 << 20)").peak > 64
    assert ballast is not None
    with pytest.raises(RuntimeError, match="exit status 3"):
        made.run(sys.executable, "-c", "raise SystemExit(3)")


def series(ratio: float, peak: float = 10) -> Series:
    return Series([Cost(ratio / 10, ratio / 10, peak)], [ratio])


def result(price: float, fixed: float = 2, peak: float = 20) -> Result:
    """As if each resource cost `price` B on top of `fixed` B."""
    resources = {1: 150, 100: 3700, 1000: 36000}
    found = Result(baseline=series(1, peak=10))
    for count, number in resources.items():
        found.sizes[count] = Size(1, number, 1)
        found.full[count] = series(fixed + price * number, peak)
        found.check[count] = found.unchanged[count] = found.changed[count] = series(0.1)
    return found


def missed(found: Result) -> list[str]:
    return [target.name for target in bench.targets(found) if not target.met]


def test_the_price_of_a_resource_is_found_whatever_the_fixed_part() -> None:
    for fixed in (0.5, 2.0):
        assert result(1 / 700, fixed).per_resource(100, 1) == pytest.approx(1 / 700)
    assert missed(result(1 / 501, fixed=1)) == []
    assert missed(result(1 / 499, fixed=1)) == [f"each resource of {count} services" for count in (100, 1000)]


def test_targets_are_missed_one_by_one() -> None:
    assert missed(result(1 / 700, fixed=2.9)) == ["one service"]
    assert missed(result(1 / 700, peak=20.1)) == ["peak memory of 1000 services"]

    slow = result(1 / 700)
    slow.unchanged[100] = series(1.1)
    slow.changed[100] = series(2.1)
    assert missed(slow) == [
        f"{what}, {clock}"
        for what in ("unchanged, 100 services", "one of 100 services changed")
        for clock in ("CPU", "wall")
    ]

    heavy = result(1 / 700)
    heavy.unwanted = ["boto3"]
    assert missed(heavy) == ["SDK, linters, schema libraries imported"]

    forgetful = result(1 / 700)
    forgetful.gates["lint, 10 services"] = (Cost(9, 9, 9), Cost(1, 3.1, 9))
    assert missed(forgetful) == ["lint, 10 services, unchanged, wall"]

    bent = result(1 / 700)
    bent.full[1000] = series(2 + 1.4 * 36000 / 700)
    assert "a service more, 1000 against 100" in missed(bent)


def test_limits_belong_to_the_good_side() -> None:
    assert Target("", "", 3.0, 3, "B").met
    assert Target("", "", 500.0, 500, "B/", at_least=True).met
    assert not Target("", "", 499.9, 500, "B/", at_least=True).met


def test_scratch_leaves_nothing() -> None:
    with measure.scratch() as folder:
        (folder / "x").write_text("")
    assert not folder.exists()
