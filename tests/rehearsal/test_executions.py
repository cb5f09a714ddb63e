"""Pipelines deployed to the emulator, executed: order, failures, ways back, stopping."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from rehearsal.events import Event
from tests.rehearsal.pipelined import BACK, MESSAGE, NAME, PIPELINE, Site, action, approval, checked, stage


@pytest.fixture
def site(emulator: Emulator, tmp_path: Path) -> Site:
    return Site(emulator, tmp_path)


def test_stages_and_actions_run_in_order_and_share_variables(site: Site) -> None:
    late, early = approval("Late", f"late {MESSAGE}", 2), approval("Early", "early #{codepipeline.PipelineExecutionId}")
    site.deploy(stage("Test", late, early), stage("Live", approval("Last")))
    commit = site.push("one")
    execution = site.pipeline.run(PIPELINE)
    assert (execution.status, execution.reason, execution.stage) == ("Succeeded", "", "Live")
    assert execution.done == ["Source", "Test", "Live"]
    assert site.read == [f"early {execution.id}", "late one", "Last"]
    assert site.states("action", execution) == [
        *("Source Code: InProgress", "Source Code: Succeeded", "Test Early: InProgress", "Test Early: Succeeded"),
        *("Test Late: InProgress", "Test Late: Succeeded", "Live Last: InProgress", "Live Last: Succeeded"),
    ]
    assert {event.data["commit"] for event in site.here.told(execution=execution.id)} == {commit}
    assert site.here.said("pipeline") == [f"{PIPELINE}: Succeeded"]


def test_a_failed_action_ends_the_execution_in_its_stage(site: Site) -> None:
    site.deploy(stage("Test", approval("One"), approval("Two", order=2)), stage("Live", approval("Last")))
    site.decide = lambda text: text != "One"
    execution = site.run("one")
    assert (execution.status, execution.stage, execution.done) == ("Failed", "Test", ["Source"])
    assert execution.reason == "One: action One: rejected"
    assert site.read == ["One"]
    assert execution.rolled_back == []


def test_a_failed_build_fails_its_action_with_the_log(site: Site) -> None:
    text = "version: 0.2\nphases:\n  build:\n    commands: ['cat text.txt; false']\n"
    site.here.project("image", text, site.here.role("builder"))
    configuration = {"ProjectName": "image"}
    build = action("Image", "Build", "CodeBuild", configuration=configuration, InputArtifacts=[{"Name": "Code"}])
    site.deploy(stage("Build", build))
    execution = site.run("words of the log")
    assert (execution.status, execution.stage) == ("Failed", "Build")
    assert execution.reason == "Image: the build image failed: words of the log"


def test_what_a_rehearsal_cannot_play_is_listed_and_rolls_nothing_back(site: Site) -> None:
    site.deploy(
        stage("Test", action("Upload", "Deploy", "S3"), OnFailure={"Result": "ROLLBACK"}),
        stage("Live", approval("Last")),
    )
    execution = site.run("one")
    assert (execution.status, execution.stage) == ("NotRehearsed", "Test")
    assert list(site.here.events.missing) == ["action Upload: Deploy by S3"]
    assert site.read == []


def test_another_execution_mode_is_listed(site: Site) -> None:
    site.deploy(stage("Test", approval("One")), ExecutionMode="QUEUED")
    assert site.run("one").status == "Succeeded"
    assert list(site.here.events.missing) == [f"execution mode QUEUED of {PIPELINE}"]


def test_a_failed_stage_goes_back_to_its_last_good_execution(site: Site) -> None:
    site.deploy(stage("Live", approval("Deploy", MESSAGE), approval("Smoke", f"smoke {MESSAGE}", 2), OnFailure=BACK))
    site.run("one")
    site.run("two")
    site.decide = lambda text: text != "smoke three"
    site.read.clear()
    execution = site.run("three")
    assert (execution.status, execution.rolled_back) == ("Failed", ["Live"])
    assert execution.reason == "Smoke: action Smoke: rejected"
    assert site.read == ["three", "smoke three", "two", "smoke two"]
    again = [event for event in site.here.events.all if event.data.get("execution") == f"rollback of {execution.id}"]
    assert {event.data["stage"] for event in again} == {"Live"}
    assert site.states("stage", execution)[-1] == "Live: RolledBack"
    # What failed is not what a later failure goes back to.
    site.decide = lambda text: text != "smoke four"
    site.run("four")
    assert site.read[-2:] == ["two", "smoke two"]


def test_a_stage_goes_back_with_the_artifacts_of_then(site: Site) -> None:
    commands = "phases:\n  build:\n    commands: ['export TEXT=$(cat text.txt)']\n"
    text = f"version: 0.2\nenv:\n  exported-variables: [TEXT]\n{commands}"
    site.here.project("read", text, site.here.role("builder"))
    build = action(
        *("Read", "Build", "CodeBuild"),
        configuration={"ProjectName": "read"},
        InputArtifacts=[{"Name": "Code"}],
        Namespace="Read",
    )
    site.deploy(stage("Live", build, approval("Seen", "#{Read.TEXT}", 2), OnFailure=BACK))
    site.run("one")
    site.decide = lambda text: text != "two"
    assert site.run("two").rolled_back == ["Live"]
    assert site.read == ["one", "two", "one"]


def test_without_a_good_execution_there_is_nothing_to_go_back_to(site: Site) -> None:
    site.deploy(stage("Live", approval("Deploy", MESSAGE), OnFailure=BACK))
    site.decide = lambda _text: False
    execution = site.run("one")
    assert (execution.status, execution.rolled_back, site.read) == ("Failed", [], ["one"])


def test_a_stage_that_does_not_say_so_does_not_go_back(site: Site) -> None:
    site.deploy(stage("Live", approval("Deploy", MESSAGE)))
    site.run("one")
    site.decide = lambda _text: False
    assert site.run("two").rolled_back == []
    assert site.read == ["one", "two"]


def test_a_rollback_that_fails_is_told(site: Site) -> None:
    site.deploy(stage("Live", approval("Deploy", MESSAGE), OnFailure=BACK))
    site.run("one")
    site.decide = lambda _text: False
    execution = site.run("two")
    assert (execution.status, execution.rolled_back) == ("Failed", [])
    assert "then its rollback failed: Deploy: action Deploy: rejected" in execution.reason


@pytest.mark.parametrize(
    ("result", "on_failure", "back"),
    [("ROLLBACK", {}, True), ("FAIL", {}, False), ("FAIL", {"OnFailure": BACK}, True)],
)
def test_a_success_condition_that_does_not_hold(
    site: Site, result: str, on_failure: dict[str, Any], back: bool
) -> None:
    site.deploy(stage("Live", approval("Deploy", MESSAGE), OnSuccess=checked(MESSAGE, "good", result), **on_failure))
    assert site.run("good").status == "Succeeded"
    execution = site.run("bad")
    assert execution.status == "Failed"
    assert execution.reason.startswith(f"the success condition says {result}: rule Check: 'bad' EQ 'good'")
    assert execution.rolled_back == (["Live"] if back else [])
    assert site.read == ["good", "bad", *(["good"] if back else [])]


@pytest.mark.parametrize(("result", "status", "read"), [("FAIL", "Failed", []), ("SKIP", "Succeeded", ["Last"])])
def test_an_entry_condition_that_does_not_hold(site: Site, result: str, status: str, read: list[str]) -> None:
    entry = checked(MESSAGE, "good", result)
    site.deploy(stage("Live", approval("Deploy"), BeforeEntry=entry), stage("After", approval("Last")))
    assert site.run("bad").status == status
    assert site.read == read


def test_a_stopped_execution_does_not_start_its_next_action(site: Site) -> None:
    site.deploy(stage("Live", approval("One"), approval("Two", order=2), OnFailure=BACK))
    site.run("one")
    site.push("two")
    execution = site.pipeline.start(PIPELINE)

    def stop(_text: str) -> bool:
        execution.stopped.set()
        return True

    site.decide = stop
    site.read.clear()
    site.pipeline.follow(PIPELINE, execution)
    assert (execution.status, execution.reason) == ("Stopped", "stopped before Two")
    assert site.read == ["One"]
    assert site.states("stage", execution)[-1] == "Live: Stopped"
    site.decide = lambda _text: True
    assert site.pipeline.run(PIPELINE).status == "Succeeded"


def test_pushes_start_the_pipeline_as_it_is_deployed(site: Site) -> None:
    push = [{"Branches": {"Includes": ["main"]}, "FilePaths": {"Includes": ["text.*"]}}]
    trigger = {
        "ProviderType": "CodeStarSourceConnection",
        "GitConfiguration": {"SourceActionName": "Code", "Push": push},
    }
    site.deploy(stage("Live", approval("Deploy")), Triggers=[trigger])
    host = site.git
    site.push("one")
    assert site.pipeline.started_by(PIPELINE, list(host.pushes(NAME)))
    (site.code.folder / "README.md").write_text("x")
    site.code.commit("Words")
    site.code.push()
    assert not site.pipeline.started_by(PIPELINE, list(host.pushes(NAME)))


def test_events_can_be_read_by_others(site: Site) -> None:
    seen: list[Event] = []
    site.here.events.listen(seen.append)
    site.deploy(stage("Live", approval("Deploy")))
    execution = site.run("one")
    states = [event.data["state"] for event in seen if event.kind == "stage" and event.data["stage"] == "Live"]
    assert states == ["InProgress", "Succeeded"]
    assert json.dumps([event.data for event in seen])
    assert {event.data["execution"] for event in seen if event.kind in ("stage", "action", "pipeline")} == {
        execution.id
    }
