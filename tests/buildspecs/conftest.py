"""What the build tests share: a source folder, and stand-ins for commands in front of PATH."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

RECORDER = Path(__file__).parent / "recorder.py"


@dataclass(frozen=True)
class Tools:
    """A folder of executables that comes first on PATH."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What makes a build use them."""
        return {"PATH": f"{self.folder}:{os.environ['PATH']}", "RECORDER": str(self.folder)}

    def script(self, name: str, text: str) -> None:
        """Adds an executable with this text."""
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def record(self, *names: str, rules: tuple[dict[str, Any], ...] = ()) -> None:
        """Adds recorders under these names; see recorder.py for the rules."""
        (self.folder / "rules.json").write_text(json.dumps(rules))
        for name in names:
            self.script(name, f"#!{sys.executable} -I\n{RECORDER.read_text()}")

    def calls(self, *start: str) -> list[list[str]]:
        """Recorded calls whose first words are these."""
        file = self.folder / "calls.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        return [call for call in map(json.loads, lines) if call[: len(start)] == list(start)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """An empty source folder."""
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """A folder in front of PATH in which `sleep` takes a tenth of a second at most."""
    folder = tmp_path / "tools"
    folder.mkdir()
    found = Tools(folder)
    found.script("sleep", "#!/bin/sh\nexec /bin/sleep 0.1\n")
    return found
