"""Names that resources have on AWS: computed for every stack of a platform, as far as a template decides them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from sendy_cfn import stacks
from sendy_cfn.config import releases
from sendy_cfn.names import cluster_id
from tests.generated import Document, Generated

REGION, ACCOUNT = "eu-central-1", "123456789012"
# Properties that are called so and name something else, or something that is unique only inside another resource.
OTHERS = {
    "AWS::Route53::RecordSet", "AWS::Route53::HostedZone", "AWS::EC2::VPCEndpoint",
    "AWS::CertificateManager::Certificate", "AWS::Logs::SubscriptionFilter",
    "AWS::ApplicationAutoScaling::ScalingPolicy", "AWS::CodeDeploy::DeploymentGroup",
    "AWS::Logs::MetricFilter", "AWS::Events::Rule",
}  # fmt: skip


class Named(NamedTuple):
    """A resource with its name."""

    place: str  # account and region
    kind: str
    name: str
    of: str  # property
    where: str  # stack and logical id


def named(made: Generated) -> Iterator[Named]:
    """Every resource of every stack whose name its template decides."""
    platform = made.platform.platform
    tools = "toolchain"
    for cell in made.platform.cells:
        yield from _tree(made, tools, f"{platform}-toolchain", stacks.toolchain_file(cell), {})
    for place in made.platform.environments.values():
        where = f"{place.account or tools} {place.region}"
        if (place.account, place.region) in ((None, made.platform.toolchain.region),):
            where = tools
        given = {"Environment": place.name}
        root = stacks.environment_file(place)
        pages = (stacks.monitoring_file(place, page) for page in range(1, len(made.templates)))
        watching = [file for file in (*pages, "forwarding.yaml") if file in made.templates]
        for name in (stacks.network_file(place), "deploy-roles.yaml", root, *watching):
            yield from _names(made.templates[name], where, f"{platform}-{place.name}", given)
        for cell in made.platform.cells:
            for colour in place.clusters:
                more = given | {"ClusterId": cluster_id(colour, cell)}
                cluster = made.templates[stacks.cluster_file(place)]
                yield from _names(cluster, where, f"{platform}-{place.name}-{colour}-{cell}", more)
        for service in made.platform.services.values():
            file = releases.service_file(service, releases.variant(service, place))
            yield from _names(made.templates[file], where, f"{platform}-{place.name}-{service.name}", given)


def _tree(made: Generated, where: str, stack: str, file: str, given: dict[str, str]) -> Iterator[Named]:
    """A root and all below it."""
    template = made.templates[file]
    yield from _names(template, where, f"{stack}/{file}", given)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::CloudFormation::Stack":
            yield from _tree(made, where, stack, resource["Properties"]["TemplateURL"], given)


def _names(template: Document, where: str, stack: str, given: dict[str, str]) -> Iterator[Named]:
    known = {
        "AWS::StackName": stack.partition("/")[0],
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": "aws",
    } | given
    for title, resource in template["Resources"].items():
        if resource["Type"] in OTHERS:
            continue
        for key, value in resource.get("Properties", {}).items():
            text = _text(value, known)
            named = (key.endswith("Name") and key != "MetricName") or key == "Family"
            if named and text and "${" not in text:
                yield Named(where, resource["Type"], text, key, f"{stack} {title}")


def _text(value: Any, known: dict[str, str]) -> str:
    if isinstance(value, dict) and set(value) == {"Fn::Sub"}:
        value = value["Fn::Sub"]
    elif isinstance(value, dict) and set(value) == {"Ref"}:
        return known.get(value["Ref"], "")
    if not isinstance(value, str):
        return ""
    return re.sub(r"\$\{([^!}]+)\}", lambda match: known.get(match[1], match[0]), value)


@cache
def limits(kind: str, key: str) -> tuple[int, str]:
    """The longest that AWS's schema admits for the property, and its pattern."""
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    found = schema["properties"].get(key, {})
    if "$ref" in found:
        found = schema["definitions"][found["$ref"].rpartition("/")[2]]
    return found.get("maxLength", 10_000), found.get("pattern", "")
