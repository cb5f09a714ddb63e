"""A folder as a user has it: params/ and templates/, small, and credentials for the emulator."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest

from emulator import Emulator
from sendy_cfn import first_time, generator
from sendy_cfn.fresh import Memory
from tests.platforms import ROOT

_ACCOUNTS = itertools.count(500000000000)
REGION = "eu-west-1"  # the case's, and not the one that the environment variables name


class Project:
    """The working directory of commands."""

    def __init__(self, folder: Path, case: str = "bare") -> None:
        self.folder = folder
        shutil.copytree(ROOT / "tests/cases" / case, folder / "params")

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / "params" / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def generate(self) -> None:
        params, out = Path("params"), Path("templates")
        assert generator.run(params, out, Memory(Path(".cache"), params, out), check=False) == 0


def sign_in(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """Credentials of an empty account, as environment variables; the account."""
    account = str(next(_ACCOUNTS))
    for name, value in emulator.environment(account, "us-east-1").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(first_time, "SETTLE", 0)  # what the emulator makes can be used at once
    return account
