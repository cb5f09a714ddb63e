"""The page of licences is what metadata and locks say, and only allowed licences are on it."""

from __future__ import annotations

from email.message import Message
from pathlib import Path

import pytest

from requirements import licences, locks
from requirements.install import LOCKS
from requirements.licences import Package


def metadata(version: str = "1", /, **fields: str | list[str]) -> Message:
    found = Message()
    found["Version"] = version
    for name, values in fields.items():
        for value in [values] if isinstance(values, str) else values:
            found[name.replace("_", "-")] = value
    return found


def lock(folder: Path, *names: str) -> None:
    pins = "".join(f"{name}==1 \\\n    --hash=sha256:{'a' * 64}\n    # via -r dev.in\n" for name in names)
    for each in LOCKS:
        (folder / f"{each}.lock").write_text(pins, encoding="utf-8")


def test_the_page_is_fresh_and_every_licence_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    assert licences.main(["--check"]) == 0, capsys.readouterr().err


def test_the_page_has_every_locked_package() -> None:
    rows = licences.parse(licences.PAGE.read_text(encoding="utf-8"))
    assert {(row.name, row.version, row.lock) for row in rows} == {
        (name, version, lock) for (name, version), lock in locks.layers().items()
    }


def test_a_stale_page_is_told_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "licences.md"
    good = licences.PAGE.read_text(encoding="utf-8")
    page.write_text(good.replace("| pytest | 9", "| pytest | 8"), encoding="utf-8")

    assert licences.main(["--check"], page) == 1
    assert "make licences" in capsys.readouterr().err
    assert licences.main([], page) == 0
    assert page.read_text(encoding="utf-8") == good


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ({"License_Expression": "MIT OR Apache-2.0", "License": "see file"}, "MIT OR Apache-2.0"),
        ({"License": "Apache License 2.0", "Classifier": "License :: OSI Approved :: BSD License"}, "Apache-2.0"),
        ({"License": "Copyright (c) …", "Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
        (
            {"Classifier": ["License :: OSI Approved :: BSD License", "License :: Public Domain", "Topic :: Games"]},
            "BSD License, Public Domain",
        ),
        ({"License": "ask me"}, ""),
        ({}, ""),
    ],
)
def test_a_licence_is_read(fields: dict[str, str | list[str]], licence: str) -> None:
    assert licences.licence_of("demo", metadata(**fields)) == licence


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("MIT AND PSF-2.0", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only OR MIT AND AGPL-3.0-only", False),
        ("BSD License, GNU General Public License (GPL)", False),
        ("MIT AND (Apache-2.0 OR BSD-3-Clause)", False),
    ],
)
def test_expressions_are_judged(licence: str, allowed: bool) -> None:
    assert licences.is_allowed(licence) is allowed
    assert (licences.problems([Package("demo", "1", licence, "dev", "")]) == []) is allowed


def test_an_unknown_licence_is_a_problem() -> None:
    [problem] = licences.problems([Package("demo", "1", "", "dev", "")])
    assert "unknown" in problem


def test_what_a_person_looked_at_counts_for_that_version_only() -> None:
    (name, version), (licence, why) = next(iter(licences.REVIEWED.items()))
    gpl = "License :: OSI Approved :: GNU General Public License (GPL)"
    assert licences.licence_of(name, metadata(version, Classifier=gpl)) == licence
    assert why
    assert "GPL" in licences.licence_of(name, metadata("0", Classifier=gpl))
    assert licences.problems([Package(name, "0", "GPL-3.0-only", "dev", "")])


def test_every_review_is_of_a_locked_version() -> None:
    locked = set(locks.layers())
    assert set(licences.REVIEWED) <= locked


def test_every_allowed_licence_is_in_use() -> None:
    said = {row.licence for row in licences.parse(licences.PAGE.read_text(encoding="utf-8"))}
    names = {
        name
        for text in said
        for part in text.split(", ")
        for side in part.split(" OR ")
        for name in side.split(" AND ")
    }
    assert set(licences.ALLOWED) <= names


def test_packages_that_are_not_installed_keep_their_line(tmp_path: Path) -> None:
    lock(tmp_path, "gone", "here")
    installed = {("here", "1"): metadata(License="MIT", Project_URL=["Docs, https://d.test", "Source, https://s.test"])}
    before = licences.render([Package("gone", "1", "MIT-0", "dev", "https://g.test")])

    packages = licences.collect(before, installed, tmp_path)

    assert packages == [
        Package("gone", "1", "MIT-0", "runtime", "https://g.test"),
        Package("here", "1", "MIT", "runtime", "https://s.test"),
    ]
    assert licences.parse(licences.render(packages)) == packages


def test_another_version_on_the_page_does_not_count(tmp_path: Path) -> None:
    lock(tmp_path, "gone")
    before = licences.render([Package("gone", "0", "MIT", "dev", "")])
    with pytest.raises(ValueError, match="gone 1: make licences"):
        licences.collect(before, {("gone", "0"): metadata("0")}, tmp_path)
