"""What monitoring costs: counted in templates, computed by hand for one service, and as the docs have it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sendy_cfn import costs
from tests.generated import CASES, generated
from tests.platforms import ROOT

SHIPPED = generated(ROOT / "params")


def of(place: str, service: str, **more: float) -> costs.Cost:
    found = costs.costs(SHIPPED.platform, SHIPPED.folder, **more)
    (one,) = [cost for cost in found if (cost.place, cost.of) == (place, service)]
    return one


def test_a_service_by_hand() -> None:
    """Errors look at 3 metrics, latency at 3, the bands at one each, eight others at one each; one is composite."""
    full, spared = of("staging", "tracking"), of("test", "tracking")
    assert (full.alarms, full.looked_at, full.bands, full.composites) == (11, 15, 2, 1)
    assert (spared.alarms, spared.looked_at, spared.bands, spared.composites) == (7, 11, 0, 1)
    # Its error lines, failed and killed tasks, good and bad deployments.
    assert full.metrics == spared.metrics == 5
    assert full.dollars == pytest.approx(15 * 0.10 + 2 * 0.20 + 0.50 + 5 * 0.30 + 0.50)
    assert spared.dollars == pytest.approx(11 * 0.10 + 0.50 + 5 * 0.30 + 0.50)


def test_two_sides_have_tasks_of_their_own_and_alarms_in_common() -> None:
    switched, rolled = of("production", "orders"), of("production", "tracking")
    assert switched.alarms == rolled.alarms
    assert switched.metrics - rolled.metrics == 4


def test_logs_are_as_many_as_is_said() -> None:
    assert of("test", "orders", gigabytes=11).dollars - of("test", "orders").dollars == pytest.approx(5)


def test_only_environments_that_watch_fully_have_a_dashboard() -> None:
    boards = {place: of(place, costs.REST).dashboards for place in ("test", "staging", "production", "toolchain")}
    assert boards == {"test": 0, "staging": 1, "production": 1, "toolchain": 1}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_every_platform_has_costs(case: Path) -> None:
    made = generated(case)
    found = costs.costs(made.platform, made.folder)
    assert len(found) == len(made.platform.environments) * (len(made.platform.services) + 1) + 1
    assert all(one.dollars > 0 for one in found if one.of != costs.REST)


def test_the_docs_have_what_the_command_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert costs.main(["--params", str(ROOT / "params"), "--templates", str(ROOT / "templates")]) == 0
    said = capsys.readouterr().out.partition("\n\n")[2]
    assert f"```\n{said}```\n" in (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")


def test_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    params = Path(shutil.copytree(ROOT / "params", tmp_path / "params"))
    assert costs.main(["--params", str(params), "--templates", str(tmp_path / "none")]) == 2
    assert "no folder" in capsys.readouterr().err
    (params / "platform.yaml").write_text("platform: 1\n", encoding="utf-8")
    assert costs.main(["--params", str(params), "--templates", str(ROOT / "templates")]) == 2
    assert "platform.yaml:1" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        costs.main(["--gigabytes", "-1"])
    assert ended.value.code == 2
