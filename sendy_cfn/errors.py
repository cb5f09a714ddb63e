"""Errors that people read.

ConfigError   one or more Problems in the input files; exit status 2, nothing written
LimitError    what was built of them is beyond a quota; the generator makes a ConfigError of it
"""

from __future__ import annotations

from dataclasses import dataclass

DONE, STALE, BAD_INPUT = 0, 1, 2  # exit statuses of every command


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in an input file."""

    file: str
    line: int  # 1-based; 0 where the file as a whole is meant
    path: str  # dotted, as in "services.orders.port"
    message: str

    def __str__(self) -> str:
        """`file:line: path: message`, the parts that are known, on one line and without control characters."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        text = f"{where}: {self.path}: {self.message}" if self.path else f"{where}: {self.message}"
        return text if text.isprintable() else "".join(map(_visible, text))


def _visible(char: str) -> str:
    """The character, or an escape where a terminal would act on it or show nothing."""
    return char if char.isprintable() else char.encode("unicode_escape").decode()


class ConfigError(Exception):
    """The input can't be used. Carries every Problem found, in file order."""

    def __init__(self, problems: list[Problem]) -> None:
        """Sort the problems by file and line."""
        self.problems = sorted(problems)
        super().__init__("\n".join(map(str, self.problems)))


class LimitError(Exception):
    """What was built is beyond a quota of AWS's."""


def nearest(word: str, known: list[str]) -> str:
    """A hint such as ", did you mean 'kind'?" where a known word is close to the one found, else nothing."""
    import difflib  # here: only needed once something is wrong

    close = difflib.get_close_matches(word.lower(), [k.lower() for k in known], n=1, cutoff=0.6)
    if not close:
        return ""
    return f", did you mean '{next(k for k in known if k.lower() == close[0])}'?"
