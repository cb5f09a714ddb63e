"""Roots: nested stacks whose parameters are filled by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from troposphere import GetAtt, Output, cloudformation

from sendy_cfn import knobs, wires
from sendy_cfn.names import logical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from troposphere import AWSHelperFn, Template

    from sendy_cfn.stacks.interface import Interface


@dataclass(slots=True)
class Nest:
    """Adds nested stacks to a root, in order; later ones see the outputs of earlier ones."""

    root: Template
    offered: dict[str, AWSHelperFn] = field(default_factory=dict)

    def add(
        self,
        title: str,
        file: str,
        interface: Interface,
        given: Mapping[str, AWSHelperFn | str] | None = None,
        *,
        offers: bool = True,
        after: tuple[str, ...] = (),
        condition: str = "",
    ) -> None:
        """Nest `file` as the resource that `title` names.

        Each parameter is, in this order: `given`, the output of the same name of an earlier stack, or the knob of that
        name, which the root then takes itself and passes on. With `offers` the stack's own outputs are there for later
        ones. `after` are titles of stacks that have to be there before, though it takes nothing from them.
        With a `condition` of the root it is there only if that holds, and must offer nothing.
        """
        values: dict[str, AWSHelperFn | str] = {}
        for name in interface.parameters:
            if given and name in given:
                values[name] = given[name]
            elif name in self.offered:
                values[name] = self.offered[name]
            else:
                values[name] = knobs.find(name).take(self.root)
        stack = cloudformation.Stack(
            logical(title), DeletionPolicy="Delete", UpdateReplacePolicy="Delete", TemplateURL=file
        )
        # Those that it takes an output from are there anyway.
        taken = {value.data["Fn::GetAtt"][0] for value in values.values() if isinstance(value, GetAtt)}
        if waits := [logical(before) for before in after if logical(before) not in taken]:
            stack.DependsOn = waits
        if condition:
            stack.resource["Condition"] = condition
        if values:
            stack.Parameters = values
        self.root.add_resource(stack)
        if offers:
            self.offered |= {name: output(title, name) for name, _ in interface.outputs}

    def look_up(
        self, values: Iterable[wires.Wire], environment: str, platform: str, needed_by: Iterable[Interface]
    ) -> None:
        """Take from another root those of the values that any of the stacks needs; CloudFormation resolves them."""
        names = {name for interface in needed_by for name in interface.parameters}
        for wire in values:
            if wire.name in names:
                self.offered[wire.name] = wire.look_up(self.root, wire.ssm_name(platform, environment))

    def show(self, title: str, interface: Interface, *, prefix: bool = False, everything: bool = False) -> None:
        """Pass on as the root's own outputs what the stack offers to people; with `everything`, to other stacks too."""
        for name, description in interface.outputs:
            if everything or name not in wires.BY_NAME:
                shown = f"{logical(title)}{name}" if prefix else name
                self.root.add_output(Output(shown, Description=description, Value=output(title, name)))


def output(title: str, name: str) -> GetAtt:
    """The output of that name of the nested stack that `title` names."""
    return GetAtt(logical(title), f"Outputs.{name}")
