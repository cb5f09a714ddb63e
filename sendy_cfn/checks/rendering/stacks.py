"""Follows the stacks of a platform from their roots through nested ones, and renders each with what it gets."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sendy_cfn import stacks
from sendy_cfn.checks.action_templates import readable
from sendy_cfn.checks.rendering.template import Document, known_parameters, render
from sendy_cfn.checks.rendering.values import Literal, Scope, holds, is_known, settle
from sendy_cfn.config import releases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.action_templates import Library
    from sendy_cfn.config.model import Platform

STACK = "AWS::CloudFormation::Stack"
TOOLCHAIN = "toolchain"


class Root(NamedTuple):
    """A stack that is deployed by itself."""

    place: str  # the environment, or "toolchain"
    template: str  # file
    configuration: str  # file with its parameters, below config/
    region: str
    account: str | None


class Rendered(NamedTuple):
    """A template as one stack has it."""

    place: str
    region: str
    file: str  # unique among those of its place
    template: str  # file that it was made from
    document: Document
    problem: str = ""  # why there is none


def roots(platform: Platform) -> Iterator[Root]:
    """Every stack that is no other one's child, in every environment."""
    here = platform.toolchain
    for name, environment in platform.environments.items():
        where = (environment.region, environment.account or here.account)
        yield Root(name, stacks.environment_file(environment), f"{name}/environment.json", *where)
        for service in platform.services.values():
            file = releases.service_file(service, releases.variant(service, environment))
            yield Root(name, file, f"{name}/service-{service.name}.json", *where)
    for region in platform.regions[1:]:
        yield Root(TOOLCHAIN, "artifacts.yaml", "toolchain.json", region, here.account)
    for cell in platform.cells:
        file = stacks.toolchain_file(cell)
        configuration = file.replace(".yaml", ".json")
        yield Root(TOOLCHAIN, file, configuration, here.region, here.account)


def renderings(platform: Platform, library: Library) -> Iterator[Rendered]:
    """Every template in each of its stacks. Roots that are not there are left out: `generate.py --check` tells."""
    for root in roots(platform):
        if not (library.folder / root.template).is_file():
            continue
        try:
            yield from list(_root(platform, library, root))
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            problem = f"values can't be put in: {type(error).__name__}: {error}"
            yield Rendered(root.place, root.region, root.template, root.template, {}, problem)


def _root(platform: Platform, library: Library, root: Root) -> Iterator[Rendered]:
    given = _values(library, root)
    pseudo = {"AWS::Region": root.region, "AWS::Partition": _partition(root.region)}
    if root.account:
        pseudo["AWS::AccountId"] = root.account
    elsewhere = f"-{root.region}" if root.place == TOOLCHAIN and root.region != platform.toolchain.region else ""
    for stack in Stack.of(library, root.template, given, pseudo, elsewhere).family():
        yield Rendered(root.place, root.region, stack.file, stack.template, stack.rendered())


def _values(library: Library, root: Root) -> dict[str, Any]:
    """The root's parameter values; those of a template configuration that is not there are unknown."""
    try:
        found: dict[str, Any] = json.loads((library.folder / "config" / root.configuration).read_bytes())["Parameters"]
    except OSError:
        return {}
    return found


def _partition(region: str) -> str:
    """https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html."""
    prefixes = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((partition for prefix, partition in prefixes.items() if region.startswith(prefix)), "aws")


@dataclass(eq=False)
class Stack:
    """A stack and its children. A child is made when it is first asked for, be it by an output that a sibling takes."""

    among: Library
    template: str
    source: Document
    scope: Scope
    path: str  # logical ids from the root, and what else tells stacks of the same template apart
    children: dict[str, Stack]

    @classmethod
    def of(cls, library: Library, template: str, given: dict[str, Any], pseudo: dict[str, str], path: str) -> Stack:
        """The stack of a template that gets these values."""
        source = readable(library, template)
        known = known_parameters(source.get("Parameters", {}), given)
        kept = frozenset(name for name, value in known.items() if str(value).startswith("arn:"))
        scope = Scope(known, kept, pseudo, source.get("Conditions", {}), source.get("Mappings", {}))
        stack = cls(library, template, source, scope, path, {})
        stack.scope = replace(scope, output=stack.output)
        return stack

    @property
    def file(self) -> str:
        """Its own name among the renderings of a place."""
        return self.template.replace(".yaml", f"{self.path}.yaml")

    def family(self) -> Iterator[Stack]:
        """The stack and all that is nested in it."""
        yield self
        for name, resource in self.source.get("Resources", {}).items():
            if resource["Type"] == STACK and holds(resource.get("Condition", {}), self.scope) is not False:
                yield from self.child(name).family()

    def child(self, name: str) -> Stack:
        """The nested stack with this logical id."""
        if name not in self.children:
            properties = self.source["Resources"][name]["Properties"]
            given = settle(properties.get("Parameters", {}), replace(self.scope, kept=frozenset()))
            template, path = str(properties["TemplateURL"]), f"{self.path}-{name}"
            self.children[name] = Stack.of(self.among, template, given, dict(self.scope.pseudo), path)
        return self.children[name]

    def output(self, child: str, name: str) -> Literal | None:
        """The output of a nested stack, if it can be known."""
        if self.source.get("Resources", {}).get(child, {}).get("Type") != STACK:
            return None
        inner = self.child(child)
        given = inner.source.get("Outputs", {}).get(name, {})
        value = settle(given.get("Value"), inner.scope)
        return value if is_known(value) else None

    def rendered(self) -> Document:
        """The template with its values; nested ones are told what they don't know themselves."""
        document = render(self.source, self.scope)
        for name, resource in document["Resources"].items():
            if resource["Type"] != STACK:
                continue
            inner, properties = self.child(name), resource["Properties"]
            properties["TemplateURL"] = inner.file
            asked = inner.rendered().get("Parameters", {})
            parameters = {key: value for key, value in properties.get("Parameters", {}).items() if key in asked}
            properties.pop("Parameters", None)
            if parameters:
                properties["Parameters"] = parameters
        return document
