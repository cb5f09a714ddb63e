from __future__ import annotations

import io
import json
import os
import pty
import re
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from rehearsal.events import Event, Events
from rehearsal.full.traffic_requests import Rate, Requests
from rehearsal.live import Live
from rehearsal.live_draw import Palette, Traffic, columns, fit, screen, sparkline, summary
from rehearsal.live_view import Group, Snapshot, Task, View

NOTHING = (Traffic(), Palette())


def told(*events: tuple[str, Mapping[str, object]]) -> Snapshot:
    view = View()
    for kind, data in events:
        view.take(Event(0.0, kind, kind, dict(data)))
    return view.snapshot()


def task(name: str, version: str, state: str, cluster: str = "blue") -> tuple[str, dict[str, object]]:
    return "task", {"cluster": cluster, "service": "orders", "task": name, "version": version, "state": state}


def test_tasks_are_counted_by_side_and_version() -> None:
    now = told(
        task("1", "a", "HEALTHY"),
        task("2", "a", "RUNNING"),
        task("3", "b", "HEALTHY", "green"),
        task("4", "b", "PENDING", "green"),
        task("4", "b", "HEALTHY", "green"),
        task("5", "a", "HEALTHY"),
        task("5", "a", "STOPPED"),
    )
    assert now.groups == (Group("blue", "orders", "a", 2, 1), Group("green", "orders", "b", 2, 2))


def test_an_execution_replaces_the_last_one() -> None:
    first = [("stage", {"stage": stage, "state": "Succeeded"}) for stage in ("Source", "Build")]
    action = ("action", {"stage": "Build", "action": "image", "state": "Failed"})
    now = told(*first, action)
    assert now.stages == {"Source": "Succeeded", "Build": "Succeeded"}
    assert now.actions == {"Build": {"image": "Failed"}}
    again = told(*first, action, ("stage", {"stage": "Source", "state": "InProgress"}))
    assert (again.stages, again.actions) == ({"Source": "InProgress"}, {})


def test_a_scenario_begins_without_a_step() -> None:
    now = told(("scenario", {"scenario": "A", "step": "one"}), ("scenario", {"scenario": "B"}))
    assert (now.scenario, now.step) == ("B", "")


def test_scenarios_that_were_played_stay() -> None:
    ended = [(name, state) for name in ("a", "b") for state in ("InProgress", "Passed" if name == "a" else "NotPassed")]
    now = told(*[("scenario", {"scenario": name, "state": state}) for name, state in ended])
    assert now.scenarios == {"a": "Passed", "b": "NotPassed"}


@pytest.mark.parametrize("width", [80, 120])
def test_health_of_tasks_is_visible_whatever_the_service_is_called(width: int) -> None:
    names = [("courier-production-blue", "a"), ("courier-production-green", "a"), ("courier-production-green", "b")]
    groups = tuple(Group(cluster, f"{name}-Service-{'8' * 60}", "c" * 40, 2, 1) for cluster, name in names)
    lines = [
        "".join(text for text, _ in line) for line in screen(Snapshot("x", groups=groups), *NOTHING, width, 24, 0, 1)
    ]
    shown = [line for line in lines if "1 of 2 healthy" in line]
    assert len(shown) == len(groups)
    assert len({line.index("1 of 2") for line in shown}) == 1
    assert max(map(columns, shown)) <= width


def test_events_that_lack_data_are_only_listed() -> None:
    now = told(*[(kind, {}) for kind in ("stage", "action", "task", "record", "note")])
    assert (now.stages, now.actions, now.groups, now.weights) == ({}, {}, (), {})
    assert len(now.last) == 5


@pytest.fixture
def busy() -> Snapshot:
    view = View()
    view.take(Event(0.0, "scenario", "x", {"scenario": "A release \x1b[31m" + "long " * 30, "step": "waiting"}))
    for number in range(7):
        view.take(Event(0.0, "stage", "x", {"stage": f"Stage{number}", "state": "InProgress" if number else "Failed"}))
        view.take(Event(0.0, "action", "x", {"stage": f"Stage{number}", "action": "build", "state": "Succeeded"}))
    for kind, data in (task("1", "a" * 40, "HEALTHY"), task("2", "b" * 40, "PENDING", "green")):
        view.take(Event(0.0, kind, "事" * 200, data))
    view.take(Event(0.0, "record", "x", {"name": "orders.example.com", "weights": {"blue": 100, "green": 0}}))
    return view.snapshot()


@pytest.mark.parametrize("width", [1, 20, 40, 80, 300])
@pytest.mark.parametrize("height", [1, 5, 24, 100])
def test_the_screen_fits_the_terminal(busy: Snapshot, width: int, height: int) -> None:
    rates = tuple(Rate(at, {"a" * 40: at, "": 3}, at % 2) for at in range(60))
    lines = screen(busy, Traffic(70_000, 12, 3, 4.5, rates), Palette(), width, height, 0.0, 3_725.0)
    assert len(lines) <= height
    assert max(columns("".join(text for text, _ in line)) for line in lines) <= width
    assert all(text.isprintable() for line in lines for text, _ in line)


def test_a_line_is_cut_visibly() -> None:
    assert fit((("abc", "x"), ("defg", "y"), ("h", "")), 5) == (("abc", "x"), ("d…", "y"))
    assert fit((("abc", "x"),), 3) == (("abc", "x"),)


def test_colours_of_versions_stay() -> None:
    palette = Palette()
    first = [palette.style(version) for version in ("a", "b", "")]
    assert [palette.style(version) for version in ("a", "b", "")] == first
    assert len(set(first)) == 3


def test_a_single_request_is_visible_in_a_sparkline() -> None:
    assert sparkline([0, 1, 500, 1000], 1000) == " ▁▄█"


def test_the_summary_tells_the_last_second() -> None:
    traffic = Traffic(1_234, 5, 6, None, (Rate(1, {"a": 9}, 0), Rate(2, {"a": 1, "": 2}, 4)))
    assert summary(traffic) == "1,234 requests, 5 failed, 6 sent twice; 7/s (a 1/s)"


@pytest.fixture
def requests(tmp_path: Path) -> Requests:
    path = tmp_path / "requests"
    line = {"at": time.time() - 2, "ms": 1.5, "name": "x", "status": 200, "ok": True, "error": None, "version": "abc"}
    path.write_text(json.dumps({**line, "new_connection": True, "retried": False, "peer": None}) + "\n")
    return Requests(path)


def test_lines_where_there_is_no_terminal(requests: Requests) -> None:
    out, events = io.StringIO(), Events()
    events.add("note", "before")
    with Live(events, requests, out=out):
        events.add("task", "evil \x1b[2J text")
    events.add("note", "after")
    lines = out.getvalue().splitlines()
    assert [line.split() for line in lines[:2]] == [["0:00", "note", "before"], ["0:00", "task", "evil", "[2J", "text"]]
    assert "1 requests, 0 failed" in lines[2]
    assert len(lines) == 3


def test_a_broken_file_does_not_end_the_view(tmp_path: Path) -> None:
    path, out = tmp_path / "requests", io.StringIO()
    path.write_text("nonsense\n")
    with Live(Events(), Requests(path), out=out):
        pass
    assert "not a request" in out.getvalue()


class Terminal:
    """A terminal of which everything written is kept."""

    def __init__(self) -> None:
        ours, theirs = pty.openpty()
        self.file = os.fdopen(theirs, "w", encoding="utf-8")
        self._ours = ours
        self._read = b""
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        while True:
            try:
                chunk = os.read(self._ours, 65_536)
            except OSError:  # the other end is closed
                return
            self._read += chunk

    @property
    def text(self) -> str:
        return self._read.decode(errors="replace")

    def close(self) -> str:
        self.file.close()
        self._thread.join(10)
        os.close(self._ours)
        return self.text


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


def wait_for(terminal: Terminal, text: str) -> None:
    limit = time.monotonic() + 20
    while text not in terminal.text:
        assert time.monotonic() < limit, terminal.text
        time.sleep(0.02)


def test_the_terminal_is_as_before_after_an_interruption(terminal: Terminal, requests: Requests) -> None:
    events = Events()

    def interrupted() -> None:
        with Live(events, requests, out=terminal.file):
            events.add("scenario", "x", scenario="A release", step="a step")
            wait_for(terminal, "a step")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    shown = terminal.close()
    screen_part, _, after = shown.partition("\x1b[?25h\x1b[?1049l")
    assert screen_part.startswith("\x1b[?1049h\x1b[?25l")
    assert "\x1b[1mA release\x1b[0m" in screen_part
    assert "A release" in after  # the last state stays


def test_no_color_is_honoured(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    events = Events()
    with Live(events, tasks=lambda: [Task("blue", "orders", "1", "abc", "HEALTHY")], out=terminal.file):
        events.add("note", "something")
        wait_for(terminal, "something")
    shown = terminal.close()
    assert "1 of 1 healthy" in shown
    assert not re.search(r"\x1b\[[0-9;]*m", shown)
