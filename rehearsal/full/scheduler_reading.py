"""The services that the ECS API describes, as the scheduler needs them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rehearsal.full.deployments import Breaker, Limits, LoadBalancer, Revision
from rehearsal.full.scheduler_checks import CheckDefinition

Lost = Callable[[str, str], Mapping[str, Any]]  # cluster ARN, service name: properties in CloudFormation's spelling

_AT_ONCE = 10  # services that DescribeServices takes
_MACHINES = {"X86_64": ("x86_64", "AMD64"), "ARM64": ("aarch64", "arm64")}  # what Python calls them


@dataclass(frozen=True)
class Service:
    """An active service."""

    arn: str
    name: str
    cluster_arn: str
    revision: Revision
    primary: str  # id of the primary deployment; also changes when a new deployment is forced
    limits: Limits
    breaker: Breaker
    grace: float  # seconds
    container: Mapping[str, Any]  # the container definition
    refused: str  # why UpdateService would have refused the revision, or empty
    not_rehearsed: str  # why it cannot be executed, or empty
    not_watched: str  # what of it is not executed although the rest is, or empty

    @property
    def cluster(self) -> str:
        """The cluster's name."""
        return short(self.cluster_arn)


class Reader:
    """Reads one account and region."""

    def __init__(self, ecs: Any, machine: str, lost: Lost | None = None) -> None:
        """`machine` is this one's architecture as Python calls it; `lost` fills in what the API leaves out."""
        self._ecs = ecs
        self._machine = machine
        self._lost = lost
        self._definitions: dict[str, Mapping[str, Any]] = {}

    def services(self) -> list[Service]:
        """All active services.

        Raises:
            botocore.exceptions.ClientError, BotoCoreError: the API did not answer all questions.
        """
        return [self._service(raw) for raw in self._described() if raw["status"] == "ACTIVE"]

    def _described(self) -> Iterator[Mapping[str, Any]]:
        for page in self._ecs.get_paginator("list_clusters").paginate():
            for cluster in page["clusterArns"]:
                yield from self._described_in(cluster)

    def _described_in(self, cluster: str) -> Iterator[Mapping[str, Any]]:
        pages = self._ecs.get_paginator("list_services").paginate(cluster=cluster)
        arns = [arn for page in pages for arn in page["serviceArns"]]
        for first in range(0, len(arns), _AT_ONCE):
            names = arns[first : first + _AT_ONCE]
            yield from self._ecs.describe_services(cluster=cluster, services=names)["services"]

    def _definition(self, arn: str) -> Mapping[str, Any]:
        # A revision of a task definition never changes.
        if arn not in self._definitions:
            self._definitions[arn] = self._ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
        return self._definitions[arn]

    def _service(self, raw: Mapping[str, Any]) -> Service:
        lost = self._lost(raw["clusterArn"], raw["serviceName"]) if self._lost else {}
        found = completed(raw, lost)
        configuration = found["deploymentConfiguration"]
        definition = self._definition(found["taskDefinition"])
        balancers = [
            LoadBalancer(entry.get("targetGroupArn", ""), entry.get("containerName", ""), entry.get("containerPort", 0))
            for entry in found.get("loadBalancers") or []
        ]
        network = json.dumps(found.get("networkConfiguration") or {}, sort_keys=True)
        return Service(
            arn=found["serviceArn"],
            name=found["serviceName"],
            cluster_arn=found["clusterArn"],
            revision=Revision(definition["taskDefinitionArn"], tuple(balancers), network),
            primary=next((d["id"] for d in found.get("deployments") or [] if d["status"] == "PRIMARY"), ""),
            limits=Limits(
                found["desiredCount"],
                configuration.get("minimumHealthyPercent", 100),
                configuration.get("maximumPercent", 200),
            ),
            breaker=Breaker.read(configuration.get("deploymentCircuitBreaker") or {}),
            grace=found.get("healthCheckGracePeriodSeconds") or 0,
            container=definition["containerDefinitions"][0],
            refused=refused(balancers, definition["containerDefinitions"]),
            not_rehearsed=not_rehearsed(found, definition, self._machine),
            not_watched=_not_watched(configuration),
        )


def completed(service: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """A service as the API describes it, and from its CloudFormation properties what the API leaves out."""
    lost = _camel(properties)
    configuration = _filled(service.get("deploymentConfiguration") or {}, lost.get("deploymentConfiguration") or {})
    grace = service.get("healthCheckGracePeriodSeconds") or lost.get("healthCheckGracePeriodSeconds")
    return {**service, "deploymentConfiguration": configuration, "healthCheckGracePeriodSeconds": grace}


def not_rehearsed(service: Mapping[str, Any], definition: Mapping[str, Any], machine: str) -> str:
    """Why a service cannot be executed, or an empty text."""
    reasons = (*_of_service(service), *_of_definition(definition, machine))
    return next((reason for reason in reasons if reason), "")


def refused(balancers: Sequence[LoadBalancer], containers: Sequence[Mapping[str, Any]]) -> str:
    """What ECS answers to a service whose load balancers do not fit its task definition, or an empty text."""
    by_name = {container["name"]: container for container in containers}
    for balancer in balancers:
        container = by_name.get(balancer.container)
        if container is None:
            return f"The container {balancer.container} does not exist in the task definition."
        ports = [mapping.get("containerPort") for mapping in container.get("portMappings") or []]
        if balancer.port not in ports:
            return f"The container {balancer.container} did not have a container port {balancer.port} defined."
    return ""


def short(arn: str) -> str:
    """The last part of an ARN: a cluster's or service's name, FAMILY:REVISION of a task definition."""
    return arn.rsplit("/", 1)[-1]


def _of_service(service: Mapping[str, Any]) -> Iterator[str]:
    configuration = service.get("deploymentConfiguration") or {}
    controller = (service.get("deploymentController") or {}).get("type", "ECS")
    strategy = configuration.get("strategy", "ROLLING")
    scheduling = service.get("schedulingStrategy", "REPLICA")
    providers = [entry["capacityProvider"] for entry in service.get("capacityProviderStrategy") or []]
    own = [provider for provider in providers if provider not in ("FARGATE", "FARGATE_SPOT")]
    yield f"deployment controller {controller}" if controller != "ECS" else ""
    yield f"deployment strategy {strategy}" if strategy != "ROLLING" else ""
    yield "deployment lifecycle hooks" if configuration.get("lifecycleHooks") else ""
    yield f"scheduling strategy {scheduling}" if scheduling != "REPLICA" else ""
    yield f"capacity provider {own[0]}" if own else ""
    yield "launch type EC2" if not providers and service.get("launchType") == "EC2" else ""
    yield "service discovery" if service.get("serviceRegistries") else ""
    groups = [entry.get("targetGroupArn") for entry in service.get("loadBalancers") or []]
    yield "a load balancer without a target group" if not all(groups) else ""


def _of_definition(definition: Mapping[str, Any], machine: str) -> Iterator[str]:
    containers = definition["containerDefinitions"]
    runtime = definition.get("runtimePlatform") or {}
    architecture = runtime.get("cpuArchitecture", "X86_64")
    system = runtime.get("operatingSystemFamily", "LINUX")
    yield f"tasks of {len(containers)} containers" if len(containers) != 1 else ""
    yield f"CPU architecture {architecture} on {machine}" if machine not in _MACHINES.get(architecture, ()) else ""
    yield f"operating system {system}" if system != "LINUX" else ""
    yield f"network mode {definition.get('networkMode')}" if definition.get("networkMode") != "awsvpc" else ""
    yield "volumes" if definition.get("volumes") else ""
    try:
        CheckDefinition.read(containers[0])
    except ValueError as error:
        yield str(error)


def _not_watched(configuration: Mapping[str, Any]) -> str:
    if (configuration.get("alarms") or {}).get("enable"):
        return "deployment alarms (there are no metrics)"
    return "bake time (a deployment completes without it)" if configuration.get("bakeTimeInMinutes") else ""


def _filled(given: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """`given`, and of `more` what it has no value for, at every depth."""
    result = dict(given)
    for name, value in more.items():
        present = result.get(name)
        if isinstance(present, Mapping) and isinstance(value, Mapping):
            result[name] = _filled(present, value)
        elif present is None:
            result[name] = value
    return result


def _camel(value: Any) -> Any:
    """CloudFormation's spelling of names as the API's."""
    if isinstance(value, Mapping):
        return {name[:1].lower() + name[1:]: _camel(inner) for name, inner in value.items()}
    return [_camel(inner) for inner in value] if isinstance(value, list) else value
