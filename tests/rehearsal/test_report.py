from __future__ import annotations

import base64
import hashlib
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from rehearsal.events import Event
from rehearsal.report import browser, collect, marks, series, text
from rehearsal.report.axes import LEFT, RIGHT, Time, linear, logarithmic
from rehearsal.report.document import write
from rehearsal.report.model import Entry, Meta, Result, Second, as_dict
from rehearsal.report.page import page
from rehearsal.report.panels import colour
from tests.rehearsal import sample


class Outline(HTMLParser):
    """The elements of a page with their attributes, and the texts of its scripts and styles."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._inside = ""
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in self.raw:
            self.raw[self._inside].append(data)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


@pytest.fixture(scope="module")
def document() -> str:
    return page(sample.result())


@pytest.fixture(scope="module")
def outline(document: str) -> Outline:
    return Outline(document)


def everywhere(evil: str) -> Result:
    """A result in which every text is this one."""
    given = sample.result(120)
    meta = Meta(evil, evil, evil, evil, 1.0, 1, {evil: evil})
    scenario = replace(given.scenarios[0], name=evil, title=evil, expected=evil, outcome=evil, measured=((evil,) * 3,))
    seconds = tuple(replace(each, by_version={evil: 3.0}) for each in given.seconds)
    phase = replace(given.phases[2], name=evil, by_version={evil: given.phases[0].by_version[""]}, errors={evil: 1})
    steps = replace(given.steps[0], title=evil, unit=evil, series={evil: ((sample.ZERO, 1.0),)})
    entry = Entry(sample.ZERO + 30, evil, evil, evil)
    pairs, triples = ((evil, evil),), ((evil, evil, evil),)
    return Result(meta, (scenario,), (entry,), seconds, (phase,), (steps,), pairs, pairs, pairs, triples)


def test_no_text_becomes_markup() -> None:
    plain, hostile = (Outline(page(everywhere(given))) for given in ("harmless", sample.EVIL))
    assert [name for name, _ in hostile.elements] == [name for name, _ in plain.elements]
    assert [sorted(attributes) for _, attributes in hostile.elements] == [sorted(each) for _, each in plain.elements]
    assert hostile.raw["script"] == plain.raw["script"]


def test_only_the_pages_own_script_and_style_may_run(outline: Outline) -> None:
    policy = next(each["content"] for name, each in outline.elements if each.get("http-equiv")) or ""
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for kind in ("script", "style"):
        assert outline.count(kind) == 1
        digest = base64.b64encode(hashlib.sha256("".join(outline.raw[kind]).encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_nothing_is_loaded_and_nothing_is_styled_in_place(document: str, outline: Outline) -> None:
    names = {attribute for _, attributes in outline.elements for attribute in attributes}
    assert not names & {"style", "src", "srcset"}
    assert not {name for name in names if name.startswith("on")}
    assert all((each.get("href") or "#").startswith("#") for _, each in outline.elements)
    assert "url(" not in document
    assert "@import" not in document


def test_every_link_has_its_target(outline: Outline) -> None:
    ids = [each["id"] for _, each in outline.elements if "id" in each]
    assert len(ids) == len(set(ids))
    assert {(each["href"] or "")[1:] for name, each in outline.elements if name == "a"} <= set(ids)


def test_every_chart_is_well_formed_and_described(document: str) -> None:
    pictures = [ET.fromstring(each) for each in re.findall(r"<svg.*?</svg>", document, re.DOTALL) if "role=" in each]
    assert len(pictures) == 1 + len(sample.result().scenarios)
    for picture in pictures:
        assert [child.tag for child in picture][:2] == ["title", "desc"]
        assert picture.findtext("desc")
        _, _, width, height = map(float, picture.attrib["viewBox"].split())
        for element in picture.iter():
            assert 0 <= float(element.get("x", 0)) <= width
            assert 0 <= float(element.get("y", 0)) <= height
            assert float(element.get("height", 0)) >= 0


def test_the_page_is_the_same_every_time(document: str) -> None:
    assert page(sample.result()) == document


def test_a_rehearsal_without_requests_has_a_page() -> None:
    given = sample.result()
    dry = replace(given, meta=replace(given.meta, mode="dry"), seconds=(), phases=(), steps=())
    document = page(dry)
    outline = Outline(document)
    assert outline.count("figure") == 0
    assert {each["id"] for _, each in outline.elements if "id" in each} == {"scenarios", "truth", "timeline"}
    assert "4 of 4 scenarios as expected; dry: no customers" in document
    assert page(Result(Meta("p", "s", "dry", "x", 0.0)))


def test_the_verdict_needs_scenarios_and_all_of_them() -> None:
    given = sample.result()
    assert given.passed
    broken = (*given.scenarios[1:], replace(given.scenarios[0], passed=False))
    assert not replace(given, scenarios=broken).passed
    assert not replace(given, scenarios=()).passed
    assert "3 of 4 scenarios as expected" in page(replace(given, scenarios=broken))


def test_failures_on_purpose_are_told_apart(document: str) -> None:
    given = sample.result()
    assert (given.lost, given.outages, given.failed) == (1, 1, given.wanted + 2)
    assert f", 1 lost (1 failed in outages and {given.wanted:,} in controls, on purpose); " in document
    assert [given.planned(sample.ZERO + at) for at in (440, 505, 639, 640, 719, 720)] == [0, 1, 0, 1, 1, 0]
    unbounded = tuple(replace(each, passed=each.name != "task") for each in given.scenarios)
    broken = replace(given, scenarios=unbounded)
    assert (broken.lost, broken.outages, broken.planned(sample.ZERO + 505)) == (2, 0, False)


def test_the_files_hold_the_same(tmp_path: Path) -> None:
    given = sample.result()
    html, data = write(tmp_path / "new", given)
    assert html.read_text(encoding="utf-8") == page(given)
    document = json.loads(data.read_text(encoding="utf-8"))
    assert document == json.loads(json.dumps(as_dict(given)))
    assert list(document)[:5] == ["schema", "passed", "requests", "failed", "lost"]
    assert document["schema"] == 1
    assert document["requests"] == given.requests
    scenario = document["scenarios"][0]
    assert (scenario["from"], scenario["to"]) == (sample.ZERO + 20, sample.ZERO + 200)
    assert scenario["measured"][0] == {"label": "time of the switch", "value": "28.0", "unit": "s"}
    assert document["shortened"][0] == {"what": "BAKE_MINUTES", "from": "15", "to": "1"}
    assert document["steps"][0]["series"]["blue"][1] == {"at": sample.ZERO + 90, "value": 0}
    assert document["phases"][0]["by_version"][""]["p99"] == 24.9


@pytest.mark.parametrize("length", [1, 59, 600, 601, 1_201, 7_300, 100_000])
def test_long_runs_keep_every_request_and_failure(length: int) -> None:
    seconds = [Second(1_000.0 + at, {"a": 3.0, "": at % 2}, at % 97 == 0, 1.0, 2.0, float(at)) for at in range(length)]
    row, width = series.points(seconds, 1_000.0, 1_000.0 + length)
    assert len(row) <= series.LIMIT
    assert sum(point.failed for point in row) == sum(second.failed for second in seconds)
    for version in ("a", ""):
        kept = sum(point.by_version.get(version, 0) for point in row) * width
        assert kept == pytest.approx(sum(second.by_version[version] for second in seconds))
    assert max(point.p99 or 0 for point in row) == length - 1


def test_a_second_without_requests_is_a_point_with_nothing() -> None:
    row, width = series.points([Second(10.0, {"a": 1}, 0, 1, 1, 1), Second(12.0, {"a": 1}, 0, 1, 1, 1)], 10.2, 12.9)
    assert width == 1
    assert [(point.at, point.by_version, point.p50) for point in row] == [
        (10, {"a": 1}, 1),
        (11, {}, None),
        (12, {"a": 1}, 1),
    ]


@pytest.mark.parametrize("top", [0, 0.3, 1, 7, 99, 100, 101, 312, 5_000, 123_456])
def test_axes_reach_what_they_show(top: float) -> None:
    values = series.ticks(top)
    assert values[0] == 0
    assert values[-1] >= top
    assert 2 <= len(values) <= 7
    low, high = max(top / 50, 0.2), max(top, 0.3)
    powers = series.decades(low, high)
    assert powers[0] <= low * 1.0001
    assert powers[-1] >= high * 0.9999


def test_values_are_inside_their_panel() -> None:
    panel = linear(10, 110, 300)
    assert (panel.y(0), panel.y(150) > panel.y(300), panel.y(1e9)) == (110, True, 10)
    latency = logarithmic(0, 100, 1, 1_000)
    assert [latency.y(value) for value in (0, 1, 1_000, 1e9)] == [100, 100, 0, 0]
    assert latency.y(10) == pytest.approx(66.7)
    time = Time(100, 200, 100)
    assert [time.x(at) for at in (0, 100, 150, 200, 999)] == [LEFT, LEFT, (LEFT + RIGHT) / 2, RIGHT, RIGHT]


def test_badges_do_not_cover_each_other() -> None:
    groups = marks.groups([10, 12, 30, 60, 300])
    assert [(group.text, group.xs) for group in groups] == [("1–3", (10, 12, 30)), ("4", (60,)), ("5", (300,))]  # noqa: RUF001
    many = marks.groups(sorted(float(37 * at % 900) for at in range(100)))
    assert sum(len(group.xs) for group in many) == 100
    assert not any(left.meets(right) for left, right in pairwise(many))


def test_versions_have_the_same_colour_in_every_chart() -> None:
    versions = sample.result().versions
    assert versions == (sample.FIRST, sample.SECOND, sample.THIRD, "")
    assert [colour(each, versions) for each in (*versions, "other")] == ["v0", "v1", "v2", "vx", "vx"]


def test_a_break_in_a_line_stays_one() -> None:
    assert series.runs([None, 1, 2, None, None, 3]) == [[(1, 1), (2, 2)], [(5, 3)]]
    assert series.runs([None]) == []


@pytest.mark.parametrize(
    ("value", "shown"), [("<b>&\"'", "&lt;b&gt;&amp;&quot;&#x27;"), ("a\x1b[0m\x00", "a\\x1b[0m\\x00"), (3, "3")]
)
def test_texts_are_escaped(value: object, shown: str) -> None:
    assert text.escape(value) == shown


def test_attributes_are_left_out_only_where_that_is_meant() -> None:
    assert (
        text.tag("a", x=0, y="", z=None, w=False, hidden=True, class_='"') == '<a x="0" y="" hidden class="&quot;"></a>'
    )


def test_numbers_are_for_people() -> None:
    assert [text.duration(each) for each in (0.44, 5, 59.7, 185, 3_725)] == [
        "0.4 s",
        "5 s",
        "1 min 00 s",
        "3 min 05 s",
        "1 h 02 min",
    ]
    assert [text.milliseconds(each) for each in (None, 2.34, 45.6, 1_234)] == ["n/a", "2.3 ms", "46 ms", "1.23 s"]
    assert [text.offset(each) for each in (-3, 0, 65, 3_725)] == ["-0:03", "0:00", "1:05", "1:02:05"]


def event(at: float, kind: str, **data: object) -> Event:
    return Event(at, kind, kind, dict(data))


def test_events_become_steps_and_marks() -> None:
    side = {"cluster": "blue", "service": "orders", "version": "a"}
    events = [
        event(1, "record", name="n", weights={"blue": 100, "green": 0}),
        event(2, "task", task="1", state="HEALTHY", **side),
        event(3, "task", task="2", state="HEALTHY", **side),
        event(4, "record", name="n", weights={"blue": 100, "green": 0}),
        event(5, "task", task="1", state="STOPPED", mark="killed", **side),
        event(6, "record", name="n", weights={"blue": 0, "green": 100}),
        event(7, "deployment"),
    ]
    assert [entry.mark for entry in collect.timeline(events)] == ["", "", "", "", "killed", "weights", "deployment"]
    weights, tasks = collect.steps(events)
    assert weights.series == {"blue": ((1, 100), (4, 100), (6, 0)), "green": ((1, 0), (4, 0), (6, 100))}
    assert tasks.series == {"blue": ((2, 1), (3, 2), (5, 1))}
    assert collect.steps([]) == ()


def seen(**changed: object) -> str:
    measured = {"charts": 2, "drawn": 2, "width": 400, "content": 400, "height": 9, "loaded": [], **changed}
    return f'<html data-check="{text.escape(json.dumps(measured))}"><a href="#x">x</a></html>'


CONSOLE = '[1:2:0101/1.2:INFO:CONSOLE:1] "Refused to load", source: file:///x (1)\n[1:2:ERROR:dbus/bus.cc:405] no bus\n'


@pytest.mark.parametrize(
    ("dom", "log", "problems"),
    [
        (seen(), "[1:2:ERROR:dbus/bus.cc:405] no bus", []),
        (seen(), CONSOLE, ['console: "Refused to load", source: file:///x (1)']),
        (seen(), CONSOLE.replace(":CONSOLE:1]", ":CONSOLE(1)]"), ['console: "Refused to load", source: file:///x (1)']),
        (seen(drawn=1), "", ["1 of 2 charts are drawn"]),
        (seen(content=512), "", ["the content is 512 pixels wide, the window 400"]),
        (seen(loaded=["http://x/y"]), "", ["loaded: http://x/y"]),
        (seen() + '<img src="//x/y">', "", ["address outside of the page: <img src=//x/y>"]),
        ("<html></html>", "", ["the page's script did not run"]),
    ],
)
def test_what_a_browser_says_is_judged(dom: str, log: str, problems: list[str]) -> None:
    assert browser.judge(dom, log) == problems
