"""Services in the emulator, executed by the scheduler with an engine and a load balancer of plain classes.

Time runs SPEED times as fast for the scheduler, so that grace periods and delays take moments.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError

from emulator import Emulator
from rehearsal.events import Event, Events, RehearsalError
from rehearsal.full.scheduler import Clients, Scheduler

SPEED = 20.0
CLUSTER = "courier-test-blue"
SERVICE = "orders"
PORT = 8080
_ACCOUNTS = itertools.count(700000000000)
_BEGAN = time.time()


def clock() -> float:
    return _BEGAN + (time.time() - _BEGAN) * SPEED


def sleep(seconds: float) -> None:
    time.sleep(seconds / SPEED)


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for it, in real seconds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


@dataclass(frozen=True)
class Image:
    """How containers of an image behave."""

    pulls: bool = True
    exits: int | None = None  # at once, with this code
    ready_after: float = 0.5  # seconds
    starting: str = "initial"  # says the load balancer until then
    answers: str = "healthy"  # and from then on
    check_passes: bool = True


@dataclass
class FakeContainer:
    image: Image
    address: str
    environment: Mapping[str, str]
    engine: FakeEngine
    started: float = field(default_factory=clock)
    code: int | None = None
    removed: bool = False

    def state(self) -> tuple[str, int | None]:
        return ("running", None) if self.code is None else ("exited", self.code)

    def stop(self, timeout_seconds: float) -> None:
        self.engine.log.append(("SIGTERM", self.address, timeout_seconds))
        self.code = 143

    def kill(self) -> None:
        self.code = 137 if self.code is None else self.code

    def execute(self, command: Sequence[str]) -> bool:
        self.engine.log.append(("execute", self.address, tuple(command)))
        return self.image.check_passes

    def remove(self) -> None:
        self.removed = True

    def log_tail(self) -> str:
        return "the end"


class FakeEngine:
    """Containers by address; images that nobody described behave well."""

    def __init__(self) -> None:
        self.images: dict[str, Image] = {}
        self.containers: dict[str, FakeContainer] = {}
        self.log: list[tuple[Any, ...]] = []
        self.broken = False

    def pull(self, image: str) -> None:
        if self.broken:
            raise ZeroDivisionError("engine bug")
        if not self.images.get(image, Image()).pulls:
            raise RehearsalError(f"{image}: not found")

    def run(
        self, name: str, address: str, container_definition: Mapping[str, Any], environment: Mapping[str, str]
    ) -> FakeContainer:
        image = self.images.get(container_definition["image"], Image())
        made = FakeContainer(image, address, environment, self, code=image.exits)
        self.log.append(("run", address, name))
        self.containers[address] = made
        return made


class FakeBalancer:
    """Healthy are registered targets whose container is ready."""

    def __init__(self, elbv2: Any, engine: FakeEngine) -> None:
        self._elbv2 = elbv2
        self._engine = engine
        self.busy: dict[tuple[str, int], int] = {}  # requests in flight
        self.broken = False

    def health(self, target_group_arn: str) -> Mapping[tuple[str, int], str]:
        if self.broken:
            raise RehearsalError("the load balancer stopped")
        found = self._elbv2.describe_target_health(TargetGroupArn=target_group_arn)["TargetHealthDescriptions"]
        targets = [(entry["Target"]["Id"], entry["Target"]["Port"]) for entry in found]
        draining = dict.fromkeys(self.busy, "draining")
        return draining | {target: self._state(target[0]) for target in targets}

    def in_flight(self, target_group_arn: str, target: tuple[str, int]) -> int:
        self._engine.log.append(("in flight", target[0], target_group_arn))
        return self.busy.get(target, 0)

    def _state(self, address: str) -> str:
        container = self._engine.containers.get(address)
        if container is None or container.code is not None:
            return "unhealthy"
        image = container.image
        return image.answers if clock() - container.started > image.ready_after else image.starting


class Flaky:
    """A client whose calls fail while `failing` is set."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.failing = False
        self.failed = 0

    def __getattr__(self, name: str) -> Any:
        if self.failing:
            self.failed += 1
            raise ClientError({"Error": {"Code": "ServiceNotFoundException", "Message": "Service not found."}}, name)
        return getattr(self._client, name)


class Site:
    """A cluster with a target group and the scheduler."""

    def __init__(self, emulator: Emulator, *, wait_for_health: bool = True) -> None:
        account = str(next(_ACCOUNTS))
        names = ("ecs", "elbv2", "ssm", "secretsmanager")
        self.clients = Clients(*(emulator.client(name, account) for name in names))
        self.ecs = self.clients.ecs
        self.flaky = Flaky(self.ecs)
        vpc = emulator.client("ec2", account).create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        group = {"Name": "orders", "VpcId": vpc, "Protocol": "HTTP", "Port": PORT, "TargetType": "ip"}
        self.group = self.clients.elbv2.create_target_group(**group)["TargetGroups"][0]["TargetGroupArn"]
        self.ecs.create_cluster(clusterName=CLUSTER)
        self.engine = FakeEngine()
        self.balancer = FakeBalancer(self.clients.elbv2, self.engine)
        self.events = Events(clock=clock)
        self.scheduler = Scheduler(
            {"here": replace(self.clients, ecs=self.flaky)},
            self.engine,
            self.balancer,
            self.events,
            (f"10.200.0.{number}" for number in itertools.count(2)),
            wait_for_health=wait_for_health,
            clock=clock,
            sleep=sleep,
            machine="x86_64",
        )

    def define(self, image: str, **container: Any) -> str:
        """Register a task definition; its ARN."""
        whole = {
            "name": SERVICE,
            "image": image,
            "essential": True,
            "portMappings": [{"containerPort": PORT}],
            "dockerLabels": {"org.opencontainers.image.revision": f"commit-{image}"},
            **container,
        }
        made = self.ecs.register_task_definition(
            family=SERVICE,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[whole],
        )
        return str(made["taskDefinition"]["taskDefinitionArn"])

    def create(self, task_definition: str, desired: int = 2, **more: Any) -> None:
        port = more.pop("port", PORT)
        breaker = {
            "enable": True,
            "rollback": True,
            "resetOnHealthyTask": False,
            "thresholdConfiguration": {"type": "COUNT", "value": 2},
        }
        configuration = {
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
            "deploymentCircuitBreaker": breaker,
            **more.pop("deploymentConfiguration", {}),
        }
        self.ecs.create_service(
            cluster=CLUSTER,
            serviceName=SERVICE,
            taskDefinition=task_definition,
            desiredCount=desired,
            launchType="FARGATE",
            loadBalancers=[{"targetGroupArn": self.group, "containerName": SERVICE, "containerPort": port}],
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
            deploymentConfiguration=configuration,
            **more,
        )

    def update(self, **changes: Any) -> None:
        self.ecs.update_service(cluster=CLUSTER, service=SERVICE, **changes)

    def steady(self, task_definition: str | None = None, limit: float = 400) -> None:
        self.scheduler.wait_steady(CLUSTER, SERVICE, task_definition, limit)

    def running(self, task_definition: str | None = None) -> list[str]:
        """Addresses of the service's tasks, by default of all task definitions."""
        tasks = self.scheduler.tasks(CLUSTER, SERVICE)
        return [task.address for task in tasks if task_definition in (None, task.task_definition)]

    def targets(self) -> set[str]:
        found = self.clients.elbv2.describe_target_health(TargetGroupArn=self.group)["TargetHealthDescriptions"]
        return {entry["Target"]["Id"] for entry in found}

    def said(self, kind: str, **data: Any) -> list[Event]:
        """Events of a kind with these data."""
        return [one for one in self.events.all if one.kind == kind and data.items() <= one.data.items()]


@contextlib.contextmanager
def site(emulator: Emulator, *, wait_for_health: bool = True) -> Iterator[Site]:
    """Its scheduler runs; at the end nothing is left, and nothing broke that a test did not break."""
    made = Site(emulator, wait_for_health=wait_for_health)
    made.scheduler.start()
    try:
        yield made
    finally:
        made.scheduler.stop()
    assert all(container.removed for container in made.engine.containers.values())
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("task-")]
