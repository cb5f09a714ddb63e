"""Programs of images as real processes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.aws import Place
from rehearsal.dry import processes
from rehearsal.dry.dockerfile import Program
from rehearsal.dry.processes import Processes, get, status
from rehearsal.events import RehearsalError
from rehearsal.routes import Backend
from tests.rehearsal.served import PORT, backend

HERE = Place("111111111111", "eu-central-1")
SERVER = """\
import http.server, json, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = json.dumps({"environment": dict(os.environ), "words": sys.argv, "folder": os.getcwd()}).encode()
        self.send_response(404 if self.path == "/gone" else 200)
        self.end_headers()
        self.wfile.write(text)
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    return folder


@pytest.fixture
def running(images: Path, tmp_path: Path) -> Iterator[Processes]:
    made = Processes(images, tmp_path / "tasks")
    yield made
    made.stop()


def image(images: Path, code: str = SERVER, digest: str = "abc", **environment: str) -> str:
    context = images / digest
    context.mkdir()
    (context / "app.py").write_text(code)
    Program(
        str(context), ("python3", "/app/app.py", "/app/x", "/application"), "/app", PORT, environment, "", {}
    ).write(images / f"{digest}.json")
    return f"111111111111.dkr.ecr.eu-central-1.amazonaws.com/orders@sha256:{digest}"


def orders(image: str, **environment: str) -> Backend:
    return backend(image, HERE, **environment)


def test_a_program_runs_with_the_variables_of_image_task_and_secrets(
    images: Path, running: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THIS_MACHINE", "secret")
    used = orders(image(images, A="image", B="image", C="image", PORT="8080"), B="task", C="task")
    started = running.of(used, {"C": "secret"})
    code, text = get(started.port, "/", "orders.example.com")
    seen = json.loads(text)
    assert code == 200
    assert {name: seen["environment"][name] for name in "ABC"} == {"A": "image", "B": "task", "C": "secret"}
    assert seen["environment"]["PORT"] == str(started.port)
    assert "OF_THIS_MACHINE" not in seen["environment"]
    context = str(images / "abc")
    assert (seen["folder"], seen["words"]) == (context, [f"{context}/app.py", f"{context}/x", "/application"])
    assert (status(started, "/"), status(started, "/gone")) == (200, 404)


def test_one_process_for_each_task_definition_and_place(images: Path, running: Processes) -> None:
    named = image(images)
    used = orders(named)
    assert running.running(used) is None
    first = running.of(used, {})
    assert running.of(used, {}) is first
    assert running.running(used) is first
    other = running.of(backend(named, HERE, "orders:2"), {})
    elsewhere = running.of(backend(named, HERE._replace(region="eu-west-1")), {})
    assert len({first.port, other.port, elsewhere.port}) == 3


@pytest.mark.parametrize("name", ["nginx:1", "registry/orders@sha256:fff", "registry/orders:tag"])
def test_an_image_that_was_never_built(images: Path, running: Processes, name: str) -> None:
    image(images)
    with pytest.raises(RehearsalError, match=f"^CannotPullContainerError: there is no image {name}$"):
        running.of(orders(name), {})


def test_a_crash_is_told_with_the_end_of_the_log(images: Path, running: Processes) -> None:
    used = orders(image(images, "import sys\nprint('x' * 500)\nsys.exit('no configuration found')"))
    for _ in range(2):
        with pytest.raises(RehearsalError, match=r"^essential container exited with 1: x+ no configuration found$"):
            running.of(used, {})


def test_a_program_that_does_not_listen(images: Path, running: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_START", 0.3)
    with pytest.raises(RehearsalError, match="the program does not listen"):
        running.of(orders(image(images, "import time\ntime.sleep(60)")), {})


def test_all_end_together(images: Path, running: Processes) -> None:
    used = orders(image(images))
    started = running.of(used, {})
    running.stop()
    assert started.process.returncode is not None
    assert running.running(used) is None
    assert (status(started, "/"), get(started.port, "/", "x")) == (0, (0, ""))
    with pytest.raises(ProcessLookupError):
        os.kill(started.process.pid, 0)
