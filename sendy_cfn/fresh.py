"""What the last run made of what: an unchanged tree costs a few file reads, one changed service the work for one.

Kept in `.cache/`, which git ignores; without it, or with anything odd in it, everything is built. Entries are keyed by
the content of the code, so a changed builder is never taken for an unchanged one. Imports nothing but the standard
library's smallest modules.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sendy_cfn.stacks import Unit
    from sendy_cfn.stacks.interface import Interface

PACKAGE = Path(__file__).parent
_FORMAT = 1


def digest(*parts: bytes) -> str:
    """A content hash, 32 hex digits."""
    found = blake2b(digest_size=16)
    for part in parts:
        found.update(len(part).to_bytes(8, "big"))
        found.update(part)
    return found.hexdigest()


def code_key() -> str:
    """A hash of all that decides the output besides the input: our code, Python's and the libraries' versions."""
    parts = [sys.version.encode()]
    for folder in sorted(
        str(p) for p in (PACKAGE, *(d for d in PACKAGE.rglob("*") if d.is_dir() and d.name != "__pycache__"))
    ):
        for entry in sorted(os.scandir(folder), key=lambda e: e.name):
            if entry.is_file() and not entry.name.endswith(".pyc"):
                parts += [entry.name.encode(), Path(entry.path).read_bytes()]
    for library in ("troposphere", "awacs", "yaml"):
        for folder in sys.path:
            with contextlib.suppress(OSError):
                found = (Path(folder) / library / "__init__.py").stat()
                parts.append(f"{library} {found.st_size} {found.st_mtime_ns}".encode())
                break
    return digest(*parts)


def input_key(params: Path) -> str:
    """A hash of the YAML files of the input folder; other files there decide nothing."""
    parts: list[bytes] = []
    with contextlib.suppress(OSError):
        for entry in sorted(os.scandir(params), key=lambda e: e.name):
            if entry.name.endswith(".yaml"):
                parts += [entry.name.encode(), Path(entry.path).read_bytes()]
    return digest(*parts)


class Memory:
    """What earlier runs with the same code made, for one pair of folders."""

    def __init__(self, cache: Path, params: Path, out: Path) -> None:
        """Read it; an unreadable file counts as none."""
        self.code = code_key()
        self.input = input_key(params)
        self.out = out
        self.path = cache / f"generate-{digest(os.fsencode(params.resolve()), os.fsencode(out.resolve()))}.json"
        self.old: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(self.path.read_bytes())
            if found["format"] == _FORMAT and found["code"] == self.code:
                self.old = found
        self.files: dict[str, Any] = {}
        self._common: dict[int, bytes] = {}

    def unchanged(self) -> int | None:
        """The number of files where input, code and every file are those of the last run; None otherwise."""
        if not self.old or self.old["input"] != self.input:
            return None
        files = self.old["files"]
        found = {name.as_posix() for name in _below(self.out)}
        if any(name not in found for name in files) or any(
            _generated_name(name) and name not in files for name in found
        ):
            return None
        return len(files) if all(_hash(self.out / name) == entry[0] for name, entry in files.items()) else None

    def key(self, unit: Unit, interfaces: dict[str, Interface]) -> str:
        """A hash of all that the unit is built from: platform, inputs, options and its children's interfaces."""
        common = self._common.get(id(unit.platform))
        if common is None:
            common = self._common[id(unit.platform)] = repr(unit.platform).encode()
        given = repr((unit.builder, unit.inputs, unit.options)).encode()
        children = repr([(file, tuple(interfaces[file])) for file in unit.children]).encode()
        return digest(common, given, children)

    def recall(self, file: str, key: str, out: Path) -> list[Any] | None:
        """The interface of a file that is in the folder as the last run left it, made of the same inputs; else None."""
        entry = self.old.get("files", {}).get(file)
        if entry is None or entry[1] != key or _hash(out / file) != entry[0]:
            return None
        self.files[file] = entry
        parameters, outputs, types = entry[2]
        return [tuple(parameters), tuple(map(tuple, outputs)), tuple(types)]

    def learn(self, file: str, key: str, data: bytes, interface: Interface) -> None:
        """Note a template that was just built."""
        self.files[file] = [digest(data), key, list(interface)]

    def wrote(self, file: str, data: bytes) -> None:
        """Note a configuration file that was just made."""
        self.files[file] = [digest(data)]

    def save(self) -> None:
        """Replace the memory on disk; failing to is no error, only slower next time."""
        text = json.dumps({"format": _FORMAT, "code": self.code, "input": self.input, "files": self.files})
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self.path.with_suffix(f".{os.getpid()}")
            temporary.write_text(text)
            temporary.replace(self.path)


def _hash(path: Path) -> str:
    try:
        return digest(path.read_bytes())
    except OSError:
        return ""


def _generated_name(name: str) -> bool:
    return name.endswith(".yaml") or (name.startswith("config/") and name.endswith(".json"))


def _below(folder: Path) -> Iterable[Path]:
    for parent, _, names in os.walk(folder):
        for name in names:
            yield (Path(parent) / name).relative_to(folder)
