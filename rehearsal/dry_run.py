"""A dry rehearsal from beginning to end."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rehearsal import outcome, scenarios, waits
from rehearsal.director import Director
from rehearsal.dry import runtime
from rehearsal.events import Event, Events
from rehearsal.live import Live
from rehearsal.outcome import Played
from rehearsal.report import document
from rehearsal.report.model import Meta
from rehearsal.scenarios import SCENARIOS
from rehearsal.world import Setup, prepared

_SHOWN = ("scenario", "stage", "deployment", "note", "pipeline")


def run(setup: Setup, names: Sequence[str], report: Path) -> bool:
    """Play scenarios one after the other; whether all of them did what they should.

    Args:
        setup: what to rehearse.
        names: of scenarios.
        report: folder for the page and the JSON file.

    Raises:
        RehearsalError: a part of the rehearsal broke.
    """
    began = time.time()
    events = Events()
    if not sys.stdout.isatty():
        events.listen(_show)
    with (
        Live(events) if sys.stdout.isatty() else contextlib.nullcontext(),
        prepared(setup, events) as world,
        runtime.running(world.aws, events, setup.folder, world.places) as parts,
    ):
        director = Director(world, events, parts, waits.DRY, setup.folder)
        played = [each for name in names if (each := _play(director, name))]
    meta = Meta(
        setup.platform.platform,
        setup.service,
        "dry",
        outcome.started(began),
        time.time() - began,
        outcome.releases(events),
        {"cores": str(os.cpu_count())},
    )
    found = outcome.result(meta, played, events, waits.DRY.rows(), (), outcome.DRY_PLAYED)
    page, data = document.write(report, found)
    outcome.tell(found, page, data)
    return found.passed


def _play(director: Director, name: str) -> Played | None:
    start = time.time()
    verdict = scenarios.play(director.events, SCENARIOS[name], director)
    if verdict is None:
        return None
    return Played(SCENARIOS[name], verdict, start, time.time())


def _show(event: Event) -> None:
    if event.kind in _SHOWN:
        print(f"{event.kind:>10}  {event.text}", flush=True)
