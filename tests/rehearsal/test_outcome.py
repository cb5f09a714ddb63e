"""What was played, events and requests put together for the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rehearsal import outcome
from rehearsal.events import Events
from rehearsal.full.traffic_requests import Requests
from rehearsal.outcome import Played
from rehearsal.report.model import Meta, Result, Second
from rehearsal.scenarios import Scenario, Verdict

META = Meta("courier", "orders", "short", "2026-11-26T16:00:00+00:00", 60.0)
PLAN: Scenario[object] = Scenario("release", "A release", "no request fails", lambda _where: Verdict("", passed=True))


def requests(path: Path, *sent: tuple[float, str | None]) -> Requests:
    """What a load measured: for each request when it was sent, and the version that answered; None for none."""
    fields = {"ms": 2.0, "name": "GET /", "new_connection": False, "retried": False, "peer": None}
    lines = [
        {**fields, "at": at, "version": version, "ok": version is not None, "status": 200 if version else 0}
        | {"error": None if version else "refused"}
        for at, version in sent
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = Requests(path)
    found.update()
    return found


def played(*loads: Requests, title: str = "A release", passed: bool = True, control: bool = False) -> Played:
    verdict = Verdict("well", passed, (("time", "1", "s"),), 12.0, 3.0, control)
    plan = Scenario("release", title, "no request fails", PLAN.play)
    return Played(plan, verdict, 100.0, 160.0, loads)


def result(*scenarios: Played, events: Events | None = None) -> Result:
    shortened = (("TTL_SECONDS", "60", "10"),)
    return outcome.result(META, scenarios, events or Events(), shortened, [("images", "built")], [("docker", "crun")])


def test_a_scenario_has_what_its_loads_counted(tmp_path: Path) -> None:
    one = requests(tmp_path / "one", (100.1, "a"), (100.2, None), (101.0, "b"))
    two = requests(tmp_path / "two", (100.3, "a"))
    found = result(played(one, two), played(title="Without"))
    first, second = found.scenarios
    assert (first.requests, first.failed, first.start, first.end) == (4, 1, 100.0, 160.0)
    assert (first.outcome, first.measured, first.decision_seconds, first.worst_case_minutes) == (
        "well",
        (("time", "1", "s"),),
        12.0,
        3.0,
    )
    assert (second.title, second.requests) == ("Without", 0)
    assert (found.requests, found.failed, found.wanted, found.passed) == (4, 1, 0, True)


def test_failures_of_a_control_were_wanted(tmp_path: Path) -> None:
    found = result(
        played(requests(tmp_path / "one", (1.0, None)), control=True),
        played(requests(tmp_path / "two", (2.0, None), (3.0, None))),
    )
    assert (found.failed, found.wanted) == (3, 1)


@pytest.mark.parametrize(("each", "whole"), [([True, True], True), ([True, False], False), ([], False)])
def test_all_scenarios_have_to_pass(each: list[bool], whole: bool) -> None:
    assert result(*(played(passed=passed) for passed in each)).passed is whole


def test_each_load_is_a_phase(tmp_path: Path) -> None:
    one, two = (requests(tmp_path / name, (100.0, "a"), (101.0, None)) for name in ("one", "two"))
    phases = result(played(one, two), played(one, title="Next")).phases
    assert [phase.name for phase in phases] == ["A release, load 1", "A release, load 2", "Next"]
    assert (phases[0].requests, phases[0].failed, phases[0].errors) == (2, 1, {"refused": 1})
    assert (phases[0].start, phases[0].end) == (100.0, 160.0)


def test_seconds_of_loads_at_the_same_time_are_one(tmp_path: Path) -> None:
    one = requests(tmp_path / "one", (100.1, "a"), (100.2, "b"), (102.0, "b"))
    two = requests(tmp_path / "two", (100.9, "a"), (100.5, None), (101.0, "a"))
    found = result(played(one), played(two)).seconds
    assert [(second.at, second.by_version, second.failed) for second in found] == [
        (100, {"a": 2, "b": 1}, 1),
        (101, {"a": 1}, 0),
        (102, {"b": 1}, 0),
    ]


def test_together_the_worse_percentile_counts_and_none_is_no_measurement() -> None:
    found = outcome.merged(
        [
            Second(5.0, {"a": 1}, 1, 3.0, 4.0, None),
            Second(4.0, {}, 2, None, None, None),
            Second(5.7, {"b": 2}, 0, 1.0, 9.0, None),
        ]
    )
    assert found == (
        Second(4, {}, 2, None, None, None),
        Second(5, {"a": 1, "b": 2}, 1, 3.0, 9.0, None),
    )


def test_events_become_the_timeline_and_what_was_left_out() -> None:
    moments = iter(range(100, 110))
    events = Events(clock=lambda: float(next(moments)))
    events.add("note", "git push", commit="c0ffee")
    events.not_rehearsed("rule DeploymentWindow", "no way")
    events.add("record", "weights", name="orders", weights={"blue": 100, "green": 0})
    events.add("note", "something else")
    found = result(events=events)
    assert [entry.at for entry in found.timeline] == [100, 101, 102, 103]
    assert found.not_rehearsed == (("rule DeploymentWindow", "no way"),)
    assert [steps.title for steps in found.steps] == ["Weights of orders"]
    assert outcome.releases(events) == 1


def test_what_is_real_and_what_stands_in_is_listed() -> None:
    found = result()
    assert ("images", "built") in found.real
    assert ("docker", "crun") in found.played
    assert {what for what, _ in found.real} & {what for what, _ in found.played} == set()
    assert found.shortened == (("TTL_SECONDS", "60", "10"),)


@pytest.mark.parametrize("pairs", [(outcome.FULL_REAL, outcome.FULL_PLAYED), ((), outcome.DRY_PLAYED)])
def test_nothing_is_listed_twice(pairs: tuple[tuple[outcome.Pair, ...], tuple[outcome.Pair, ...]]) -> None:
    real, stand_ins = pairs
    names = [what for what, _ in (*outcome.REAL_ALWAYS, *real, *outcome.PLAYED_ALWAYS, *stand_ins)]
    assert len(names) == len(set(names))


def test_what_is_printed_names_each_scenario_and_the_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load = requests(tmp_path / "one", *((float(at), None if at % 500 == 0 else "a") for at in range(1, 1501)))
    found = result(played(load), played(title="A control", passed=False))
    outcome.tell(found, Path("out/rehearsal.html"), Path("out/rehearsal.json"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == ["passed  A release: well", "FAILED  A control: well"]
    assert lines[3].startswith("1,500 requests, ")
    assert "out/rehearsal.html" in lines[-1]


def test_a_moment_is_told_in_utc() -> None:
    assert outcome.started(1_795_708_800.9) == "2026-11-26T16:00:00+00:00"
