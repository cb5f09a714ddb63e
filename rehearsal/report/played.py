"""What was tried: a table of scenarios, short enough to be read, with all there is to know behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rehearsal.report.model import Result, Scenario
from rehearsal.report.parts import badge
from rehearsal.report.text import Html, count, duration, escape, join, section, table, tag

COUNTED = ("requests", "failed")  # labels that follow their numbers
LONG = 120  # characters that an outcome has before it is shortened
ASIDE = re.compile(r" \(.{40,}?\)(?=[;,]|$)", re.DOTALL)  # a long remark in brackets, which may have some of its own


def scenarios(result: Result) -> Html:
    """What was expected and what came of it; columns that would be empty are left out."""
    heads = ["Scenario", "Result", "Expected", "Outcome", "Measured", "Requests", "Failed"]
    rows = [_row(number, each, result) for number, each in enumerate(result.scenarios, 1)]
    kept = [at for at in range(len(heads)) if at < 4 or any(row[at] for row in rows)]
    shown = [[row[at] for at in kept] for row in rows]
    numbers = frozenset(kept.index(at) for at in (5, 6) if at in kept)
    return section("Scenarios", table("Scenarios", [heads[at] for at in kept], shown, numbers), "scenarios")


def charted(each: Scenario, result: Result) -> bool:
    """Whether there was traffic, so that there is a chart."""
    return each.requests > 0 and any(int(each.start) <= second.at < each.end for second in result.seconds)


def _row(number: int, each: Scenario, result: Result) -> list[Html]:
    title = escape(f"{number}. {each.title}")
    title = tag("a", title, href=f"#scenario-{number}") if charted(each, result) else title
    lines = [tag("li", *line) for line in (*_measured(each.measured), *_decided(each))]
    return [
        title,
        badge(each.passed),
        escape(each.expected),
        outcome(each),
        tag("ul", *lines, class_="plain") if lines else Html(""),
        escape(count(each.requests)) if each.requests else Html(""),
        escape(count(each.failed) + (" (control)" if each.failures_expected else "")) if each.requests else Html(""),
    ]


def outcome(each: Scenario) -> Html:
    """What came of it; the whole text is a click away where it is long."""
    short = brief(each.outcome)
    if short == each.outcome:
        return tag("div", escape(each.outcome), class_="outcome")
    return tag("details", tag("summary", escape(short)), tag("p", escape(each.outcome)), class_="outcome")


def brief(text: str) -> str:
    """The text without its long remarks, at most `LONG` characters or so."""
    if len(text) <= LONG:
        return text
    shorter = ASIDE.sub(" (…)", text)
    return shorter if len(shorter) <= LONG else f"{shorter[:LONG].rsplit(' ', 1)[0]} …"


def _measured(rows: Sequence[tuple[str, str, str]]) -> list[list[Html]]:
    """A line for each value; those of labels that end alike, as "failed, switch", share one: "switch: 0 failed"."""
    groups: dict[str, list[list[Html]]] = {}
    lines: list[list[Html]] = []
    for label, value, unit in rows:
        name, comma, of = label.rpartition(", ")
        if not comma:
            lines.append(_value(label, value, unit))
            continue
        if of not in groups:
            groups[of] = []
            lines.append([])
        groups[of].append([tag("span", *_value(name, value, unit), class_="value")])
    shared = [[escape(f"{of}: "), join([each for (each,) in members], ", ")] for of, members in groups.items()]
    filled = iter(shared)
    return [line or next(filled) for line in lines]


def _value(name: str, value: str, unit: str) -> list[Html]:
    """Name and value, as in "new task ready 3.1 s"; the other way round where the name is what is counted."""
    number = count(int(value)) if value.isascii() and value.isdecimal() else value
    shown = tag("b", escape(f"{number} {unit}".rstrip()))
    return [shown, escape(f" {name}")] if name in COUNTED and not unit else [escape(f"{name} "), shown]


def _decided(each: Scenario) -> list[list[Html]]:
    parts = []
    if each.decision_seconds is not None:
        parts += [Html("stopped and back after "), tag("b", escape(duration(each.decision_seconds)), class_="value")]
    if each.worst_case_minutes is not None:
        parts += [Html("; ")] if parts else []
        parts += [Html("computed worst case "), tag("b", escape(f"{each.worst_case_minutes:g} min"), class_="value")]
    return [parts] if parts else []
