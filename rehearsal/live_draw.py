"""The live view's screen as lines of text with styles; nothing here knows a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rehearsal.full.traffic_requests import UNKNOWN, Rate
from rehearsal.live_view import Snapshot

Span = tuple[str, str]  # text, style
Line = tuple[Span, ...]

STATES = {
    "InProgress": ("●", "warn"),
    "Succeeded": ("✓", "good"),
    "Failed": ("✗", "bad"),
    "RolledBack": ("↩", "bad"),
    "Skipped": ("-", "dim"),
    "Passed": ("✓", "good"),
    "NotPassed": ("✗", "bad"),
}
BARS = " ▁▂▃▄▅▆▇█"
COLOURS = 6  # styles v0 … v5
HEAD = 10  # columns of a section's name
HISTORY = 60  # seconds at most
PLAIN = str.maketrans(
    {**dict.fromkeys(BARS[1:], "#"), "●": "*", "✓": "+", "✗": "x", "↩": "<", "■": "#", "·": "-", "…": "~"}
)


@dataclass(frozen=True)
class Traffic:
    """What is said about the requests."""

    requests: int = 0
    failed: int = 0
    retried: int = 0
    p95: float | None = None  # milliseconds, of the last whole second
    rates: tuple[Rate, ...] = ()  # the last seconds, without the one that is not over


class Palette:
    """A colour for each version, which stays."""

    def __init__(self) -> None:
        """No version is known."""
        self._known: dict[str, int] = {}

    def style(self, version: str) -> str:
        """The style of the version; versions that are seen later have later colours."""
        if version == UNKNOWN:
            return "dim"
        return f"v{self._known.setdefault(version, len(self._known)) % COLOURS}"


def clean(text: str) -> str:
    """The text without what a terminal would obey."""
    return "".join(each if each.isprintable() else " " for each in text)


def columns(text: str) -> int:
    """How wide the text is on a terminal."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def fit(line: Line, width: int) -> Line:
    """The line, cut to the width where it is longer."""
    left, kept = width, []
    for text, style in line:
        text = clean(text)
        if columns(text) > left:
            while text and columns(text) > left - 1:
                text = text[:-1]
            kept.append((text + ("…" if left > 0 else ""), style))
            break
        kept.append((text, style))
        left -= columns(text)
    return tuple(kept)


def wrap(head: str, parts: Sequence[Line], width: int) -> list[Line]:
    """The parts after a section's name, in as many lines as they need."""
    lines: list[list[Span]] = [[(head.ljust(HEAD), "bold")]]
    used = HEAD
    for part in parts:
        size = sum(columns(text) for text, _ in part) + 2
        if used + size > width and used > HEAD:
            lines.append([(" " * HEAD, "")])
            used = HEAD
        lines[-1] += [*part, ("  ", "")]
        used += size
    return [tuple(line) for line in lines]


def screen(
    now: Snapshot, traffic: Traffic, palette: Palette, width: int, height: int, zero: float, at: float
) -> list[Line]:
    """At most `height` lines of at most `width` columns; the last events take what is left."""
    lines = [_title(now, zero, at)]
    if not now.last:
        lines.append(((" " * HEAD, ""), ("the emulator starts, and the platform's stacks are deployed to it", "dim")))
    if now.step:
        lines.append(((" " * HEAD, ""), (now.step, "")))
    if len(now.scenarios) > 1:
        lines += wrap("Scenarios", [_state(*each) for each in now.scenarios.items()], width)
    lines += [(), *_pipeline(now, width), *_tasks(now, palette, width), *_weights(now, width)]
    lines += [*_traffic(traffic, palette, width), ()]
    room = max(height - len(lines) - 1, 0)
    if room and now.last:
        lines.append((("Events", "bold"),))
        lines += [event_line(event.at - zero, event.kind, event.text) for event in now.last[-room:]]
    return [fit(line, width) for line in lines[:height]]


def event_line(offset: float, kind: str, text: str) -> Line:
    """One event."""
    return ((f"{clock(offset):>8} ", "dim"), (f"{kind:<11}", "dim"), (" ".join(text.split()), ""))


def clock(seconds: float) -> str:
    """3:05, or 1:02:05."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"


def summary(traffic: Traffic) -> str:
    """The traffic in a line of text."""
    last = traffic.rates[-1] if traffic.rates else Rate(0, {}, 0)
    rates = ", ".join(f"{short(version)} {count}/s" for version, count in sorted(last.by_version.items()) if version)
    return (
        f"{traffic.requests:,} requests, {traffic.failed:,} failed, {traffic.retried:,} sent twice; "
        f"{sum(last.by_version.values()) + last.failed}/s{f' ({rates})' if rates else ''}"
    )


def short(version: str) -> str:
    """A version in few columns."""
    return "not named" if version == UNKNOWN else version if len(version) <= 12 else version[:10] + "…"


def sparkline(values: Iterable[float], top: float) -> str:
    """A bar for each value, relative to `top`; anything above 0 is visible."""
    return "".join(BARS[0] if value <= 0 else BARS[min(max(round(value / max(top, 1) * 8), 1), 8)] for value in values)


def _title(now: Snapshot, zero: float, at: float) -> Line:
    return (("Rehearsal ", "bold"), (clock(at - zero), "dim"), ("  ", ""), (now.scenario, "bold"))


def _state(name: str, state: str) -> Line:
    sign, style = STATES.get(state, ("·", "dim"))
    return ((f"{sign} ", style), (name, style if state in ("Failed", "InProgress", "RolledBack") else ""))


def _pipeline(now: Snapshot, width: int) -> list[Line]:
    if not now.stages:
        return []
    lines = wrap("Pipeline", [_state(stage, state) for stage, state in now.stages.items()], width)
    for stage, state in now.stages.items():
        if state not in ("Succeeded", "Skipped") and now.actions.get(stage):
            parts: list[Line] = [((f"{stage}:", "dim"),), *(_state(*each) for each in now.actions[stage].items())]
            lines += wrap("Actions", parts, width)
    return lines


def _tasks(now: Snapshot, palette: Palette, width: int) -> list[Line]:
    lines: list[Line] = []
    sides = _sides(now, width - HEAD - 32)
    longest = max(map(columns, sides), default=0)
    for number, (side, group) in enumerate(zip(sides, now.groups, strict=True)):
        style = "good" if group.healthy == group.number else "warn"
        lines.append(
            (
                ("" if number else "Tasks", "bold"),
                (" " * (HEAD if number else HEAD - 5), ""),
                (side + " " * (longest - columns(side) + 2), ""),
                ("■ ", palette.style(group.version)),
                (f"{short(group.version):<13}", ""),
                (f"{group.healthy} of {group.number} healthy", style),
            )
        )
    return lines


def _sides(now: Snapshot, room: int) -> list[str]:
    """Clusters, with the service where one has several, at the end of long names: that is where they differ."""
    services: dict[str, set[str]] = {}
    for group in now.groups:
        services.setdefault(group.cluster, set()).add(group.service)
    full = [
        f"{each.cluster}/{each.service}" if len(services[each.cluster]) > 1 else each.cluster for each in now.groups
    ]
    return [side if columns(side) <= room else "…" + side[len(side) - max(room - 1, 1) :] for side in map(clean, full)]


def _weights(now: Snapshot, width: int) -> list[Line]:
    lines: list[Line] = []
    for number, (name, weights) in enumerate(now.weights.items()):
        parts: list[Line] = [
            ((name, ""),),
            *(((f"{side} ", "dim"), (f"{value:g}", "bold")) for side, value in weights.items()),
        ]
        lines += wrap("" if number else "Weights", parts, width)
    return lines


def _traffic(traffic: Traffic, palette: Palette, width: int) -> list[Line]:
    if not traffic.requests:
        return []
    failed = (f"{traffic.failed:,} failed", "bad" if traffic.failed else "good")
    p95 = f"p95 {traffic.p95:.1f} ms" if traffic.p95 is not None else ""
    parts: list[Line] = [
        ((f"{traffic.requests:,} requests", ""),),
        (failed,),
        ((f"{traffic.retried:,} sent twice", "dim"),),
    ]
    lines = wrap("Traffic", [*parts, ((p95, "dim"),)], width)
    shown = traffic.rates[-min(HISTORY, max(width - HEAD - 24, 8)) :]
    top = max((sum(rate.by_version.values()) + rate.failed for rate in shown), default=0)
    for version in dict.fromkeys(version for rate in shown for version in rate.by_version):
        values = [rate.by_version.get(version, 0) for rate in shown]
        lines.append(_row(short(version), values, top, palette.style(version)))
    if any(rate.failed for rate in shown):
        lines.append(_row("failed", [rate.failed for rate in shown], top, "bad"))
    return lines


def _row(name: str, values: Sequence[int], top: int, style: str) -> Line:
    return ((" " * HEAD, ""), (f"{name:<13}", style), (f"{values[-1]:>5}/s  ", ""), (sparkline(values, top), style))
