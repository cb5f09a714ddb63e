"""Ctrl-C, termination and hang-up: a line that says so, a conventional exit status, nothing left over."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from signal import Signals

import pytest

from tests.writing import gate
from tests.writing.gate import Plan
from tests.writing.site import COMMAND, NEW, OLD, Site, at_once

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def test_every_call_is_a_good_moment_to_be_stopped(sites: list[Site]) -> None:
    calls = sites[0].gated(Plan()).calls
    exchanged = calls.index("exchange") + 1
    found: dict[int, str] = {}

    def stop(site: Site, at: int) -> None:
        site.restore()
        number = ASKING[at % 3]
        done = site.gated(Plan(at, number))
        assert done.status == 128 + number
        found[at] = site.is_whole()
        ending = "nothing was changed" if found[at] == OLD else "all was done by then"
        assert done.err == f"templates: stopped by {number.name}; {ending}\n"
        assert site.names() == site.clean
        assert (done.out == "") == (found[at] == OLD)

    at_once(sites, stop, range(1, len(calls) + 1))
    assert {at for at, which in found.items() if which == NEW} <= set(range(exchanged - 15, len(calls) + 1))
    assert all(found[at] == NEW for at in range(exchanged, len(calls) + 1))
    assert found[1] == found[5] == OLD
    sites[0].settle(NEW)


@pytest.mark.parametrize("more", [(), ("--check",)])
@pytest.mark.parametrize("module", ["sendy_cfn.turn", "sendy_cfn.fresh"])
def test_before_anything_is_built_ctrl_c_is_as_clean(site: Site, module: str, more: tuple[str, ...]) -> None:
    done = site.gated(Plan(signal=signal.SIGINT, importing=module), *more, audit=True)
    assert (done.status, done.out, done.err) == (130, "", "stopped by SIGINT; nothing was changed\n")
    assert site.names() == site.clean
    assert site.is_whole() == OLD


@pytest.mark.parametrize("number", ASKING)
def test_a_check_is_stopped_as_cleanly(site: Site, number: Signals) -> None:
    plan = Plan(signal=number, importing="sendy_cfn.blocks.quick")  # when the first template is built
    done = site.gated(plan, "--check", audit=True)
    ending = f"templates: stopped by {number.name}; nothing was changed\n"
    assert (done.status, done.out, done.err) == (128 + number, "", ending)
    assert site.names() == site.clean


def test_who_asks_twice_is_obeyed_at_once(site: Site) -> None:
    """Should the run hang where nobody asks: it dies, as if it was killed, and the next one cleans up."""
    program = (
        "import os, signal; from sendy_cfn import stop\n"
        "with stop.noted():\n"
        "    os.kill(os.getpid(), signal.SIGINT); print('noted', flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGTERM); print('never')"
    )
    done = site.run(command=("-c", program))
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, "noted\n")


def test_what_was_ignored_stays_ignored(site: Site) -> None:
    """As `nohup` has it, and scripts for their jobs in the background."""
    program = (
        "import os, signal; from sendy_cfn import stop\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with stop.noted():\n"
        "    os.kill(os.getpid(), signal.SIGHUP); stop.poll(); print(stop.asked())\n"
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    )
    done = site.run(command=("-c", program))
    assert (done.returncode, done.stdout) == (0, "None\nTrue\n")


def test_nobody_who_reads_what_is_printed(site: Site) -> None:
    """`generate.py | head -0`: the work is done, the end is quiet."""
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen(
        [sys.executable, *COMMAND], cwd=site.folder, env=os.environ | site.env, stdout=writer, stderr=subprocess.PIPE
    ) as started:
        os.close(writer)
        _, err = started.communicate(timeout=gate.LIMIT)
    assert (started.returncode, err) == (128 + signal.SIGPIPE, b"")
    assert site.is_whole() == NEW
    assert site.names() == site.clean


def test_a_full_disk_below_what_is_printed(site: Site) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, *COMMAND],
            cwd=site.folder,
            env=os.environ | site.env,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == f"standard output: {os.strerror(errno.ENOSPC)}; all else is done\n"
    assert site.is_whole() == NEW
    assert site.run("--check").returncode == 0
