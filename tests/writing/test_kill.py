"""Killed before any of its file-changing system calls, a run leaves the old set or the new one, and no lies."""

from __future__ import annotations

import errno
import signal
from collections.abc import Iterable

import pytest

from tests.writing import gate
from tests.writing.gate import Plan
from tests.writing.site import NEW, OLD, Files, Site, at_once, files

KILL = signal.SIGKILL
BY_HOOKS = {"mkdir", "open", "lock", "link", "exchange", "rename", "unlink", "rmdir"}
BY_KERNEL = BY_HOOKS | {"write"}


class Killing:
    """Kills runs and looks at what they leave."""

    def __init__(self, always: dict[str, int] | None = None, *, audit: bool = False) -> None:
        self.always = always or {}
        self.audit = audit
        self.states: list[tuple[Files, Files]] = []  # of set and memory, each once
        self.absent = 0
        self.found: dict[int, str] = {}  # call -> which set was there afterwards
        self.repeated: set[int] = set()  # calls between equal ones: one more or less of many files is left

    def calls(self, site: Site) -> list[str]:
        """What a run that nobody kills does; it makes the new set."""
        site.restore()
        done = site.gated(Plan(always=self.always), audit=self.audit)
        assert (done.status, done.err) == (0, "")
        assert site.set() == site.new
        assert site.names() == site.clean
        assert {"open", "link", "exchange"} <= set(done.calls)
        names = ["", *done.calls, ""]
        self.repeated = {at for at in range(1, len(names) - 1) if len(set(names[at - 1 : at + 2])) == 1}
        return done.calls

    def kill(self, site: Site, at: int) -> None:
        """Kill a run, look at what is there, and let normal ones follow."""
        site.restore()
        done = site.gated(Plan(at, KILL, always=self.always), audit=self.audit)
        assert (done.status, done.out, done.err, len(done.calls)) == (-KILL, "", "", at)
        there = (site.folder / "templates").exists()
        self.found[at] = site.is_whole() if there else ""
        # A check reads nothing but the set, the memory and the input: it says the same of the same ones.
        state = (site.set(), files(site.folder / ".cache"))
        new = state not in self.states
        self.states.append(state)
        if new:
            self.check(site, there=there)
        if new or at not in self.repeated:
            site.settle(NEW)
        if new:
            site.restore()
            assert site.gated(Plan(at, KILL, always=self.always), audit=self.audit).status == -KILL
            site.settle(OLD)

    def check(self, site: Site, *, there: bool) -> None:
        for wanted in (OLD, NEW):
            site.want(wanted)
            beside = files(site.folder / ".templates.new")
            done = site.run("--check")
            up_to_date = there and site.is_whole() == wanted
            assert (done.returncode, "up to date" in done.stdout) == (0 if up_to_date else 1, up_to_date)
            assert files(site.folder / ".templates.new") == beside


def around(calls: Iterable[str], name: str) -> range:
    """Numbers of the calls from the first of this name to some after the last."""
    numbers = [number for number, call in enumerate(calls, 1) if call == name]
    return range(numbers[0], numbers[-1] + 3)


def test_every_call_is_a_good_moment_to_be_killed(sites: list[Site]) -> None:
    killing = Killing()
    calls = killing.calls(sites[0])
    assert set(calls) == (BY_KERNEL if gate.kernel() else BY_HOOKS)
    at_once(sites, killing.kill, range(1, len(calls) + 1))
    exchanged = calls.index("exchange") + 1
    assert killing.found == {at: OLD if at <= exchanged else NEW for at in range(1, len(calls) + 1)}


def test_the_first_run_is_a_good_one_too(site: Site) -> None:
    """There is no folder then, and no memory; the new one appears as a whole."""
    killing = Killing()
    site.restore()
    clear(site)
    calls = site.gated(Plan()).calls
    assert site.set() == without_mine(site.new)
    numbers = around(calls, "rename")
    for at in (2, len(calls) // 3, numbers[0], numbers[1], numbers[-2], numbers[-1]):
        site.restore()
        clear(site)
        assert site.gated(Plan(at, KILL)).status == -KILL
        assert site.set() in ({}, without_mine(site.new))
        killing.found[at] = "some" if site.set() else "none"
        assert site.run("--check").returncode == (0 if site.set() else 1)
        assert site.run().returncode == 0
        assert site.set() == without_mine(site.new)
        assert site.names() == site.clean
    assert set(killing.found.values()) == {"some", "none"}


def clear(site: Site) -> None:
    for folder in ("templates", ".cache"):
        site.remove(folder)


def without_mine(found: Files) -> Files:
    return {name: data for name, data in found.items() if name.rpartition("/")[2] not in ("mine", "mine.txt", "there")}


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_can_not_exchange_is_enough(site: Site, number: int) -> None:
    calls = Killing({"exchange": number}).calls(site)
    assert calls.count("rename") == 3  # two of folders, and the memory's


def test_without_an_exchange_the_next_run_puts_the_set_back(sites: list[Site]) -> None:
    """Where a system can't exchange folders there is none for a moment. A run that is killed in it is repaired."""
    killing = Killing({"exchange": errno.ENOSYS})
    calls = killing.calls(sites[0])
    numbers = around(calls, "exchange")
    at_once(sites, killing.kill, range(numbers.start, numbers.start + 5))
    assert list(dict(sorted(killing.found.items())).values()) == [OLD, OLD, "", NEW, NEW]


def test_python_s_own_account_of_calls_says_the_same(site: Site) -> None:
    """It stands in where the kernel hands over no calls."""
    killing = Killing(audit=True)
    calls = killing.calls(site)
    assert set(calls) == BY_HOOKS
    for at in (1, 3, 5, *around(calls, "exchange")):
        killing.kill(site, at)
    assert set(killing.found.values()) == {OLD, NEW}
