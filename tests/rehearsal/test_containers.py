import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from rehearsal.events import Events, RehearsalError
from rehearsal.full import task_network
from rehearsal.full.container_spec import Image
from rehearsal.full.containers import Container, Engine
from rehearsal.full.task_network import Interface

Start = Callable[..., Container]
READY = "import signal, sys, time\n{}\nprint('ready', flush=True)\ntime.sleep(60)"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a Python program as the process of a container."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(code: str, stop_signal: str = "") -> Container:
        log = tmp_path / "log"
        with log.open("wb") as output:
            process = subprocess.Popen([sys.executable, "-c", code], stdout=output, stderr=subprocess.STDOUT)
        started.append(process)
        image = Image("sha256:0", tmp_path, {"StopSignal": stop_signal})
        interface = Interface(tmp_path / "network", "10.200.0.2", "none")
        first = os.pidfd_open(process.pid)
        container = Container("task", "10.200.0.2", image, tmp_path, {}, process, first, interface)
        deadline = time.monotonic() + 20
        while "ready" not in log.read_text() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        return container

    yield begin
    for process in started:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()


class TestContainer:
    def test_runs_until_it_ends(self, start: Start) -> None:
        container = start("import sys; print('boom'); sys.exit(3)")
        container._process.wait()
        assert container.state() == ("exited", 3)
        assert container.log_tail() == "boom"
        assert start(READY.format("")).state() == ("running", None)

    def test_is_asked_to_end_and_ends_by_itself(self, start: Start) -> None:
        container = start(READY.format("signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))"))
        container.stop(20)
        assert container.state() == ("exited", 0)

    def test_is_asked_with_the_signal_of_its_image(self, start: Start) -> None:
        container = start(READY.format("signal.signal(signal.SIGINT, lambda *_: sys.exit(5))"), "INT")
        container.stop(20)
        assert container.state() == ("exited", 5)

    def test_is_killed_when_it_does_not_end(self, start: Start) -> None:
        container = start(READY.format("signal.signal(signal.SIGTERM, signal.SIG_IGN)"))
        began = time.monotonic()
        container.stop(0.3)
        assert time.monotonic() - began >= 0.3
        assert container.state() == ("exited", 128 + signal.SIGKILL)

    def test_may_be_killed_and_stopped_after_its_end(self, start: Start) -> None:
        container = start(READY.format(""))
        container.kill()
        container.kill()
        container.stop(1)
        assert container.state() == ("exited", 137)

    def test_shows_the_last_lines(self, start: Start) -> None:
        container = start("for n in range(50): print(n)")
        container._process.wait()
        assert container.log_tail(2) == "48\n49"
        assert len(container.log_tail().splitlines()) == 20


class TestEngine:
    def test_deploys_images_by_their_digest_only(self, tmp_path: Path) -> None:
        (tmp_path / "ca").write_text("")
        engine = Engine(tmp_path / "engine", tmp_path / "ca", Events())
        with pytest.raises(RehearsalError, match="by its digest"):
            engine.pull("registry/orders:latest")


class TestNetwork:
    def test_every_address_has_a_link_of_its_own(self) -> None:
        addresses = ["10.200.0.2", "10.200.0.3", "10.200.1.2", "10.200.255.254"]
        names = {task_network.link_name(address) for address in addresses}
        assert len(names) == len(addresses)
        assert max(map(len, names)) <= 15  # Linux: IFNAMSIZ with its final zero

    @pytest.mark.parametrize("address", ["10.200.0.1", "10.200.0.0", "10.200.255.255", "10.201.0.2", "::1", "x"])
    def test_tasks_have_no_other_addresses(self, address: str) -> None:
        with pytest.raises(RehearsalError, match=address):
            task_network.link_name(address)
