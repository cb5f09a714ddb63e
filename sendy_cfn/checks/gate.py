"""Runs the engines over templates, takes out what is accepted, and makes one list of what is left.

templates --------------------------> subjects -> engines, for what is new -> judge -> findings
values of environments -> renderings -^
"""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sendy_cfn.checks import cache, suppressions
from sendy_cfn.checks.action_templates import Library
from sendy_cfn.checks.cache import content_of, fingerprint
from sendy_cfn.checks.engines.subject import CRASH, Raw, Subject, crash
from sendy_cfn.checks.judge import Found, judge
from sendy_cfn.checks.suppressions import EVERYWHERE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sendy_cfn.checks.cache import Store
    from sendy_cfn.checks.engines.subject import Engine, Settings
    from sendy_cfn.checks.findings import Finding
    from sendy_cfn.config.model import Platform

CODE = Path(__file__).resolve().parent / "engines"


@dataclass(frozen=True, eq=False, slots=True)
class Folder:
    """Templates as generated, and what they were generated for."""

    templates: Path
    work: Path  # what engines read is written here
    regions: tuple[str, ...]
    platform: Platform | None = None  # with it, values of its environments are put in as well


def check(
    folders: Sequence[Folder],
    engines: Sequence[Engine],
    settings: Settings,
    store: Store,
    *,
    everywhere: Iterable[str] = EVERYWHERE,
) -> list[Finding]:
    """What is wrong in the templates of all folders and not accepted there, and what is accepted in vain.

    Raises:
        UsageError: An engine can't be set up.
    """
    broken: list[Found] = []
    subjects = [subject for folder in folders for subject in _subjects(folder, broken)]
    found = broken + examine(subjects, engines, settings, store)
    ran = [engine.name for engine in engines]
    findings: list[Finding] = []
    for folder in folders:
        mine = [one for one in found if one.subject.path.is_relative_to(folder.work)]
        findings += judge(folder.templates, mine, everywhere, ran)
    return sorted(set(findings))


def _subjects(folder: Folder, broken: list[Found]) -> Iterator[Subject]:
    """Each template as emitted and as each stack has it, without suppressions, written where engines find it.

    Stacks into whose templates no values can be put are added to `broken`.
    """
    shutil.rmtree(folder.work, ignore_errors=True)
    emitted = folder.work / "_emitted"
    emitted.mkdir(parents=True)
    for path in sorted(folder.templates.glob("*.yaml")):
        content = path.read_bytes()
        with contextlib.suppress(UnicodeDecodeError):  # engines tell
            content = suppressions.without(content.decode()).encode()
        (emitted / path.name).write_bytes(content)
        yield Subject(emitted / path.name, str(path), folder.regions)
    if folder.platform is not None:
        yield from _rendered(folder, folder.platform, broken)


def _rendered(folder: Folder, platform: Platform, broken: list[Found]) -> Iterator[Subject]:
    from sendy_cfn.checks.rendering.stacks import renderings  # here, because an unchanged tree needs none of it
    from sendy_cfn.checks.rendering.text import write

    for one in renderings(platform, Library(folder.templates)):
        path = folder.work / one.place / one.file
        subject = Subject(path, str(folder.templates / one.template), (one.region,), one.place)
        if one.problem:
            broken.append(Found(subject, "render", crash(one.problem)))
        else:
            write(one.document, path)
            yield subject


def examine(subjects: Sequence[Subject], engines: Sequence[Engine], settings: Settings, store: Store) -> list[Found]:
    """What the engines find in the subjects; each text is looked into once, and each engine started at most once.

    Raises:
        UsageError: An engine can't be set up.
    """
    keys: dict[tuple[Engine, Subject], str] = {}
    new: dict[Engine, dict[str, Subject]] = {}
    for engine in engines:
        gate = fingerprint(engine.name, engine.version(settings), cache.code(CODE))
        for subject in subjects:
            key = fingerprint(gate, content_of(subject.path), *engine.context(subject, settings))
            keys[engine, subject] = key
            if store.get(key) is None:
                new.setdefault(engine, {}).setdefault(key, subject)
    started = [(several, engine.start(list(several.values()), settings)) for engine, several in new.items()]
    answers: dict[str, list[Raw]] = {}
    for several, finish in started:
        for key, raws in zip(several, finish(), strict=True):
            answers[key] = raws
            if all(raw.rule != CRASH for raw in raws):
                store.put(key, raws)
        store.save()  # interrupted: what is finished need not be done again
    return [
        Found(subject, engine.name, raw)
        for (engine, subject), key in keys.items()
        for raw in answers.get(key) or [Raw(*row) for row in store.get(key) or []]
    ]
