"""Generated folders, read back as plain data."""

from __future__ import annotations

import functools
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sendy_cfn import config, generator
from sendy_cfn.config.model import Platform
from sendy_cfn.fresh import Memory
from sendy_cfn.write import FolderWriter
from tests.platforms import ROOT

Document = dict[str, Any]
CASES = [ROOT / "params", *sorted(path for path in (ROOT / "tests/cases").iterdir() if path.is_dir())]


_KEEPERS: list[tempfile.TemporaryDirectory[str]] = []  # removed when the process ends


class _Loader(yaml.SafeLoader):
    """PyYAML with CloudFormation's short forms."""


def _short(loader: _Loader, suffix: str, node: yaml.Node) -> Document:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short)


@dataclass(frozen=True)
class Generated:
    """One platform and all that was made of it."""

    name: str
    folder: Path
    platform: Platform
    templates: dict[str, Document]
    configurations: dict[str, Document]


@functools.cache
def generated(params: Path) -> Generated:
    """Run the generator on the folder, into a temporary one that lasts as long as the process."""
    keeper = tempfile.TemporaryDirectory(prefix="generated-")
    _KEEPERS.append(keeper)
    folder = Path(keeper.name)
    out = folder / "templates"
    with FolderWriter(out) as writer:
        generator.generate(params, writer, Memory(folder / "cache", params, out))
        writer.commit()
    templates = {path.name: load(path.read_text()) for path in sorted(out.glob("*.yaml"))}
    configurations = {
        path.relative_to(out / "config").as_posix(): json.loads(path.read_bytes())
        for path in sorted((out / "config").rglob("*.json"))
    }
    return Generated(params.name, out, config.load(params), templates, configurations)


def load(text: str) -> Document:
    """A template as plain data, by a parser that is not ours."""
    document = yaml.load(text, Loader=_Loader)  # a subclass of SafeLoader
    assert isinstance(document, dict)
    return document
