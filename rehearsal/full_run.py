"""A full rehearsal from beginning to end; it runs inside the place that `isolation` makes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rehearsal import outcome, scenarios, waits
from rehearsal.director import Director
from rehearsal.events import Events
from rehearsal.full import isolation, machine, runtime
from rehearsal.full.scenarios import SCENARIOS
from rehearsal.full.stage import Stage
from rehearsal.live import Live
from rehearsal.outcome import Played
from rehearsal.report import document
from rehearsal.report.model import Meta
from rehearsal.world import Setup, Values, prepared

_RATE = 40.0  # requests per second of each load
_CACHE = Path(".cache/rehearsal").absolute()


def run(setup: Setup, mode: str, names: Sequence[str], report: Path) -> bool:
    """Play scenarios one after the other; whether all of them did what they should.

    Args:
        setup: what to rehearse.
        mode: short | long, which says how much is cut short.
        names: of scenarios.
        report: folder for the page and the JSON file.

    Raises:
        RehearsalError: a part of the rehearsal broke.
    """
    isolation.wake()
    began = time.time()
    cut = waits.SHORT if mode == "short" else waits.LONG
    setup.folder.mkdir(parents=True)
    events = Events(setup.folder / "events.jsonl")
    with Live(events) as live:
        given = replace(setup, values=_values(setup, cut.values))
        with (
            prepared(given, events) as world,
            runtime.running(world, events, setup.folder / "run", _CACHE, max_ttl=cut.resolver) as parts,
        ):
            director = Director(world, events, parts, cut, setup.folder / "director")
            stage = Stage(director, parts, setup.folder / "loads", _RATE, shown=live)
            played = [each for name in names if (each := _play(stage, name))]
    meta = Meta(
        setup.platform.platform,
        setup.service,
        mode,
        outcome.started(began),
        time.time() - began,
        outcome.releases(events),
        machine.versions(),
    )
    found = outcome.result(meta, played, events, cut.rows(), outcome.FULL_REAL, outcome.FULL_PLAYED)
    page, data = document.write(report, found)
    outcome.tell(found, page, data)
    events.close()
    return found.passed


def _play(stage: Stage, name: str) -> Played | None:
    start, before = time.time(), len(stage.loads)
    verdict = scenarios.play(stage.director.events, SCENARIOS[name], stage)
    loads = stage.loads[before:]
    if verdict is None:
        return None
    return Played(SCENARIOS[name], verdict, start, time.time(), tuple(load.traffic.requests for load in loads))


def _values(setup: Setup, values: Mapping[str, Mapping[str, str]]) -> Values:
    """The values of the rehearsal by file of the template configuration; those that a service has no use for go."""
    return {
        f"{environment}/service-{setup.service}.json": values.get(environment, values.get("*", {}))
        for environment in setup.platform.environments
    }
