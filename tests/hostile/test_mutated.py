"""Valid input with something changed in it: taken or refused for people, never a traceback, never half a result."""

from __future__ import annotations

import copy
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sendy_cfn.errors import ConfigError
from tests.hostile.budget import examples
from tests.hostile.folders import Folder, Folders, written
from tests.platforms import ROOT

BASES = [ROOT / "tests/cases/bare", ROOT / "tests/cases/full", ROOT / "tests/cases/strategies"]
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 1.5, 10**18, 10**25, float("1e300"), "", " ", "x", "0", "null", "yes", "*", "a" * 3000,
    "${AWS::Region}", "\u00e9", "\U0001f680", "a: b", "#{x}", "{{resolve:ssm:x}}", "\x07", "\u202e", "\x7f", [], {},
    [[]], [None], [{}], [1, 1], ["x", "x"],
    {"": None}, {"x": 1}, {"a": {"b": {"c": []}}}, [[["x"]]], {"null": None}, "<<", "a\nb", "a\n",
]  # fmt: skip


def deep(levels: int) -> Any:
    found: Any = 1
    for _ in range(levels):
        found = [found]
    return found


ODD += [deep(15), deep(40), {str(n): n for n in range(300)}, list(range(3000))]


def places(node: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [way, *(found for key, item in inner for found in places(item, (*way, key)))]


def mutated(document: Any, choice: random.Random) -> Any:
    """A copy with a key or value dropped, renamed, replaced, wrapped, repeated or put elsewhere."""
    found = copy.deepcopy(document)
    for _ in range(choice.choice((1, 1, 1, 2, 4))):
        ways = [way for way in places(found) if way]
        if not ways:
            return choice.choice(ODD)
        *way, last = choice.choice(ways)
        outer = found
        for key in way:
            outer = outer[key]
        _change(outer, last, choice, found)
    return found if choice.randrange(20) else choice.choice(ODD)


def _change(outer: Any, last: Any, choice: random.Random, whole: Any) -> None:
    kind = choice.randrange(7)
    if kind == 0:
        del outer[last]
    elif kind == 1 and isinstance(outer, dict):
        other = choice.choice((f"{last}x", str(last).upper(), str(last)[:-1], "", "\x1b[31m", "x" * 300, "__class__"))
        outer[other] = outer.pop(last)
    elif kind == 2:
        outer[last] = [outer[last], outer[last]]
    elif kind == 3:
        outer[last] = {"x": outer[last]}
    elif kind == 4:
        outer[last] = copy.deepcopy(choice.choice([item for _, item in _leaves(whole)] or [None]))
    else:
        outer[last] = copy.deepcopy(choice.choice(ODD))


def _leaves(node: Any) -> list[tuple[Any, Any]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [pair for key, item in inner for pair in ([(key, item), *_leaves(item)])]


def start(folder: Folder, base: Path) -> list[str]:
    """The base, generated; the names of its files."""
    folder.params.mkdir()
    names = []
    for path in base.glob("*.yaml"):
        (folder.params / path.name).write_bytes(path.read_bytes())
        names.append(path.name)
    folder.generate(cache=True)
    return sorted(names)


@pytest.mark.parametrize("base", BASES, ids=lambda path: path.name)
def test_changed_keys_and_values_are_taken_or_refused(base: Path) -> None:
    counts = _changed(base, lambda data, choice: written(mutated(yaml.safe_load(data), choice)))
    assert counts["refused"] > counts["taken"] > 0


def _changed(base: Path, change: Callable[[bytes, random.Random], bytes]) -> Counter[str]:
    """Runs with one file changed at a time; how many were taken and refused."""
    counts: Counter[str] = Counter()
    with Folders() as folders:
        folder = folders.fresh()
        names = start(folder, base)
        originals = {name: (folder.params / name).read_bytes() for name in names}

        @examples(60)
        @given(st.sampled_from(["platform.yaml", *names]), st.integers(0, 2**32))
        def holds(name: str, seed: int) -> None:
            (folder.params / name).write_bytes(change(originals[name], random.Random(seed)))
            _run(folder, counts)
            (folder.params / name).write_bytes(originals[name])

        holds()
    return counts


def _run(folder: Folder, counts: Counter[str]) -> None:
    """`generate` asserts that errors are well-formed and that nothing was written; then undo what was."""
    try:
        folder.generate(cache=True)
    except ConfigError:
        counts["refused"] += 1
    else:
        counts["taken"] += 1


def spoilt(data: bytes, choice: random.Random) -> bytes:
    """Some bytes flipped, cut, doubled, moved or put in."""
    found = bytearray(data)
    for _ in range(choice.choice((1, 1, 2, 5))):
        at = choice.randrange(len(found) or 1)
        kind = choice.randrange(6)
        if kind == 0 and found:
            found[at] ^= 1 << choice.randrange(8)
        elif kind == 1:
            del found[at : at + choice.choice((1, 3, 40))]
        elif kind == 2:
            found[at:at] = found[at : at + choice.choice((1, 20, 200))]
        elif kind == 3:
            found[at:at] = choice.choice(
                (b"\t", b"\r", b"\0", b"\n", b"  ", b"&a ", b"*a", b"!!x ", b"<<: ", b"\xff", b"'", b'"')
            )
        elif kind == 4:
            found[at:at] = choice.choice(
                ("\u2028", "\u202e", "\ufeff", "\u0085", "\U000e0001", "- ", ": ", "{", "[", "|\n", ">\n")
            ).encode()
        else:
            lines = bytes(found).split(b"\n")
            choice.shuffle(lines)
            found = bytearray(b"\n".join(lines))
    return bytes(found)


@pytest.mark.parametrize("base", BASES, ids=lambda path: path.name)
def test_spoilt_files_are_taken_or_refused(base: Path) -> None:
    counts = _changed(base, spoilt)
    assert counts["refused"] > counts["taken"]  # few are still YAML, and none at all of a large file at times


@pytest.mark.parametrize("seed", range(6))
def test_the_command_says_so_and_leaves_the_output_alone(tmp_path: Path, seed: int) -> None:
    folder = Folder(tmp_path)
    start(folder, BASES[seed % 3])
    before = folder.files()
    path = folder.params / "platform.yaml"
    choice = random.Random(seed)
    text = path.read_bytes()
    command = [sys.executable, str(ROOT / "generate.py"), "--params", "params", "--out", "templates"]
    while True:
        data = spoilt(text, choice) if seed % 2 else written(mutated(yaml.safe_load(text), choice))
        path.write_bytes(data)
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        assert "Traceback" not in done.stderr
        if done.returncode != 0:
            break
        path.write_bytes(text)
        assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    assert done.returncode == 2
    assert all(line.startswith("params/") for line in done.stderr.splitlines())
    assert done.stdout == ""
    assert folder.files() == before
