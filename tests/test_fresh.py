"""What is remembered of earlier runs, and what makes it worthless."""

from __future__ import annotations

import shutil
import zlib
from pathlib import Path

import pytest

from sendy_cfn import config, fresh, generator, stacks
from sendy_cfn.config.values import Configuration
from sendy_cfn.fresh import Memory
from sendy_cfn.stacks.interface import Interface
from sendy_cfn.write import FolderWriter
from tests.platforms import ROOT

FILES = 30  # at least so many are made of the shipped input


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Generated once, remembered."""
    shutil.copytree(ROOT / "params", tmp_path / "params")
    assert generator.run(tmp_path / "params", tmp_path / "out", memory(tmp_path), check=False) == 0
    return tmp_path


def memory(folder: Path) -> Memory:
    return Memory(folder / "cache", folder / "params", folder / "out")


def kept(folder: Path) -> Path:
    [path] = (folder / "cache").iterdir()
    return path


def recalled(folder: Path) -> list[str]:
    """Templates that a run would not build again."""
    remembered = memory(folder)
    interfaces: dict[str, Interface] = {}
    found = []
    platform = config.load(folder / "params")
    configuration = Configuration(folder / "params", platform)
    worst = {name: configuration.worst_cases(service) for name, service in platform.services.items()}
    watch = {name: configuration.watch(service) for name, service in platform.services.items()}
    for unit in stacks.units(platform, worst, watch):
        known = remembered.recall(unit.file, remembered.key(unit, interfaces))
        if known is not None:
            found.append(unit.file)
            interfaces[unit.file] = Interface(*known)
        else:
            template = unit.build(interfaces)
            interfaces[unit.file] = Interface.of(template)
            if not unit.offers:
                interfaces[unit.file] = interfaces[unit.file]._replace(outputs=())
    return found


def test_a_second_run_knows_everything(folder: Path) -> None:
    assert (memory(folder).unchanged() or 0) >= FILES
    assert len(recalled(folder)) == len(list((folder / "out").glob("*.yaml")))


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda _: b"{",
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
        lambda _: zlib.compress(b"a"),
        lambda _: zlib.compress(b"a b c"),
    ],
)
def test_a_damaged_memory_is_none(folder: Path, damage: object) -> None:
    assert callable(damage)
    path = kept(folder)
    path.write_bytes(damage(path.read_bytes()))
    assert memory(folder).unchanged() is None
    assert recalled(folder) == []


def test_other_code_knows_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh, "code_key", lambda: "0" * 32)
    assert memory(folder).unchanged() is None
    assert recalled(folder) == []


def test_an_edited_template_is_built_again_and_no_other(folder: Path) -> None:
    before = recalled(folder)
    path = folder / "out/source.yaml"
    path.write_text(path.read_text() + "\n")
    assert memory(folder).unchanged() is None
    assert set(before) - set(recalled(folder)) == {"source.yaml"}


@pytest.mark.parametrize("name", ["extra.yaml", "config/extra.json", "config/test/extra.json"])
def test_a_file_more_is_a_change_if_it_may_be_ours(folder: Path, name: str) -> None:
    (folder / "out/README.md").write_text("not generated")
    assert memory(folder).unchanged() is not None
    (folder / "out" / name).write_text("")
    assert memory(folder).unchanged() is None


def test_a_values_file_decides_configurations_only(folder: Path) -> None:
    before = recalled(folder)
    path = folder / "params/test.yaml"
    path.write_text(path.read_text() + "\n")
    assert memory(folder).unchanged() is None
    assert recalled(folder) == before


def test_one_changed_file_takes_the_place_of_the_old_one(folder: Path) -> None:
    """All others stay the files they were; nothing is left over."""

    def others() -> dict[Path, int]:
        files = (path for path in (folder / "out").rglob("*") if path.is_file() and path.name != "source.yaml")
        return {path: path.stat().st_ino for path in files}

    as_they_were = others()
    (folder / "out/source.yaml").write_text("edited")
    before = sorted(folder.iterdir())
    with FolderWriter(folder / "out") as writer:
        generator.generate(folder / "params", writer, memory(folder))
        assert writer.changed == ["source.yaml"]
        writer.commit()
    assert others() == as_they_were
    assert (folder / "out/source.yaml").read_bytes() == (ROOT / "templates/source.yaml").read_bytes()
    assert sorted(folder.iterdir()) == before


def test_one_changed_file_in_a_folder_that_is_gone(folder: Path) -> None:
    path = folder / "out/config/toolchain.json"
    shutil.rmtree(folder / "out/config")
    assert generator.run(folder / "params", folder / "out", memory(folder), check=False) == 0
    wanted = path.read_bytes()
    path.unlink()
    (folder / "out/config").rename(folder / "aside")
    with FolderWriter(folder / "out") as writer:
        for name in fresh.below(str(folder / "out")):
            writer.keep(name)
        writer.put("config/toolchain.json", wanted)
        writer.commit()
    assert path.read_bytes() == wanted
    assert (folder / "aside").is_dir()
