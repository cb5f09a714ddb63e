"""Commands of a build that reach AWS, noted down by wrappers: the build's role is asked about them afterwards."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "REHEARSAL_CALLS"  # file that the wrappers append to
_WRAPPER = """\
#!/bin/sh
# Notes the call down, with the key of who calls, then makes it.
printf '%s\\0' "${{AWS_ACCESS_KEY_ID-}}" {name} "$#" "$@" >>"${VARIABLE}"
exec {command} "$@"
"""


@dataclass(frozen=True)
class Call:
    """A command that a build ran."""

    key: str  # access key id of who called
    command: str
    arguments: tuple[str, ...]

    @property
    def options(self) -> Mapping[str, str]:
        """Options and their first values, given as the next word or after `=`; words without an option have none."""
        following = (*self.arguments[1:], "")
        found = {}
        for word, after in zip(self.arguments, following, strict=True):
            if word.startswith("--"):
                name, given, value = word.partition("=")
                found[name] = value if given else ("" if after.startswith("--") else after)
        return found

    def values(self, option: str) -> tuple[str, ...]:
        """All values of an option that takes several."""
        if option not in self.arguments:
            return ()
        rest = self.arguments[self.arguments.index(option) + 1 :]
        end = next((index for index, word in enumerate(rest) if word.startswith("--")), len(rest))
        return rest[:end]

    def __str__(self) -> str:
        """The command and its first words."""
        return " ".join([self.command, *self.arguments[:2]])


def wrap(folder: Path, name: str, command: Sequence[str]) -> None:
    """Put a command named `name` into the folder that notes each call down and then runs `command`."""
    folder.mkdir(parents=True, exist_ok=True)
    text = _WRAPPER.format(name=shlex.quote(name), command=shlex.join(command), VARIABLE=VARIABLE)
    (folder / name).write_text(text, encoding="utf-8")
    (folder / name).chmod(0o755)


def read(path: Path) -> Iterator[Call]:
    """The calls noted down in a file, oldest first; none where there is no file."""
    words = path.read_text(encoding="utf-8", errors="replace").split("\0") if path.exists() else [""]
    position = 0
    while position + 2 < len(words):
        key, command, count = words[position], words[position + 1], int(words[position + 2])
        position += 3
        yield Call(key, command, tuple(words[position : position + count]))
        position += count
