"""The generated templates, deployed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emulator import Emulator
from tests.deployment.site import Site
from tests.generated import Generated, generated
from tests.platforms import ROOT


@pytest.fixture(scope="session")
def made() -> Generated:
    """What `make templates` gives for params/."""
    return generated(ROOT / "params")


@pytest.fixture(scope="session")
def new_site(emulator: Emulator, made: Generated) -> Callable[[], Site]:
    """Accounts, each empty."""
    return lambda: Site(emulator, made)


@pytest.fixture
def site(new_site: Callable[[], Site]) -> Site:
    return new_site()
