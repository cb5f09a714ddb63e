"""What commands cost, each in a process of its own, and what generation leaves in a folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import platforms

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
METER = Path(__file__).with_name("meter.py")
MEMORY = Path("/dev/shm")  # files here cost what they cost in memory, whatever the disk is like
ROOM = 500_000_000  # bytes that a thousand services and what is remembered of them take, and some


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run of a command."""

    cpu: float  # seconds, of user and system
    wall: float  # seconds
    peak: float  # MiB of memory


@dataclass(frozen=True, slots=True)
class Size:
    """Of a folder of templates."""

    files: int
    resources: int
    bytes: int


class Bench:
    """A copy of the generator in a folder of its own, with its own cache, beside inputs and outputs of all sizes."""

    def __init__(self, folder: Path) -> None:
        """Copy the code; later changes of it don't disturb."""
        self.folder = folder
        shutil.copy(ROOT / "generate.py", folder)
        shutil.copytree(ROOT / "sendy_cfn", folder / "sendy_cfn", ignore=shutil.ignore_patterns("__pycache__"))
        # Compiled once, as for any user; not into the tree.
        self.environment = {
            name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
        } | {"PYTHONPYCACHEPREFIX": str(folder / "pycache")}

    def run(self, *command: str, cwd: Path | None = None) -> Cost:
        """Cost of a command that ends well.

        Raises:
            RuntimeError: it does not.
        """
        metered = [sys.executable, "-I", "-S", str(METER), *command]
        done = subprocess.run(
            metered, cwd=cwd or self.folder, env=self.environment, capture_output=True, text=True, check=True
        )
        cpu, wall, peak, status = done.stdout.split()
        if int(status) != 0:
            raise RuntimeError(f"exit status {status}: {' '.join(command)}")
        return Cost(float(cpu), float(wall), int(peak) / 1024)

    def baseline(self) -> Cost:
        """Importing troposphere and nothing else, which every figure is compared with."""
        return self.run(sys.executable, "-c", "import troposphere")

    def params(self, services: int) -> Path:
        """The input folder of that size; made when first asked for."""
        folder = self.folder / f"params-{services}"
        if not folder.is_dir():
            platforms.write(folder, services)
        return folder

    def out(self, services: int) -> Path:
        """The output folder of that size."""
        return self.folder / f"templates-{services}"

    def generate(self, services: int, *more: str, python: tuple[str, ...] = ()) -> Cost:
        """Cost of generation as the folders are."""
        folders = ("--params", str(self.params(services)), "--out", str(self.out(services)))
        return self.run(sys.executable, *python, "generate.py", *folders, *more)

    def generate_all(self, services: int) -> Cost:
        """Cost of generation without anything to build on."""
        self.params(services)
        shutil.rmtree(self.folder / ".cache", ignore_errors=True)
        shutil.rmtree(self.out(services), ignore_errors=True)
        return self.generate(services)

    def change_one(self, services: int, port: int) -> Cost:
        """Cost of generation after the first service was given another port."""
        platforms.change(self.params(services), port)
        return self.generate(services)

    def imported(self, services: int) -> set[str]:
        """Packages that generation imports."""
        shutil.rmtree(self.out(services), ignore_errors=True)
        folders = ("--params", str(self.params(services)), "--out", str(self.out(services)))
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "generate.py", *folders],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
        return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}

    def size(self, services: int) -> Size:
        """What is in the output folder."""
        files = [path for path in self.out(services).rglob("*") if path.is_file()]
        templates = (path.read_text(encoding="utf-8") for path in files if path.suffix == ".yaml")
        return Size(len(files), sum(map(_resources, templates)), sum(path.stat().st_size for path in files))

    def check(self, gate: str, services: int, *more: str) -> Cost:
        """Cost of a gate (lint or validate) over the output folder."""
        cache = self.folder / f"cache-{gate}-{services}"
        folders = ("--templates", str(self.out(services)), "--cache", str(cache))
        return self.run(sys.executable, "-m", f"sendy_cfn.checks.{gate}", *folders, *more, cwd=ROOT)


def _resources(template: str) -> int:
    section = template.partition("\nResources:\n")[2]
    lines = section.splitlines()
    end = next((number for number, line in enumerate(lines) if line[:1].strip()), len(lines))
    return sum(line.startswith("  ") and line[2:3].isalpha() for line in lines[:end])


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is deleted afterwards, in memory where there is room."""
    place = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM else None
    with tempfile.TemporaryDirectory(prefix="sendy-bench-", dir=place) as folder:
        yield Path(folder)
