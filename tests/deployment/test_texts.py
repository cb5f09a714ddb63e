"""Texts of people, deployed by CloudFormation's functions in the emulator: they arrive as they were written."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from emulator import Emulator
from tests.deployment.site import Site, digest
from tests.generated import generated
from tests.hostile.folders import written
from tests.hostile.payloads import PAYLOADS
from tests.platforms import ROOT

# The emulator's CloudFormation resolves what looks like a dynamic reference wherever it is; input can't hold one.
TEXTS = [text for text in PAYLOADS if text.isprintable() and "{{resolve:" not in text] + [
    "${A:-${B}}",
    "$${C}",
    "${",
    "$",
]


def test_texts_arrive_in_the_task_definition(emulator: Emulator, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tests/cases/bare", tmp_path / "params")
    path = tmp_path / "params/platform.yaml"
    document = yaml.safe_load(path.read_text())
    name, service = next(iter(document["services"].items()))
    environment = {f"V{number}": text for number, text in enumerate(TEXTS)}
    service |= {"environment": environment, "command": TEXTS, "health_command": TEXTS}
    path.write_bytes(written(document))
    site = Site(emulator, generated(tmp_path / "params"))
    place = next(iter(document["environments"]))
    site.create(place)
    assert site.release(name, place, digest("a")) == "CREATE_COMPLETE"
    (container,) = site.task_definition(site.stack(name, place))["containerDefinitions"]
    assert {entry["name"]: entry["value"] for entry in container["environment"]} == environment
    assert container["command"] == TEXTS
    resolved = site.resolved(site.stack(name, place))["TaskDefinition"].properties
    (whole,) = resolved["ContainerDefinitions"]
    assert whole["HealthCheck"]["Command"] == ["CMD", *TEXTS]
