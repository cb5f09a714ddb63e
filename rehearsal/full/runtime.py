"""Runs what is deployed with real parts: registry, containers, load balancers, name server and resolver."""

from __future__ import annotations

import contextlib
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path

from rehearsal import calls, permissions
from rehearsal.aws import Aws, Place
from rehearsal.events import Events, RehearsalError
from rehearsal.full import certificates, images, isolation, registry_tls, storage, task_network
from rehearsal.full.balancer import Balancers
from rehearsal.full.containers import Engine
from rehearsal.full.names import NameServer
from rehearsal.full.resolver import Resolver
from rehearsal.full.scheduler import Clients, Scheduler
from rehearsal.permissions import Permissions
from rehearsal.runtime import DeploymentFailedError, Tools
from rehearsal.world import World
from sendy_cfn import package

_NAME_SERVER = ("127.0.0.2", 53)
_STEADY = 900.0  # seconds; a deployment that decides nothing within them is stuck


@dataclass
class FullRuntime:
    """Everything that runs."""

    aws: Aws
    events: Events
    folder: Path
    places: tuple[Place, ...]
    store: storage.Storage
    certificate: certificates.Certificate
    engine: Engine
    balancers: Balancers
    names: NameServer
    resolver: Resolver
    scheduler: Scheduler
    checked: set[str] = field(default_factory=set)  # task definitions

    def equip(self, folder: Path) -> Tools:
        """A `docker` of the build's own, and the AWS CLI, both of which note calls down."""
        tools = images.install(folder / "docker", self.store)
        calls.wrap(folder / "tools", "docker", [str(tools.path / "docker")])
        calls.wrap(folder / "tools", "aws", [str(Path(package.aws_cli()).absolute())])
        trusted = {"SSL_CERT_FILE": str(self.certificate.ca)}
        return Tools(folder / "tools", {**tools.environment, **trusted})

    def settle(self, place: Place, stack: str) -> None:
        """Wait until ECS has done what the stack's services ask for.

        Raises:
            DeploymentFailedError: ECS gave a deployment up, or a role does not let it start tasks.
        """
        ecs = self.aws.client("ecs", place)
        for cluster, service in self._services(place, stack):
            described = ecs.describe_services(cluster=cluster, services=[service])["services"][0]
            definition = described["taskDefinition"]
            self._check_role(place, definition)
            try:
                self.scheduler.wait_steady(cluster, service, definition, _STEADY)
            except DeploymentFailedError as error:
                raise DeploymentFailedError(f"service {service}: {error}") from error

    def ask(self, url: str) -> tuple[int, str]:
        """What a GET is answered with, through the resolver and the load balancer."""
        trusted = ssl.create_default_context(cafile=str(self.certificate.ca))
        try:
            with urllib.request.urlopen(url, timeout=10, context=trusted) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            return error.code, ""
        except OSError:
            return 0, ""

    def check(self) -> None:
        """Every part runs.

        Raises:
            RehearsalError: one has ended.
        """
        self.balancers.check()
        self.scheduler.check()

    def _services(self, place: Place, stack: str) -> Iterator[tuple[str, str]]:
        pages = self.aws.client("cloudformation", place).get_paginator("list_stack_resources")
        for page in pages.paginate(StackName=stack):
            for resource in page["StackResourceSummaries"]:
                if resource["ResourceType"] == "AWS::ECS::Service":
                    cluster, service = resource["PhysicalResourceId"].split("/")[-2:]
                    yield cluster, service

    def _check_role(self, place: Place, arn: str) -> None:
        if arn in self.checked:
            return
        definition = self.aws.client("ecs", place).describe_task_definition(taskDefinition=arn)["taskDefinition"]
        needs = permissions.start_task(definition, place)
        try:
            Permissions(self.aws, self.events).check(
                definition["executionRoleArn"], place.region, needs, "ResourceInitializationError"
            )
        except permissions.DeniedError as error:
            raise DeploymentFailedError(str(error)) from error
        self.checked.add(arn)


@contextlib.contextmanager
def running(
    world: World, events: Events, folder: Path, cache: Path, *, max_ttl: int | None = None, gate: bool = True
) -> Iterator[FullRuntime]:
    """All parts, while the block runs.

    Args:
        world: deployed, with its emulator running inside.
        events: told what happens.
        folder: for files, logs and images.
        cache: where the base image is kept between rehearsals.
        max_ttl: seconds that the resolver keeps an answer at most.
        gate: False for the control in which targets get requests before any health check.

    Raises:
        RehearsalError: a part does not start.
    """
    aws, places = world.aws, tuple(dict.fromkeys([world.home, *world.places]))
    for name in ("registry", "lb", "dns", "tasks", "images", "tls"):
        (folder / name).mkdir(parents=True)
    registries = [registry_tls.host(place.account, place.region) for place in places]
    isolation.furnish(folder, dict.fromkeys(registries, registry_tls.ADDRESS))
    task_network.create_bridge()
    made = certificates.certificate(folder / "tls", [*registries, *_names(aws, places)])
    with contextlib.ExitStack() as ends:
        registry = registry_tls.start(folder / "registry", made.pem, aws.emulator.url)
        ends.callback(registry.stop)
        store = storage.create(folder / "images", made.ca)
        dockerfile = world.setup.source / (world.service.dockerfile or "Dockerfile")
        images.prepare(store, images.bases(dockerfile.read_text(encoding="utf-8")), cache, events)
        engine = Engine(folder / "tasks", made.ca, events)
        ends.callback(engine.close)
        balancers = Balancers(
            folder / "lb", [aws.client("elbv2", place) for place in places], made.pem, events, gate=gate
        )
        balancers.start()
        ends.callback(balancers.stop)
        accounts = {place.account: place for place in places}.values()
        names = NameServer([aws.client("route53", place) for place in accounts], balancers.addresses, events)
        names.start()
        ends.callback(names.stop)
        resolver = Resolver(folder / "dns", _NAME_SERVER, events, max_ttl)
        resolver.start()
        ends.callback(resolver.stop)
        scheduler = Scheduler(
            {f"{place.account} {place.region}": _clients(aws, place) for place in places},
            engine,
            balancers,
            events,
            (str(address) for address in list(IPv4Network("10.200.0.0/16").hosts())[1:]),
            wait_for_health=gate,
        )
        scheduler.start()
        ends.callback(scheduler.stop)
        yield FullRuntime(aws, events, folder, places, store, made, engine, balancers, names, resolver, scheduler)


def _clients(aws: Aws, place: Place) -> Clients:
    names = ("ecs", "elbv2", "ssm", "secretsmanager")
    return Clients(**{name: aws.client(name, place) for name in names})


def _names(aws: Aws, places: Sequence[Place]) -> list[str]:
    """The names that the deployed certificates are for: requests for others fail."""
    found: dict[str, None] = {}
    for place in places:
        acm = aws.client("acm", place)
        for summary in acm.list_certificates()["CertificateSummaryList"]:
            certificate: Mapping[str, object] = acm.describe_certificate(CertificateArn=summary["CertificateArn"])[
                "Certificate"
            ]
            names = [certificate["DomainName"], *json.loads(json.dumps(certificate.get("SubjectAlternativeNames", [])))]
            found |= dict.fromkeys(str(name) for name in names)
    if not found:
        raise RehearsalError("no certificate is deployed: load balancers without a domain are not rehearsed")
    return list(found)
