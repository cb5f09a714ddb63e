"""A rehearsal stops at faults in templates: each is planted into a platform that was released well before."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulator.driver import Stacks
from rehearsal import waits
from rehearsal.director import Director
from rehearsal.dry import runtime
from rehearsal.events import Events
from rehearsal.executions import CodePipeline, Execution
from rehearsal.variables import Variables
from rehearsal.world import Setup, World, prepared
from sendy_cfn import config, targets
from tests.platforms import ROOT
from tests.rehearsal.mutations import SERVICE_FAULTS, SWITCH_FAULTS, TOOLCHAIN_FAULTS, Fault

QUALITY = frozenset({"Quality", "ApproveProduction"})


class Shortened(CodePipeline):
    """The pipeline without stages that have nothing to do with the fault."""

    left_out: frozenset[str] = frozenset()

    def describe(self, name: str) -> Mapping[str, Any]:
        pipeline = super().describe(name)
        return {**pipeline, "stages": [stage for stage in pipeline["stages"] if stage["name"] not in self.left_out]}


@dataclass
class Rehearsed:
    """A platform after its first release."""

    world: World
    director: Director
    first: Execution
    templates: Path  # the platform's checkout

    def release(self, left_out: frozenset[str]) -> Execution:
        """Release what the branches hold, with the variables of the first release for stages that are left out."""
        pipeline = self.director.pipeline
        assert isinstance(pipeline, Shortened)
        pipeline.left_out = left_out
        execution = pipeline.start(self.world.pipeline)
        known = self.first.context.variables
        execution.context.variables = Variables({**known.copy()._values})
        pipeline.follow(self.world.pipeline, execution)
        return execution

    def plant(self, fault: Fault) -> None:
        """Change the template in the platform's repository."""
        file = self.templates / "templates" / fault.file
        text = file.read_text(encoding="utf-8")
        for old, new in ((fault.old, fault.new), *fault.also):
            assert old in text, f"{fault.file} has changed: the fault '{fault.name}' cannot be planted"
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")
        self._publish(f"Fault: {fault.name}")

    def mend(self, fault: Fault) -> None:
        """Bring the repository's template back."""
        shutil.copy(ROOT / "templates" / fault.file, self.templates / "templates" / fault.file)
        self._publish(f"Mended: {fault.name}")

    def deploy_toolchain(self) -> None:
        """Update the toolchain to what the repository has."""
        stacks = Stacks(self.world.aws.emulator, self.world.home.account, self.world.home.region)
        for target in targets.find(self.world.setup.platform, targets.TOOLCHAIN):
            folder = self.templates / "templates"
            status = stacks.update(
                target.stack, stacks.package(folder / target.template), targets.parameters(target, folder)
            )
            assert status == "UPDATE_COMPLETE", stacks.failures(target.stack)

    def _publish(self, message: str) -> None:
        self.world.templates.commit(message)
        self.world.templates.push()


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsed]:
    folder = tmp_path_factory.mktemp("rehearsal")
    platform = config.load(ROOT / "params")
    setup = Setup(platform, ROOT / "templates", "orders", ROOT / "examples/orders", folder)
    events = Events()
    with prepared(setup, events) as world, runtime.running(world.aws, events, folder, world.places) as parts:
        director = Director(world, events, parts, waits.DRY, folder)
        director.pipeline.__class__ = Shortened
        director.commit()
        first = director.release()
        assert (first.status, first.reason) == ("Succeeded", "")
        yield Rehearsed(world, director, first, world.templates.folder)


@pytest.mark.parametrize("fault", SERVICE_FAULTS, ids=lambda fault: fault.name)
def test_faults_of_a_service_template_stop_the_release(rehearsed: Rehearsed, fault: Fault) -> None:
    before = rehearsed.director.version(rehearsed.director.last)
    rehearsed.plant(fault)
    try:
        execution = rehearsed.release(QUALITY | {"Build"})
    finally:
        rehearsed.mend(fault)
    assert (execution.status, execution.stage) == ("Failed", fault.stage)
    assert fault.said in execution.reason
    assert rehearsed.director.version(rehearsed.director.last) == before


@pytest.mark.parametrize("fault", TOOLCHAIN_FAULTS, ids=lambda fault: fault.name)
def test_faults_of_the_toolchain_stop_the_release(rehearsed: Rehearsed, fault: Fault) -> None:
    # What comes before the stage that has to stop it is left out where the fault is not there.
    needed = {"Build"} if fault.stage == "Build" or "export" in fault.name else set()
    early = {"DeployTest", "DeployStaging"} if fault.stage == "DeployProduction" else set()
    rehearsed.plant(fault)
    rehearsed.deploy_toolchain()
    try:
        execution = rehearsed.release((QUALITY | {"Build"} | early) - needed)
    finally:
        rehearsed.mend(fault)
        rehearsed.deploy_toolchain()
    assert (execution.status, execution.stage) == ("Failed", fault.stage)
    assert fault.said in execution.reason


@pytest.mark.parametrize("fault", SWITCH_FAULTS, ids=lambda fault: fault.name)
def test_faults_of_the_switch_stop_the_release(rehearsed: Rehearsed, fault: Fault) -> None:
    before = rehearsed.director.version(rehearsed.director.last)
    rehearsed.plant(fault)
    rehearsed.director.commit()
    try:
        execution = rehearsed.release(QUALITY | {"DeployTest", "DeployStaging"})
    finally:
        rehearsed.mend(fault)
    assert (execution.status, execution.stage) == ("Failed", fault.stage)
    assert fault.said in execution.reason
    assert rehearsed.director.version(rehearsed.director.last) == before


def test_a_push_that_no_trigger_fits_starts_nothing(rehearsed: Rehearsed) -> None:
    fault = Fault(
        "trigger",
        "pipeline-orders.yaml",
        "                  - main\n        - Provider",
        "                  - master\n        - Provider",
        "",
        "",
    )
    rehearsed.plant(fault)
    rehearsed.deploy_toolchain()
    try:
        rehearsed.director.commit()
        with pytest.raises(Exception, match="does not start"):
            rehearsed.director.start()
    finally:
        rehearsed.mend(fault)
        rehearsed.deploy_toolchain()
