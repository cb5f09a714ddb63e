"""What is going on, in the terminal: a screen that is repainted, or lines where there is no terminal."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self, TextIO

from rehearsal.events import Event, Events, RehearsalError
from rehearsal.full.traffic_requests import Requests
from rehearsal.live_draw import HISTORY, PLAIN, Line, Palette, Traffic, clock, event_line, fit, screen, summary
from rehearsal.live_view import Task, View, grouped

PAUSE = 0.25  # seconds between two screens
EVERY = 5.0  # seconds between two lines about traffic where there is no terminal
SETTLED = 2  # seconds until a second's requests are counted as complete

_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"  # the other screen, no cursor
_LEAVE = "\x1b[?25h\x1b[?1049l"
_STYLES = {
    "bold": "1",
    "dim": "2",
    "good": "32",
    "bad": "1;31",
    "warn": "33",
    **{f"v{number}": f"38;5;{colour}" for number, colour in enumerate((39, 214, 79, 176, 228, 137))},
}


class Live:
    """The view, from `start` to `stop` or as a context; the terminal is as before at the end, also after an error."""

    def __init__(
        self,
        events: Events,
        requests: Requests | None = None,
        tasks: Callable[[], Sequence[Task]] | None = None,
        out: TextIO = sys.stdout,
    ) -> None:
        """Nothing is shown yet.

        Args:
            events: What happens; the kinds and data that are understood are those of `live_view.View.take`.
            requests: The load generator's requests; `requests` may also be set later.
            tasks: All tasks of now; without it they are taken from the events.
            out: Where to show it: as a screen where it is a terminal. NO_COLOR and TERM=dumb are honoured.
        """
        self.requests = requests
        self._events = events
        self._tasks = tasks
        self._out = out
        self._view = View()
        self._palette = Palette()
        self._screen = out.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._colours = self._screen and not os.environ.get("NO_COLOR")
        self._plain = "utf" not in (out.encoding or "").lower()
        self._zero = time.time()
        self._started = False
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="live view", daemon=True)

    def start(self) -> None:
        """Show everything from now on, and what the events have told already."""
        known = self._events.all
        self._events.listen(self._take)
        if known:
            self._zero = known[0].at
        for event in known:
            self._take(event)
        if self._screen:
            atexit.register(self._restore)
            self._write(_ENTER)
        self._started = True
        self._thread.start()

    def stop(self) -> None:
        """End; the last state stays on the terminal."""
        if self._stopped.is_set() or not self._started:
            return
        self._stopped.set()
        self._thread.join(10)
        if self._screen:
            self._restore()
            atexit.unregister(self._restore)
            self._write("".join(self._text(line) + "\n" for line in self._lines()))
        else:
            self._say_traffic()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def _take(self, event: Event) -> None:
        if self._stopped.is_set():
            return
        self._view.take(event)
        if not self._screen:
            self._write(self._text(event_line(event.at - self._zero, event.kind, event.text)) + "\n")

    def _run(self) -> None:
        while not self._stopped.wait(PAUSE if self._screen else EVERY):
            if self._screen:
                shown = "".join(f"{self._text(line)}\x1b[K\r\n" for line in self._lines())
                self._write(f"\x1b[H{shown.removesuffix(chr(13) + chr(10))}\x1b[J")
            else:
                self._say_traffic()

    def _say_traffic(self) -> None:
        try:
            traffic = self._traffic()
        except RehearsalError as error:
            said = str(error)
        else:
            said = summary(traffic) if traffic.requests else ""
        if said:
            self._write(self._text(event_line(time.time() - self._zero, "traffic", said)) + "\n")

    def _lines(self) -> list[Line]:
        now = self._view.snapshot()
        width, height = self._size()
        try:
            if self._tasks:
                now = replace(now, groups=grouped(list(self._tasks())))
            return screen(now, self._traffic(), self._palette, width, height, self._zero, time.time())
        except RehearsalError as error:
            return [fit(((clock(time.time() - self._zero), "dim"), (f" {error}", "bad")), width)]

    def _traffic(self) -> Traffic:
        if self.requests is None:
            return Traffic()
        self.requests.update()
        last = int(time.time()) - SETTLED
        second = self.requests.seconds(last, last + 1)
        return Traffic(
            self.requests.requests,
            self.requests.failed,
            self.requests.retried,
            second[0].latency.p95 if second else None,
            tuple(self.requests.rates(last + 1 - HISTORY, last + 1)),
        )

    def _size(self) -> tuple[int, int]:
        try:
            size = os.get_terminal_size(self._out.fileno())
        except (OSError, ValueError):
            return 80, 24
        return size.columns or 80, size.lines or 24  # 0: the terminal does not know

    def _text(self, line: Line) -> str:
        if not self._screen:
            line = fit(line, 1_000)
        parts = []
        for text, style in line:
            shown = text.translate(PLAIN).encode("ascii", "replace").decode() if self._plain else text
            code = _STYLES.get(style) if self._colours else None
            parts.append(f"\x1b[{code}m{shown}\x1b[0m" if code and shown else shown)
        return "".join(parts).rstrip(" ")

    def _restore(self) -> None:
        self._write(_LEAVE)

    def _write(self, text: str) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):  # the terminal may be gone
            self._out.write(text)
            self._out.flush()
