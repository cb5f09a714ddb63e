"""Sites for the tests of this folder, made once for each file."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.writing.site import WORKERS, Site


@pytest.fixture(autouse=True)
def default_signals() -> Iterator[None]:
    """Commands are started as from a terminal, also where the tests run in the background or under nohup."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def all_sites(tmp_path_factory: pytest.TempPathFactory) -> list[Site]:
    folder = tmp_path_factory.mktemp("sites")
    return [Site(folder / str(number), folder / "compiled") for number in range(WORKERS)]


@pytest.fixture
def sites(all_sites: list[Site]) -> list[Site]:
    """As they were made."""
    for site in all_sites:
        site.restore()
    return all_sites


@pytest.fixture
def site(sites: list[Site]) -> Site:
    return sites[0]


@pytest.fixture
def folder(site: Site) -> Path:
    return site.folder
