"""Monitoring that stands: what the emulator says by the AWS CLI, shown, and compared with what the templates say."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.walk_shapes import KINDS, Found, Kind, differences
from emulator.walk_shell import StepError, readable, run, say
from emulator.walk_standing import Standing
from emulator.walk_world import World
from rehearsal.aws import Aws, Place

_AT_ONCE = 4  # processes of the AWS CLI
_WIDTH = 110
Expected = dict[tuple[Place, str], dict[str, "Wanted"]]  # by place and kind, then by name
Seen = Mapping[tuple[Place, str], Found]


@dataclass(frozen=True)
class Wanted:
    """Something that a template says must be there."""

    content: Mapping[str, Any]
    origin: str  # template and logical id
    owner: str  # the environment, or the toolchain
    label: str  # the name that the template gives, or the logical id


def show(world: World, stacks: Iterable[tuple[str, Standing]]) -> None:
    """Print what there is for each environment and for the toolchain.

    Args:
        world: where all is deployed.
        stacks: those that stand.

    Raises:
        StepError: a template can't be worked out, or something is missing, is too much, or is not as its template
            says; the message names all of it.
    """
    try:
        expected = wanted(stacks)
    except LookupError as error:
        raise StepError(f"a template can't be worked out here: {error}") from error
    places = sorted({world.place(target) for target in world.roots})
    found = {key: names for place in places for key, names in seen(world.api, place).items()}
    owners = dict.fromkeys(target.place for target in world.roots)
    for line in table(expected, found, owners):
        say(f"     {line}")
    wrong = list(problems(expected, found))
    if wrong:
        raise StepError("\n  ".join(["what monitoring consists of is not what the templates say:", *wrong]))
    count = sum(len(names) for names in expected.values())
    say(f"     all {count} are as the templates say, and nothing else is there")


def wanted(stacks: Iterable[tuple[str, Standing]]) -> Expected:
    """What the templates of the stacks, and of those nested in them, say must be there."""
    expected: Expected = {}
    for owner, root in stacks:
        for stack in root.all():
            place = Place(stack.place.account, stack.place.region)
            for kind in KINDS:
                names = expected.setdefault((place, kind.title), {})
                for title in stack.of(kind.type):
                    properties = stack.properties(title)
                    given = properties.get(kind.key)
                    name = kind.identity(properties, stack.called(title).identifier)
                    label = readable(str(given)) if given else title
                    names[name] = Wanted(kind.content(properties), f"{stack.file}, {title}", owner, label)
    return expected


def seen(api: Aws, place: Place, kinds: Sequence[Kind] = KINDS) -> Seen:
    """What the services of an account and region describe."""
    answers: dict[tuple[str, ...], Any] = {}

    def ask(commands: Sequence[tuple[str, ...]]) -> list[Any]:
        new = [each for each in commands if each not in answers]
        for start in range(0, len(new), _AT_ONCE):
            several = new[start : start + _AT_ONCE]
            # What asks for details of each of many things is not shown.
            made = run([api.cli(place, *each, "--output", "json") for each in several], shown=len(commands) == 1)
            answers.update((each, json.loads(answer)) for each, answer in zip(several, made, strict=True))
        return [answers[each] for each in commands]

    return {(place, kind.title): kind.look(ask) for kind in kinds}


def problems(expected: Expected, found: Seen) -> Iterator[str]:
    """What is missing, what is too much, and what is otherwise."""
    for key in [*expected, *(key for key in found if key not in expected)]:
        (account, region), title = key
        must, there = expected.get(key, {}), found.get(key, {})
        one = title.replace("queries", "querys").removesuffix("s").replace("querys", "query")
        for name, item in must.items():
            if name not in there:
                yield f"missing in {item.owner}: {one} {name} ({item.origin})"
                continue
            for what in differences(item.content, there[name]):
                yield f"different in {item.owner}: {one} {name} ({item.origin}): {what}"
        for name in there.keys() - must.keys():
            yield f"surplus in {account}, {region}: {one} {name}, which no template has"


def table(expected: Expected, found: Seen, owners: Iterable[str]) -> Iterator[str]:
    """How many of each kind there are, and which, for each owner; kinds of which there are none are left out."""
    for owner in owners:
        yield owner
        for kind in KINDS:
            labels = Counter(
                item.label
                for (place, title), items in sorted(expected.items())
                for name, item in items.items()
                if title == kind.title and item.owner == owner and name in found.get((place, title), {})
            )
            if labels:
                yield from _row(kind.title, labels)


def _row(title: str, labels: Mapping[str, int]) -> Iterator[str]:
    head = f"  {title:<18} {sum(labels.values()):>3}  "
    several = [f"{label} ({count} times)" if count > 1 else label for label, count in sorted(labels.items())]
    listed = textwrap.wrap(", ".join(several), _WIDTH - len(head), break_long_words=False, break_on_hyphens=False)
    yield f"{head}{listed[0]}"
    yield from (f"{'':{len(head)}}{line}" for line in listed[1:])
