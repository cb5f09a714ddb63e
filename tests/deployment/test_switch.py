"""The walk through the releases of a service in two clusters, and faults that it has to notice."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emulator import walk_switch
from emulator.walk_actions import SHORTENED
from emulator.walk_pipeline import Variables
from emulator.walk_shell import StepError
from emulator.walk_switch import ONE, TWO, Walk
from emulator.walk_world import World
from tests.deployment.site import Site

SERVICE, PLACE = "orders", "production"
PIPELINE, TEMPLATE = "pipeline-orders.yaml", "service-orders-cluster-switch.yaml"
WAITS = {**SHORTENED, "SMOKE_TIMEOUT_SECONDS": "3"}  # five answers take half a second
Edit = Callable[[str], str]


@pytest.fixture(scope="module")
def deployed(new_site: Callable[[], Site]) -> Site:
    """All environments and the toolchain."""
    site = new_site()
    for place in (*site.platform.environments, "toolchain"):
        assert site.create(place) == "CREATE_COMPLETE"
    return site


@pytest.fixture
def site(deployed: Site, tmp_path: Path) -> Iterator[Site]:
    """The site with templates to edit; the service and the edited pipeline go afterwards."""
    original = deployed.folder
    deployed.folder = shutil.copytree(original, tmp_path / "templates")
    yield deployed
    changed = (deployed.folder / PIPELINE).read_bytes() != (original / PIPELINE).read_bytes()
    deployed.folder = original
    if changed:
        assert deployed.update("toolchain") == "UPDATE_COMPLETE"
    if deployed.stack(SERVICE, PLACE) in deployed.stacks.statuses():
        assert deployed.stacks.delete(deployed.stack(SERVICE, PLACE)) == "DELETE_COMPLETE"


@pytest.fixture(autouse=True)
def _no_long_pauses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "sleep").write_text("#!/bin/sh\nexec /bin/sleep 0.05\n")
    (tools / "sleep").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")


@contextmanager
def walking(site: Site, scratch: Path) -> Iterator[Walk]:
    world = World(site.stacks.emulator, site.platform, site.folder, scratch, site.stacks.account)
    stage = walk_switch.find(world)
    assert stage is not None
    with walk_switch.started(world, stage, WAITS) as way:
        yield way


def edit(site: Site, file: str, *changes: tuple[str, str]) -> None:
    text = (site.folder / file).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (site.folder / file).write_text(text)
    if file == PIPELINE:
        assert site.update("toolchain") == "UPDATE_COMPLETE"


def bring(site: Site, way: Walk, blue: str, green: str, live: str) -> None:
    """The state that releases of these commits would have left, and traffic."""
    found = {side: Variables(way.world, way.stage, commit) for side, commit in (("Blue", blue), ("Green", green))}
    values: dict[str, object] = {"LiveCluster": live, "IdleTasks": 1}
    for side, of in found.items():
        values |= {f"{side}Image": site.image(SERVICE, of.digest), f"{side}Version": of.commit}
    body = (site.folder / TEMPLATE).read_text()
    assert site.apply(body, SERVICE, PLACE, values) == "CREATE_COMPLETE"
    outputs = way.eyes.outputs()
    cluster, service = (outputs[f"{live.capitalize()}{what}"] for what in ("ClusterName", "ServiceName"))
    site.client("ecs", PLACE).update_service(cluster=cluster, service=service, desiredCount=way.busy)


def test_the_generated_service_goes_all_the_way(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(site.stacks.emulator, site.platform, site.folder, tmp_path, site.stacks.account)
    found = walk_switch.walk(world, WAITS)
    assert found is not None
    assert found[0] == site.stack(SERVICE, PLACE)
    shown = capsys.readouterr().out
    assert shown.count("VERDICT=good") == 3
    assert shown.count("VERDICT=bad LIVE_CLUSTER=green IDLE_TASKS=-1") == 1
    assert "blue      100" in shown
    assert "green     100" in shown


def test_without_a_service_in_two_clusters_there_is_nothing_to_walk(
    new_site: Callable[[], Site], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = new_site()
    world = World(site.stacks.emulator, site.platform, site.folder, tmp_path, site.stacks.account)
    assert walk_switch.walk(world, WAITS) is None
    assert "nothing to walk" in capsys.readouterr().out


SWAPPED = ("[BlueIsLive, 100, 0]", "[BlueIsLive, 0, 100]")
FIRST_RECORD = "      SetIdentifier: orders\n      Weight: !If "


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ([(FIRST_RECORD + SWAPPED[0], FIRST_RECORD + SWAPPED[1])], "Prepare the blue side has 0"),
        ([("- !Ref GreenLoadBalancerDnsName", "- !Ref LoadBalancerDnsName")], "orders-green.* leads to"),
        ([('- !Sub "orders-green.${DomainName}"', '- !Sub "other-green.${DomainName}"')], "leads to nothing"),
        ([("Image: !Ref GreenImage", "Image: !Ref BlueImage")], None),
    ],
    ids=["weights swapped", "green's names lead to blue", "a host without rule", "green runs blue's image"],
)
def test_faults_of_the_template_show_in_the_first_or_second_release(
    site: Site, tmp_path: Path, changes: list[tuple[str, str]], fault: str | None
) -> None:
    edit(site, TEMPLATE, *changes)
    with walking(site, tmp_path) as way:
        if fault is None:
            bring(site, way, ONE, ONE, "blue")
        with pytest.raises(StepError, match=fault or "Prepare the green side has"):
            (walk_switch.second if fault is None else walk_switch.first)(way)


def test_an_idle_side_that_is_not_given_its_tasks_shows_in_the_second_release(site: Site, tmp_path: Path) -> None:
    given = "- BlueIsLive\n          - !If [KeepsIdleTasks, !Ref AWS::NoValue, !Ref IdleTasks]\n"
    edit(site, TEMPLATE, (given, given.replace("!Ref IdleTasks", "1")))
    with walking(site, tmp_path) as way:
        bring(site, way, ONE, ONE, "blue")
        with pytest.raises(StepError, match=r"Prepare the green side has 0 .* 1, expected .* 5"):
            walk_switch.second(way)


def without(action: str, after: str) -> Edit:
    """Takes an action out of the text of the last stage."""

    def take(text: str) -> str:
        head, found, tail = text.rpartition(f"            - Name: {action}\n")
        assert found
        return head + tail[tail.index(after) :]

    return take


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (without("Settle", "          OnFailure:"), "second release the blue side has 0 .* 6, expected .* 1"),
        (
            lambda text: text.replace(
                '"LiveCluster":"#{StateProduction.LIVE_BEFORE}"', '"LiveCluster":"#{StateProduction.LIVE_AFTER}"'
            ),
            "Prepare the blue side has 0",
        ),
        (
            lambda text: text.replace(
                '"LiveCluster":"#{StateProduction.LIVE_AFTER}"', '"LiveCluster":"#{StateProduction.LIVE_BEFORE}"'
            ),
            "Switch the blue side has 100",
        ),
        (
            lambda text: text.replace('"IdleTasks":"-1"', '"IdleTasks":"#{StateProduction.IDLE_TASKS}"'),
            "Switch the blue side has 0 .* 5, expected .* 6",
        ),
    ],
    ids=["Settle left out", "Prepare goes live", "Switch does not", "Switch cuts the tasks of the side that is left"],
)
def test_faults_of_the_pipeline_show_in_the_second_release(
    site: Site, tmp_path: Path, change: Edit, fault: str
) -> None:
    text = (site.folder / PIPELINE).read_text()
    edit(site, PIPELINE, (text, change(text)))
    with walking(site, tmp_path) as way:
        bring(site, way, ONE, ONE, "blue")
        with pytest.raises(StepError, match=fault):
            walk_switch.second(way)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("#{VerifyProduction.LIVE_CLUSTER}", "#{StateProduction.LIVE_AFTER}"), "flip back the blue side has 100"),
        (("Variable: '#{VerifyProduction.VERDICT}'", "Variable: good"), "ended well"),
        (
            ('"IdleTasks":"#{VerifyProduction.IDLE_TASKS}"', '"IdleTasks":"1"'),
            "flip back the blue side has 0 .* 1, exp",
        ),
    ],
    ids=["Settle ignores the verdict", "nobody looks at the verdict", "a refused side shrinks at once"],
)
def test_faults_of_the_pipeline_show_in_a_bad_release(
    site: Site, tmp_path: Path, change: tuple[str, str], fault: str
) -> None:
    edit(site, PIPELINE, change)
    with walking(site, tmp_path) as way:
        bring(site, way, ONE, TWO, "green")
        with pytest.raises(StepError, match=fault):
            walk_switch.third(way)


def test_an_alarm_during_the_watch_flips_back(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cloudwatch, stack = site.client("cloudwatch", PLACE), site.stack(SERVICE, PLACE)
    with walking(site, tmp_path) as way:
        bring(site, way, ONE, TWO, "green")
        cloudwatch.set_alarm_state(AlarmName=f"{stack}-errors", StateValue="ALARM", StateReason="played")
        walk_switch.third(way, fails=False)
    assert f"in alarm: {stack}-errors" in capsys.readouterr().out
