"""One emulator for all tests of a worker; each test takes an account of its own in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator, running
from tests.project import Project

REGION = "eu-central-1"  # the shipped platform's


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """Started by the first test that asks for it."""
    with running(REGION) as started:
        yield started


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A small platform, generated, in the working directory."""
    monkeypatch.chdir(tmp_path)
    made = Project(tmp_path)
    made.generate()
    return made
