"""What each template is built from."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from sendy_cfn import config, stacks
from sendy_cfn.stacks import builds, pipeline
from tests.platforms import MINUTES, ROOT, watched
from tests.stacks.deliveries import made

FULL = config.load(ROOT / "tests/cases/full")
SERVICE = FULL.services["service-of-24-characters"]
WATCH = {name: watched(FULL) for name in FULL.services}
WORST = dict.fromkeys(FULL.services, MINUTES)


def seen_by(file: str) -> Any:
    (unit,) = [unit for unit in stacks.units(FULL, WORST, WATCH) if unit.file == file]
    return unit.inputs[0]


@pytest.mark.parametrize("module", [builds, pipeline])
def test_what_pipelines_do_not_see_they_do_not_use(module: Any) -> None:
    """The case's service says something in every key: hiding the running service's keys must change nothing."""
    given = seen_by(f"{module.__name__.rpartition('.')[2]}-{SERVICE.name}.yaml")
    assert given != SERVICE
    assert made(module, FULL, given).to_dict() == made(module, FULL, SERVICE).to_dict()


def test_what_changes_running_tasks_alone_leaves_the_pipeline_alone() -> None:
    changed = dataclasses.replace(SERVICE, port=1, environment={"X": "1"}, user="7", scale_on=())
    other = dataclasses.replace(FULL, services=FULL.services | {SERVICE.name: changed})
    before = {unit.file: unit.inputs for unit in stacks.units(FULL, WORST, WATCH)}
    after = {unit.file: unit.inputs for unit in stacks.units(other, WORST, WATCH)}
    assert {file for file in after if after[file] != before[file]} == {f"service-{SERVICE.name}.yaml"}


def test_the_services_own_template_is_built_from_all_of_it() -> None:
    assert seen_by(f"service-{SERVICE.name}.yaml") == SERVICE
