"""A template as rules see it: its resources, and what is certain about values.

What only AWS knows when it deploys stays unknown: rules say nothing about it. Fn::If is followed into its branches, Ref
and GetAtt to resources of the same template, Sub and Join as far as all their parts are known.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sendy_cfn.checks.action_templates import Block, section
from sendy_cfn.checks.house.values import mentions, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.action_templates import Library

# Transforms that add no resources which rules look for. Others may add anything.
TRANSFORMS = {"AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "AWS::CodeDeployBlueGreen"}


@dataclass(frozen=True, eq=False, slots=True)
class Resource:
    """A resource that says itself what it is."""

    id: str
    line: int  # of the logical id
    block: Block

    @property
    def given(self) -> Block:
        """Its properties."""
        return section(self.block, "Properties")

    def at(self, *path: str) -> int:
        """The line of a property; of the nearest one around it, or of the resource, where there is none."""
        line, inner = self.line, self.given
        for key in path:
            line = inner.lines.get(key, line)
            inner = section(inner, key)
        return line

    def lacks(self, key: str) -> bool:
        """Whether a property is missing for sure."""
        return key not in self.given and "Fn::Transform" not in self.given


@dataclass(frozen=True, eq=False)
class View:
    """One template."""

    siblings: Library  # what else is in its folder
    root: Block

    @functools.cached_property
    def resources(self) -> dict[str, Resource]:
        """All resources by their logical ids."""
        declared = section(self.root, "Resources")
        return {
            name: Resource(name, declared.lines.get(name, declared.line), block)
            for name, block in declared.items()
            if isinstance(block, Block) and isinstance(block.get("Type"), str)
        }

    def of(self, *kinds: str) -> Iterator[Resource]:
        """Resources of some types."""
        return (resource for resource in self.resources.values() if resource.block["Type"] in kinds)

    def one(self, name: str | None, kind: str) -> Resource | None:
        """The resource of that name, if it is of that type."""
        found = self.resources.get(name or "")
        return found if found and found.block["Type"] == kind else None

    @functools.cached_property
    def complete(self) -> bool:
        """Whether all resources are to be seen. Loops and macros add some that are not."""
        given = self.root.get("Transform", [])
        transforms = given if isinstance(given, list) else [given]
        known = all(isinstance(name, str) and name in TRANSFORMS for name in transforms)
        return known and not any(name.startswith("Fn::") for name in section(self.root, "Resources"))

    def texts(self, value: object) -> Iterator[str]:
        """The texts that a value may have, as far as they are known; of a parameter it is the default."""
        return texts_of(value, self._defaults)

    @functools.cached_property
    def _defaults(self) -> dict[str, object]:
        return {
            name: declared["Default"]
            for name, declared in section(self.root, "Parameters").items()
            if isinstance(declared, Block) and declared.get("Type") in ("String", "Number") and "Default" in declared
        }

    def before(self, resource: Resource) -> set[str]:
        """Logical ids of all that CloudFormation makes before the resource."""
        seen: set[str] = set()
        todo = [resource]
        while todo:
            for name in self._needs(todo.pop()) - seen:
                seen.add(name)
                todo += [self.resources[name]] if name in self.resources else []
        return seen

    def _needs(self, resource: Resource) -> set[str]:
        given = resource.block.get("DependsOn", [])
        names = given if isinstance(given, list) else [given]
        return {name for name in names if isinstance(name, str)} | mentions(resource.given)
