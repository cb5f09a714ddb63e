"""The dashboard of an environment, with a row of alarms for each service, from templates to the picture."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sendy_cfn import config
from sendy_cfn.pictures import __main__ as command
from sendy_cfn.pictures import page
from tests.generated import generated
from tests.pictures import drawing
from tests.pictures.reading import covered, texts, widgets
from tests.platforms import ROOT

SERVICES = ("orders", "pricing", "tracking")
ABOVE = 2  # widgets above the services' rows
COLUMNS = 5


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "templates", tmp_path / "templates"))


def drawn(templates: Path) -> list[ET.Element]:
    svg = ET.fromstring(command.pictures(config.load(ROOT / "params"), templates)["production.svg"])
    assert covered(svg) == []
    return widgets(svg)


def test_that_of_the_last_environment_is_drawn_under_its_name(templates: Path) -> None:
    files = command.pictures(config.load(ROOT / "params"), templates)
    assert set(files) == {"delivery.svg", "production.svg", page.NAME}
    assert "](production.svg)" in files[page.NAME]
    groups = drawn(templates)
    assert not any("No data" in texts(group) for group in groups)
    for number, service in enumerate(SERVICES):
        first = ABOVE + COLUMNS * number
        requests, errors, latency, tasks, deployments = groups[first : first + COLUMNS]
        assert any(text.startswith(f"{service}: requests") for text in texts(requests))
        assert any(text.startswith(f"{service}: deployments") for text in texts(deployments))
        upper, lower = drawing.band(requests)
        assert all(below > above for (_, above), (_, below) in zip(upper, lower, strict=True))
        for group in (errors, latency, tasks):
            assert len(drawing.dashed(group)) == 1, service
        assert any(text.startswith("alarm below 3, ") for text in texts(tasks))  # MinTasks of production


def test_states_are_those_that_the_rows_show(templates: Path) -> None:
    """All is well again at the end of what is shown, of each service as of the alarm that stands for it."""
    groups = drawn(templates)
    found = texts(groups[1])
    assert any(text.startswith("0 of 7") for text in found)
    for service in SERVICES:
        assert f"courier-production-{service}-health" in found


def test_services_do_not_all_look_the_same(templates: Path) -> None:
    groups = drawn(templates)
    shapes = {tuple(y for _, y in drawing.line(groups[ABOVE + COLUMNS * number])) for number in range(len(SERVICES))}
    assert len(shapes) == len(SERVICES)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("-requests-band", "-request-band", "there is no alarm 'courier-test-orders-request-band' in test"),
        ("-requests-band", "-health", "'courier-test-orders-health' is a composite alarm"),
    ],
)
def test_an_alarm_that_is_not_there_is_told_with_template_and_widget(
    templates: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    params = templates.parent / "params"
    shutil.copytree(ROOT / "params", params)
    test = params / "test.yaml"
    test.write_text(test.read_text(encoding="utf-8").replace("FullMonitoring: false", "FullMonitoring: true"))
    for file in (templates / "config/test").iterdir():
        file.write_text(
            file.read_text(encoding="utf-8").replace('"FullMonitoring": "false"', '"FullMonitoring": "true"')
        )
    file = templates / "monitoring.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    out = templates.parent / "pictures"
    assert command.main(["--params", str(params), "--templates", str(templates), "--out", str(out)]) == 1
    said = capsys.readouterr().out
    line = file.read_text(encoding="utf-8").splitlines().index("  Dashboard:") + 1
    assert f"{file}:{line}  Dashboard  dashboard  widgets[{ABOVE}].properties.annotations.alarms[0]: {says}" in said
    assert not out.exists()


def test_sixty_services_are_no_burden() -> None:
    """The most that one template holds."""
    made = generated(ROOT / "tests/cases/full")
    before = time.process_time()
    files = command.pictures(made.platform, made.folder)
    assert time.process_time() - before < 15  # seconds
    assert files
