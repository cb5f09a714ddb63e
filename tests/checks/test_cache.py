from __future__ import annotations

from pathlib import Path

import pytest

from sendy_cfn.checks import cache
from sendy_cfn.checks.cache import Store
from sendy_cfn.checks.findings import Finding, Severity, table

ROW = [3, "Vpc", "E1", "error", "wrong", "", ""]
A, B = Path("t/a.yaml"), Path("t/b.yaml")


def found(path: Path, message: str = "wrong") -> Finding:
    return Finding(str(path), 3, "Vpc", "E1", Severity.ERROR, message)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "store.json"


def test_what_was_put_is_known_to_the_next_run_also_that_nothing_was_found(file: Path) -> None:
    store = Store(file)
    store.put("a", [ROW])
    store.put("b", [])
    store.save()

    again = Store(file)

    assert (again.get("a"), again.get("b"), again.get("c")) == ([ROW], [], None)


def test_answers_that_are_not_asked_for_go_when_there_are_too_many(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(file)
    for key in "abcd":
        store.put(key, [])
    store.save()
    monkeypatch.setattr(cache, "KEPT", 1)

    later = Store(file)
    later.get("d")
    later.put("e", [])
    later.save()

    kept = Store(file)
    assert [key for key in "abcde" if kept.get(key) is not None] == ["a", "d", "e"]


def test_a_run_that_learns_nothing_writes_nothing(file: Path) -> None:
    store = Store(file)
    store.put("a", [ROW])
    store.save()
    before = file.stat().st_mtime_ns

    again = Store(file)
    again.get("a")
    again.save()

    assert file.stat().st_mtime_ns == before


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"a": 1}', '{"a": [["too", "short"]]}', '{"a": [null]}'])
def test_a_damaged_store_counts_as_empty(file: Path, damage: str) -> None:
    file.parent.mkdir()
    file.write_text(damage, encoding="utf-8")

    assert Store(file).get("a") is None


def test_the_borders_of_a_fingerprints_parts_count() -> None:
    prints = [cache.fingerprint(*parts) for parts in (["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""], ["abc", None])]

    assert len(set(prints)) == len(prints)


def test_code_that_changes_has_another_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("a.py", "deep/b.py", "c.txt"):
        (tmp_path / name).write_text("x = 1\n", encoding="utf-8")
    before = cache.code(tmp_path)

    (tmp_path / "c.txt").write_text("y\n", encoding="utf-8")
    assert cache.code(tmp_path) == before
    (tmp_path / "deep/b.py").write_text("x = 2\n", encoding="utf-8")
    assert cache.code(tmp_path) != before


def test_the_table_has_one_sorted_line_per_finding() -> None:
    long_message = found(B, "first\n  second")
    earlier = Finding(str(B), 2, "-", "crash", Severity.ERROR, "x", "do y")

    lines = table([long_message, found(A), earlier, found(A)]).splitlines()

    assert [line.split() for line in lines] == [
        ["t/a.yaml:3", "Vpc", "E1", "wrong"],
        ["t/b.yaml:2", "-", "crash", "x", "->", "do", "y"],
        ["t/b.yaml:3", "Vpc", "E1", "first", "second"],
    ]
    assert len({line.index(word) for line, word in zip(lines, ["wrong", "x", "first"], strict=True)}) == 1


def test_no_findings_make_no_table() -> None:
    assert table([]) == ""
