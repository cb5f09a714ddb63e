"""Platforms as they will be deployed: their stacks, their roles, and what IAM answers for these."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from emulator.authorize import Principal
from sendy_cfn.checks.policy_deployed import deployed
from sendy_cfn.checks.policy_names import Place
from sendy_cfn.checks.policy_roles import Role, roles
from sendy_cfn.checks.policy_stacks import Stack
from tests.generated import CASES, Generated, generated

Context = tuple[tuple[str, str | tuple[str, ...]], ...]


class Call(NamedTuple):
    """What AWS asks IAM: an action on one resource, with the condition keys that AWS sends along."""

    action: str
    resource: str = "*"
    context: Context = ()

    def __str__(self) -> str:
        keys = f" with {dict(self.context)}" if self.context else ""
        return f"{self.action} on {self.resource}{keys}"


class Action(NamedTuple):
    """An action of a pipeline, or a rule of one of its conditions."""

    stack: Stack
    pipeline: dict[str, Any]
    stage: str
    given: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.pipeline["Name"])

    @property
    def provider(self) -> str:
        return str((self.given.get("ActionTypeId") or self.given["RuleTypeId"])["Provider"])

    @property
    def configuration(self) -> dict[str, Any]:
        found: dict[str, Any] = self.given.get("Configuration", {})
        return found

    @property
    def region(self) -> str:
        return str(self.given.get("Region", self.stack.place.region))

    @property
    def role(self) -> str:
        """ARN of the role that it is done with."""
        return str(self.given.get("RoleArn", self.pipeline["RoleArn"]))

    @property
    def variables(self) -> dict[str, str]:
        """Environment variables that it gives a build."""
        given = json.loads(self.configuration.get("EnvironmentVariables", "[]"))
        return {variable["name"]: variable["value"] for variable in given}

    def artifact(self, name: str) -> str:
        """ARN of an artifact: CodePipeline files it under 20 characters of the pipeline's name and 10 of its own."""
        stores = self.pipeline.get("ArtifactStores") or [{"Region": self.region, "ArtifactStore": self.store}]
        bucket = next(one["ArtifactStore"]["Location"] for one in stores if one["Region"] == self.region)
        return f"arn:aws:s3:::{bucket}/{self.name[:20]}/{name[:10]}/a1B2c3D"

    @property
    def store(self) -> dict[str, Any]:
        """The artifact store of the pipeline's region."""
        for one in self.pipeline.get("ArtifactStores", []):
            if one["Region"] == self.stack.place.region:
                return dict(one["ArtifactStore"])
        return dict(self.pipeline["ArtifactStore"])

    def handed(self, way: str) -> list[str]:
        """ARNs of its artifacts, `way` being Input or Output."""
        return [self.artifact(artifact["Name"]) for artifact in self.given.get(f"{way}Artifacts", [])]


@dataclass(frozen=True, eq=False)
class World:
    """A platform, deployed."""

    made: Generated
    roots: list[Stack]

    @functools.cached_property
    def stacks(self) -> list[Stack]:
        return [stack for root in self.roots for stack in root.all()]

    @functools.cached_property
    def roles(self) -> list[Role]:
        return roles(self.roots)

    @functools.cached_property
    def actions(self) -> list[Action]:
        """All that pipelines do, in their order."""
        return [
            Action(stack, stack.properties(title), stage["Name"], given)
            for stack, title in self.of("AWS::CodePipeline::Pipeline")
            for stage in stack.properties(title)["Stages"]
            for given in _parts(stage)
        ]

    def of(self, *kinds: str) -> Iterator[tuple[Stack, str]]:
        """All resources of these types: their stacks and logical ids."""
        return ((stack, title) for stack in self.stacks for title in stack.of(*kinds))

    def stack(self, name: str, place: Place) -> Stack:
        [found] = [stack for stack in self.stacks if (stack.name, stack.place) == (name, place)]
        return found

    def told(self, action: Action, text: str) -> str:
        """A text of the action's configuration with the outputs of stacks that its pipeline has made before."""
        for other in self.actions:
            if other.name == action.name and other.provider == "CloudFormation" and "Namespace" in other.given:
                place = Place(other.role.split(":")[4], other.region)
                for name in re.findall(rf"#\{{{other.given['Namespace']}\.(\w+)\}}", text):
                    output = self.stack(other.configuration["StackName"], place).output(name)
                    text = text.replace(f"#{{{other.given['Namespace']}.{name}}}", str(output))
        return text

    def project(self, action: Action) -> tuple[Stack, str]:
        """The CodeBuild project that an action runs."""
        name = action.configuration["ProjectName"]
        place = action.stack.place
        [found] = [
            (stack, title)
            for stack, title in self.of("AWS::CodeBuild::Project")
            if stack.place == place and stack.called(title).name == name
        ]
        return found

    def tags(self, stack: Stack) -> dict[str, str]:
        """Tags of a service's stack, which CloudFormation hands on to its resources."""
        return self._tags[stack.name, stack.place]

    @functools.cached_property
    def _tags(self) -> dict[tuple[str, Place], dict[str, str]]:
        found = {}
        for action in self.actions:
            if "TemplateConfiguration" in action.configuration:
                place = Place(action.role.split(":")[4], action.region)
                file = action.configuration["TemplateConfiguration"].partition("/config/")[2]
                found[action.configuration["StackName"], place] = self.made.configurations[file]["Tags"]
        return found

    def tags_around(self, stack: Stack) -> dict[str, str]:
        """Tags of the environment that a service's stack is in."""
        found: dict[str, str] = self.made.configurations[f"{stack.given('Environment')}/environment.json"]["Tags"]
        return found

    @functools.cached_property
    def buckets(self) -> dict[str, str]:
        """Regions of the platform's buckets, by name."""
        return {stack.called(title).name: stack.place.region for stack, title in self.of("AWS::S3::Bucket")}

    def artifact_key(self, place: Place) -> tuple[str, str]:
        """The key of the artifacts in a region: its ARN, and the name of its alias."""
        for stack, title in self.of("AWS::KMS::Alias"):
            if stack.place == place and stack.file == "artifacts.yaml":
                given = stack.properties(title)
                return stack.called("Key").arn, given["AliasName"]
        raise LookupError(place)


def _parts(stage: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from stage["Actions"]
    for moment in ("BeforeEntry", "OnSuccess", "OnFailure"):
        for condition in stage.get(moment, {}).get("Conditions", []):
            yield from condition.get("Rules", [])


@functools.cache
def world(case: Path) -> World:
    made = generated(case)
    return World(made, deployed(made.folder, made.platform))


def every_role() -> list[tuple[str, World, Role]]:
    """The roles of all platforms, each with a name for tests."""
    return [(f"{case.name}: {role}", world(case), role) for case in CASES for role in world(case).roles]


def principal(role: Role) -> Principal:
    boundary = role.boundary.document if role.boundary else None
    return Principal.of(role.arn, [policy.document for policy in role.policies], boundary)


def allows(who: Principal, call: Call) -> bool:
    return who.may(call.action, call.resource, dict(call.context))


REGION = "aws:RequestedRegion"
# With one endpoint, in us-east-1. Whether a role may be passed is asked with the request that names it, wherever.
GLOBAL = ("iam:", "route53:")
GLOBAL_REGION = "us-east-1"


def sent(world: World, role: Role, call: Call) -> Call:
    """The call with what comes along with every request: the region that it goes to, the role's unless it says so.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
    """
    if REGION in dict(call.context):
        return call
    region = world.buckets.get(call.resource.removeprefix("arn:aws:s3:::").partition("/")[0], "")
    if call.resource != "*" and not region:
        region = call.resource.split(":")[3]
    if call.action.startswith(GLOBAL) and call.action != "iam:PassRole":
        region = GLOBAL_REGION
    return call._replace(context=(*call.context, (REGION, region or role.stack.place.region)))
