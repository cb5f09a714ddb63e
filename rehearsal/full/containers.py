"""Containers of tasks: images pulled by digest, processes in namespaces of their own, run by crun.

Every container is a child process: its exit status is the container's, its output goes into a file, and it ends with
the process namespace of the rehearsal. crun makes no control groups here, so that none are left behind.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rehearsal.events import Events, RehearsalError
from rehearsal.full import container_spec, storage, task_network
from rehearsal.full.container_spec import Image

# crun refuses the mixed control groups of some machines, and needs none.
_CRUN = (
    *("unshare", "--mount", "--propagation", "private", "sh", "-c"),
    *('mount -t cgroup2 none /sys/fs/cgroup && exec "$@"', "sh", "crun", "--cgroup-manager=disabled"),
)
_START_LIMIT = 30.0  # seconds; a tenth of one on a quiet machine
_KILL_LIMIT = 30.0  # seconds until a killed process is gone
_POLL = 0.005  # seconds


State = tuple[str, int | None]  # ("running", None) or ("exited", code)


@dataclass(frozen=True)
class Container:
    """A container that was started."""

    name: str
    address: str
    image: Image
    folder: Path  # its log, its file system, its configuration
    spec: Mapping[str, Any]
    _process: subprocess.Popen[bytes]
    _first: int | None  # a descriptor of its first process: numbers are used again; None when it ended at once
    _interface: task_network.Interface
    _removed: threading.Event = field(default_factory=threading.Event)

    def state(self) -> State:
        """Whether it runs, and what it ended with: 128 and the number where a signal ended it, as in ECS."""
        code = self._process.poll()
        if code is None:
            return ("running", None)
        return ("exited", code if code >= 0 else 128 - code)

    def stop(self, timeout_seconds: float) -> None:
        """Ask it to end with the image's signal, kill it when it still runs after the timeout.

        Raises:
            RehearsalError: it cannot even be killed.
        """
        self._signal(self.image.stop_signal)
        if not self._ended(timeout_seconds):
            self.kill()

    def kill(self) -> None:
        """End it at once, with all its processes.

        Raises:
            RehearsalError: it does not end.
        """
        self._signal(signal.SIGKILL)
        if not self._ended(_KILL_LIMIT):
            raise RehearsalError(f"{self.name} at {self.address} runs after SIGKILL")

    def execute(self, command: Sequence[str], timeout: float = 60.0) -> bool:
        """Run a command in it, as its user; whether that ended with 0 within `timeout` seconds."""
        process = {**self.spec["process"], "args": list(command)}
        file = self.folder / f"exec-{time.monotonic_ns()}.json"
        file.write_text(json.dumps(process), encoding="utf-8")
        words = [*_CRUN, f"--root={self.folder / 'state'}", "exec", f"--process={file}", self.folder.name]
        try:
            with (self.folder / "execute.log").open("ab") as log:
                done = subprocess.run(
                    words, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, timeout=timeout, check=False
                )
        except subprocess.TimeoutExpired:
            return False
        finally:
            file.unlink(missing_ok=True)
        return done.returncode == 0

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of what it printed."""
        text = (self.folder / "log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def remove(self) -> None:
        """Kill it if it runs, take its address from the network and its file system away; its log stays."""
        if self._removed.is_set():
            return
        self._removed.set()
        self.kill()
        if self._first is not None:
            os.close(self._first)
        self._interface.remove()
        _release(self.folder)

    def _signal(self, number: signal.Signals) -> None:
        if self._first is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, number)

    def _ended(self, timeout: float) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
        return self._process.poll() is not None


class Engine:
    """What an ECS agent has: images, and containers of them. Safe to use from several threads."""

    def __init__(self, folder: Path, ca: Path, events: Events) -> None:
        """No image is pulled yet.

        Args:
            folder: images and containers; made if it is missing.
            ca: the authority of the registry's certificate.
            events: where it is said what a definition asks for in vain.

        Raises:
            RehearsalError: this process is the first one of its process namespace.
        """
        if os.getpid() == 1:
            # A container only ends when all its processes are reaped, also those that crun leaves to process 1.
            raise RehearsalError("process 1 has to be an init that reaps children: catatonit -- COMMAND")
        self._folder = folder / "containers"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._storage = storage.create(folder / "images", ca)
        self._events = events
        self._lock = threading.Lock()
        self._images: dict[str, Image] = {}
        self._containers: list[Container] = []

    def pull(self, image_uri: str) -> None:
        """Have an image, from its registry and by its digest, which is checked.

        Args:
            image_uri: REGISTRY/REPOSITORY@sha256:DIGEST.

        Raises:
            RehearsalError: it names no digest, the registry has no such image, or the image is another than it says.
        """
        self._image(image_uri)

    def run(
        self,
        name: str,
        address: str,
        container_definition: Mapping[str, Any],
        environment: Mapping[str, str],
    ) -> Container:
        """Start a container; it may have ended when this returns.

        Args:
            name: of the task, unique among all of them: letters, digits, hyphens.
            address: its own, in the network of the bridge.
            container_definition: as `describe-task-definition` answers it.
            environment: variables besides the definition's: the values of its secrets.

        Raises:
            RehearsalError: the image cannot be had, the definition does not fit it, or the runtime cannot start it.
            NotRehearsedError: the definition asks for what a rehearsal cannot do.
        """
        container_spec.missing(container_definition, self._events)
        image = self._image(str(container_definition["image"]))
        folder = self._folder / name
        try:
            folder.mkdir()
        except FileExistsError as error:
            raise RehearsalError(f"there was a container {name} already") from error
        interface = task_network.attach(folder / "network", address)
        try:
            root = _file_system(folder, image, name, address)
            place = container_spec.Place(root, interface.namespace, address)
            spec = container_spec.build(container_definition, environment, image, place)
            process, first = _start(folder, spec)
        except RehearsalError:
            interface.remove()
            _release(folder)
            raise
        container = Container(name, address, image, folder, spec, process, first, interface)
        with self._lock:
            self._containers.append(container)
        return container

    def close(self) -> None:
        """End everything; the folder can be removed afterwards."""
        with self._lock:
            for container in self._containers:
                container.remove()
            for image in self._images.values():
                subprocess.run(["umount", "--lazy", str(image.root)], capture_output=True, timeout=60, check=False)
            # The overlay driver binds its folder to itself.
            overlay = self._storage.folder / "root/overlay"
            subprocess.run(["umount", "--lazy", str(overlay)], capture_output=True, timeout=60, check=False)
            self._images.clear()

    def _image(self, uri: str) -> Image:
        # One pull at a time: tasks of a service start together, and need the image once.
        with self._lock:
            if uri not in self._images:
                self._images[uri] = self._pulled(uri)
            return self._images[uri]

    def _pulled(self, uri: str) -> Image:
        digest = uri.partition("@")[2]
        if not digest.startswith("sha256:"):
            raise RehearsalError(f"{uri}: an image is deployed by its digest")
        run = self._storage.run
        # Against the digest that was asked for; of an index the image for this machine, against the index.
        image = run("buildah", "pull", "--quiet", "--policy", "always", f"docker://{uri}").strip()
        shown = json.loads(run("buildah", "inspect", "--type", "image", image))
        holder = run("buildah", "from", "--pull-never", image).strip()
        # Read by all containers of the image, written by none.
        root = Path(run("buildah", "mount", holder, mounts=True).strip())
        return Image(digest, root, shown["OCIv1"].get("config", {}))


def _file_system(folder: Path, image: Image, name: str, address: str) -> Path:
    """A container's own layer over the image's files, with the files that every container has; where it is mounted."""
    upper, work, root = folder / "upper", folder / "work", folder / "root"
    for path in (upper / "etc", work, root):
        path.mkdir(parents=True)
    (upper / "etc/hosts").write_text(f"127.0.0.1 localhost\n{address} {name}\n", encoding="utf-8")
    (upper / "etc/hostname").write_text(f"{name}\n", encoding="utf-8")
    options = f"lowerdir={image.root},upperdir={upper},workdir={work}"
    command = ["mount", "-t", "overlay", "overlay", "-o", options, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise RehearsalError(f"{name}: no overlay file system: {done.stderr.strip()}")
    return root


def _start(folder: Path, spec: Mapping[str, Any]) -> tuple[subprocess.Popen[bytes], int | None]:
    """Run the container; the child process, and a descriptor of the container's first process unless it has ended."""
    (folder / "config.json").write_text(json.dumps(spec), encoding="utf-8")
    log, pid_file = folder / "log", folder / "pid"
    words = [*_CRUN, f"--root={folder / 'state'}", "run", f"--bundle={folder}", f"--pid-file={pid_file}", folder.name]
    log.touch()
    log.chmod(0o666)  # a program may open /dev/stdout again, as the container's user
    with log.open("ab") as output:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    deadline = time.monotonic() + _START_LIMIT
    while not (ended := process.poll() is not None) and time.monotonic() < deadline and not _number(pid_file):
        time.sleep(_POLL)
    if number := _number(pid_file):
        try:
            return process, os.pidfd_open(number)
        except ProcessLookupError:
            return process, None
    if not ended:
        process.kill()
    process.wait()
    raise RehearsalError(f"{folder.name} did not start: {log.read_text(encoding='utf-8', errors='replace')[-500:]}")


def _number(pid_file: Path) -> int | None:
    text = pid_file.read_text(encoding="utf-8").strip() if pid_file.exists() else ""
    return int(text) if text else None


def _release(folder: Path) -> None:
    """What a container's folder need not keep; busy mounts end with what uses them."""
    subprocess.run(["umount", "--lazy", str(folder / "root")], capture_output=True, timeout=60, check=False)
    for name in ("upper", "work", "state"):
        shutil.rmtree(folder / name, ignore_errors=True)
