"""One emulator for all tests of a worker; each test takes an account of its own in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator import Emulator, running

REGION = "eu-central-1"  # the shipped platform's


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """Started by the first test that asks for it."""
    with running(REGION) as started:
        yield started
