"""Several executions of a pipeline at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from emulator import Emulator
from rehearsal.executions import Execution
from tests.rehearsal.pipelined import MESSAGE, PIPELINE, Site, approval, stage
from tests.rehearsal.scheduled import until


@pytest.fixture
def site(emulator: Emulator, tmp_path: Path) -> Site:
    return Site(emulator, tmp_path)


class Held:
    """Executions in threads; the approval of a text waits until it is let go."""

    def __init__(self, site: Site, *texts: str) -> None:
        self.site = site
        self.doors = {text: threading.Event() for text in texts}
        self.threads: list[threading.Thread] = []
        site.decide = self._wait

    def _wait(self, text: str) -> bool:
        return text not in self.doors or self.doors[text].wait(20)

    def start(self, text: str) -> Execution:
        self.site.push(text)
        execution = self.site.pipeline.start(PIPELINE)
        self.threads.append(threading.Thread(target=self.site.pipeline.follow, args=(PIPELINE, execution), daemon=True))
        self.threads[-1].start()
        return execution

    def reaches(self, text: str) -> None:
        until(lambda: text in self.site.read)

    def end(self) -> None:
        for door in self.doors.values():
            door.set()
        for thread in self.threads:
            thread.join(20)


def test_the_newest_of_those_that_wait_for_a_stage_goes_on(site: Site) -> None:
    site.deploy(stage("Test", approval("Test", f"test {MESSAGE}")), stage("Live", approval("Deploy", MESSAGE)))
    held = Held(site, "one")
    one = held.start("one")
    held.reaches("one")
    two = held.start("two")
    until(lambda: "Test" in two.done)
    three = held.start("three")
    until(lambda: two.status != "InProgress")
    assert (two.status, two.stage) == ("Superseded", "Live")
    assert one.status == three.status == "InProgress"
    held.end()
    assert (one.status, three.status) == ("Succeeded", "Succeeded")
    assert [text for text in site.read if not text.startswith("test")] == ["one", "three"]


def test_one_that_waits_for_a_stage_can_be_stopped(site: Site) -> None:
    site.deploy(stage("Live", approval("Deploy", MESSAGE)))
    held = Held(site, "one")
    one = held.start("one")
    held.reaches("one")
    two = held.start("two")
    until(lambda: "Source" in two.done)
    two.stopped.set()
    until(lambda: two.status == "Stopped")
    held.end()
    assert (one.status, two.reason) == ("Succeeded", "stopped before a stage")
