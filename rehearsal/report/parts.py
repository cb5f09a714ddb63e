"""The parts of the page that are words and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rehearsal.report.figure import short
from rehearsal.report.model import UNKNOWN, Phase, Result, Scenario, Share
from rehearsal.report.text import Html, count, duration, escape, join, milliseconds, moment, offset, plural, table, tag

NUMBERS = frozenset(range(2, 9))
_MODES = {
    "dry": "dry: nothing was executed but the builds' commands",
    "short": "short: waits were cut",
    "long": "long: waits as deployed",
}


def header(result: Result) -> Html:
    """The verdict, in a sentence and in numbers."""
    meta = result.meta
    name = tag("p", escape(f"Rehearsal of {meta.service} on {meta.platform}"), class_="what")
    verdict = tag("h1", badge(result.passed), Html(" "), escape(sentence(result)))
    where = f"{moment(meta.started)} · {duration(meta.seconds)} · {_MODES.get(meta.mode, meta.mode)}"
    tiles = [_tile(value, text, class_) for value, text, class_ in _numbers(result)]
    return tag("header", name, verdict, tag("p", escape(where), class_="where"), tag("dl", *tiles, class_="tiles"))


def sentence(result: Result) -> str:
    """The outcome in one line."""
    passed = sum(each.passed for each in result.scenarios)
    scenarios = f"{passed} of {plural(len(result.scenarios), 'scenario')} as expected"
    if not result.seconds:
        return f"{scenarios}; no requests were made"
    lost = result.failed - result.wanted
    control = f" ({count(result.wanted)} more in controls, on purpose)" if result.wanted else ""
    failed = f"{count(lost)} failed" if lost else "none failed"
    return f"{plural(result.requests, 'request')}, {failed}{control}; {scenarios}"


def _numbers(result: Result) -> list[tuple[str, str, str | None]]:
    passed = sum(each.passed for each in result.scenarios)
    lost = result.failed - result.wanted
    missing = len(result.not_rehearsed)
    return [
        (f"{passed}/{len(result.scenarios)}", "scenarios as expected", None if result.passed else "bad"),
        (count(result.requests), "requests", None),
        (count(lost), "failed", "bad" if lost else None),
        *([(count(result.wanted), "failed on purpose, in controls", None)] if result.wanted else []),
        (count(result.meta.releases), "releases", None),
        (count(missing), "not rehearsed", "warn" if missing else None),
    ]


def _tile(value: str, text: str, class_: str | None) -> Html:
    return tag("div", tag("dt", escape(text)), tag("dd", escape(value), class_=class_))


def badge(passed: bool) -> Html:
    """A word, with a colour that is not needed to read it."""
    return tag("span", Html("passed" if passed else "failed"), class_=f"badge {'good' if passed else 'bad'}")


def scenarios(result: Result) -> Html:
    """What was expected and what came of it."""
    heads = ("Scenario", "Result", "Expected", "Outcome", "Measured", "Requests", "Failed")
    rows = [_scenario(number, each, result) for number, each in enumerate(result.scenarios, 1)]
    return _section("Scenarios", table("Scenarios", heads, rows, frozenset({5, 6})), "scenarios")


def _scenario(number: int, each: Scenario, result: Result) -> list[Html]:
    charted = any(each.start <= second.at < each.end for second in result.seconds)
    title = tag("a", escape(each.title), href=f"#scenario-{number}") if charted else escape(each.title)
    measured = [*each.measured]
    if each.decision_seconds is not None:
        measured.append(("time to decide", duration(each.decision_seconds), ""))
    if each.worst_case_minutes is not None:
        measured.append(("worst case until the old version is back", f"{each.worst_case_minutes:g}", "min"))
    lines = [
        tag("li", escape(f"{label}: "), tag("b", escape(f"{value} {unit}".rstrip()), class_="value"))
        for label, value, unit in measured
    ]
    return [
        title,
        badge(each.passed),
        escape(each.expected),
        escape(each.outcome),
        tag("ul", *lines, class_="plain") if lines else Html(""),
        escape(count(each.requests)),
        escape(f"{count(each.failed)}{' (control)' if each.failures_expected else ''}"),
    ]


def phases(result: Result) -> Html:
    """Percentiles of each phase and version, and the kinds of failures."""
    if not result.phases:
        return Html("")
    heads = ("Phase", "Version", "Requests", "Failed", "p50", "p95", "p99", "max")
    rows = [_share(phase, version, share) for phase in result.phases for version, share in phase.by_version.items()]
    content = [table("Latency by phase and version", heads, rows, NUMBERS)]
    kinds = [
        [escape(phase.name), escape(kind), escape(count(number))]
        for phase in result.phases
        for kind, number in phase.errors.items()
    ]
    if kinds:
        content.append(table("Failed requests by phase and kind", ("Phase", "Kind", "Requests"), kinds, frozenset({2})))
    return _section("Latency and failures", join(content), "latency")


def _share(phase: Phase, version: str, share: Share) -> list[Html]:
    named = tag("span", escape(short(version)), title=version) if version != UNKNOWN else escape(short(version))
    counts = [
        escape(count(share.requests)),
        tag("span", escape(count(share.failed)), class_="bad" if share.failed else None),
    ]
    times = [escape(milliseconds(value)) for value in (share.p50, share.p95, share.p99, share.max)]
    return [escape(phase.name), named, *counts, *times]


def truth(result: Result) -> Html:
    """What the result stands on: the real parts, the played ones, and what is missing."""
    content = [
        _pairs("Not rehearsed", ("What", "Why"), result.not_rehearsed),
        _pairs("Played", ("What", "By"), result.played),
        _pairs("Real", ("What", "By"), result.real),
        _pairs("Shortened", ("What", "Deployed", "Rehearsed"), result.shortened),
    ]
    shown = [each for each in content if each]
    return _section("What this stands on", join(shown), "truth") if shown else Html("")


def _pairs(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    return table(title, heads, [[escape(cell) for cell in row] for row in rows]) if rows else Html("")


def timeline(result: Result, zero: float) -> Html:
    """Everything that happened, with a filter by kind."""
    if not result.timeline:
        return Html("")
    kinds = Counter(entry.kind for entry in result.timeline)
    boxes = [
        tag("label", Html(f'<input type="checkbox" checked value="{escape(kind)}">'), escape(f" {kind} ({number})"))
        for kind, number in sorted(kinds.items())
    ]
    choice = tag("fieldset", tag("legend", Html("Show")), *boxes, class_="filter", hidden=True)  # shown by the script
    items = [
        tag(
            "li",
            tag("span", escape(offset(entry.at - zero)), class_="at"),
            tag("span", escape(entry.kind), class_="kind"),
            tag("span", escape(entry.text)),
            data_kind=entry.kind,
        )
        for entry in sorted(result.timeline, key=lambda entry: entry.at)
    ]
    return _section("Timeline", join([choice, tag("ol", *items, class_="timeline")]), "timeline")


def footer(result: Result) -> Html:
    """The machine and the tools."""
    items = [tag("div", tag("dt", escape(name)), tag("dd", escape(text))) for name, text in result.meta.machine.items()]
    return tag("footer", tag("dl", *items)) if items else Html("")


def _section(title: str, content: Html, id_: str) -> Html:
    return tag("section", tag("h2", escape(title)), content, id=id_)
