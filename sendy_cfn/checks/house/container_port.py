"""A service's load balancer entry names a container of its task definition, and a port that this container has.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.house.rule import Found, Rule
from sendy_cfn.checks.house.values import blocks, choices, is_open, number, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.action_templates import Block
    from sendy_cfn.checks.house.view import View


def _find(view: View) -> Iterator[Found]:
    for service in view.of("AWS::ECS::Service", "AWS::ECS::TaskSet"):
        task = view.one(target(service.given.get("TaskDefinition")), "AWS::ECS::TaskDefinition")
        given = task.given.get("ContainerDefinitions") if task else None
        containers = list(blocks(given))
        names = {text: container for container in containers for text in view.texts(container.get("Name"))}
        if task is None or not containers or is_open(given) or len(names) < len(containers):
            continue
        for entry in blocks(service.given.get("LoadBalancers")):
            for name in view.texts(entry.get("ContainerName")):
                if name not in names:
                    message = f"ContainerName {name!r}, but {task.id} has {', '.join(sorted(names))}"
                    yield Found(entry.lines["ContainerName"], service.id, message)
                elif (port := _missing(entry, names[name])) is not None:
                    message = f"ContainerPort {port}, which container {name} of {task.id} does not have"
                    yield Found(entry.lines["ContainerPort"], service.id, message)


def _missing(entry: Block, container: Block) -> int | None:
    """The port of the entry, if the container lacks it for sure."""
    wanted = [number(port) for port in choices(entry.get("ContainerPort"))]
    mappings = container.get("PortMappings")
    has = [number(port) for mapping in blocks(mappings) for port in choices(mapping.get("ContainerPort"))]
    if None in has or is_open(mappings) or any("ContainerPortRange" in mapping for mapping in blocks(mappings)):
        return None
    return next((port for port in wanted if port is not None and port not in has), None)


RULE = Rule(
    "house-container-port",
    "A service's load balancer entry names a container of its task definition, and a port of that container",
    "ECS refuses the service: the container does not exist in the task definition, or has no such container port",
    "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html",
    _find,
)
