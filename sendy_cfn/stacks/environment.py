"""Root of an environment: network, its clusters, what watches them, and the roles that deploy to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import AccountId, And, Equals, Not, Ref, Region

from sendy_cfn import wires
from sendy_cfn.blocks import skeleton
from sendy_cfn.knobs import common
from sendy_cfn.names import cluster_id
from sendy_cfn.stacks.nest import Nest, output

if TYPE_CHECKING:
    from troposphere import Template

    from sendy_cfn.config.model import Platform
    from sendy_cfn.config.words import Colour
    from sendy_cfn.stacks.interface import Interface

ELSEWHERE = "IsElsewhere"


def build(
    platform: Platform,
    network: str,
    cluster: str,
    clusters: tuple[Colour, ...],
    cells: tuple[int, ...],
    monitoring: tuple[str, ...],
    *,
    interfaces: dict[str, Interface],
) -> Template:
    """The root; `network`, `cluster` and `monitoring` are the template files of this structure.

    Of several for monitoring, those behind the first are further pages of the dashboard.
    """
    root = skeleton.new(f"{platform.platform}: an environment with its network, clusters and deploy roles")
    nest = Nest(root)
    nest.add("network", network, interfaces[network])
    ids = [cluster_id(colour, cell) for cell in cells for colour in clusters]
    for name in ids:
        nest.add(f"cluster-{name}", cluster, interfaces[cluster], {"ClusterId": name}, offers=False)
    full_name = wires.LOAD_BALANCER_FULL_NAME
    balancers = {wires.of_cluster(full_name, of).name: output(f"cluster-{of}", full_name.name) for of in ids}
    pages = {("monitoring" if page == 1 else f"monitoring-{page}"): file for page, file in enumerate(monitoring, 1)}
    for page, file in pages.items():
        nest.add(page, file, interfaces[file], balancers, offers=False)
    nest.add("deploy-roles", "deploy-roles.yaml", interfaces["deploy-roles.yaml"])
    if "forwarding.yaml" in interfaces:
        root.add_condition(ELSEWHERE, _elsewhere(root, platform))
        nest.add("forwarding", "forwarding.yaml", interfaces["forwarding.yaml"], offers=False, condition=ELSEWHERE)

    for name in ids:
        nest.show(f"cluster-{name}", interfaces[cluster], prefix=len(ids) > 1)
    nest.show("network", interfaces[network])
    for number, (page, file) in enumerate(pages.items(), 1):
        nest.show(page, interfaces[file], prefix=number > 1)
    # A toolchain in another account or region can't look them up: people copy them into params/toolchain.yaml.
    nest.show("deploy-roles", interfaces["deploy-roles.yaml"], everything=True)
    return root


def _elsewhere(root: Template, platform: Platform) -> Not:
    """Whether it is in another account or region than the toolchain: environments of equal structure share the root."""
    here = platform.toolchain
    beside: And | Equals = Equals(Region, here.region)
    if here.account:
        beside = And(beside, Equals(AccountId, Ref(common.toolchain_account(root, here.account))))
    return Not(beside)
