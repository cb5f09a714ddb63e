"""docs/permissions.md is what the code gives, and has all that templates have."""

from __future__ import annotations

import pytest

from sendy_cfn import permissions
from sendy_cfn.blocks import unlimited
from tests.generated import generated
from tests.platforms import ROOT


@pytest.fixture(scope="module")
def page() -> str:
    return permissions.text(ROOT / "params")


def test_the_page_is_fresh(page: str) -> None:
    assert (ROOT / permissions.FILE).read_text(encoding="utf-8") == page, "make schemas"


def test_every_statement_of_every_role_is_there(page: str) -> None:
    sections = page.split("\n### ")[1:]
    for file, template in generated(ROOT / "params").templates.items():
        for name, resource in template["Resources"].items():
            if resource["Type"] == "AWS::IAM::Role":
                (section,) = (s for s in sections if s.startswith(f"{name}\n") and f"`{file}`" in s)
                for title, other in template["Resources"].items():
                    if {"Ref": name} in other.get("Properties", {}).get("Roles", []):
                        for statement in other["Properties"].get("PolicyDocument", {}).get("Statement", []):
                            (row,) = (r for r in section.splitlines() if f"{title}<br>{statement['Sid']} |" in r)
                            assert all(f"`{action}`" in row for action in statement["Action"])
                            assert len(statement["Resource"]) == row.split(" | ")[2].count("`") / 2
                            assert ("Condition" in statement) is bool(row.split(" | ")[3].strip())


def test_every_star_has_its_reason_in_the_row(page: str) -> None:
    rows = [row for row in page.splitlines() if "| `*` |" in row]
    assert len(rows) > 10
    pages = {reason.page for reason in unlimited.ACTIONS.values()}
    assert all(any(f"({page})" in row for page in pages) for row in rows)


def test_every_reason_is_listed(page: str) -> None:
    for table in (unlimited.ACTIONS, unlimited.KINDS):
        for name, reason in table.items():
            assert f"| `{name}` | [{reason.why}]({reason.page}) |" in page
