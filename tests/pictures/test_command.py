"""From templates to files: `python -m sendy_cfn.pictures`."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from sendy_cfn import config
from sendy_cfn.checks.action_templates import Library
from sendy_cfn.pictures import __main__ as command
from sendy_cfn.pictures import alarm_checks, body, page, picture
from sendy_cfn.pictures.sources import dashboards
from sendy_cfn.pictures.unknown import Words, text
from tests.generated import CASES, generated
from tests.pictures.reading import FOLDER, texts, widgets
from tests.platforms import ROOT

DASHBOARD = (FOLDER / "dashboard.yaml").read_text(encoding="utf-8")
TEMPLATES = ("service-orders.yaml", "service-orders-cluster-switch.yaml")


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """Those of this repository, with a dashboard in the service `orders` in place of the environments' own."""
    folder = tmp_path / "templates"
    shutil.copytree(ROOT / "templates", folder)
    for name in TEMPLATES:
        given = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(given.replace("\nOutputs:\n", f"\n{DASHBOARD}\nOutputs:\n", 1), encoding="utf-8")
    for file in folder.glob("monitoring*.yaml"):
        given = file.read_text(encoding="utf-8")
        begins, ends = given.index("\n  Dashboard:\n"), given.index("\nOutputs:\n")
        file.write_text(given[:begins] + given[ends:], encoding="utf-8")
    return folder


def run(templates: Path, *more: str) -> int:
    out = templates.parent / "pictures"
    return command.main(["--params", str(ROOT / "params"), "--templates", str(templates), "--out", str(out), *more])


def test_dashboards_of_the_toolchain_and_of_the_last_environment_are_drawn(templates: Path) -> None:
    files = command.pictures(config.load(ROOT / "params"), templates)
    assert set(files) == {"delivery.svg", "production-orders.svg", page.NAME}
    assert ">Tasks, at most 12<" in files["production-orders.svg"]
    assert ">courier-production-orders<" in files["production-orders.svg"]


def test_the_last_environment_with_a_dashboard_is_another_where_the_last_one_has_none(templates: Path) -> None:
    shutil.copy(ROOT / "templates" / TEMPLATES[1], templates)
    files = command.pictures(config.load(ROOT / "params"), templates)
    assert set(files) == {"delivery.svg", "staging-orders.svg", page.NAME}
    assert ">orders in staging<" in files["staging-orders.svg"]


def test_alarms_of_the_template_have_their_names_and_thresholds(templates: Path) -> None:
    svg = command.pictures(config.load(ROOT / "params"), templates)["production-orders.svg"]
    assert ">courier-production-orders-errors<" in svg
    assert re.search(r">alarm above [0-9.]+, [0-9]+ of [0-9]+<", svg)


def test_written_once_and_fresh_after_that(templates: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = templates.parent / "pictures"
    assert run(templates, "--check") == 1
    assert not out.exists()
    assert run(templates) == 0
    assert run(templates, "--check") == 0
    assert "fresh" in capsys.readouterr().out.splitlines()[-1]
    assert run(templates) == 0
    assert "0 files written" in capsys.readouterr().out


def test_changes_of_templates_make_pictures_stale_and_gone_dashboards_take_theirs_along(
    templates: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = templates.parent / "pictures"
    run(templates)
    changed = templates / TEMPLATES[1]
    given = changed.read_text(encoding="utf-8")
    changed.write_text(given.replace('"# orders in', '"# orders of'), encoding="utf-8")
    capsys.readouterr()
    assert run(templates, "--check") == 1
    stale = [line.rpartition("/")[2] for line in capsys.readouterr().out.splitlines()[:-1]]
    assert stale == [page.NAME, "production-orders.svg"]
    assert run(templates) == 0
    assert "orders of production" in (out / "production-orders.svg").read_text(encoding="utf-8")
    shutil.copy(ROOT / "templates" / TEMPLATES[1], templates)
    assert run(templates) == 0
    assert not (out / "production-orders.svg").exists()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"width": 24', '"width": 25', "widgets[0].width: 25, allowed: whole numbers, 1 to 24"),
        (
            '"type": "text"',
            '"type": "txt"',
            "widgets[0].type: 'txt', allowed: metric, log, alarm, text",
        ),
        ('{"widgets": [', '{"widgets": [,', "the body is not JSON: Expecting value"),
        ('"max": ${MaxTasks}', '"max": ${MaxTasks}0, "min": "${MaxTasks}"', "min: '4' is no number (staging)"),
    ],
)
def test_a_dashboard_that_is_wrong_is_told_and_nothing_is_written(
    templates: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    file = templates / TEMPLATES[0]
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert run(templates) == 1
    said = capsys.readouterr().out
    line = file.read_text(encoding="utf-8").splitlines().index("  Dashboard:") + 1
    assert f"{file}:{line}  Dashboard  dashboard  " in said
    assert says in said
    assert not (templates.parent / "pictures").exists()


def test_input_that_can_not_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "none") == 2
    assert command.main(["--params", str(tmp_path), "--templates", str(ROOT / "templates")]) == 2
    assert "none" in capsys.readouterr().err


def test_the_page_shows_each_picture_and_says_what_is_in_it(templates: Path) -> None:
    files = command.pictures(config.load(ROOT / "params"), templates)
    for name in (name for name in files if name.endswith(".svg")):
        assert f"]({name})\n" in files[page.NAME]
    assert "![4 widgets. text: orders in production. alarms; chart. chart: Tasks, at most 12.](" in files[page.NAME]


def test_the_committed_pictures_are_those_of_the_templates(capsys: pytest.CaptureFixture[str]) -> None:
    folders = {"--params": "params", "--templates": "templates", "--out": str(command.OUT)}
    given = [word for option, folder in folders.items() for word in (option, str(ROOT / folder))]
    status = command.main([*given, "--check"])
    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_dashboard_that_is_emitted_is_drawn_whole(case: Path) -> None:
    from xml.etree import ElementTree as ET

    made = generated(case)
    for each in dashboards(made.platform, Library(made.folder)):
        assert isinstance(each.text, str)
        read = body.read(each.text)
        names = command.names_of(made.platform)
        svg = ET.fromstring(picture.draw(picture.Subject(each.name, read, each.template, names, each.alarms)))
        groups = widgets(svg)
        assert len(groups) == len(read.widgets) > 0
        said = " ".join(texts(svg))
        assert not list(alarm_checks.problems(read, each.alarms, each.place))
        for unfinished in (
            "is not evaluated",
            "is cut off",
            "is too small",
            "is too low",
            "have no room",
            "is a number",
            "No data",
        ):
            assert unfinished not in said, (each.template, each.place)
        # An alarm that no template has can't be drawn.
        assert said.count("No data") == said.count("is of another template")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ({"Ref": "Queue"}, "Queue"),
        ({"Ref": "Named"}, "courier-live-work"),
        ({"Fn::GetAtt": ["Named", "Name"]}, "courier-live-work"),
        ({"Fn::GetAtt": ["Alarm", "Arn"]}, "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:Alarm"),
        ({"Fn::GetAtt": "Balancer.LoadBalancerFullName"}, "app/Balancer/0123456789abcdef"),
        ({"Ref": "LoadBalancerFullName"}, "app/LoadBalancer/0123456789abcdef"),
        ({"Fn::Sub": "${AWS::Region}/${Named}/${Queue.Arn}"}, "eu-west-1/courier-live-work/arn:aws:::Queue"),
        ({"Fn::Sub": "max ${!MAX} of ${Queue}"}, "max ${MAX} of Queue"),
        ({"Fn::Join": [":", [{"Ref": "AWS::StackName"}, {"Fn::If": ["Maybe", "a", "b"]}]]}, "courier-live:a"),
        ({"Fn::Sub": ["${X} of ${!Y}", {"X": {"Ref": "Queue"}}]}, "Queue of ${Y}"),
    ],
)
def test_words_for_what_only_aws_knows(value: object, word: str) -> None:
    resources = {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Named": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${AWS::StackName}-work"}}},
        "Alarm": {"Type": "AWS::CloudWatch::Alarm"},
    }
    assert text(value, Words(resources, "courier-live", "eu-west-1", "111122223333")) == word
