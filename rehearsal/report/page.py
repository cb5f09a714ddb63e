"""The page: one file that needs nothing else, for a person in a hurry first and for one with questions below."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from rehearsal.report import parts, played, timeline
from rehearsal.report.figure import figure
from rehearsal.report.model import Result
from rehearsal.report.text import Html, escape, join, start_of, tag

_HERE = Path(__file__).parent


def page(result: Result) -> str:
    """The whole document."""
    style, script = (_HERE / "style.css").read_text("utf-8"), (_HERE / "page.js").read_text("utf-8")
    sources = f"style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    policy = f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"
    title = f"Rehearsal of {result.meta.service}: {'passed' if result.passed else 'failed'}"
    head = [
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        tag("title", escape(title)),
        Html(f"<style>{style}</style>"),
    ]
    body = [*_sections(result), Html(f"<script>{script}</script>")]
    document = tag("html", tag("head", join(head)), tag("body", join(body)), lang="en")
    return f"<!DOCTYPE html>\n{document}\n"


def _sections(result: Result) -> list[Html]:
    zero = start_of(result.meta.started, min((each.at for each in result.timeline), default=0.0))
    main = [
        _whole(result, zero),
        played.scenarios(result),
        *_each(result, zero),
        parts.phases(result),
        parts.truth(result),
        timeline.timeline(result, zero),
    ]
    return [parts.header(result), tag("main", join(main)), parts.footer(result)]


def _whole(result: Result, zero: float) -> Html:
    begins = [each.start for each in result.scenarios] + [second.at for second in result.seconds]
    ends = [each.end for each in result.scenarios] + [second.at + 1 for second in result.seconds]
    if not begins or not (result.seconds or result.steps):
        return Html("")
    return tag("section", figure(result, min(begins), max(ends), zero, "The whole run", whole=True), id="run")


def _each(result: Result, zero: float) -> list[Html]:
    """A chart for each scenario in which there was traffic."""
    found: list[Html] = []
    for number, each in enumerate(result.scenarios, 1):
        if played.charted(each, result):
            chart = figure(result, each.start, each.end, zero, "Requests and answers in this scenario")
            head = tag("h3", escape(f"{number}. {each.title}"), Html(" "), parts.badge(each.passed))
            found.append(tag("section", head, played.outcome(each), chart, id=f"scenario-{number}"))
    return [tag("h2", Html("Each scenario")), *found] if found else []


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
