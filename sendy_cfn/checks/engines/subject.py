"""What engines are given, and what they give back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from sendy_cfn.checks.usage import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Results: TypeAlias = list[list["Raw"]]  # one list for each subject, in their order

CRASH = "crash"  # the rule that is broken where an engine gave up


@dataclass(frozen=True, slots=True)
class Subject:
    """One text to look into."""

    path: Path  # the file that engines read, without suppressions
    template: str  # the emitted template, as the user would type it
    regions: tuple[str, ...]  # where it is deployed
    place: str = ""  # the environment whose values are in it; "" for the template as emitted


@dataclass(frozen=True, slots=True)
class Settings:
    """What engines are set up with."""

    config: Path = Path(".cfnlintrc")
    policies: Path = Path(".venv-policies")  # the environment of checkov
    scratch: Path = Path(".cache/checks/home")  # an empty home folder: nobody's own settings count


class Raw(NamedTuple):
    """A finding as the engine tells it."""

    line: int
    resource: str
    rule: str
    severity: str
    message: str
    todo: str = ""
    place: str = ""  # path of the property inside the resource's properties


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine; `start` takes what it needs a while for away from runs in which nothing changed.

    Attributes:
        name: What the table calls it.
        version: Of the engine; part of each key.
        context: What else than its text decides what is found in a subject.
        start: Begins to look into the subjects; what comes back waits for the end and has the results.
        about: What it looks for, for people.
        titles: What rules say, by their ids; of those that are the engine's.
    """

    name: str
    version: Callable[[Settings], str]
    context: Callable[[Subject, Settings], list[str | bytes | None]]
    start: Callable[[Sequence[Subject], Settings], Callable[[], Results]]
    about: str = ""
    titles: Callable[[Settings], dict[str, str]] = lambda _settings: {}


def each(look: Callable[[Subject], list[Raw]], subjects: Sequence[Subject]) -> Results:
    """Results of an engine that takes one subject after the other. One that it stumbles over has that as its defect."""
    found = []
    for subject in subjects:
        try:
            found.append(look(subject))
        except UsageError:
            raise
        except Exception as error:  # whatever it is, the others are still to be looked into, and the run has to fail
            found.append([crash(f"the engine failed on this template: {type(error).__name__}: {error}")])
    return found


def crash(message: str) -> Raw:
    """The finding that an engine could not do its work."""
    return Raw(1, "-", CRASH, "error", message)
