"""The parts of the page that are words and tables."""

from __future__ import annotations

from collections.abc import Sequence

from rehearsal.report.figure import short
from rehearsal.report.model import UNKNOWN, Phase, Result, Share
from rehearsal.report.text import Html, count, duration, escape, join, milliseconds, moment, plural, section, table, tag

NUMBERS = frozenset(range(2, 9))
_MODES = {
    "dry": "dry: real builds, no containers",
    "short": "short: waits cut, names forgotten early",
    "long": "long: waits cut, names kept for their TTL",
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
        return f"{scenarios}; {'dry: no customers' if result.meta.mode == 'dry' else 'no requests were made'}"
    places = ((result.outages, "in outages"), (result.wanted, "in controls"))
    planned = " and ".join(f"{count(number)} {place}" for number, place in places if number)
    more = f" ({planned.replace(' ', ' failed ', 1)}, on purpose)" if planned else ""
    lost = f"{count(result.lost)} lost" if result.lost else "none lost"
    return f"{plural(result.requests, 'request')}, {lost}{more}; {scenarios}"


def _numbers(result: Result) -> list[tuple[str, str, str | None]]:
    passed = sum(each.passed for each in result.scenarios)
    missing = len(result.not_rehearsed)
    traffic: list[tuple[str, str, str | None]] = [
        (count(result.requests), "requests", None),
        (count(result.lost), "lost", "bad" if result.lost else None),
    ]
    traffic += [(count(result.outages), "failed in outages", None)] if result.outages else []
    traffic += [(count(result.wanted), "failed in controls", None)] if result.wanted else []
    return [
        (f"{passed}/{len(result.scenarios)}", "scenarios as expected", None if result.passed else "bad"),
        *(traffic if result.seconds else []),
        (count(result.meta.releases), "releases", None),
        (count(missing), "not rehearsed, see below" if missing else "not rehearsed", "warn" if missing else None),
    ]


def _tile(value: str, text: str, class_: str | None) -> Html:
    return tag("div", tag("dt", escape(text)), tag("dd", escape(value), class_=class_))


def badge(passed: bool) -> Html:
    """A word, with a colour that is not needed to read it."""
    return tag("span", Html("passed" if passed else "failed"), class_=f"badge {'good' if passed else 'bad'}")


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
    return section("Latency and failures", join(content), "latency")


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
    return section("What this stands on", join(shown), "truth") if shown else Html("")


def _pairs(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    return table(title, heads, [[escape(cell) for cell in row] for row in rows]) if rows else Html("")


def footer(result: Result) -> Html:
    """The machine and the tools."""
    items = [tag("div", tag("dt", escape(name)), tag("dd", escape(text))) for name, text in result.meta.machine.items()]
    return tag("footer", tag("dl", *items)) if items else Html("")
