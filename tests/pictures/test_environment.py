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
from tests.pictures import drawing, environment
from tests.pictures.reading import covered, texts, widgets
from tests.platforms import ROOT

ROOTS = {"environment.yaml": [], "environment-two-clusters.yaml": ["orders"]}  # what production switches
SERVICES = ("orders", "pricing", "tracking")


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    shutil.copytree(ROOT / "templates", folder)
    environment.plant(folder, SERVICES, ROOTS)
    return folder


def test_that_of_the_last_environment_is_drawn_under_its_name(templates: Path) -> None:
    files = command.pictures(config.load(ROOT / "params"), templates)
    assert set(files) == {"delivery.svg", "production.svg", page.NAME}
    assert "](production.svg)" in files[page.NAME]
    svg = ET.fromstring(files["production.svg"])
    groups = widgets(svg)
    assert len(groups) == 4 + 5 * len(SERVICES)
    assert covered(svg) == []
    assert not any("No data" in texts(group) for group in groups)
    for number, service in enumerate(SERVICES):
        requests, errors, latency, tasks = groups[5 + 5 * number : 9 + 5 * number]
        upper, lower = drawing.band(requests)
        assert all(below > above for (_, above), (_, below) in zip(upper, lower, strict=True))
        for group in (errors, latency, tasks):
            assert len(drawing.dashed(group)) == 1, service
        assert any(text.startswith("alarm below 3, ") for text in texts(tasks))  # MinTasks of production


def test_services_do_not_all_look_the_same(templates: Path) -> None:
    svg = ET.fromstring(command.pictures(config.load(ROOT / "params"), templates)["production.svg"])
    shapes = {tuple(y for _, y in drawing.line(widgets(svg)[5 + 5 * number])) for number in range(len(SERVICES))}
    assert len(shapes) == len(SERVICES)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("orders-requests-band", "orders-request-band", "there is no alarm 'courier-test-orders-request-band' in test"),
        ("orders-requests-band", "orders-health", "'courier-test-orders-health' is a composite alarm"),
        (
            "${AWS::StackName}-orders-requests-band",
            "courier-production-orders-requests-band",
            "there is no alarm 'courier-production-orders-requests-band' in test",
        ),
    ],
)
def test_an_alarm_that_is_not_there_is_told_with_template_and_widget(
    templates: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    file = templates / "environment.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    out = templates.parent / "pictures"
    given = ["--params", str(ROOT / "params"), "--templates", str(templates), "--out", str(out)]
    assert command.main(given) == 1
    said = capsys.readouterr().out
    line = file.read_text(encoding="utf-8").splitlines().index("  Dashboard:") + 1
    assert f"{file}:{line}  Dashboard  dashboard  widgets[5].properties.annotations.alarms[0]: {says}" in said
    assert not out.exists()


def test_sixty_services_are_no_burden(templates: Path) -> None:
    """Rows of other services again, twenty times; with as many templates reading them costs as much once more."""
    rows = [service for _ in range(20) for service in SERVICES]
    file = templates / "environment-two-clusters.yaml"
    shutil.copy(ROOT / "templates" / file.name, file)
    environment.put(file, environment.resource(environment.body(rows, ["orders"])))
    before = time.process_time()
    files = command.pictures(config.load(ROOT / "params"), templates)
    assert time.process_time() - before < 15  # seconds; it takes about 2
    assert len(widgets(ET.fromstring(files["production.svg"]))) == 4 + 5 * 60
    assert len(files[page.NAME]) < 6_000
