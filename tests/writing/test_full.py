"""A full disk, a used-up quota, a file system that became read-only: the old set stays, and the message says why."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

import pytest

from tests.writing.gate import TAKING_ROOM, Plan
from tests.writing.rooms import room
from tests.writing.site import NEW, OLD, Site, at_once, files


def ending(number: int) -> str:
    return f": {os.strerror(number)}; nothing was changed\n"


def fails_from(site: Site, at: int, number: int, only: frozenset[str] = frozenset()) -> str:
    """Which set is there after a run in which calls failed from this one on; it told the truth and can be repeated."""
    site.restore()
    done = site.gated(Plan(at, errno=number, onwards=True, only=only))
    which = site.is_whole()
    if which == OLD:
        assert done.status == 2
        assert done.err.endswith(ending(number))
        assert done.err.splitlines()[-1].startswith(
            (str(site.folder / "templates"), str(site.folder / ".templates.new"), "templates: ")
        )
    else:
        assert done.status == 0
    assert "Traceback" not in done.err
    return which


def test_a_disk_that_is_full_from_any_call_on(sites: list[Site]) -> None:
    calls = sites[0].gated(Plan()).calls
    room = [at for at, name in enumerate(calls, 1) if name in TAKING_ROOM]
    found = {}
    states: list[object] = []

    def fill(site: Site, at: int) -> None:
        found[at] = fails_from(site, at, errno.ENOSPC, TAKING_ROOM)
        assert site.names() == [name for name in site.clean if name in site.names()]  # removing takes no room
        state = (found[at], files(site.folder / ".cache"))
        if state not in states:  # what is remembered must not be what could not be written
            states.append(state)
            assert site.run("--check").returncode == (0 if found[at] == NEW else 1)

    at_once(sites, fill, room)
    exchanged = calls.index("exchange") + 1
    assert found == {at: OLD if at <= exchanged else NEW for at in room}
    assert len([at for at in room if at > exchanged]) >= 3  # of the memory
    sites[0].settle(NEW)


def test_a_memory_that_can_not_be_written_is_not_believed_later(site: Site) -> None:
    """The set was exchanged, the memory is of the one before: the old input has to make the old set again."""
    calls = site.gated(Plan()).calls
    after = calls.index("exchange") + 2
    for at in range(after, after + 3):
        assert fails_from(site, at, errno.ENOSPC, TAKING_ROOM) == NEW
        site.want(OLD)
        assert site.run("--check").returncode == 1
        site.settle(OLD)


@pytest.mark.parametrize("number", [errno.EDQUOT, errno.EIO])
def test_one_call_that_fails(site: Site, number: int) -> None:
    """A quota that is used up, a disk that breaks: whatever fails, the next one may work again."""
    calls = site.gated(Plan()).calls
    for name in ("mkdir", "open", "write", "exchange"):
        if name in calls:
            site.restore()
            at = max(at for at, call in enumerate(calls[: calls.index("exchange") + 1], 1) if call == name)
            done = site.gated(Plan(at, errno=number))
            assert (done.status, done.err.endswith(ending(number)), done.out) == (2, True, "")
            assert site.is_whole() == OLD
            assert site.names() == site.clean


def test_a_file_system_that_becomes_read_only(site: Site) -> None:
    """As Linux does when a disk fails. Then nothing can be removed; the next run does."""
    calls = site.gated(Plan()).calls
    exchanged = calls.index("exchange") + 1
    for at in (1, 5, exchanged, exchanged + 1):
        assert fails_from(site, at, errno.EROFS) == (OLD if at <= exchanged else NEW)
        site.settle(NEW)


def test_what_can_not_be_written_matters_only_to_what_has_to_be(site: Site) -> None:
    """With nothing to change there is nothing to refuse, whatever is remembered."""
    site.want(OLD)
    site.remove(".cache")
    refused = dict.fromkeys(TAKING_ROOM | {"unlink", "rmdir"}, errno.EROFS)
    done = site.gated(Plan(always=refused))
    assert (done.status, done.err) == (0, "")
    done = site.gated(Plan(always=refused), "--check")
    assert (done.status, done.out, done.err) == (0, "templates: up to date\n", "")


def test_a_check_makes_no_call_that_could_be_refused(site: Site) -> None:
    done = site.gated(Plan(), "--check")
    assert (done.status, done.calls) == (1, [])
    assert "extra    templates/service-shop.yaml" in done.out


def test_a_real_file_system_that_is_full(site: Site, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A small one in memory, where this machine lets us make one; else calls that fail once so much is written."""
    with room(f"mount -t tmpfs -o size=3m none '{tmp_path}'") as small:
        if small is None:
            assert fails_from(site, 9, errno.ENOSPC, TAKING_ROOM) == OLD
            return
        compiled = tmp_path_factory.mktemp("compiled")
        there = Site(small.path(tmp_path / "site"), compiled, small.within(tmp_path / "site"))
        filler = small.path(tmp_path / "filler")
        needed = False
        for left in (0, 4, 8, 24, 48, 400):  # KiB
            fill(filler, left * 1024)
            done = there.run()
            if there.is_whole() == OLD:
                assert (done.returncode, done.stdout) == (2, "")
                assert done.stderr.endswith(ending(errno.ENOSPC))
                needed = True
            else:
                assert (done.returncode, done.stderr) == (0, "")
            assert set(there.names()) <= set(there.clean)
            filler.unlink()
            there.settle(NEW)
            there.restore()
        assert done.returncode == 0
        assert needed


def fill(path: Path, left: int) -> None:
    """Take all room but so many bytes."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    os.truncate(path, path.stat().st_size - left)
