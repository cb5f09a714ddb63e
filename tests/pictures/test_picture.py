"""Pictures: nothing is missing, cut off or covered, and they are the same everywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from sendy_cfn.pictures import body, grid, picture, properties
from sendy_cfn.pictures.body import Widget
from sendy_cfn.pictures.svg import width
from tests.pictures.reading import (
    ALARM,
    ARN,
    GOLDEN,
    SVG,
    boxes,
    covered,
    drawn,
    one,
    outside,
    specimen,
    subject,
    texts,
    widgets,
)
from tests.platforms import ROOT

METRIC = {"region": "eu-central-1", "metrics": [["AWS/ECS", "CPUUtilization", "ServiceName", "orders"]]}
SIZES = [(w, h) for w in (1, 2, 3, 4, 6, 9, 24) for h in (1, 2, 3, 4, 6)]


def test_the_specimen_has_every_kind_of_widget() -> None:
    kinds = {(w.type, w.properties.get("view", "timeSeries") if w.type == "metric" else "") for w in specimen().widgets}
    assert {kind for kind, _ in picture.DRAW} == set(properties.OF)
    assert set(picture.DRAW) == kinds
    logs = {w.properties["view"] for w in specimen().widgets if w.type == "log"}
    assert logs >= {"table", "timeSeries", "bar"}


def test_every_widget_is_drawn_in_its_place() -> None:
    groups = widgets(drawn(specimen()))
    assert [int(group.attrib["data-widget"]) for group in groups] == [w.number for w in specimen().widgets]
    for widget, group in zip(specimen().widgets, groups, strict=True):
        assert texts(group), widget
        assert outside(group, picture.area(widget.cell, picture.HEAD + picture.CHOICES)) == []


def test_no_text_is_on_another() -> None:
    svg = drawn(specimen())
    assert covered(svg) == []
    page = svg.find(f"{SVG}rect")
    assert page is not None
    high, wide = float(page.attrib["height"]), float(page.attrib["width"])
    assert all(box.x > 0 and box.right < wide and box.y > 0 and box.bottom < high for _, box in boxes(svg))


@pytest.mark.parametrize("widget", specimen().widgets, ids=lambda w: f"{w.number}-{w.type}-{w.properties.get('view')}")
def test_widgets_of_any_size_keep_their_texts_apart_and_inside(widget: Widget) -> None:
    for size in SIZES:
        [group] = widgets(drawn(one(widget.type, widget.properties, *size)))
        assert outside(group, picture.area(grid.Cell(0, 0, *size))) == [], size
        assert covered(group) == [], size


def titles(dashboard: body.Body) -> dict[int, str]:
    return {w.number: w.properties["title"] for w in dashboard.widgets if w.properties.get("title")}


def bold(group: ET.Element) -> list[ET.Element]:
    return [text for text in group.iter(f"{SVG}text") if text.get("font-weight") == "bold"]


def test_titles_are_whole_and_no_wider_than_their_widgets() -> None:
    svg = drawn(specimen())
    groups = {int(group.attrib["data-widget"]): group for group in widgets(svg)}
    for number, title in titles(specimen()).items():
        area = picture.area(specimen().widgets[number].cell, picture.HEAD + picture.CHOICES)
        rows = bold(groups[number])[: len(title.split())]
        assert " ".join(row.text or "" for row in rows).startswith(title)
        for row in rows:
            size = float(row.attrib["font-size"])
            assert width(row.text or "", size, bold=True) <= area.width
            assert size >= 11 or (row.text or "") not in title


def test_a_long_title_is_on_several_lines_and_what_is_below_it_moves() -> None:
    long = "All services: time to restore (minutes, mean) of releases that failed"
    [short_group], [long_group] = (
        widgets(drawn(one("metric", {**METRIC, "title": title}, 6, 6))) for title in ("Short", long)
    )
    rows = [row for row in bold(long_group) if (row.text or "") in long]
    assert len(rows) == 2
    assert " ".join(row.text or "" for row in rows) == long
    inner = picture.area(grid.Cell(0, 0, 6, 6)).width - 20
    assert all(width(row.text or "", float(row.attrib["font-size"]), bold=True) <= inner for row in rows)
    assert covered(long_group) == []
    low, high = (
        next(float(text.attrib["y"]) for text in group.iter(f"{SVG}text") if text.text == "Percent")
        for group in (long_group, short_group)
    )
    assert low == pytest.approx(high + 14, abs=0.2)


def test_a_title_that_is_cut_off_is_said_to_be() -> None:
    svg = drawn(one("metric", {**METRIC, "title": "word " * 60}, 4, 4))
    assert "the title of widget 0 is cut off" in " ".join(texts(svg))


def test_widgets_do_not_touch() -> None:
    areas = [picture.area(widget.cell) for widget in specimen().widgets]
    for place, area in enumerate(areas):
        for other in areas[:place]:
            assert area.right < other.x or other.right < area.x or area.bottom < other.y or other.bottom < area.y
    assert all(area.x > 0 and area.right < grid.COLUMNS * picture.FIELD + 2 * picture.GAP for area in areas)


def test_the_picture_is_the_committed_one() -> None:
    """What a change of the drawing changes is looked at here: python -m tests.pictures.test_picture writes it."""
    assert picture.draw(subject(specimen())) == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_another_process_draws_the_same(seed: str) -> None:
    code = "from tests.pictures.reading import *; print(picture.draw(subject(specimen())), end='')"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == GOLDEN.read_text(encoding="utf-8")


def test_it_says_that_the_data_is_a_sample_and_what_is_not_computed() -> None:
    alone = drawn(one("metric", {**METRIC, "metrics": [[{"expression": "INSIGHT_RULE_METRIC('r', 'm')", "id": "e1"}]]}))
    assert picture.SAMPLE in texts(alone)
    assert "e1: INSIGHT_RULE_METRIC is not evaluated" in " ".join(texts(alone)[-3:])
    assert "Not computed" not in " ".join(texts(drawn(one("metric", METRIC))))


def test_people_who_do_not_see_it_are_told_what_there_is() -> None:
    said = picture.words_for(specimen())
    assert said.startswith("20 widgets. text: orders in production; ")
    assert all(w.properties["title"] in said for w in specimen().widgets if "title" in w.properties)


def test_a_picture_is_as_wide_as_a_readme_and_its_letters_are_not_tiny() -> None:
    svg = drawn(specimen())
    assert 850 < float(svg.attrib["width"]) < 1000
    assert min(float(text.attrib["font-size"]) for text in svg.iter(f"{SVG}text")) >= 9.5


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"title": "Busy"}, {"Busy", "CPUUtilization", "Percent", "100 %"}),
        ({"yAxis": {"left": {"label": "share", "min": 0, "max": 40}}}, {"share", "40 %"}),
        ({"yAxis": {"left": {"showUnits": False}}}, {"CPUUtilization"}),
        ({"annotations": {"horizontal": [{"value": 80, "label": "too much"}]}}, {"too much"}),
        ({"annotations": {"vertical": [{"value": "2026-01-15T12:00:00Z", "label": "release"}]}}, {"release"}),
        ({"view": "table", "table": {"summaryColumns": ["AVG"]}}, {"Label", "Avg", "14:55", "CPUUtilization"}),
    ],
)
def test_what_a_widget_says_is_in_the_picture(given: Mapping[str, Any], shown: set[str]) -> None:
    limit = {} if "yAxis" in given else {"yAxis": {"left": {"max": 100}}}
    [group] = widgets(drawn(one("metric", {**METRIC, **limit, **given})))
    assert shown - set(texts(group)) == set()


def test_units_and_legends_that_are_hidden_are_not_there() -> None:
    hidden = {**METRIC, "legend": {"position": "hidden"}, "yAxis": {"left": {"showUnits": False}}}
    [group] = widgets(drawn(one("metric", hidden)))
    assert not {"CPUUtilization", "Percent"} & set(texts(group))


def test_an_annotation_out_of_the_time_shown_is_left_out() -> None:
    gone = {"annotations": {"vertical": [{"value": "2025-01-15T12:00:00Z", "label": "release"}]}}
    [group] = widgets(drawn(one("metric", {**METRIC, **gone})))
    assert "release" not in texts(group)


def test_an_alarms_widget_has_its_metrics_and_its_threshold() -> None:
    [group] = widgets(drawn(one("metric", {"region": "eu-central-1", "annotations": {"alarms": [ARN]}})))
    assert {ALARM.name, ALARM.says, "errors, %"} <= set(texts(group))


def test_an_alarm_that_is_not_there_is_named() -> None:
    svg = drawn(one("metric", {"region": "eu-central-1", "annotations": {"alarms": [f"{ARN}-2"]}}))
    assert "No data" in texts(widgets(svg)[0])
    assert "there is no alarm AnswersErrors-2" in " ".join(texts(svg))


def test_choices_above_the_widgets_are_there_and_nothing_is_below_them() -> None:
    choice = {"type": "property", "property": "ServiceName", "inputType": "select", "id": "service", "label": "Service"}
    hidden = {**choice, "id": "other", "label": "Hidden", "visible": False}
    widget = {"type": "text", "properties": {"markdown": "# Head"}}
    document = {"variables": [{**choice, "defaultValue": "orders"}, hidden], "widgets": [widget]}
    svg = drawn(body.read(json.dumps(document)))
    assert {"Service", "orders  ▼"} <= set(texts(svg))
    assert "Hidden" not in texts(svg)
    assert covered(svg) == []
    [group] = widgets(svg)
    assert outside(group, picture.area(grid.Cell(0, 0, 6, 6), picture.HEAD + picture.CHOICES)) == []


def test_text_that_has_no_room_is_said_to_have_none() -> None:
    long = "\n\n".join(f"Paragraph {number} of many." for number in range(12))
    svg = drawn(one("text", {"markdown": long}, 12, 3))
    assert "Paragraph 0 of many." in texts(svg)
    assert "Paragraph 11 of many." not in texts(svg)
    assert "widget 0 is too low for its text" in " ".join(texts(svg))


def test_markdown_looks_like_what_it_is() -> None:
    text = "# Head\n**bold** `code` [link](https://example.com)\n- item\n\n| a | b |\n|---|---|\n| c | d |"
    [group] = widgets(drawn(one("text", {"markdown": text})))
    assert texts(group) == ["Head", "bold", "code", "link", "•", "item", "a", "b", "c", "d"]
    bold = {t.text for t in group.iter(f"{SVG}text") if t.get("font-weight") == "bold"}
    assert bold == {"Head", "bold", "a", "b"}


def test_letters_are_as_wide_as_those_of_helvetica() -> None:
    assert width("Helvetica", 1000) == 722 + 556 + 222 + 500 + 556 + 278 + 222 + 500 + 556
    assert width("iiii", 10) < width("MMMM", 10) / 3


if __name__ == "__main__":
    GOLDEN.write_text(picture.draw(subject(specimen())), encoding="utf-8", newline="\n")
