"""The command line: what is refused before anything starts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rehearsal import command
from rehearsal.full import isolation, machine
from rehearsal.full.scenarios import SCENARIOS as FULL
from rehearsal.scenarios import DRY, SCENARIOS
from rehearsal.world import Setup
from tests.platforms import ROOT


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the repository, not inside a rehearsal, and nothing that is let through would start."""
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv(isolation.INSIDE, raising=False)
    monkeypatch.setattr("rehearsal.dry_run.run", lambda *_given: pytest.fail("a rehearsal was started"))
    monkeypatch.setattr(isolation, "enter", lambda *_given: pytest.fail("a rehearsal was started"))


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What is said of a command line that ends with 2."""
    assert command.main(words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    return told.err


def test_an_unknown_service_is_told_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, "--service", "nobody")
    assert told.startswith("'nobody' is no service")
    assert "orders" in told
    assert "pricing" in told


@pytest.mark.parametrize(("words", "known"), [((), SCENARIOS), (("--full", "short"), FULL), (("--full", "long"), FULL)])
def test_an_unknown_scenario_is_told_with_the_known_ones(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], known: dict[str, object]
) -> None:
    told = refused(capsys, *words, "--scenario", "first", "--scenario", "xyzzy-quux")
    assert told.startswith("'xyzzy-quux' is no scenario")
    for name in known:
        assert name in told


def test_a_folder_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "--source", "nowhere").startswith("nowhere: no such folder")


def test_a_scenario_with_a_slip_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert "flip-back" in refused(capsys, "--scenario", "flip-bakc")


@pytest.mark.parametrize("words", [["--full", "medium"], ["--full"], ["--scenario"], ["--unknown"], ["words"]])
def test_words_that_mean_nothing(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(words)
    assert ended.value.code == 2
    assert "usage: python -m rehearsal" in capsys.readouterr().err


def test_a_folder_without_a_platform(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert str(tmp_path) in refused(capsys, "--params", str(tmp_path))


def test_a_full_rehearsal_names_the_packages_that_are_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "missing", lambda: ["crun", "haproxy"])
    assert "apt-get install crun haproxy" in refused(capsys, "--full", "short")


def test_a_full_rehearsal_is_refused_without_root(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(machine, "missing", list)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "run it as root, or with sudo" in refused(capsys, "--full", "short")


@pytest.mark.parametrize("status", [0, 1, 2, 130])
def test_a_full_rehearsal_ends_as_it_ends_inside(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    monkeypatch.setattr(machine, "missing", list)
    monkeypatch.setattr(machine, "refusal", lambda: "")
    asked: list[list[str]] = []

    def enter(words: list[str]) -> int:
        asked.append(words)
        return status

    monkeypatch.setattr(isolation, "enter", enter)
    assert command.main(["--full", "short", "--scenario", "first"]) == status
    assert asked == [["--full", "short", "--scenario", "first"]]


def test_the_usual_scenarios_are_known() -> None:
    assert set(DRY) <= set(SCENARIOS)


def test_templates_changed_by_hand_are_rehearsed_as_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = tmp_path / "templates"
    shutil.copytree(ROOT / "templates", changed)
    service = changed / "service-orders.yaml"
    service.write_text(service.read_text().replace("HealthCheckPath: /health", "HealthCheckPath: /healthz"))
    rehearsed: list[Path] = []

    def run(setup: Setup, *_given: object) -> bool:
        rehearsed.append(setup.templates)
        return True

    monkeypatch.setattr("rehearsal.dry_run.run", run)
    assert command.main(["--templates", str(changed)]) == 0
    assert rehearsed == [changed]
    assert "rehearsed as it is" in capsys.readouterr().err
