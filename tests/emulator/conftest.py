"""One emulator for all tests of a session, and an account of its own for each test."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from emulator import Emulator, running
from emulator.driver import Stacks

_ACCOUNTS = itertools.count(200000000000)


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with running() as started:
        yield started


@pytest.fixture
def stacks(emulator: Emulator) -> Stacks:
    return Stacks(emulator, str(next(_ACCOUNTS)))


@pytest.fixture
def ec2(stacks: Stacks) -> Any:
    return stacks.client("ec2")
