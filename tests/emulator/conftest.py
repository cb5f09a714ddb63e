"""An account of its own for each test."""

import itertools
from typing import Any

import pytest

from emulator import Emulator
from emulator.driver import Stacks

_ACCOUNTS = itertools.count(200000000000)


@pytest.fixture
def stacks(emulator: Emulator) -> Stacks:
    return Stacks(emulator, str(next(_ACCOUNTS)))


@pytest.fixture
def ec2(stacks: Stacks) -> Any:
    return stacks.client("ec2")
