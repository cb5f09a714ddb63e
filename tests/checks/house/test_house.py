"""Every defect is found where it was planted; templates without one have no finding."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from sendy_cfn.checks import house
from sendy_cfn.checks.action_templates import Library
from sendy_cfn.checks.house import page
from tests.checks.house.defects import DEFECTS, Planted
from tests.checks.house.samples import SAMPLES
from tests.generated import CASES, generated
from tests.platforms import ROOT


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    for name, text in SAMPLES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def plant(defect: Planted, folder: Path) -> str:
    """Put the template with the defect into the folder, beside the others that it came with."""
    if defect.case:
        origin = ROOT / "templates" if defect.case == "params" else generated(ROOT / "tests/cases" / defect.case).folder
        shutil.copytree(origin, folder, dirs_exist_ok=True)
    text = (folder / defect.file).read_text(encoding="utf-8")
    changed = re.sub(defect.old, defect.new, text, count=1)
    assert changed != text, "nothing was planted"
    (folder / defect.file).write_text(changed, encoding="utf-8")
    return changed


@pytest.mark.parametrize("defect", DEFECTS, ids=[defect.title for defect in DEFECTS])
def test_a_planted_defect_is_found(defect: Planted, samples: Path) -> None:
    lines = plant(defect, samples).splitlines()

    found = house.check(Library(samples), defect.file)

    fitting = [one for one in found if (one.rule, one.resource) == (defect.rule, defect.resource)]
    assert fitting, found
    outcome = next(rule.outcome for rule in house.RULES if rule.id == defect.rule)
    assert any(defect.said in one.message and one.message.endswith(f" On AWS: {outcome}") for one in fitting), fitting
    assert {one.rule for one in found} == {defect.rule}, found
    start = lines.index(f"  {defect.resource}:") + 1
    assert all(start <= one.line for one in fitting)


def test_every_rule_has_a_defect() -> None:
    assert {rule.id for rule in house.RULES} - {"house-accept"} == {defect.rule for defect in DEFECTS}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_what_we_emit_has_no_finding(case: Path) -> None:
    folder = generated(case).folder
    library = Library(folder)
    assert [found for path in sorted(folder.glob("*.yaml")) for found in house.check(library, path.name)] == []


def test_the_shipped_templates_have_no_finding() -> None:
    library = Library(ROOT / "templates")
    assert [one for path in library.folder.glob("*.yaml") for one in house.check(library, path.name)] == []


def test_samples_have_no_finding(samples: Path) -> None:
    assert [one for name in SAMPLES for one in house.check(Library(samples), name)] == []


def test_rules_are_told_apart_and_name_a_page() -> None:
    ids = [rule.id for rule in house.RULES]
    assert len(ids) == len(set(ids))
    for rule in house.RULES:
        assert re.fullmatch(r"house(-[a-z]+)+", rule.id)
        assert rule.page.startswith("https://docs.aws.amazon.com/")
        assert rule.wants
        assert rule.outcome


def test_every_module_of_a_rule_names_a_page_of_aws_and_is_short() -> None:
    modules = [path for path in (ROOT / "sendy_cfn/checks/house").glob("*.py") if "RULE = Rule(" in path.read_text()]
    assert len(modules) == len({rule.find for rule in house.RULES}) - 4  # those of pipelines are in one module
    sizes = sorted(len(path.read_text().splitlines()) for path in modules)
    assert sizes[len(sizes) // 2] <= 50
    for path in modules:
        assert "https://docs.aws.amazon.com/" in path.read_text().split('"""')[1], path


def test_the_page_is_what_the_table_says() -> None:
    assert (ROOT / page.FILE).read_text(encoding="utf-8") == page.text(), "make schemas"
