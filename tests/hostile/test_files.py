"""Input files as an adversary would make them: what YAML can do beside data, and what can stand in a file's place."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sendy_cfn import yamlfile
from sendy_cfn.errors import ConfigError
from tests.platforms import ROOT

BOMB = "\n".join(["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10))])
# As escapes they are visible to whoever reads the file; as they are, they are not.
HIDDEN = {"zero width": 0x200B, "direction": 0x202E, "isolate": 0x2066, "mark": 0x200F, "soft hyphen": 0xAD}
HIDDEN |= {"byte order mark": 0xFEFF, "filler": 0x3164, "tag": 0xE0041, "joiner": 0x2060}

# name -> content, what is said of it, and in which line
YAML: dict[str, tuple[bytes, str, int]] = {
    "billion laughs": (BOMB.encode(), "anchor '&a0'; anchors are not supported", 1),
    "alias": (b"a: 1\nb: *a\n", "alias '*a'; write the value out", 2),
    "anchor on a key": (b"&k a: 1\n", "anchor '&k'", 1),
    "anchor on a mapping": (b"a:\n  &k\n  b: 1\n", "anchor '&k'", 2),
    "merge key": (b"a: 1\n<<: {b: 1}\n", "merge key '<<'", 2),
    "duplicate key": (b"a: 1\nb: 2\na: 3\n", "duplicate key 'a', first on line 1", 3),
    "duplicate in quotes": (b"a: 1\n'a': 2\n", "duplicate key 'a', first on line 1", 2),
    "duplicate as an escape": (b'a: 1\n"\\x61": 2\n', "duplicate key 'a', first on line 1", 2),
    "duplicate explicit key": (b"a: 1\n? a\n: 2\n", "duplicate key 'a', first on line 1", 2),
    "duplicate of no key": (b'"": 1\n? \n: 2\n', "duplicate key '', first on line 1", 2),
    "python object": (b"a: !!python/object/apply:os.system [id]\n", "tags are not supported", 1),
    "python name": (b"a: !!python/name:os.system\n", "tags are not supported", 1),
    "core tag": (b"a: !!str 1\n", "tag 'tag:yaml.org,2002:str'; tags are not supported", 1),
    "own tag": (b"a: !Ref Vpc\n", "tag '!Ref'; tags are not supported", 1),
    "tag on a key": (b"!!str a: 1\n", "tags are not supported", 1),
    "tag directive": (b"%TAG ! tag:evil,2000:\n---\na: !x 1\n", "tags are not supported", 3),
    "list as a key": (b"? [a, b]\n: 1\n", "a key must be a plain word", 1),
    "second document": (b"a: 1\n---\nb: 2\n", "a second document", 2),
    "tab": (b"a:\n\tb: 1\n", "tab in the indentation", 2),
    "tab after spaces": (b"a:\n  \tb: 1\n", "tab in the indentation", 2),
    "NUL": (b"a: x\x00y\n", "control character U+0000", 1),
    "escape code": (b"a: 1\nb: \x1b[31mred\n", "control character U+001B", 2),
    "carriage return": (b"a: x\ry: 2\n", "control character U+000D", 1),
    "delete": (b"a: \x7f\n", "control character U+007F", 1),
    "next line": ("a: x\u0085b: 2\n".encode(), "control character U+0085", 1),
    "line separator": ("a: 1\nb: x\u2028c: 2\n".encode(), "control character U+2028", 2),
    "paragraph separator": ("a: x\u2029b: 2\n".encode(), "control character U+2029", 1),
    "not a character": ("a: \ufffe\n".encode(), "not YAML", 0),
    "UTF-16": ("a: 1\n".encode("utf-16"), "byte 0xff is not UTF-8; save the file as UTF-8", 1),
    "UTF-16 without a mark": ("a: 1\n".encode("utf-16-le"), "control character U+0000", 1),
    "UTF-32": ("a: 1\n".encode("utf-32"), "byte 0xff is not UTF-8", 1),
    "Latin-1": ("a: 1\nb: \u00e9\n".encode("latin-1"), "byte 0xe9 is not UTF-8", 2),
    "overlong": (b"a: \xc0\xaf\n", "byte 0xc0 is not UTF-8", 1),
    "surrogate": (b"a: \xed\xa0\x80\n", "byte 0xed is not UTF-8", 1),
    "escaped surrogate": (b'a: "\\ud800"\n', "not YAML", 1),
    "depth": (b"a: " + b"[" * 5000 + b"]" * 5000 + b"\n", "nested deeper than 20 levels", 1),
    "depth in blocks": (b"\n".join(b" " * n + b"a:" for n in range(60)) + b" 1\n", "nested deeper than 20 levels", 21),
    "open brackets": (b"a: " + b"[" * 5 + b"\n", "not YAML", 2),
    "long key": (b"? " + b"k" * 2000 + b"\n: 1\n", "a key of 2000 characters, at most 255", 1),
    "too large": (b"a: " + b"x" * yamlfile.MAX_BYTES, "5000003 bytes, at most 5000000 are read", 0),
    "nothing": (b"", "empty file", 0),
    "a mark alone": (b"\xef\xbb\xbf", "empty file", 0),
}  # fmt: skip


@pytest.mark.parametrize("name", YAML)
def test_yaml_that_is_more_than_data_is_refused_with_its_line(name: str) -> None:
    data, says, line = YAML[name]
    started = time.process_time()
    with pytest.raises(ConfigError) as caught:
        yamlfile.parse(data, "x.yaml")
    (problem,) = caught.value.problems
    assert says in problem.message
    assert problem.line == line
    assert str(problem).isprintable()
    assert time.process_time() - started < 2


@pytest.mark.parametrize("name", HIDDEN)
@pytest.mark.parametrize("around", ["a: x{}y\n", "a: 1 # {}\n", "x{}y: 1\n", 'a: "{}"\n'])
def test_characters_that_nobody_sees_are_refused_wherever_they_are(name: str, around: str) -> None:
    char = chr(HIDDEN[name])
    with pytest.raises(ConfigError) as caught:
        yamlfile.parse(f"b: 0\n{around.format(char)}".encode(), "x.yaml")
    (problem,) = caught.value.problems
    assert problem.line == 2
    assert f"U+{ord(char):04X}" in problem.message
    assert str(problem).isprintable()
    escape = problem.message.partition('"')[2].partition('"')[0]
    found = yamlfile.parse(f'a: "{escape}"\n'.encode(), "x.yaml").value
    assert isinstance(found, dict)
    assert found["a"].value == char, "the way out that the message names"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9" * 19, 10**19 - 1),
        ("9" * 20, "9" * 20),
        ("9" * 5000, "9" * 5000),  # Python refuses to convert more than 4,300 digits
        ("-" + "9" * 5000, "-" + "9" * 5000),
        ("1" + "0" * 400 + ".0", "1" + "0" * 400 + ".0"),
        ("1e400", "1e400"),
        ("-1e400", "-1e400"),
        ("1e99999999999", "1e99999999999"),
        (".inf", ".inf"),
        ("-.INF", "-.INF"),
        (".nan", ".nan"),
        ("0x7fffffffffffffffffff", "0x7fffffffffffffffffff"),
        ("1_000", "1_000"),
        ("190:20:30", "190:20:30"),
    ],
)
def test_numbers_that_no_key_could_mean_are_texts(text: str, value: object) -> None:
    found = yamlfile.parse(f"a: {text}\n".encode(), "x").value
    assert isinstance(found, dict)
    assert found["a"].value == value


def test_a_mark_and_windows_line_ends_are_what_editors_write() -> None:
    found = yamlfile.parse(b"\xef\xbb\xbfa: 1\r\nb: x\r\n", "x").value
    assert isinstance(found, dict)
    assert [(key, node.value, node.line) for key, node in found.items()] == [("a", 1, 1), ("b", "x", 2)]


def test_a_long_line_is_read_in_no_time() -> None:
    started = time.process_time()
    found = yamlfile.parse(b"a: '" + b"x y " * 1_200_000 + b"'\n", "x").value
    assert isinstance(found, dict)
    assert len(str(found["a"].value)) == 4_800_000
    assert time.process_time() - started < 3


# What can stand in the place of an input file or folder; the real command, with little time and memory.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "params", tmp_path / "params")
    return tmp_path


def generate(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))

    command = [sys.executable, str(ROOT / "generate.py"), "--params", "params", "--out", "out", *more]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=30, preexec_fn=limit
    )


def refused(folder: Path, says: str, *more: str) -> None:
    done = generate(folder, *more)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (folder / "out").is_dir()


@pytest.mark.parametrize("name", ["platform", "test", "toolchain"])
def test_a_folder_pipe_device_or_circle_in_a_files_place(folder: Path, name: str) -> None:
    path = folder / f"params/{name}.yaml"
    path.unlink()
    path.mkdir()
    refused(folder, f"params/{name}.yaml: can't be read: a folder, expected a file")
    path.rmdir()
    os.mkfifo(path)
    refused(folder, f"params/{name}.yaml: can't be read: a pipe or device, expected a file")
    path.unlink()
    path.symlink_to("/dev/zero")
    refused(folder, f"params/{name}.yaml: can't be read: a pipe or device, expected a file")
    path.unlink()
    path.symlink_to(path.name)
    refused(folder, f"params/{name}.yaml: can't be read: Too many levels of symbolic links")
    path.unlink()
    path.symlink_to("nowhere")
    refused(folder, f"params/{name}.yaml: can't be read: No such file or directory")
    path.unlink()
    with path.open("wb") as file:
        file.truncate(2**34)  # sparse: 16 GiB of nothing
    refused(folder, f"params/{name}.yaml: 17179869184 bytes, at most 5000000 are read")


def test_a_pipe_beside_the_input_keeps_nobody_waiting(folder: Path) -> None:
    os.mkfifo(folder / "params/other.yaml")
    (folder / "params/zero.yaml").symlink_to("/dev/zero")
    done = generate(folder)
    assert done.returncode == 0, done.stderr


def test_what_can_not_be_read_beside_the_input_hides_no_change(folder: Path) -> None:
    (folder / "params/a.yaml").mkdir()
    assert generate(folder).returncode == 0
    path = folder / "params/platform.yaml"
    path.write_text(path.read_text().replace("port: 8080", "port: 8081"))
    assert generate(folder).returncode == 0
    assert "8081" in (folder / "out/service-orders.yaml").read_text()
    (folder / "params/a.yaml").rmdir()
    (folder / "params/a.yaml").symlink_to("a.yaml")
    path.write_text(path.read_text().replace("port: 8081", "port: 8082"))
    assert generate(folder, "--check").returncode == 1


def test_folders_that_are_circles_or_files(folder: Path) -> None:
    (folder / "loop").symlink_to("loop")
    refused(folder, "loop", "--out", "loop")
    refused(folder, "loop/platform.yaml: can't be read", "--params", "loop")
    refused(folder, "can't be read: Not a directory", "--params", "params/platform.yaml")
    assert (folder / "loop").is_symlink()


def test_folders_whose_names_no_encoding_has(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As in most languages' locales; that of C lets such names pass.
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8:strict")
    done = generate(folder, "--out", os.fsdecode(b"caf\xe9"))
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr
    done = generate(folder, "--params", os.fsdecode(b"caf\xe9"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
