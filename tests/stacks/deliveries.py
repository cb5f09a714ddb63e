"""Pipelines of a service in several surroundings, as CloudFormation would make them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from troposphere import Template

from emulator.authorize import trusts
from sendy_cfn.blocks import order
from sendy_cfn.config.model import Platform, Service
from sendy_cfn.config.words import Strategy
from sendy_cfn.render import render
from sendy_cfn.stacks import builds, pipeline, release_tools
from sendy_cfn.stacks.interface import Interface
from tests.platforms import platform, watched
from tests.stacks import evaluate
from tests.stacks.authorization import allows

ACCOUNT, REGION = "123456789012", "eu-central-1"  # those of evaluate
BUCKET, KEY = "artifacts", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
TOPIC, CONNECTION = f"arn:aws:sns:{REGION}:{ACCOUNT}:news", f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/1"

HEAD = """
platform: courier
domain: courier.example
toolchain:
  region: eu-central-1
  account: "123456789012"
  source: {toolchain}
environments:
{environments}
services:
  orders:
    kind: web
    source: {source}
    tests:
      quality: ["make check", 'echo "${{PWD}}" #{{ServiceSource.CommitId}}']
"""
NEAR = """
  test: {region: eu-central-1, tests: [load, smoke, regression]}
  staging: {region: eu-central-1, tests: [smoke]}
  production: {region: eu-central-1, approval: true, tests: [smoke]}
"""
FAR = """
  test: {region: eu-central-1, tests: [smoke]}
  staging: {region: eu-west-1, tests: [smoke]}
  production: {region: us-east-1, account: "222222222222", approval: true, tests: [smoke]}
"""
PLATFORM_REPOSITORY = "{repository: courier/platform}"
VARIANTS = {
    "shipped": None,
    "github": ("{repository: courier/orders}", PLATFORM_REPOSITORY, NEAR),
    "paths": ("{repository: courier/backend, paths: [services/orders/**]}", PLATFORM_REPOSITORY, NEAR),
    "monorepo": (
        "{repository: courier/platform, paths: [a/**, b/**, c/**, d/**, e/**, f/**, g/**, h/**]}",
        PLATFORM_REPOSITORY,
        NEAR,
    ),
    "tags": ("{repository: courier/orders, tags: ['v*']}", PLATFORM_REPOSITORY, NEAR),
    "codecommit": ("{provider: codecommit, repository: orders}", "{provider: codecommit, repository: platform}", NEAR),
    "s3": ("{provider: s3, bucket: courier-sources, object_key: orders.zip}", PLATFORM_REPOSITORY, NEAR),
    "far": ("{repository: courier/orders}", PLATFORM_REPOSITORY, FAR),
}
every_variant = pytest.mark.parametrize("variant", VARIANTS)


@cache
def planned(variant: str) -> Platform:
    parts = VARIANTS[variant]
    if parts is None:
        return platform()
    source, toolchain, environments = parts
    return platform(HEAD.format(source=source, toolchain=toolchain, environments=environments))


class Stack(evaluate.Stack):
    """Also resolves resources inside Fn::Sub."""

    def _sub(self, argument: str | list[Any]) -> str:
        text, *rest = [argument] if isinstance(argument, str) else argument
        for name in self.made:
            text = text.replace(f"${{{name}}}", f"{name}.id")
            text = re.sub(rf"\$\{{({name}\.[A-Za-z.]+)\}}", r"\1", text)
        return super()._sub([text, *rest] if rest else text)


def made(module: Any, of: Platform, service: Service) -> Template:
    """The template of a service's pipeline, or of its builds."""
    if module is pipeline:
        return pipeline.build(of, service, watched(of))
    return builds.build(of, service)


class Delivery:
    """The pipeline of `orders` with what it builds and tests with, as CloudFormation would make them."""

    def __init__(self, of: Platform) -> None:
        self.platform = of
        service = of.services["orders"]
        outer, inner = made(pipeline, of, service), made(builds, of, service)
        self.parameters = outer.to_dict()["Parameters"]
        self.filled = Interface.of(outer).parameters
        given = {
            "ArtifactBucket": BUCKET,
            "ArtifactKeyArn": KEY,
            "ConnectionArn": CONNECTION,
            "NotificationTopicArn": TOPIC,
        }
        roles = {name: f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in self.parameters if name.endswith("RoleArn")}
        self.outer = Stack(
            outer.to_dict(),
            given | roles | {"LogRetentionDays": 365},
        )
        self.inner = Stack(inner.to_dict(), self.outer.resources["Builds"]["Parameters"])
        tools = release_tools.build(of, strategies=tuple(Strategy), connection=True)
        self.tools = Stack({"Outputs": {}, **tools.to_dict()}, given | dict.fromkeys(tools.parameters, "1") | given)
        self.pipeline = self.outer.resources["Pipeline"]
        self.stages: list[dict[str, Any]] = self.pipeline["Stages"]

    def actions(self) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
        """With the position of each: the number of its stage and its order in there."""
        for number, stage in enumerate(self.stages):
            for action in stage["Actions"]:
                yield (number, action.get("RunOrder", 1)), action

    def by(self, provider: str) -> list[dict[str, Any]]:
        return [action for _, action in self.actions() if action["ActionTypeId"]["Provider"] == provider]

    def project(self, action: dict[str, Any]) -> dict[str, Any]:
        """The CodeBuild project that an action runs."""
        name = action["Configuration"]["ProjectName"]
        for project in self.tools.of_type("CodeBuild::Project").values():
            if project["Name"] == name:
                return project
        output = name.removeprefix("Builds.Outputs.")
        found: dict[str, Any] = self.inner.resources[self.inner.outputs[output].removesuffix(".id")]
        return found

    def home(self, action: dict[str, Any]) -> Stack:
        """The stack that has the CodeBuild project of an action: the pipeline's own, or the one that all share."""
        return self.inner if action["Configuration"]["ProjectName"].startswith("Builds.") else self.tools

    def build(self, kind: str) -> dict[str, Any]:
        return self.project(next(a for a in self.by("CodeBuild") if a["Name"] == kind))

    def variables(self, action: dict[str, Any]) -> dict[str, Any]:
        """Environment variables of the action's builds."""
        fixed = {v["Name"]: v["Value"] for v in self.project(action)["Environment"]["EnvironmentVariables"]}
        return fixed | {v["name"]: v["value"] for v in json.loads(action["Configuration"]["EnvironmentVariables"])}


def delivery(variant: str) -> Delivery:
    return Delivery(planned(variant))


def role_of(attribute: str) -> str:
    return attribute.removesuffix(".Arn")


def policy_statements(stack: Stack, role: str) -> list[dict[str, Any]]:
    attached = [p for p in stack.of_type("IAM::ManagedPolicy").values() if f"{role}.id" in p.get("Roles", [])]
    return [statement for policy in attached for statement in policy["PolicyDocument"]["Statement"]]


def may(statements: list[dict[str, Any]], action: str, resource: str) -> bool:
    return allows(statements, action, resource)


def trusted(stack: Stack, role: str, service: str, source: str) -> bool:
    """Whether the role lets that resource of that service in, and nobody from elsewhere."""
    trust = stack.resources[role]["AssumeRolePolicyDocument"]
    keys = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": source}
    others = ({"aws:SourceAccount": "999999999999"}, {"aws:SourceArn": f"{source}-other"})
    # CodePipeline's documentation does not say that it sends these keys.
    tolerant = service.startswith("codepipeline")
    return (
        trusts(trust, service, keys)
        and trusts(trust, service) is tolerant
        and not trusts(trust, "ec2.amazonaws.com", keys)
        and not any(trusts(trust, service, keys | other) for other in others)
    )


def stores(found: Delivery) -> dict[str, Any]:
    """Artifact stores by region."""
    if "ArtifactStore" in found.pipeline:
        return {REGION: found.pipeline["ArtifactStore"]}
    return {entry["Region"]: entry["ArtifactStore"] for entry in found.pipeline["ArtifactStores"]}


def written(of: Platform, module: Any) -> str:
    """The template of `orders` as it is emitted."""
    template = made(module, of, of.services["orders"])
    order.settle(template)
    return render(template)
