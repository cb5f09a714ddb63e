from __future__ import annotations

from pathlib import Path

import pytest

from sendy_cfn.checks import cache
from sendy_cfn.checks.findings import Finding, Severity, table


def found(path: Path, message: str = "wrong") -> Finding:
    return Finding(str(path), 3, "Vpc", "E1", Severity.ERROR, message)


class Engine:
    """Finds one thing in every template, and counts."""

    def __init__(self, *, fails_on: str = "") -> None:
        self.starts = 0
        self.seen: list[str] = []
        self.fails_on = fails_on

    def start(self) -> cache.Examine:
        self.starts += 1
        return self.examine

    def examine(self, path: Path) -> list[Finding]:
        self.seen.append(path.name)
        if path.name == self.fails_on:
            raise RuntimeError("stumbled")
        return [found(path)]


A, B = Path("t/a.yaml"), Path("t/b.yaml")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "store.json"


def test_an_unchanged_tree_starts_no_engine_and_reports_the_same(store: Path) -> None:
    first, second = Engine(), Engine()

    before = cache.examine({A: "1", B: "2"}, first.start, store)
    after = cache.examine({A: "1", B: "2"}, second.start, store)

    assert sorted(before) == sorted(after) == [found(A), found(B)]
    assert (first.starts, second.starts) == (1, 0)


def test_only_what_changed_is_examined(store: Path) -> None:
    cache.examine({A: "1", B: "2"}, Engine().start, store)
    engine = Engine()

    cache.examine({A: "1", B: "changed"}, engine.start, store)

    assert engine.seen == ["b.yaml"]


def test_a_removed_template_is_forgotten_and_other_folders_are_kept(store: Path) -> None:
    elsewhere = Path("u/c.yaml")
    cache.examine({elsewhere: "3"}, Engine().start, store)
    cache.examine({A: "1", B: "2"}, Engine().start, store)

    findings = cache.examine({A: "new"}, Engine().start, store)

    assert findings == [found(A)]
    assert set(cache.read(store)) == {str(A), str(elsewhere)}


def test_a_crash_is_a_finding_and_is_not_remembered(store: Path) -> None:
    broken = Engine(fails_on="a.yaml")

    crashed = cache.examine({A: "1", B: "2"}, broken.start, store)
    repaired = Engine()
    cache.examine({A: "1", B: "2"}, repaired.start, store)

    assert {finding.rule for finding in crashed} == {"crash", "E1"}
    assert "stumbled" in next(finding.message for finding in crashed if finding.rule == "crash")
    assert repaired.seen == ["a.yaml"]


def test_an_interrupted_run_keeps_what_it_finished(store: Path) -> None:
    def start() -> cache.Examine:
        def examine(path: Path) -> list[Finding]:
            if path == B:
                raise KeyboardInterrupt
            return []

        return examine

    with pytest.raises(KeyboardInterrupt):
        cache.examine({A: "1", B: "2"}, start, store)

    assert set(cache.read(store)) == {str(A)}


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"t/a.yaml": 1}', '{"t/a.yaml": ["1", [["too", "short"]]]}'])
def test_a_damaged_store_counts_as_empty(store: Path, damage: str) -> None:
    cache.examine({A: "1"}, Engine().start, store)
    store.write_text(damage, encoding="utf-8")
    engine = Engine()

    assert cache.examine({A: "1"}, engine.start, store) == [found(A)]
    assert engine.seen == ["a.yaml"]


def test_the_borders_of_a_fingerprints_parts_count() -> None:
    prints = [cache.fingerprint(*parts) for parts in (["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["abc", None])]

    assert len(set(prints)) == len(prints)


def test_the_table_has_one_sorted_line_per_finding() -> None:
    long_message = found(B, "first\n  second")
    earlier = Finding(str(B), 2, "-", "crash", Severity.ERROR, "x")

    lines = table([long_message, found(A), earlier, found(A)]).splitlines()

    assert [line.split() for line in lines] == [
        ["t/a.yaml:3", "Vpc", "E1", "wrong"],
        ["t/b.yaml:2", "-", "crash", "x"],
        ["t/b.yaml:3", "Vpc", "E1", "first", "second"],
    ]
    assert len({line.index(word) for line, word in zip(lines, ["wrong", "x", "first"], strict=True)}) == 1


def test_no_findings_make_no_table() -> None:
    assert table([]) == ""
