"""Cluster templates for tests, and ways to look at them."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from sendy_cfn.config.model import Platform
from sendy_cfn.stacks import cluster
from tests.platforms import platform


def described(*, domain: bool = True, ec2: tuple[str, ...] = ("amd64", "arm64"), dual_stack: bool = False) -> Platform:
    return platform(
        f"""
        platform: courier
        {"domain: courier.example" if domain else ""}
        toolchain: {{region: eu-central-1, source: {{repository: courier/platform}}}}
        network: {{dual_stack: {str(dual_stack).lower()}}}
        cluster: {{ec2: [{", ".join(ec2)}]}}
        environments:
          test: {{region: eu-central-1}}
        services:
          orders: {{kind: web, source: {{repository: courier/orders}}, paths: [/orders]}}
        """
    )


@cache
def built(*, throwaway: bool = False, **structure: Any) -> dict[str, Any]:
    template: dict[str, Any] = cluster.build(described(**structure), throwaway=throwaway).to_dict()
    return template


def of_type(template: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    """Logical id -> properties of the resources of a type."""
    found = {k: v.get("Properties", {}) for k, v in template["Resources"].items() if v["Type"] == f"AWS::{name}"}
    assert found, name
    return found


def only(template: dict[str, Any], name: str) -> dict[str, Any]:
    (properties,) = of_type(template, name).values()
    return properties


def types(template: dict[str, Any]) -> set[str]:
    return {resource["Type"] for resource in template["Resources"].values()}


def attributes(template: dict[str, Any]) -> dict[str, Any]:
    balancer = only(template, "ElasticLoadBalancingV2::LoadBalancer")
    return {item["Key"]: item["Value"] for item in balancer["LoadBalancerAttributes"]}


def text(value: Any, **values: str) -> str:
    """The text of a literal or Sub; what is not given stays as it is."""
    written = value["Fn::Sub"] if isinstance(value, dict) else value
    if isinstance(written, list):
        written = written[0]
    return re.sub(r"\$\{([^}]+)\}", lambda part: values.get(part[1].replace("::", "_"), part[0]), written)


def named(value: Any) -> set[str]:
    """Everything that a value refers to, parameters and pseudo parameters included."""
    if isinstance(value, list):
        return set().union(*map(named, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found: set[str] = set()
    for key, part in value.items():
        if key == "Ref":
            found.add(part)
        elif key == "Fn::GetAtt":
            found.add(part[0])
        elif key == "Fn::Sub":
            written, own = part if isinstance(part, list) else (part, {})
            found |= {name.split(".")[0] for name in re.findall(r"\$\{([^!}][^}]*)\}", written) if name not in own}
            found |= named(own)
        else:
            found |= named(part)
    return found


def outlives(template: dict[str, Any], logical_id: str) -> set[str]:
    """The resources that are made before this one and deleted after it."""
    reached: set[str] = set()
    waiting = [logical_id]
    while waiting:
        resource = template["Resources"][waiting.pop()]
        depends = resource.get("DependsOn", [])
        before = named(resource.get("Properties", {})) | set([depends] if isinstance(depends, str) else depends)
        new = (before & set(template["Resources"])) - reached
        reached |= new
        waiting += new
    return reached


def providers(template: dict[str, Any]) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Capacity provider -> what it says of its group, the group."""
    groups = of_type(template, "AutoScaling::AutoScalingGroup")
    found = {}
    for logical_id, properties in of_type(template, "ECS::CapacityProvider").items():
        says = properties["AutoScalingGroupProvider"]
        found[logical_id] = (says, groups[says["AutoScalingGroupArn"]["Ref"]])
    return found
