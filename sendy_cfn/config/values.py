"""params/<environment>.yaml and params/toolchain.yaml -> CloudFormation parameters, checked as CloudFormation would.

Keys are the parameters' own names, so that a value is found again in template, console and configuration file:

    environment:          # the environment's root
      VpcCidr: 10.1.0.0/16
    defaults:             # every service
      MinTasks: 2
    services:             # one service
      orders: {Memory: 1024}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn import knobs, stacks, wires, yamlfile
from sendy_cfn.config import environment_values, release_values, timing
from sendy_cfn.config.fields import shown
from sendy_cfn.config.layers import given, numbers, plain
from sendy_cfn.config.releases import service_file, variant
from sendy_cfn.config.words import Capacity
from sendy_cfn.errors import ConfigError, Problem, nearest
from sendy_cfn.knobs.release import FROM_PIPELINE
from sendy_cfn.knobs.service import FARGATE_MEMORY
from sendy_cfn.names import cluster_id
from sendy_cfn.parameters import to_text
from sendy_cfn.yamlfile import Node

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from sendy_cfn.config.model import Environment, Platform, Service
    from sendy_cfn.config.words import Strategy
    from sendy_cfn.stacks.interface import Interface

Parameters = dict[str, str]
SECTIONS = ("environment", "defaults", "services")
OFFLINE = frozenset(knob.name for knob in knobs.OF_SERVICES if knob.offline)
SUBNET_BLOCK_BITS = 4  # the network stack cuts the VPC into 16 blocks
_EMPTY = Node({}, 0)


class Configuration:
    """The parameters of every stack that is deployed by itself, and what is wrong with the values files."""

    def __init__(self, params: Path, platform: Platform) -> None:
        """Reads the files when they are asked for."""
        self.params = params
        self.platform = platform
        self.interfaces: dict[str, Interface] = {}
        self.problems: list[Problem] = []
        self._unread: set[str] = set()  # files of which nothing else can be said
        self._files: dict[str, dict[str, Node]] = {}

    def worst_cases(self, service: Service) -> dict[str, int]:
        """Minutes until a release of the service is decided in the worst case, by environment.

        Values that can't be used count as left out; `stacks` says what is wrong with them.
        """
        return {
            environment.name: timing.worst_case(service, variant(service, environment), values).minutes
            for environment, values in self._numbers(service)
        }

    def watch(self, service: Service) -> dict[str, int]:
        """Minutes that the pipeline watches the service's alarms after the tests, by environment."""
        return {environment.name: values["WatchMinutes"] for environment, values in self._numbers(service)}

    def _numbers(self, service: Service) -> Iterator[tuple[Environment, dict[str, int]]]:
        for environment in self.platform.environments.values():
            sections = self._file(environment.name, SECTIONS)
            own = sections["services"].value
            mine = own.get(service.name, _EMPTY) if isinstance(own, dict) else _EMPTY
            yield environment, numbers([("", mine), ("", sections["defaults"]), ("", sections["environment"])])

    def stacks(self, interfaces: dict[str, Interface]) -> Iterator[tuple[str, Parameters, dict[str, str]]]:
        """(configuration file below templates/config/, parameters, tags) for each; read `problems` afterwards.

        `interfaces` has those of every emitted template.
        """
        self.interfaces = interfaces
        for environment in self.platform.environments.values():
            yield from self._environment(environment)
        sections = self._file("toolchain", ("toolchain",))
        name = self._name("toolchain")
        roots = [self.interfaces[stacks.toolchain_file(cell)] for cell in self.platform.cells]
        known = {parameter for root in roots for parameter in root.parameters}
        own = sections["toolchain"]
        self._unknown(name, "toolchain", own, known)
        for cell, root in zip(self.platform.cells, roots, strict=True):
            chosen = self._chosen(name, "toolchain", root.parameters, [("toolchain", own)], {})
            file = stacks.toolchain_file(cell).replace(".yaml", ".json")
            yield file, chosen, {"platform": self.platform.platform}
        self._environments(numbers([("toolchain", own)])["LoadRequestsPerSecond"])

    def _environments(self, rate: int) -> None:
        for name, environment in self.platform.environments.items():
            layers = [("environment", self._file(name, SECTIONS)["environment"])]
            for parameter, wrong in environment_values.broken(self.platform, environment, layers, rate):
                self._together(self._name(name), layers, (parameter,), wrong)

    def _environment(self, environment: Environment) -> Iterator[tuple[str, Parameters, dict[str, str]]]:
        name = self._name(environment.name)
        sections = self._file(environment.name, SECTIONS)
        tags = {"platform": self.platform.platform, "environment": environment.name}
        computed = {"Environment": environment.name}
        if self.platform.toolchain.account:
            computed["ToolchainAccountId"] = self.platform.toolchain.account
        if environment.domain:
            computed["DomainName"] = environment.domain
        root = self.interfaces[stacks.environment_file(environment)].parameters
        of_root = sections["environment"]
        self._unknown(name, "environment", of_root, set(root))
        yield (
            f"{environment.name}/environment.json",
            self._chosen(name, "environment", root, [("environment", of_root)], computed),
            tags,
        )

        of_services = {
            n: self.interfaces[service_file(s, variant(s, environment))].parameters
            for n, s in self.platform.services.items()
        }
        everywhere = {parameter for known in of_services.values() for parameter in known} | OFFLINE
        self._unknown(name, "defaults", sections["defaults"], everywhere)
        own = self._own(name, sections["services"])
        filled_in = {cell: computed | self._looked_up(environment, cell) for cell in self.platform.cells}
        for service in self.platform.services.values():
            known = of_services[service.name]
            at = f"services.{service.name}"
            mine = own.get(service.name, _EMPTY)
            strategy = variant(service, environment).strategy
            self._unknown(name, at, mine, {*known, *OFFLINE}, strategy)
            layers = [(at, mine), ("defaults", sections["defaults"])]
            chosen = self._chosen(name, at, known, layers, filled_in[service.cell])
            self._offline(name, layers)
            if service.capacity is not Capacity.EC2:
                self._fargate_size(name, layers, chosen)
            yield f"{environment.name}/service-{service.name}.json", chosen, tags | {"service": service.name}
        self._releases(name, environment, sections)

    def _looked_up(self, environment: Environment, cell: int) -> Parameters:
        """The SSM parameters from which CloudFormation takes other stacks' values."""
        platform, place = self.platform.platform, environment.name
        cluster = cluster_id(environment.clusters[0], cell)
        found = {n: w.ssm_name(platform, place, cluster) for n, w in wires.BY_NAME.items() if w.path}
        if len(environment.clusters) > 1:
            green = cluster_id(environment.clusters[1], cell)
            found |= {n: w.ssm_name(platform, place, green) for n, w in wires.OF_GREEN.items()}
        return found

    def _chosen(
        self, file: str, at: str, names: tuple[str, ...], layers: list[tuple[str, Node]], computed: Parameters
    ) -> Parameters:
        """The template's parameters: computed, or from the first layer that has one; defaults stay the template's."""
        chosen: Parameters = {}
        known = given(layers)
        for name in names:
            if name in FROM_PIPELINE:
                continue
            if name in computed:
                chosen[name] = computed[name]
            elif name in known:
                path, node = known[name]
                value = plain(node)
                if wrong := knobs.find(name).check(value):
                    self._once(Problem(file, node.line, f"{path}.{name}", wrong))
                else:
                    chosen[name] = to_text(value)
            elif (knob := knobs.find(name)).default is None and file not in self._unread:
                line = layers[0][1].line
                self.problems.append(Problem(file, line, at, f"missing parameter '{name}' ({knob.description})"))
        self._combined(file, names, layers, chosen)
        return chosen

    def _combined(self, file: str, names: tuple[str, ...], layers: list[tuple[str, Node]], chosen: Parameters) -> None:
        """Values that are fine alone but not together."""
        if "SubnetBits" in names and "VpcCidr" in chosen:
            self._subnets_fit(file, layers, chosen)
        for low, high in knobs.ORDERED:
            if low in names and high in names:
                self._ordered(file, layers, chosen, low, high)
        for low, high in knobs.BELOW:
            if low in names and high in names:
                self._ordered(file, layers, chosen, low, high, strictly=True)

    def _ordered(
        self,
        file: str,
        layers: list[tuple[str, Node]],
        chosen: Parameters,
        low: str,
        high: str,
        *,
        strictly: bool = False,
    ) -> None:
        less, more = (float(chosen.get(n) or to_text(knobs.find(n).default)) for n in (low, high))
        if strictly and less >= more:
            self._together(file, layers, (low, high), f"{low} {less:g} is not less than {high} {more:g}")
        elif less > more:
            self._together(file, layers, (low, high), f"{low} {less:g} is more than {high} {more:g}")

    def _subnets_fit(self, file: str, layers: list[tuple[str, Node]], chosen: Parameters) -> None:
        bits = int(chosen.get("SubnetBits") or to_text(knobs.find("SubnetBits").default))
        most = 32 - int(chosen["VpcCidr"].partition("/")[2]) - SUBNET_BLOCK_BITS
        if bits > most:
            message = f"SubnetBits {bits}, expected at most {most}: 16 subnets have to fit in {chosen['VpcCidr']}"
            self._together(file, layers, ("SubnetBits", "VpcCidr"), message)

    def _fargate_size(self, file: str, layers: list[tuple[str, Node]], chosen: Parameters) -> None:
        cpu, memory = (int(chosen.get(n) or to_text(knobs.find(n).default)) for n in ("Cpu", "Memory"))
        sizes = FARGATE_MEMORY[cpu]
        if memory not in sizes:
            steps = f"{sizes[0]} to {sizes[-1]} in steps of {sizes[1] - sizes[0]}"
            expected = " | ".join(map(str, sizes)) if len(sizes) < 9 else steps
            self._together(file, layers, ("Memory", "Cpu"), f"Memory {memory} with Cpu {cpu}, expected {expected}")

    def _together(self, file: str, layers: list[tuple[str, Node]], names: tuple[str, ...], message: str) -> None:
        """A mistake of two values, shown at the first of them that the file has."""
        known = given(layers)
        for name in names:
            if name in known:
                path, node = known[name]
                self._once(Problem(file, node.line, f"{path}.{name}", message))
                return
        self._once(Problem(file, layers[0][1].line, layers[0][0], message))

    def _own(self, file: str, services: Node) -> dict[str, Node]:
        if not isinstance(services.value, dict):
            return {}
        for name, node in services.value.items():
            if name not in self.platform.services:
                hint = nearest(name, list(self.platform.services)) or ", known are those of platform.yaml"
                self.problems.append(Problem(file, node.line, f"services.{name}", f"unknown service{hint}"))
            elif not isinstance(node.value, dict):
                self.problems.append(
                    Problem(file, node.line, f"services.{name}", f"{shown(node)}, expected parameters and values")
                )
        return {name: node for name, node in services.value.items() if isinstance(node.value, dict)}

    def _offline(self, file: str, layers: list[tuple[str, Node]]) -> None:
        """Values that are no parameters, checked like those that are."""
        for name, (path, node) in given(layers).items():
            if name in OFFLINE and (wrong := knobs.find(name).check(plain(node))):
                self._once(Problem(file, node.line, f"{path}.{name}", wrong))

    def _releases(self, file: str, environment: Environment, sections: dict[str, Node]) -> None:
        """Values that no release can go by: refused by AWS, or longer than people want to wait."""
        if any(problem.file == file for problem in self.problems):
            return
        own = self._own(file, sections["services"])
        for service in self.platform.services.values():
            at = f"services.{service.name}"
            layers = [(at, own.get(service.name, _EMPTY)), ("defaults", sections["defaults"])]
            values = numbers([*layers, ("environment", sections["environment"])])
            for names, message in release_values.broken(service, variant(service, environment), values):
                self._together(file, layers, names, f"{service.name}: {message}")

    def _unknown(
        self, file: str, at: str, layer: Node, known: Collection[str], strategy: Strategy | None = None
    ) -> None:
        if not isinstance(layer.value, dict):
            return
        for name, node in layer.value.items():
            if (
                name in wires.BY_NAME
                or name in wires.OF_GREEN
                or (name in knobs.BY_NAME and knobs.BY_NAME[name].computed)
            ):
                message = "is filled in from platform.yaml or by the pipeline; leave it out"
            elif strategy and (why := release_values.why_not(name, strategy)):
                message = why
            elif name in known:
                continue
            elif name in knobs.BY_NAME:
                message = "no parameter of this stack: platform.yaml says nothing that uses it"
            else:
                message = "unknown parameter" + (
                    nearest(name, sorted(known)) or f", known are {', '.join(sorted(known))}"
                )
            self._once(Problem(file, node.line, f"{at}.{name}", message))

    def _file(self, stem: str, sections: tuple[str, ...]) -> dict[str, Node]:
        """The sections of a file, which is read once."""
        if stem not in self._files:
            self._files[stem] = self._read(stem, sections)
        return self._files[stem]

    def _read(self, stem: str, sections: tuple[str, ...]) -> dict[str, Node]:
        name = self._name(stem)
        try:
            tree = yamlfile.load(self.params / f"{stem}.yaml", name)
        except ConfigError as error:
            self.problems += error.problems
            self._unread.add(name)
            return dict.fromkeys(sections, _EMPTY)
        found = dict.fromkeys(sections, _EMPTY)
        if not isinstance(tree.value, dict):
            self.problems.append(Problem(name, tree.line, "", f"{shown(tree)}, expected keys {', '.join(sections)}"))
            return found
        for key, node in tree.value.items():
            if key not in sections:
                hint = nearest(key, list(sections)) or f", known are {', '.join(sections)}"
                self.problems.append(Problem(name, node.line, key, f"unknown key{hint}"))
            elif not isinstance(node.value, dict):
                self.problems.append(Problem(name, node.line, key, f"{shown(node)}, expected parameters and values"))
            else:
                found[key] = node
        return found

    def _name(self, stem: str) -> str:
        return f"{self.params}/{stem}.yaml"

    def _once(self, problem: Problem) -> None:
        """Defaults are looked at once per service; a mistake in them is one mistake."""
        if problem not in self.problems:
            self.problems.append(problem)
