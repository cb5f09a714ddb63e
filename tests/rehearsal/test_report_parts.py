from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest

from rehearsal.events import RehearsalError
from rehearsal.report import axes, lanes, marks, picture, played, timeline
from rehearsal.report.axes import LEFT, RIGHT, Time
from rehearsal.report.model import Entry, Scenario, Steps
from rehearsal.report.parts import sentence
from tests.rehearsal import sample

TIME = Time(0, 100, 0)
LONG = [("s0", "courier-production-green"), ("s1", "courier-production-blue"), ("s2", "W" * 200)]


def texts(given: str) -> list[tuple[float, float, float]]:
    """Line, begin and end of every text of a head."""
    found = []
    for each in ET.fromstring(f"<g>{given}</g>").iter("text"):
        begin = float(each.attrib["x"])
        end = begin + axes.wide(each.text or "", bold="title" in each.attrib["class"])
        found.append((float(each.attrib["y"]), begin, end))
    return found


@pytest.mark.parametrize("title", ["Weights", "Weights of " + "a-very-long-name." * 20])
@pytest.mark.parametrize("keys", [LONG[:0], LONG[:1], LONG[:2], LONG, LONG * 5])
def test_titles_and_keys_do_not_cover_each_other(title: str, keys: list[axes.Key]) -> None:
    found = texts(axes.head(100, title, keys))
    assert len(found) == 1 + len(keys)
    for line, begin, end in found:
        assert LEFT <= begin < end <= RIGHT + axes.GAP
        assert 100 - axes.below(title, keys) <= line <= 100
    ordered = sorted(found)
    for (line, _, end), (next_line, begin, _) in pairwise(ordered):
        assert line != next_line or end < begin


def steps(**series: tuple[tuple[float, float], ...]) -> Steps:
    return Steps("Something", "", series)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (steps(a=((-5, 1),)), False),
        (steps(a=((-5, 1), (20, 1))), False),
        (steps(a=((-5, 1), (20, 2))), True),
        (steps(a=((-5, 1), (200, 2))), False),
        (steps(a=((-5, 1),), b=((-5, 0),)), True),
        (steps(a=((200, 1),), b=((200, 0),)), False),
    ],
)
def test_what_does_not_change_is_left_out_if_it_is_alone(given: Steps, told: bool) -> None:
    assert (lanes.steps(given, TIME, 0) is not None) is told


def test_many_lines_have_a_lane_each_if_they_change() -> None:
    found = lanes.steps(steps(a=((0, 1), (50, 2)), b=((0, 3),), c=((0, 0), (10, 1)), d=((0, 4),)), TIME, 0)
    assert found
    assert found.body.count('class="lane"') == 2
    assert "b 3, d 4" in found.head
    assert len({line for line, _, _ in texts(found.head)}) == len(texts(found.head))


def test_boxes_of_scenarios_say_as_much_as_there_is_room_for() -> None:
    given = [Scenario("x", "A longer title " * 3, "", "", True, begin, end) for begin, end in ((0, 2), (2, 4), (4, 60))]
    found = texts(lanes.scenarios(given, TIME, 0).head)
    assert len(found) == 2 + 1
    assert all(first[2] < second[1] for first, second in pairwise(found))


def test_of_many_marks_the_common_ones_go_first() -> None:
    entries = [Entry(at, "x", "x", mark) for at, mark in enumerate(["deployment", "weights", "killed"] * 3)]
    kinds = [{each.mark for each in marks.within(entries, 0, 9, most)} for most in (9, 6, 5)]
    assert kinds == [{"deployment", "weights", "killed"}, {"weights", "killed"}, {"killed"}]


LOST = "Failed in Deploy, rolled back Deploy (stack x: 3 tasks failed, the last one: task exited (exit code 1))"


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("succeeded; 0 requests failed", "succeeded; 0 requests failed"),
        (f"{LOST}; test as before; 0 failed", "Failed in Deploy, rolled back Deploy (…); test as before; 0 failed"),
        (
            f"{LOST[:-1]}; test as before; 0 failed",
            "Failed in Deploy, rolled back Deploy (…); test as before; 0 failed",
        ),
        (
            f"older: {LOST}; newer: {LOST}",
            "older: Failed in Deploy, rolled back Deploy (…); newer: Failed in Deploy, rolled back Deploy (…)",
        ),
        ("word " * 50, "word " * 24 + "…"),
    ],
)
def test_long_outcomes_are_shortened(text: str, short: str) -> None:
    assert played.brief(text) == short
    scenario = replace(sample.result().scenarios[0], outcome=text)
    assert ("<details" in played.outcome(scenario)) is (text != short)
    assert text in unescape(played.outcome(scenario))


def words(scenario: Scenario) -> str:
    """The table with this scenario alone, as text."""
    table = ET.fromstring(played.scenarios(replace(sample.result(), scenarios=(scenario,))))
    return " | ".join("".join(each.itertext()) for each in table.iter("li"))


def test_values_of_one_load_share_a_line() -> None:
    given = next(each for each in sample.result().scenarios if each.name == "task")
    assert words(given) == (
        "time of the switch 28.0 s | blue: 21,000 requests, 0 failed, 95 % within 9 ms"
        " | stopped and back after 10 s; computed worst case 14 min"
    )
    assert words(replace(given, measured=(), worst_case_minutes=None)) == "stopped and back after 10 s"


def test_columns_without_values_are_left_out() -> None:
    given = sample.result()
    nothing = [
        replace(each, requests=0, measured=(), decision_seconds=None, worst_case_minutes=None)
        for each in given.scenarios
    ]
    heads = [
        len(list(ET.fromstring(played.scenarios(replace(given, scenarios=tuple(each)))).iter("th"))) - len(each)
        for each in (given.scenarios, nothing)
    ]
    assert heads == [7, 4]


def test_the_verdict_tells_whether_there_were_customers() -> None:
    given = replace(sample.result(), seconds=())
    assert sentence(given).endswith("; no requests were made")
    assert sentence(replace(given, meta=replace(given.meta, mode="dry"))).endswith("; dry: no customers")


def test_a_long_timeline_keeps_what_matters() -> None:
    kinds = ["target", "task", "stage", "scenario", "something new", "record"] * 100
    entries = [Entry(at, kind, "x" * 2_000) for at, kind in enumerate(kinds)]
    kept = timeline.kept(entries, 450)
    assert [entry.at for entry in kept] == sorted(entry.at for entry in kept)
    assert {kind: sum(entry.kind == kind for entry in kept) for kind in kinds} == {
        "target": 0,
        "task": 50,
        "stage": 100,
        "scenario": 100,
        "something new": 100,
        "record": 100,
    }
    assert timeline.kept(entries, 600) == entries


def test_the_page_of_a_long_run_stays_small() -> None:
    entries = [Entry(at, kind, "x" * 2_000) for at in range(4_000) for kind in ("task", "stage")]
    given = timeline.timeline(replace(sample.result(), timeline=tuple(entries)), 0)
    assert "3,000 of 8,000 entries are only in the JSON file: 3,000 task." in given
    assert len(given) < 4_000_000
    assert given.count("<li ") == 5_000
    assert given.count('<li data-kind="task" hidden>') == 1_000


def test_a_picture_has_at_most_so_many_bytes(tmp_path: Path) -> None:
    def photograph(_: Path, where: Path, scale: float) -> None:
        where.write_bytes(b"x" * round(300_000 * scale))

    assert picture.take(tmp_path / "page", tmp_path / "picture", photograph) == (0.6, 180_000)

    def large(_: Path, where: Path, scale: float) -> None:
        where.write_bytes(b"x" * round(900_000 * scale))

    with pytest.raises(RehearsalError, match="540,000 bytes"):
        picture.take(tmp_path / "page", tmp_path / "picture", large)


def test_no_picture_without_a_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert picture.main([str(tmp_path / "page"), str(tmp_path / "picture")]) == 1
    assert "no browser" in capsys.readouterr().err
    assert picture.main([]) == 2
