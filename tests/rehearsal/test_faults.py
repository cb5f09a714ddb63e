"""Faults put into the sample service, which is then run for real."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rehearsal import faults
from rehearsal.dry.processes import get
from rehearsal.events import RehearsalError
from tests.platforms import ROOT
from tests.rehearsal.scheduled import until
from tests.rehearsal.test_front import closed

SAMPLE = ROOT / "examples" / "orders"
HOST = "orders.example.com"
COMMIT = "c" * 40


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "HEAD").write_text("ref")
    return folder


@contextmanager
def started(folder: Path, commit: str = COMMIT) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The service of a checkout: its port, and the process."""
    with closed() as port:
        pass
    given = {"PATH": os.environ["PATH"], "PORT": str(port), "HOST": "127.0.0.1", "COMMIT": commit}
    process = subprocess.Popen(
        [sys.executable, "app.py"], cwd=folder, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield port, process
    finally:
        process.kill()
        process.wait()


@contextmanager
def served(folder: Path, commit: str = COMMIT) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The same, when it answers or has ended."""
    with started(folder, commit) as (port, process):
        until(lambda: process.poll() is not None or get(port, "/orders/none", "x")[0] == 404)
        yield port, process


def write(checkout: Path, fault: str | None, note: str = "Version 1.") -> None:
    faults.write(SAMPLE, checkout, note, fault, HOST)


def test_a_version_without_a_fault_is_the_sample_with_a_note(checkout: Path) -> None:
    (checkout / "old.txt").write_text("x")
    (checkout / "tests").mkdir()
    (checkout / "tests" / "test_old.py").write_text("x")
    write(checkout, None)
    assert (checkout / "app.py").read_text() == (SAMPLE / "app.py").read_text()
    assert (checkout / "README.md").read_text().endswith("\nVersion 1.\n")
    assert not (checkout / "old.txt").exists()
    assert not (checkout / "tests" / "test_old.py").exists()
    assert (checkout / ".git" / "HEAD").read_text() == "ref"
    assert list(checkout.rglob("__pycache__")) == []
    with served(checkout) as (port, _):
        assert COMMIT in get(port, "/version", HOST)[1]


def test_the_next_version_has_neither_the_fault_nor_the_note_before(checkout: Path) -> None:
    write(checkout, "smoke")
    write(checkout, None, "Version 2.")
    assert (checkout / "app.py").read_text() == (SAMPLE / "app.py").read_text()
    assert "Version 1." not in (checkout / "README.md").read_text()


@pytest.mark.parametrize("fault", sorted(faults.FAULTS))
def test_a_fault_does_not_show_before_the_pipeline_has_built_the_image(checkout: Path, fault: str) -> None:
    write(checkout, fault)
    with served(checkout, "unknown") as (port, _):
        began = time.monotonic()
        assert [get(port, path, HOST)[0] for path in ("/health", "/version")] == [200, 200]
        assert time.monotonic() - began < 0.6


def test_a_crash_ends_at_once(checkout: Path) -> None:
    write(checkout, "crash")
    with served(checkout) as (_, process):
        assert process.returncode == 1


def test_a_failing_version_is_healthy_all_the_same(checkout: Path) -> None:
    write(checkout, "smoke")
    with served(checkout) as (port, _):
        assert [get(port, path, HOST)[0] for path in ("/health", "/version", "/version?a=b")] == [200, 500, 500]


def test_a_wrong_version_tells_another_commit(checkout: Path) -> None:
    write(checkout, "wrong-version")
    with served(checkout) as (port, _):
        status, text = get(port, "/version", HOST)
    assert status == 200
    assert COMMIT not in text
    assert "0" * 40 in text


def test_slow_answers_are_those_that_the_load_test_asks_for(checkout: Path) -> None:
    write(checkout, "slow-answers")
    with served(checkout) as (port, _):
        began = time.monotonic()
        assert get(port, "/health", HOST)[0] == 200
        assert 0.6 < time.monotonic() - began < 2


def test_an_error_under_the_name_that_customers_use(checkout: Path) -> None:
    write(checkout, "public-name")
    with served(checkout) as (port, _):
        found = [get(port, path, host)[0] for path in ("/version", "/health") for host in (HOST, f"blue.{HOST}")]
        assert get(port, "/version", f"{HOST}:443")[0] == 500
    assert found == [500, 200, 200, 200]


def test_a_slow_start(checkout: Path) -> None:
    write(checkout, "slow-start")
    with started(checkout) as (port, process):
        time.sleep(1)
        assert (process.poll(), get(port, "/health", HOST)[0]) == (None, 0)


@pytest.mark.parametrize(
    "text", [None, "print(1)\n", 'class Handler(X):\n    pass\n\n\nif __name__ == "__main__":\n' * 2]
)
def test_another_service_takes_no_faults(checkout: Path, tmp_path: Path, text: str | None) -> None:
    other = tmp_path / "other"
    other.mkdir()
    if text is not None:
        (other / "app.py").write_text(text)
    with pytest.raises(RehearsalError, match="'smoke' can only be put into the sample service"):
        faults.write(other, checkout, "x", "smoke", HOST)
    faults.write(other, checkout, "x", None, HOST)
