"""Ctrl-C and termination: asked for at any moment, done where nothing is in the middle of being written.

A handler that raises would do so between any two instructions, those of a clean-up included. This one takes a note,
and the run asks for it with `poll()`. Who asks twice is obeyed at once: the process dies of the signal.
"""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_asked: list[int] = []


class StopError(Exception):
    """Somebody wants the run to end."""

    def __init__(self, number: int) -> None:
        """`number` is the signal's."""
        self.status = 128 + number  # as shells show it
        super().__init__(f"stopped by {signal.Signals(number).name}")


@contextlib.contextmanager
def noted() -> Iterator[None]:
    """Within it, signals that end a process are noted; where they are ignored (nohup, jobs of a script), they stay so.

    Only the main thread of a program may do this; in others it does nothing.
    """
    before = {}
    _asked.clear()
    for number in _SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            with contextlib.suppress(ValueError):
                before[number] = signal.signal(number, _note)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def asked() -> StopError | None:
    """What somebody asked for, where nothing is left to be stopped."""
    return StopError(_asked[0]) if _asked else None


def poll() -> None:
    """End the run if somebody asked for it.

    Raises:
        StopError: somebody did.
    """
    if _asked:
        raise StopError(_asked[0])


def _note(number: int, _: FrameType | None) -> None:
    if _asked:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    _asked.append(number)
