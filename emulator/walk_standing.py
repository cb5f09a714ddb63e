"""The stacks that stand, as their templates say them: values of the environment, conditions decided, ids that AWS gave.

What CloudFormation made of a property is worked out here a second time, from the templates as they are in the folder.
From CloudFormation come only the ids of resources and the parameters that a pipeline sets, such as images.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.walk_shell import StepError
from sendy_cfn import targets
from sendy_cfn.checks.action_templates import Library
from sendy_cfn.checks.policy_deployed import actions
from sendy_cfn.checks.policy_names import Named, Place
from sendy_cfn.checks.policy_stacks import Stack, Store

if TYPE_CHECKING:
    from emulator.walk_world import World
    from sendy_cfn.targets import Target


@dataclass(frozen=True)
class Source:
    """Where templates, ids and values of SSM parameters come from."""

    among: Library
    cloudformation: Any  # a boto3 client, for looking only
    stored: Store = field(default_factory=dict)

    def ids(self, stack: str) -> dict[str, str]:
        """The physical ids of a stack's resources, by logical id."""
        pages = self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        found = (one for page in pages for one in page["StackResourceSummaries"])
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}

    def arn(self, stack: str) -> str:
        """The id of a stack."""
        return str(self.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackId"])

    def parameters(self, stack: str) -> dict[str, str]:
        """The values that a stack was given."""
        [found] = self.cloudformation.describe_stacks(StackName=stack)["Stacks"]
        return {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])}


class Standing(Stack):
    """A stack whose references lead to what AWS made."""

    def __init__(self, source: Source, file: str, name: str, place: Place, values: Mapping[str, Any]) -> None:
        """Asks for the ids of the resources; nothing is computed yet."""
        super().__init__(source.among, file, name, place, values, source.stored)
        self._source = source
        self.ids = source.ids(name)

    @property
    def arn(self) -> str:
        """The stack's own; its last part is made by AWS."""
        return self._source.arn(self.name)

    def called(self, logical_id: str) -> Named:
        """With the id that AWS gave in the place of the one that was made up."""
        likely, own = super().called(logical_id), self.ids[logical_id]
        if own.startswith("arn:"):
            return Named(own.rsplit("/", 1)[-1].rsplit(":", 1)[-1], own, own)
        short = own.rsplit("/", 1)[-1] if "://" in own else own
        made_up = likely.identifier if likely.identifier in likely.arn else likely.name
        return Named(likely.name.replace(made_up, short), own, likely.arn.replace(made_up, short))

    def attribute(self, name: str, attribute: str) -> Any:
        """What GetAtt gives; a full name is the part of the ARN that CloudWatch knows load balancers by."""
        if attribute.endswith("FullName") and not attribute.startswith("Outputs."):
            resource = self.ids[name].split(":", 5)[-1]
            return resource.removeprefix("loadbalancer/")
        return super().attribute(name, attribute)

    def nested(self, title: str) -> Stack:
        """A stack that this one nests."""
        if title not in self._nested:
            given = self.properties(title)
            name = self.ids[title].split("/")[1]
            values = given.get("Parameters", {})
            self._nested[title] = Standing(self._source, given["TemplateURL"], name, self.place, values)
        return self._nested[title]


def standing(world: World) -> Iterator[tuple[str, Standing]]:
    """Every root and every service's stack that stands, with the environment that it belongs to, or the toolchain.

    Raises:
        StepError: a template has a function that is not worked out here.
    """
    library, stored = Library(world.templates), Store()
    try:
        roots = [(target, _root(world, target, library, stored)) for target in world.roots]
    except LookupError as error:
        raise StepError(f"a template can't be worked out here: {error}") from error
    yield from ((target.place, root) for target, root in roots)
    homes = {target.stack: target for target in world.environments}
    names = world.statuses()
    for given in _deployments(root for target, root in roots if target in world.toolchain):
        name = given["StackName"]
        if name in names:
            target = next(target for stack, target in homes.items() if name.startswith(f"{stack}-"))
            source = Source(library, world.client(target), stored)
            values = _values(library, given, source.parameters(name))
            place, file = Place(world.account(target), target.region), Path(given["TemplatePath"]).name
            yield target.place, Standing(source, file, name, place, values)


def _root(world: World, target: Target, library: Library, stored: Store) -> Standing:
    """A root, whose SSM parameters the others may read then."""
    source = Source(library, world.client(target), stored)
    place = Place(world.account(target), target.region)
    values = targets.parameters(target, world.templates)
    root = Standing(source, target.template, target.stack, place, values)
    root.publish()
    return root


def _deployments(toolchain: Iterable[Standing]) -> Iterator[Mapping[str, Any]]:
    """The configuration of the pipelines' actions that make services' stacks, one for each stack."""
    stacks = (stack for root in toolchain for stack in root.all())
    configured = (action["Configuration"] for stack in stacks for action in actions(stack))
    yield from {given["StackName"]: given for given in configured if "TemplateConfiguration" in given}.values()


def _values(library: Library, given: Mapping[str, Any], reported: Mapping[str, str]) -> dict[str, Any]:
    """Those of the template configuration; the rest is what the pipeline sets."""
    path = Path(given["TemplateConfiguration"].partition("::")[2])
    file = library.folder / "config" / path.parent.name / path.name
    written: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["Parameters"]
    return {**reported, **written}
