"""A dry rehearsal from beginning to end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rehearsal import scenarios, waits
from rehearsal.director import Director
from rehearsal.dry import runtime
from rehearsal.events import Event, Events
from rehearsal.scenarios import SCENARIOS
from rehearsal.world import Setup, prepared

_SHOWN = ("scenario", "stage", "deployment", "note", "pipeline")


def run(setup: Setup, names: Sequence[str] | None, report: Path | None) -> bool:
    """Play scenarios one after the other; whether all of them did what they should.

    Args:
        setup: what to rehearse.
        names: of scenarios, None for the usual ones.
        report: folder for the page and the JSON file.
    """
    events = Events()
    events.listen(_show)
    with prepared(setup, events) as world, runtime.running(world.aws, events, setup.folder, world.places) as parts:
        director = Director(world, events, parts, waits.DRY, setup.folder)
        verdicts = [scenarios.play(events, SCENARIOS[name], director) for name in names or scenarios.DRY]
    del report
    return all(verdict.passed for verdict in verdicts)


def _show(event: Event) -> None:
    if event.kind in _SHOWN:
        print(f"{event.kind:>9}  {event.text}", flush=True)
