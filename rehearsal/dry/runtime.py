"""Runs what is deployed without containers: enough to see whether a release's parts fit together."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from rehearsal import calls, permissions
from rehearsal.aws import Aws, Place
from rehearsal.dry import docker, front
from rehearsal.dry.processes import Processes, get, status
from rehearsal.events import Events, RehearsalError
from rehearsal.matcher import matches
from rehearsal.permissions import Permissions
from rehearsal.routes import Backend, Routes
from rehearsal.runtime import DeploymentFailedError, Tools
from rehearsal.task_secrets import secrets
from sendy_cfn import package

_ROOT = Path(__file__).resolve().parent.parent.parent
_CURL = """\
#!/bin/bash
# Every name leads to the local stand-in for load balancers, which speaks plain HTTP.
words=()
for word in "$@"; do words+=("${{word/#https:/http:}}"); done
exec /usr/bin/env -- {curl} --connect-to "::127.0.0.1:{port}" "${{words[@]}}"
"""
_PYTHON = '''\
"""Every name that a program of a build connects to by HTTPS leads to the local stand-in for load balancers."""
import http.client
import socket


class _Played(http.client.HTTPConnection):
    default_port = 443

    def connect(self):
        self.sock = socket.create_connection(("127.0.0.1", {port}), self.timeout)


http.client.HTTPSConnection = _Played
'''


@dataclass
class DryRuntime:
    """Processes behind one local server."""

    aws: Aws
    events: Events
    folder: Path
    routes: Routes
    processes: Processes
    tools: Tools = field(init=False)

    def equip(self, folder: Path) -> Tools:
        """The recorders, the same for all builds."""
        del folder
        return self.tools

    def settle(self, place: Place, stack: str) -> None:
        """Start what the stack's services run, and ask each as its target group would.

        Raises:
            DeploymentFailedError: a task would not start or not get healthy.
        """
        pages = self.aws.client("cloudformation", place).get_paginator("list_stack_resources")
        for page in pages.paginate(StackName=stack):
            for resource in page["StackResourceSummaries"]:
                if resource["ResourceType"] == "AWS::ECS::Service":
                    cluster, service = resource["PhysicalResourceId"].split("/")[-2:]
                    self._start(place, cluster, service)

    def ask(self, url: str) -> tuple[int, str]:
        """What a GET is answered with by whatever the address leads to."""
        parts = urlsplit(url)
        port = self.find(str(parts.hostname), parts.path)
        return get(port, parts.path, str(parts.hostname)) if port else (0, "")

    def find(self, host: str, path: str) -> int:
        """The port of the process that a request leads to; 0 for none."""
        found = self.routes.pick(host, path, self._is_healthy)
        process = self.processes.running(found) if found else None
        return process.port if process else 0

    def _start(self, place: Place, cluster: str, service: str) -> None:
        for backend in self.routes.of_service(place, cluster, service):
            try:
                self._check(backend)
            except RehearsalError as error:
                raise DeploymentFailedError(f"service {service}: {error}") from error
            self.events.add(
                "task",
                f"{service}: {backend.desired} tasks of image {backend.container['image'].rpartition(':')[2][:12]}",
                cluster=cluster,
                service=service,
                version=version(backend),
                state="RUNNING",
            )

    def _check(self, backend: Backend) -> None:
        if not backend.container:
            raise RehearsalError("the load balancer's container is not in the task definition")
        mapped = [mapping["containerPort"] for mapping in backend.container.get("portMappings", [])]
        if backend.port not in mapped:
            raise RehearsalError(f"container port {backend.port} is not mapped, {mapped} are")
        needs = permissions.start_task(backend.definition, backend.place)
        role = backend.definition["executionRoleArn"]
        Permissions(self.aws, self.events).check(role, backend.place.region, needs, "ResourceInitializationError")
        process = self.processes.of(backend, self._secrets(backend))
        if process.program.port and process.program.port != backend.port:
            raise RehearsalError(f"nothing listens on port {backend.port}, the image exposes {process.program.port}")
        if not self._is_healthy(backend):
            path = backend.group.get("HealthCheckPath")
            raise RehearsalError(f"health checks of {path} fail with status {status(process, str(path))}")

    def _secrets(self, backend: Backend) -> dict[str, str]:
        clients = [self.aws.client(name, backend.place) for name in ("ssm", "secretsmanager")]
        return secrets(backend.container.get("secrets", []), *clients)

    def _is_healthy(self, backend: Backend) -> bool:
        process = self.processes.running(backend)
        if process is None or not backend.desired or process.program.port not in (0, backend.port):
            return False
        codes = backend.group.get("Matcher", {}).get("HttpCode", "200")
        return matches(codes, status(process, str(backend.group.get("HealthCheckPath", "/"))))


@contextmanager
def running(aws: Aws, events: Events, folder: Path, places: tuple[Place, ...]) -> Iterator[DryRuntime]:
    """A runtime whose parts run while the block does."""
    processes = Processes(folder / "images", folder / "tasks")
    runtime = DryRuntime(aws, events, folder, Routes(aws, places), processes)
    try:
        with front.serving(runtime.find) as port:
            runtime.tools = Tools(folder / "tools", _install(folder / "tools", folder, port))
            yield runtime
    finally:
        processes.stop()


def version(backend: Backend) -> str:
    """The commit that a task definition was made for, from the label of its container."""
    return str(backend.container.get("dockerLabels", {}).get("org.opencontainers.image.revision", ""))


def _install(tools: Path, folder: Path, port: int) -> dict[str, str]:
    """The recorders, and the variables that go with them."""
    calls.wrap(tools, "aws", [str(Path(package.aws_cli()).absolute())])
    recorder = [f"PYTHONPATH={_ROOT}", f"{docker.FOLDER}={folder / 'images'}", sys.executable]
    calls.wrap(tools, "docker", ["env", *recorder, "-m", "rehearsal.dry.docker"])
    curl = tools / "real" / "curl"
    curl.parent.mkdir()
    curl.write_text(_CURL.format(curl=_which("curl"), port=port), encoding="utf-8")
    curl.chmod(0o755)
    calls.wrap(tools, "curl", [str(curl)])
    python = tools / "python"
    python.mkdir()
    (python / "sitecustomize.py").write_text(_PYTHON.format(port=port), encoding="utf-8")
    return {"PYTHONPATH": str(python)}


def _which(command: str) -> str:
    found = shutil.which(command)
    if found is None:
        raise RehearsalError(f"{command} is not installed; on Debian: apt install {command}")
    return found
