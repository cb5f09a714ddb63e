"""Root of the toolchain: artifacts, the connection to the Git host and one pipeline per service of a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import GetAtt, Output

from sendy_cfn import wires
from sendy_cfn.blocks import skeleton
from sendy_cfn.names import logical
from sendy_cfn.stacks.nest import Nest

if TYPE_CHECKING:
    from troposphere import Template

    from sendy_cfn.config.model import Platform
    from sendy_cfn.stacks.interface import Interface


def build(platform: Platform, services: tuple[str, ...], *, interfaces: dict[str, Interface]) -> Template:
    """The root with the pipelines of these services."""
    root = skeleton.new(f"{platform.platform}: toolchain with artifacts, connection and pipelines")
    nest = Nest(root)
    if "artifacts.yaml" in interfaces:
        nest.add("artifacts", "artifacts.yaml", interfaces["artifacts.yaml"])
    else:  # a further cell, deployed after the first
        nest.look_up(wires.TOOLCHAIN_WIRES, wires.TOOLCHAIN, platform.platform, interfaces.values())
    if "source.yaml" in interfaces:
        nest.add("source", "source.yaml", interfaces["source.yaml"])
        nest.show("source", interfaces["source.yaml"])
    after: tuple[str, ...] = ()
    if "release-tools.yaml" in interfaces:
        nest.add("release-tools", "release-tools.yaml", interfaces["release-tools.yaml"])
        after = ("release-tools",)  # builds read their settings from it; pipelines run as soon as they are there
    if "delivery-monitoring.yaml" in interfaces:
        nest.add("delivery-monitoring", "delivery-monitoring.yaml", interfaces["delivery-monitoring.yaml"])
        nest.show("delivery-monitoring", interfaces["delivery-monitoring.yaml"])
        after = (*after, "delivery-monitoring")  # what the first release does is to be seen, too
    if "notifications.yaml" in interfaces:
        nest.add("notifications", "notifications.yaml", interfaces["notifications.yaml"], after=after)
        # Pipelines take its topic, and so wait for these too: said once, not in each of sixty.
        after = ("notifications",)
    for name in services:
        file = f"pipeline-{name}.yaml"
        title = f"pipeline-{name}"
        nest.add(title, file, interfaces[file], offers=False, after=after)
        root.add_output(
            Output(
                f"{logical(name)}PipelineUrl",
                Description=f"Pipeline of {name}",
                Value=GetAtt(logical(title), "Outputs.PipelineUrl"),
            )
        )
    return root
