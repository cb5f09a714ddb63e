"""What customers and testers of a service in two clusters reach, found out by following a host name.

Route 53's records lead to load balancers, their rules to target groups, and these to ECS services: each is asked for
what it holds, so that a wrong turn anywhere shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from emulator.walk_pipeline import Stage
from emulator.walk_shell import StepError, say
from emulator.walk_world import World

COLOURS = ("blue", "green")
_REVISION = "org.opencontainers.image.revision"


class Side(NamedTuple):
    """A cluster's part of the service."""

    weight: int  # of its record under the service's own name
    digest: str  # of the image that its tasks run
    tasks: int  # that ECS keeps running

    def __str__(self) -> str:
        """As the table has it."""
        return f"{self.weight:>6}  {short(self.digest):<12}  {self.tasks:>5}"


Sides = Mapping[str, Side]


class Running(NamedTuple):
    """An ECS service."""

    name: str
    image: str
    version: str
    tasks: int


class Eyes:
    """Clients that look at the environment of a stage."""

    def __init__(self, world: World, stage: Stage) -> None:
        """Make all clients now: making them is not safe in several threads, using them is."""
        self._clients = {name: world.client(stage.place, name) for name in ("route53", "elbv2", "ecs")}
        self._cloudformation = world.client(stage.place)
        self._stack = stage.stack

    def sides(self) -> dict[str, Side]:
        """Both sides now.

        Raises:
            StepError: a side's own name leads somewhere else, or customers reach something that is no side.
        """
        outputs = self.outputs()
        weights = {running.name: weight for weight, running in self.reached(_host(outputs["ServiceUrl"]))}
        found = {}
        for colour in COLOURS:
            url, name = (outputs[f"{colour.capitalize()}{what}"] for what in ("Url", "ServiceName"))
            own = self._service(outputs[f"{colour.capitalize()}ClusterName"], name)
            reached = [running.name for _, running in self.reached(_host(url))]
            if reached != [own.name]:
                raise StepError(f"{url} leads to {reached or 'nothing'}, expected {own.name}")
            if own.name not in weights:
                raise StepError(f"{outputs['ServiceUrl']} leads to {list(weights)}, and not to {own.name}")
            found[colour] = Side(weights[own.name], own.image.partition("@")[2], own.tasks)
        return found

    def outputs(self) -> dict[str, str]:
        """What the stack says of itself: names and addresses."""
        return {output["OutputKey"]: output["OutputValue"] for output in self._described().get("Outputs", [])}

    def parameters(self) -> dict[str, str]:
        """What the stack was given."""
        return {item["ParameterKey"]: item["ParameterValue"] for item in self._described()["Parameters"]}

    def _described(self) -> Mapping[str, Any]:
        [found] = self._cloudformation.describe_stacks(StackName=self._stack)["Stacks"]
        return dict(found)

    def reached(self, host: str) -> list[tuple[int, Running]]:
        """The services that a host name leads to, each with the weight of its record (1 where records have none)."""
        return [
            (int(record.get("Weight", 1)), running)
            for record in self._records(host)
            for value in record["ResourceRecords"]
            for running in self._behind(value["Value"], host)
        ]

    def _records(self, host: str) -> list[Mapping[str, Any]]:
        route53 = self._clients["route53"]
        zones = [zone for page in route53.get_paginator("list_hosted_zones").paginate() for zone in page["HostedZones"]]
        held = [zone for zone in zones if f"{host}.".endswith(f".{zone['Name']}")]
        zone = max(held, key=lambda zone: len(zone["Name"]), default=None)
        if zone is None:
            return []
        pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone["Id"])
        records = [record for page in pages for record in page["ResourceRecordSets"]]
        return [record for record in records if record["Name"].rstrip(".") == host and record["Type"] == "CNAME"]

    def _behind(self, name: str, host: str) -> Iterator[Running]:
        elb = self._clients["elbv2"]
        for balancer in elb.describe_load_balancers()["LoadBalancers"]:
            if balancer["DNSName"].lower() != name.lower():
                continue
            for listener in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
                for rule in elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
                    if host in _hosts(rule):
                        yield from self._with_group(set(_groups(rule)))

    def _with_group(self, groups: set[str]) -> Iterator[Running]:
        ecs = self._clients["ecs"]
        for cluster in ecs.list_clusters()["clusterArns"]:
            names = ecs.list_services(cluster=cluster)["serviceArns"]
            for service in ecs.describe_services(cluster=cluster, services=names)["services"] if names else []:
                if service["status"] == "ACTIVE" and groups & {b["targetGroupArn"] for b in service["loadBalancers"]}:
                    yield self._running(service)

    def _service(self, cluster: str, name: str) -> Running:
        [found] = self._clients["ecs"].describe_services(cluster=cluster, services=[name])["services"]
        return self._running(found)

    def _running(self, service: Mapping[str, Any]) -> Running:
        definition = self._clients["ecs"].describe_task_definition(taskDefinition=service["taskDefinition"])
        container = definition["taskDefinition"]["containerDefinitions"][0]
        version = container.get("dockerLabels", {}).get(_REVISION, "")
        return Running(str(service["serviceArn"]), container["image"], version, int(service["desiredCount"]))


def show(sides: Sides) -> None:
    """The table."""
    say("       side   weight  image         tasks")
    for colour, side in sides.items():
        say(f"       {colour:<5}  {side}{'  live' if side.weight else ''}")


def short(digest: str) -> str:
    """Enough of a digest to tell it from others."""
    return digest.removeprefix("sha256:")[:12]


def _host(url: str) -> str:
    return str(urlsplit(url).hostname)


def _hosts(rule: Mapping[str, Any]) -> list[str]:
    found = []
    for condition in rule["Conditions"]:
        found += condition.get("HostHeaderConfig", {}).get("Values") or condition.get("Values", [])
    return found


def _groups(rule: Mapping[str, Any]) -> Iterator[str]:
    for action in rule["Actions"]:
        if "TargetGroupArn" in action:
            yield action["TargetGroupArn"]
        yield from (group["TargetGroupArn"] for group in action.get("ForwardConfig", {}).get("TargetGroups", []))
