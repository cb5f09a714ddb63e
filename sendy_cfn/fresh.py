"""What the last run made of what: an unchanged tree costs a few file reads, one changed service the work for one.

Kept in `.cache/`, which git ignores; without it, or with anything odd in it, everything is built. Entries are keyed by
the content of the code, so a changed builder is never taken for an unchanged one. Imports nothing but the standard
library's smallest modules: Python's own start is most of what an unchanged tree costs.
"""

from __future__ import annotations

import os
import sys
import zlib
from itertools import chain

try:
    from _blake2 import blake2b  # what hashlib has, without OpenSSL
except ImportError:
    from hashlib import blake2b

TYPE_CHECKING = False  # importing typing would take longer than all else that an unchanged tree needs
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from sendy_cfn.stacks import Unit
    from sendy_cfn.stacks.interface import Interface

    AnyPath = str | os.PathLike[str]

PACKAGE = __file__.rpartition(os.sep)[0]
_FORMAT = "5"
_TOO_LARGE = 10_000_000  # bytes; whoever reads the input refuses files of half the size


# Files by system calls alone: the objects of pathlib and io around them cost several times as much.


def read(path: str, most: int | None = None) -> bytes:
    """A file's content.

    Raises:
        OSError: there is no such file, it can't be read, has more than `most` bytes, or is a pipe or a device: those
            may never come to an end.
    """
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        found = os.fstat(file)
        if found.st_mode & 0o170000 not in (0o100000, 0o040000):  # a folder fails by itself
            raise OSError(f"{path} is no file")
        if most is not None and found.st_size > most:
            raise OSError(f"{path} is too large")
        return os.read(file, found.st_size)
    finally:
        os.close(file)


def write(path: str, data: bytes, *, replace: bool = False) -> None:
    """Make a file; one that is there is an error unless it is to be replaced, as it may have other names elsewhere.

    Raises:
        OSError: the folder can't be written, or the disk is full.
    """
    file = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if replace else os.O_EXCL), 0o666)
    try:
        done = os.write(file, data)
        while done < len(data):  # a nearly full disk takes a part first; the next write says why
            done += os.write(file, data[done:])
    finally:
        os.close(file)


def below(folder: str) -> Iterator[str]:
    """The files below a folder, as paths from it; none where there is no such folder."""
    for parent, _, names in os.walk(folder):
        prefix = f"{parent[len(folder) :].lstrip('/')}/".lstrip("/")
        for name in names:
            yield prefix + name


def beside(out: str) -> str:
    """The folder that runs work in while they write the folder of this resolved path; a killed one leaves it behind."""
    parent, _, name = out.rpartition("/")
    return f"{parent}/.{name}.new"


def digest(parts: Iterable[bytes]) -> str:
    """A content hash, 32 hex digits."""
    found = blake2b(digest_size=16)
    for part in parts:
        found.update(len(part).to_bytes(8, "big"))
        found.update(part)
    return found.hexdigest()


def code_key() -> str:
    """A hash of all that decides the output besides the input: our code, Python's and the libraries' versions."""
    parts = [sys.version.encode()]
    for name in sorted(below(PACKAGE)):
        if "__pycache__/" not in name:
            parts += [name.encode(), read(f"{PACKAGE}/{name}")]
    parts += [_version(library) for library in ("troposphere", "awacs", "yaml")]
    return digest(parts)


def _version(library: str) -> bytes:
    """The library's first file, which names its version."""
    for folder in sys.path:
        try:
            return read(f"{folder}/{library}/__init__.py")
        except OSError:
            continue
    return b""


def input_key(params: AnyPath) -> str:
    """A hash of the YAML files of the input folder; other files there decide nothing."""
    parts: list[bytes] = []
    try:
        entries = sorted(os.scandir(params), key=lambda entry: entry.name)
    except OSError as error:
        return digest([os.fsencode(str(error))])  # whoever reads the input says so
    for entry in entries:
        if entry.name.endswith(".yaml"):
            try:
                parts += [os.fsencode(entry.name), read(entry.path, _TOO_LARGE)]
            except OSError as error:
                parts.append(os.fsencode(str(error)))
    return digest(parts)


class Memory:
    """What earlier runs with the same code made, for one pair of folders.

    A header (format, keys of code and input, what was said of the result), and compressed lines, one per file:
    its content's hash, its key, its name and its interface as JSON. They are compressed as they come, so a thousand
    services take little memory.
    """

    def __init__(self, cache: AnyPath, params: AnyPath, out: AnyPath) -> None:
        """Read it; an unreadable file counts as none."""
        self.code = code_key()
        self.input = input_key(params)
        self.out = os.fspath(out)
        self._folders = (cache, params, out)
        resolved = [os.path.realpath(folder) for folder in (params, out)]
        self._beside = beside(resolved[1])
        self.path = f"{os.fspath(cache)}/generate-{digest(map(os.fsencode, resolved))}.z"
        self.old_input = ""
        self.notes = ""  # what the last run said of its result
        self.old: dict[str, list[str]] = {}  # name -> hash, key, name, interface
        self._read()
        self._new = zlib.compressobj(1)
        self._packed: list[bytes] = []
        self._interfaces: dict[str, list[Any]] = {}  # JSON -> what it says; services of a kind have the same
        self._platform = self._inputs = _Said()

    def _read(self) -> None:
        try:
            data = read(self.path)
            size = 4 + int.from_bytes(data[:4], "big")
            header = zlib.decompress(data[4:size]).decode()
            lines = zlib.decompress(data[size:]).decode().split("\n")[1:]
            form, code, given, notes = header.split(" ", 3)
        except (OSError, ValueError, zlib.error):  # zlib notices what is cut off or damaged
            return
        if (form, code) == (_FORMAT, self.code):
            self.old_input = given
            self.notes = notes.replace("\r", "\n")
            self.old = {entry[2]: entry for entry in (line.split(" ", 3) for line in lines)}

    def unchanged(self) -> int | None:
        """The number of files where input, code and every file are those of the last run; None otherwise."""
        if not self.old or self.old_input != self.input:
            return None
        folder = Folder(self.out)
        same = self._is_as_left() and folder.is_there()
        folder.close()
        return len(self.old) if same else None

    def _is_as_left(self) -> bool:
        found = set(below(self.out))
        if not found.issuperset(self.old) or any(_generated_name(name) for name in found.difference(self.old)):
            return False
        return all(self._hash(name) == entry[0] for name, entry in self.old.items())

    def unfinished(self) -> bool:
        """Whether a run is writing the folder, or left something beside it when it was killed."""
        return os.path.lexists(self._beside)

    def current(self) -> bool:
        """Whether input and code still are what this is of; else what was made meanwhile is of neither."""
        return self.input == input_key(self._folders[1]) and self.code == code_key()

    def again(self) -> Memory:
        """What is to be known now, with what other runs noted since."""
        return Memory(*self._folders)

    def key(self, unit: Unit, interfaces: dict[str, Interface]) -> str:
        """A hash of all that the unit is built from: platform, inputs, options and its children's interfaces."""
        self._platform = self._platform.of(unit.platform)
        self._inputs = self._inputs.of(unit.inputs)
        rest = repr((unit.builder, unit.options)).encode()
        children = (repr((file, *interfaces[file])).encode() for file in unit.children)
        return digest(chain((self._platform.hash, self._inputs.hash, rest), children))

    def recall(self, file: str, key: str) -> list[Any] | None:
        """The interface of a file that is in the folder as the last run left it, made of the same inputs; else None."""
        known = self.old.get(file)
        if known is None or known[1] != key or self._hash(file) != known[0]:
            return None
        self._note(*known)
        if known[3] not in self._interfaces:
            import json  # here: an unchanged tree needs none

            parameters, outputs, *lists = json.loads(known[3])
            self._interfaces[known[3]] = [tuple(parameters), tuple(map(tuple, outputs)), *map(tuple, lists)]
        return self._interfaces[known[3]]

    def learn(self, file: str, key: str, data: bytes, interface: Interface) -> None:
        """Note a template that was just built."""
        import json

        self._note(digest([data]), key, file, json.dumps(interface))

    def wrote(self, file: str, data: bytes) -> None:
        """Note a configuration file that was just made."""
        self._note(digest([data]), "-", file, "-")

    def _note(self, *entry: str) -> None:
        self._packed.append(self._new.compress(f"\n{' '.join(entry)}".encode()))

    def save(self, notes: str) -> None:
        """Replace the memory on disk; failing to is no error, only slower next time.

        `notes` is what was said of the result, to be said again when nothing has changed.
        """
        import contextlib
        from pathlib import Path

        kept = notes.replace("\n", "\r")
        header = zlib.compressobj(1)
        head = header.compress(f"{_FORMAT} {self.code} {self.input} {kept}".encode()) + header.flush()
        data = b"".join((len(head).to_bytes(4, "big"), head, *self._packed, self._new.flush()))
        temporary = Path(f"{self.path}.new")  # one name is enough: who saves has the turn to write the folder
        try:
            temporary.parent.mkdir(parents=True, exist_ok=True)
            write(str(temporary), data, replace=True)
            temporary.replace(self.path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()

    def _hash(self, name: str) -> str:
        try:
            return digest([read(f"{self.out}/{name}")])
        except OSError:
            return ""


class Folder:
    """A folder as it is named now; another one may take its place at any time.

    What was read of a folder below its name is of one whole set if it `is_there` afterwards: runs never change a folder
    in place, they replace it, and empty it only then.
    """

    def __init__(self, path: str) -> None:
        """There may be none."""
        self._path = path
        self._file = _folder(path)  # as long as it is open, no other folder gets its inode number

    def is_there(self) -> bool:
        """Whether its name still means the same folder, or still none."""
        now = _folder(self._path)
        if now is None:
            return self._file is None
        same = self._file is not None and os.path.sameopenfile(self._file, now)
        os.close(now)
        return same

    def close(self) -> None:
        """Forget it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _folder(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return None


class _Said:
    """An object and the hash of its repr; units that share it follow each other, so the last one is often asked for."""

    def __init__(self, of: object = None) -> None:
        self.source = of
        self.hash = digest([repr(of).encode()]).encode()

    def of(self, source: object) -> _Said:
        """That of `source`, at no cost where it is the same object."""
        return self if source is self.source else _Said(source)


def _generated_name(name: str) -> bool:
    return name.endswith(".yaml") or (name.startswith("config/") and name.endswith(".json"))
