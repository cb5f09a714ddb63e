"""What the lock files say, for the licence list, the SBOM and the tests. Nothing is asked of an index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from requirements.install import LOCKS

FOLDER = Path(__file__).resolve().parent
PIN = re.compile(r"([a-z0-9][a-z0-9-]*)==([^ ]+) \\")
HASH = re.compile(r" {4}--hash=sha256:([0-9a-f]{64})(?: \\)?")
VIA = re.compile(r" {4}#(?: via|  ) ?(.*)")  # "# via x", or "# via" and one "#   x" a line


@dataclass(frozen=True)
class Pin:
    """One package of a lock."""

    name: str  # normalised: https://packaging.python.org/en/latest/specifications/name-normalization/
    version: str
    hashes: tuple[str, ...]  # SHA-256 of every file of the release, sorted
    wanted_by: tuple[str, ...]  # names of packages of the same lock; none when only an .in file asks for it
    direct: bool  # an .in file asks for it


def read(lock: str, folder: Path = FOLDER) -> dict[str, Pin]:
    """The packages of `<lock>.lock` by name.

    Raises:
        ValueError: A line is neither a pin nor a hash nor a comment, or a pin has no hash.
    """
    lines = (folder / f"{lock}.lock").read_text(encoding="utf-8").splitlines()
    return {pin.name: pin for pin in _pins([line for line in lines if not line.startswith("#")])}


def layers(folder: Path = FOLDER) -> dict[tuple[str, str], str]:
    """The first lock that names a package, by package and version."""
    return {(pin.name, pin.version): lock for lock in reversed(LOCKS) for pin in read(lock, folder).values()}


def _pins(lines: list[str]) -> Iterator[Pin]:
    starts = [number for number, line in enumerate(lines) if not line.startswith(" ")]
    if lines and starts[:1] != [0]:
        raise ValueError(f"a lock does not begin with a pin: {lines[0]}")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield _pin(lines[start], lines[start + 1 : end])


def _pin(head: str, lines: list[str]) -> Pin:
    named = PIN.fullmatch(head)
    hashes = [found[1] for line in lines if (found := HASH.fullmatch(line))]
    asking = [found[1] for line in lines if (found := VIA.fullmatch(line))]
    if not named or not hashes or len(hashes) + len(asking) != len(lines):
        raise ValueError(f"not a pin with hashes: {head}")
    return Pin(
        named[1],
        named[2],
        tuple(sorted(hashes)),
        tuple(name for name in asking if name and not name.startswith("-")),
        any(name.startswith("-r ") for name in asking),
    )
