"""Roles with all that is attached to them, and the policies of resources, as IAM will see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sendy_cfn.checks.policy_stacks import Stack

ROLE, MANAGED, INLINE = "AWS::IAM::Role", "AWS::IAM::ManagedPolicy", ("AWS::IAM::Policy", "AWS::IAM::RolePolicy")
# Property of a resource that holds its own policy.
RESOURCE_POLICIES = {
    "AWS::ECR::Repository": "RepositoryPolicyText",
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
}

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A document, and the resource that it is of."""

    stack: Stack
    title: str  # logical id
    document: Document

    @property
    def statements(self) -> list[Document]:
        """Its statements."""
        found = self.document["Statement"]
        return found if isinstance(found, list) else [found]


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    """A role; `boundary` is the document of its permissions boundary, if it has one."""

    stack: Stack
    title: str
    arn: str
    trust: Document
    policies: tuple[Policy, ...]
    boundary: Policy | None

    def __str__(self) -> str:
        """For messages."""
        return f"{self.stack.file}:{self.title} in {self.stack.name}"

    @property
    def statements(self) -> list[tuple[Policy, Document]]:
        """All statements that allow or deny something, each with the policy that it is in."""
        return [(policy, statement) for policy in self.policies for statement in policy.statements]


def roles(stacks: Iterable[Stack]) -> list[Role]:
    """All roles of the stacks and of those that they nest."""
    everything = [stack for root in stacks for stack in root.all()]
    by_arn = {
        stack.called(title).arn: Policy(stack, title, stack.properties(title)["PolicyDocument"])
        for stack in everything
        for title in stack.of(MANAGED)
    }
    return [_role(stack, title, by_arn) for stack in everything for title in stack.of(ROLE)]


def _role(stack: Stack, title: str, by_arn: dict[str, Policy]) -> Role:
    given, called = stack.properties(title), stack.called(title)
    attached = [Policy(stack, title, inline["PolicyDocument"]) for inline in given.get("Policies", [])]
    for other in stack.of(MANAGED, *INLINE):
        of = stack.properties(other)
        if called.name in [*of.get("Roles", []), of.get("RoleName")]:
            attached.append(Policy(stack, other, of["PolicyDocument"]))
    # Those of AWS and of other people are not in any template.
    attached += [by_arn[arn] for arn in given.get("ManagedPolicyArns", []) if arn in by_arn]
    boundary = by_arn.get(given.get("PermissionsBoundary", ""))
    return Role(stack, title, called.arn, given["AssumeRolePolicyDocument"], tuple(attached), boundary)


def resource_policies(stacks: Iterable[Stack]) -> Iterator[Policy]:
    """The policies of buckets, keys, topics, queues and repositories."""
    for stack in (inner for root in stacks for inner in root.all()):
        for title in stack.of(*RESOURCE_POLICIES):
            document = stack.properties(title).get(RESOURCE_POLICIES[stack.resources[title]["Type"]])
            if document:
                yield Policy(stack, title, document)
