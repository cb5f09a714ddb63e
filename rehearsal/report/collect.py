"""What events and requests are in a report."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from rehearsal.events import Event
from rehearsal.full.traffic_requests import Measured, Requests
from rehearsal.live_view import is_gone, is_healthy, state_of
from rehearsal.report.model import Entry, Phase, Second, Share, Steps

_Series = dict[str, list[tuple[float, float]]]


def timeline(events: Iterable[Event]) -> tuple[Entry, ...]:
    """Every event. Marked in the charts: what has a text `mark` in its data, deployments, and weights that change."""
    weights: dict[str, Any] = {}
    return tuple(Entry(event.at, event.kind, event.text, _mark(event, weights)) for event in events)


def _mark(event: Event, weights: dict[str, Any]) -> str:
    if event.data.get("mark"):
        return str(event.data["mark"])
    if event.kind == "record" and "weights" in event.data:
        name, now = str(event.data.get("name")), event.data["weights"]
        before, weights[name] = weights.get(name), now
        return "weights" if before is not None and before != now else ""
    return "deployment" if event.kind == "deployment" else ""


def steps(events: Iterable[Event]) -> tuple[Steps, ...]:
    """The weights of each name (events of kind record), and the healthy tasks of each cluster (events of kind task)."""
    weights: dict[str, _Series] = {}
    tasks: dict[str, dict[str, bool]] = {}
    healthy: _Series = {}
    for event in events:
        if event.kind == "record" and isinstance(event.data.get("weights"), dict):
            series = weights.setdefault(str(event.data.get("name")), {})
            for label, weight in event.data["weights"].items():
                series.setdefault(str(label), []).append((event.at, float(weight)))
        elif event.kind == "task" and "task" in event.data:
            cluster = str(event.data.get("cluster"))
            known = tasks.setdefault(cluster, {})
            _note(known, event.data)
            healthy.setdefault(cluster, []).append((event.at, float(sum(known.values()))))
    found = [Steps(f"Weights of {name}", "", _frozen(series)) for name, series in sorted(weights.items())]
    return (*found, *([Steps("Healthy tasks by cluster", "", _frozen(healthy))] if healthy else []))


def _note(known: dict[str, bool], data: dict[str, Any]) -> None:
    task, state = str(data["task"]), state_of(data)
    known[task] = is_healthy(state)
    if is_gone(state):
        del known[task]


def _frozen(series: _Series) -> dict[str, tuple[tuple[float, float], ...]]:
    return {label: tuple(points) for label, points in series.items()}


def seconds(requests: Requests, start: float = 0.0, end: float = math.inf) -> tuple[Second, ...]:
    """The requests of each second."""
    found = []
    for each in requests.seconds(start, end):
        latency = (each.latency.p50, each.latency.p95, each.latency.p99) if each.by_version else (None, None, None)
        found.append(Second(float(each.at), dict(each.by_version), each.failed, *latency))
    return tuple(found)


def phase(name: str, start: float, end: float, measured: Measured) -> Phase:
    """What was measured from `start` to `end`."""
    shares = {
        version: Share(
            share.requests, share.failed, share.latency.p50, share.latency.p95, share.latency.p99, share.latency.max
        )
        for version, share in measured.by_version.items()
    }
    return Phase(name, start, end, measured.requests, measured.failed, dict(measured.errors), shares)
