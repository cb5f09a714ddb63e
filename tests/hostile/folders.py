"""Input folders of drawn platforms, and what the generator makes of them."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sendy_cfn import config, generator
from sendy_cfn.errors import ConfigError, Problem
from sendy_cfn.fresh import Memory
from sendy_cfn.write import FolderWriter
from tests import generated
from tests.generated import Generated

Document = dict[str, Any]


class _Writer(yaml.CSafeDumper):
    """Quotes every text: what it holds is never in doubt."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


_Writer.add_representer(str, lambda writer, text: writer.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def written(document: object) -> bytes:
    """As a YAML file, a key a line, hidden characters as escapes."""
    found: bytes = yaml.dump(document, Dumper=_Writer, sort_keys=False, encoding="utf-8", width=10**9)
    return found


class _Loader(yaml.CSafeLoader):
    """As tests.generated reads templates, by libyaml."""


_Loader.yaml_multi_constructors = generated._Loader.yaml_multi_constructors


def load(text: str) -> Document:
    """A template as plain data."""
    found: Document = yaml.load(text, Loader=_Loader)
    return found


@dataclass
class Folder:
    """params/ and templates/ of one platform."""

    root: Path

    @property
    def params(self) -> Path:
        return self.root / "params"

    @property
    def out(self) -> Path:
        return self.root / "templates"

    def put(self, **documents: object) -> None:
        """Write input files; bytes as they are."""
        self.params.mkdir(exist_ok=True)
        for name, document in documents.items():
            data = document if isinstance(document, bytes) else written(document)
            (self.params / f"{name}.yaml").write_bytes(data)

    def generate(self, *, cache: bool = False) -> None:
        """In this process.

        Raises:
            ConfigError: as the product says it; then nothing was written.
        """
        before = self.files()
        memory = Memory(self.root / ("cache" if cache else "no-cache"), self.params, self.out)
        try:
            with FolderWriter(self.out) as writer:
                generator.generate(self.params, writer, memory)
                writer.commit()
        except ConfigError as error:
            assert self.files() == before
            well_formed(error, self)
            raise
        if cache:
            memory.save("-")

    def files(self) -> dict[str, bytes]:
        """What is in the output folder."""
        return {
            path.relative_to(self.out).as_posix(): path.read_bytes()
            for path in sorted(self.out.rglob("*"))
            if path.is_file()
        }

    def read(self) -> Generated:
        """All that was generated, as plain data."""
        files = self.files()
        templates = {name: load(data.decode()) for name, data in files.items() if name.endswith(".yaml")}
        configurations = {
            name.removeprefix("config/"): json.loads(data) for name, data in files.items() if name.endswith(".json")
        }
        return Generated(self.root.name, self.out, config.load(self.params), templates, configurations)


class Folders:
    """Fresh folders, one after the other; a context manager that removes the last one."""

    def __init__(self) -> None:
        self.keeper = tempfile.TemporaryDirectory(prefix="hostile-")
        self.count = 0

    def __enter__(self) -> Folders:
        return self

    def __exit__(self, *_: object) -> None:
        self.keeper.cleanup()

    def fresh(self) -> Folder:
        root = Path(self.keeper.name) / "platform"
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        return Folder(root)

    def made(self, params: Path) -> Generated:
        """What is generated of a folder that is there."""
        folder = self.fresh()
        folder.put(**{path.stem: path.read_bytes() for path in params.glob("*.yaml")})
        folder.generate()
        return folder.read()

    def keep(self, folder: Folder) -> Path:
        """Move a folder away, so that it stays as long as all of them."""
        self.count += 1
        return folder.root.rename(folder.root.with_name(f"kept-{self.count}"))


PLACE = re.compile(r"[^\x00-\x1f\x7f]+")


def well_formed(error: ConfigError, folder: Folder) -> None:
    """Every problem names a file of the input and a line in it, and is one line of plain text."""
    assert error.problems
    for problem in error.problems:
        name = problem.file.removeprefix(f"{folder.params}/")
        assert (folder.params / name).suffix == ".yaml", problem
        assert PLACE.fullmatch(str(problem)), repr(str(problem))
        if (folder.params / name).is_file():
            lines = (folder.params / name).read_bytes().count(b"\n") + 1
            assert 0 <= problem.line <= lines, problem
        assert problem.message


def missing(error: ConfigError) -> list[tuple[Problem, str]]:
    """The parameters that have to be given, with the problem that says so."""
    found = ((p, re.match(r"missing parameter '(\w+)'", p.message)) for p in error.problems)
    return [(problem, match[1]) for problem, match in found if match]
