"""One list from several engines: what is cached, what is one finding, what is accepted, also in vain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sendy_cfn.checks import gate, judge
from sendy_cfn.checks.cache import Store
from sendy_cfn.checks.engines.subject import CRASH, Engine, Raw, Settings, Subject, crash, each
from sendy_cfn.checks.findings import Finding

TEMPLATE = """\
Description: A topic.
Metadata:
  sendy-cfn:
    accept:
      - rule: W1001
        of:
          - Arn
        reason: it is guarded
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Metadata:
      Frozen: stays
      checkov:
        skip:
          - id: CKV_AWS_26
            comment: events say nothing
      cfn-lint:
        config:
          ignore_checks:
            - E1001
      sendy-cfn:
        accept:
          - rule: E1001
            reason: as CKV_AWS_26
    Properties:
      DisplayName: x
Outputs:
  Arn:
    Value: !Ref Topic
"""
TOPIC = Raw(10, "Topic", "E3001", "error", "wrong", "https://page", "DisplayName")
ACCEPTED = (
    ("cfn-lint", TOPIC._replace(rule="E1001")),
    ("validate", TOPIC._replace(rule="W1001", resource="Arn")),
    ("checkov", TOPIC._replace(rule="CKV_AWS_26")),
)


class Fake:
    """An engine that finds what it is told to, by name of the template, and counts."""

    def __init__(self, name: str, *raws: Raw) -> None:
        self.raws = list(raws)
        self.starts = 0
        self.seen: list[str] = []
        self.engine = Engine(name, lambda _: repr(self.raws), lambda _, __: [], self.start)

    def start(self, subjects: Sequence[Subject], _settings: Settings) -> Callable[[], list[list[Raw]]]:
        self.starts += 1

        def look(subject: Subject) -> list[Raw]:
            self.seen.append(f"{subject.place}{subject.path.name}")
            if "stumble" in subject.path.read_text(encoding="utf-8"):
                raise RuntimeError("stumbled")
            return self.raws

        return lambda: each(look, subjects)


def engines(*extra: tuple[str, Raw]) -> list[Fake]:
    """All engines, which find what the template accepts and these."""
    found = [*ACCEPTED, *extra]
    names = ("cfn-lint", "validate", "checkov", "house")
    return [Fake(name, *(raw for owner, raw in found if owner == name)) for name in names]


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "topic.yaml").write_text(TEMPLATE, encoding="utf-8")
    return folder


def check(templates: Path, fakes: Sequence[Fake], **more: tuple[str, ...]) -> list[Finding]:
    folder = gate.Folder(templates, templates.parent / "work", ("eu-west-1",))
    store = Store(templates.parent / "store.json")
    return gate.check(
        [folder], [fake.engine for fake in fakes], Settings(), store, everywhere=more.get("everywhere", ())
    )


def rules(findings: Sequence[Finding]) -> list[tuple[int, str, str]]:
    return [(finding.line, finding.resource, finding.rule) for finding in findings]


def test_what_the_template_accepts_is_no_finding_and_the_rest_is(templates: Path) -> None:
    assert check(templates, engines()) == []
    assert rules(check(templates, engines(("house", TOPIC._replace(rule="house-x"))))) == [
        (10, "Topic", "house house-x")
    ]


@pytest.mark.parametrize(("owner", "raw"), ACCEPTED)
def test_a_suppression_that_accepts_nothing_fails_where_it_is_written(templates: Path, owner: str, raw: Raw) -> None:
    fakes = engines()
    for fake in fakes:
        fake.raws = [one for one in fake.raws if one.rule != raw.rule]

    [finding] = check(templates, fakes)

    assert (finding.rule, finding.resource) == (judge.NEEDLESS, raw.resource)
    assert raw.rule in finding.message
    line = {"cfn-lint": "- rule: E1001", "validate": "- rule: W1001", "checkov": "- id: CKV_AWS_26"}[owner]
    assert line in TEMPLATE.splitlines()[finding.line - 1]
    # Whoever leaves the engine out learns nothing of its suppressions.
    assert check(templates, [fake for fake in fakes if fake.engine.name != owner]) == []


def test_it_accepts_on_its_resource_only(templates: Path) -> None:
    other = TOPIC._replace(rule="CKV_AWS_26", resource="Arn")
    assert rules(check(templates, engines(("checkov", other)))) == [(10, "Arn", "checkov CKV_AWS_26")]


def test_rules_that_are_ignored_everywhere_have_to_be_drawn_somewhere(templates: Path) -> None:
    drawn = engines(("cfn-lint", TOPIC._replace(rule="W3002")))
    assert check(templates, drawn, everywhere=("W3002",)) == []
    assert rules(check(templates, engines(), everywhere=("W3002",))) == [(1, "-", judge.NEEDLESS)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("            comment: events say nothing\n", ""),
        ("            - E1001\n", "            - E1001\n            - E1002\n"),
        ("        reason: it is guarded\n", "        reason: ' '\n"),
    ],
)
def test_a_suppression_without_a_reason_fails(templates: Path, old: str, new: str) -> None:
    assert old in TEMPLATE
    (templates / "topic.yaml").write_text(TEMPLATE.replace(old, new), encoding="utf-8")
    assert judge.UNREASONED in {finding.rule for finding in check(templates, engines())}


def test_engines_see_the_template_without_suppressions_on_the_same_lines(templates: Path) -> None:
    check(templates, engines())
    shown = (templates.parent / "work/_emitted/topic.yaml").read_text(encoding="utf-8")
    assert len(shown.splitlines()) == len(TEMPLATE.splitlines())
    left = {line: number for number, line in enumerate(shown.splitlines()) if line}
    assert all(TEMPLATE.splitlines()[number] == line for line, number in left.items())
    assert "      Frozen: stays" in left
    assert not any(word in shown for word in ("CKV", "E1001", "W1001", "cfn-lint", "accept", "\nMetadata"))


def test_engines_that_share_a_rule_make_one_finding(templates: Path) -> None:
    validator = TOPIC._replace(rule="F3001", message="wrong, too", todo="repair it", line=11)
    [finding] = check(templates, engines(("cfn-lint", TOPIC), ("validate", validator)))
    assert (finding.rule, finding.message, finding.todo) == ("cfn-lint E3001, validate F3001", "wrong", "repair it")


def test_the_same_rule_on_another_property_is_another_finding(templates: Path) -> None:
    second = TOPIC._replace(line=12, place="TopicName")
    assert len(check(templates, engines(("cfn-lint", TOPIC), ("cfn-lint", second)))) == 2
    assert len(check(templates, engines(("cfn-lint", TOPIC), ("validate", second)))) == 2


def test_only_what_changed_is_looked_into_and_each_engine_started_once(templates: Path) -> None:
    (templates / "other.yaml").write_text(TEMPLATE + "  # other\n", encoding="utf-8")
    first = engines()
    check(templates, first)
    assert [(fake.starts, sorted(fake.seen)) for fake in first] == [(1, ["other.yaml", "topic.yaml"])] * 4

    (templates / "other.yaml").write_text(TEMPLATE + "  # changed\n", encoding="utf-8")
    second = engines()
    assert check(templates, second) == []
    assert [(fake.starts, fake.seen) for fake in second] == [(1, ["other.yaml"])] * 4

    third = engines()
    assert check(templates, third) == []
    assert [fake.starts for fake in third] == [0] * 4


def test_two_files_of_the_same_text_are_looked_into_once(templates: Path) -> None:
    (templates / "other.yaml").write_text(TEMPLATE, encoding="utf-8")
    fakes = engines(("cfn-lint", TOPIC))
    findings = check(templates, fakes)
    assert [len(fake.seen) for fake in fakes] == [1] * 4
    assert {Path(finding.template).name for finding in findings} == {"other.yaml", "topic.yaml"}


def test_another_version_of_an_engine_looks_again(templates: Path) -> None:
    check(templates, engines())
    fakes = engines()
    fakes[0].engine = replace(fakes[0].engine, version=lambda _: "2")
    check(templates, fakes)
    assert [fake.starts for fake in fakes] == [1, 0, 0, 0]


def test_a_crash_is_a_finding_is_not_remembered_and_says_nothing_of_suppressions(templates: Path) -> None:
    (templates / "topic.yaml").write_text(TEMPLATE + "  # stumble\n", encoding="utf-8")
    for _ in range(2):
        fakes = engines()
        findings = check(templates, fakes)
        [finding] = findings
        assert [rule.split()[1] for rule in finding.rule.split(", ")] == [CRASH] * 4
        assert "stumbled" in finding.message
        assert [fake.starts for fake in fakes] == [1] * 4


def test_an_engine_that_fails_as_a_whole_is_a_finding_for_each_template(templates: Path) -> None:
    fakes = engines()
    fakes[2].engine = replace(fakes[2].engine, start=lambda subjects, _: lambda: [[crash("gone")] for _ in subjects])
    assert [finding.message for finding in check(templates, fakes)] == ["gone"]
