"""What is generated depends on the input's meaning alone: not on hash seeds, not on the order of keys or files."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.hostile.folders import Folder, Folders, written
from tests.hostile.made import Drawn, for_each
from tests.platforms import ROOT

# Generates each folder of the arguments anew, in a process of its own.
SCRIPT = """
import sys
from pathlib import Path
from sendy_cfn import generator
from sendy_cfn.fresh import Memory
for name in sys.argv[1:]:
    params, out = Path(name, "params"), Path(name, "again")
    assert generator.run(params, out, Memory(f"{name}/none", params, out), check=False) == 0
"""


def reordered(platform: dict[str, Any], choice: random.Random) -> dict[str, Any]:
    """The same platform, keys of records in another order; that of environments, services and variables counts."""

    def record(node: Any, name: str = "") -> Any:
        if isinstance(node, list):
            return [record(item) for item in node]
        if not isinstance(node, dict):
            return node
        items = [(key, record(value, key)) for key, value in node.items()]
        if name not in ("environments", "services", "environment", "secrets"):
            choice.shuffle(items)
        return dict(items)

    found: dict[str, Any] = record(platform)
    return found


def test_neither_hash_seed_nor_order_of_keys_shows() -> None:
    kept: list[Path] = []

    def look(drawn: Drawn) -> None:
        before = drawn.folder.files()
        changed = written(reordered(drawn.platform, random.Random(len(kept))))
        (drawn.folder.params / "platform.yaml").write_bytes(changed)
        second = Folder(drawn.folder.root)
        second.generate()
        assert second.files() == before
        kept.append(folders.keep(drawn.folder))

    with Folders() as folders:
        for_each(8, folders, look)
        assert len(kept) >= 2
        for seed in ("1", "2"):
            environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
            command = [sys.executable, "-c", SCRIPT, *map(str, kept)]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            for root in kept:
                assert digest(root / "again") == digest(root / "templates")


def digest(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_services_are_built_alike_wherever_they_stand_in_the_file() -> None:
    """Their order is that of the pipelines in the toolchain's root; everything else is the same."""

    def look(drawn: Drawn) -> None:
        before = drawn.folder.files()
        services = list(drawn.platform["services"].items())
        changed = {**drawn.platform, "services": dict(reversed(services))}
        (drawn.folder.params / "platform.yaml").write_bytes(written(changed))
        drawn.folder.generate()
        after = drawn.folder.files()
        assert set(after) == set(before)
        different = {name for name in after if after[name] != before[name]}
        assert {name.partition("-")[0].partition(".")[0] for name in different} <= {"toolchain"}
        for name in different:
            assert sorted(after[name].splitlines()) == sorted(before[name].splitlines())

    with Folders() as folders:
        counts = for_each(8, folders, look)
    assert counts["valid"] >= 2
