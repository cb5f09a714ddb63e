"""What a Dockerfile says of the container, as far as a process on this machine can follow it."""

from __future__ import annotations

import copy
import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}|\$(\w+)")
_BLANK: Mapping[str, Any] = {"environment": {}, "folder": "/", "port": 0, "user": "", "entry": [], "command": []}


@dataclass(frozen=True)
class Program:
    """What runs when a container of the image starts."""

    context: str  # folder with the files of the build
    command: tuple[str, ...]
    folder: str  # working directory in the image, which stands for `context`
    port: int  # that the program listens on; 0 when the file names none
    environment: Mapping[str, str]
    user: str
    labels: Mapping[str, str]

    def write(self, path: Path) -> None:
        """Keep it."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def load(path: Path) -> Program:
    """A program that was kept."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Program(**{**document, "command": tuple(document["command"])})


def read(text: str, context: str, arguments: Mapping[str, str], labels: Mapping[str, str]) -> Program:
    """The program of the last stage, which has what the stage that it starts from has.

    Args:
        text: of the Dockerfile.
        context: folder with the files of the build.
        arguments: build arguments given.
        labels: given; those of the file are of no use here.

    Raises:
        ValueError: there is no `FROM`, or no `CMD` or `ENTRYPOINT` in JSON form.
    """
    found = copy.deepcopy(dict(_BLANK))
    stages: dict[str, dict[str, Any]] = {}
    before: dict[str, str] = {}  # arguments before the first stage: a stage has those that it names again
    known = before
    for word, rest in _instructions(text):
        if word == "FROM":
            image, _, name = re.sub(r"^(--\S+\s+)+", "", rest).partition(" ")
            found = copy.deepcopy(stages.get(_fill(image, before), dict(_BLANK)))
            stages[re.sub(r"^as\s+", "", name.strip(), flags=re.IGNORECASE) or f"stage {len(stages)}"] = found
            known = {}
        elif word == "ARG":
            name, _, default = rest.partition("=")
            known[name] = arguments.get(name, _fill(default.strip('"'), known) or before.get(name, ""))
        else:
            _apply(found, word, rest, {**known, **found["environment"]})
    command = [*found["entry"], *found["command"]]
    if not stages or not command:
        raise ValueError(f"the Dockerfile has {'no CMD or ENTRYPOINT in JSON form' if stages else 'no FROM'}")
    return Program(
        context, tuple(command), found["folder"], found["port"], found["environment"], found["user"], dict(labels)
    )


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    joined = re.sub(r"\\\s*\n", " ", "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")))
    for line in joined.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word:
            yield word.upper(), rest.strip()


def _apply(found: dict[str, Any], word: str, rest: str, known: Mapping[str, str]) -> None:
    if word == "ENV":
        for name, value in re.findall(r'(\w+)=("[^"]*"|\S*)', rest if "=" in rest.split()[0] else _with_sign(rest)):
            found["environment"][name] = _fill(value.strip('"'), known)
    elif word == "WORKDIR":
        found["folder"] = posixpath.join(found["folder"], _fill(rest, known))
    elif word == "EXPOSE":
        found["port"] = int(_fill(rest, known).split()[0].partition("/")[0])
    elif word == "USER":
        found["user"] = _fill(rest, known)
    elif word in ("CMD", "ENTRYPOINT"):
        found["command" if word == "CMD" else "entry"] = json.loads(rest) if rest.startswith("[") else []


def _fill(text: str, known: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda match: known.get(match[1] or match[3]) or match[2] or "", text)


def _with_sign(rest: str) -> str:
    """The old form `ENV NAME value` as the present one."""
    name, _, value = rest.partition(" ")
    return f'{name}="{value.strip()}"'
