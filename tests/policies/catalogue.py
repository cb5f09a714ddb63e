"""The calls that are made with each role. A new role needs a line here."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from sendy_cfn.checks.policy_roles import Role
from tests.policies import of_builds, of_events, of_pipelines, of_stacks, of_tasks
from tests.policies.world import Call, World, sent

# Template, as in the shell, and logical id of the role -> its calls.
ROLES: dict[tuple[str, str], Callable[[World, Role], Iterator[Call]]] = {
    ("builds-*", "ImageRole"): of_builds.calls,
    ("builds-*", "TestRole"): of_builds.calls,
    ("cluster*", "InstanceRole"): of_tasks.instances,
    ("delivery-monitoring.yaml", "RecordRole"): of_events.record,
    ("delivery-monitoring.yaml", "StartRole"): of_events.targets,
    ("deploy-roles.yaml", "CloudFormationRole"): of_stacks.calls,
    ("deploy-roles.yaml", "PipelineRole"): of_pipelines.calls_in_environment,
    ("deploy-roles.yaml", "ReaderRole"): of_builds.calls_of_reader,
    ("forwarding.yaml", "ForwardRole"): of_events.targets,
    ("network*", "FlowLogRole"): of_tasks.flow_logs,
    ("notifications.yaml", "ChatRole"): of_events.chat,
    ("pipeline-*", "PipelineRole"): of_pipelines.calls,
    ("pipeline-*", "StartRole"): of_events.targets,
    ("release-tools.yaml", "AuthorRole"): of_builds.calls,
    ("release-tools.yaml", "ReaderRole"): of_builds.calls,
    ("release-tools.yaml", "ScanRole"): of_builds.calls,
    ("service-*", "CodeDeployRole"): of_tasks.codedeploy,
    ("service-*", "ExecutionRole"): of_tasks.execution,
    ("service-*", "InfrastructureRole"): of_tasks.infrastructure,
    ("service-*", "TaskRole"): of_tasks.task,
}


def line(role: Role) -> tuple[str, str]:
    """The key of the role's line.

    Raises:
        LookupError: nobody said what the role is for.
    """
    for template, title in ROLES:
        if title == role.title and fnmatchcase(role.stack.file, template):
            return template, title
    raise LookupError(f"{role}: no line in the catalogue")


@functools.cache
def calls(world: World, role: Role) -> tuple[Call, ...]:
    """All calls with the role, each once."""
    return tuple(dict.fromkeys(sent(world, role, call) for call in ROLES[line(role)](world, role)))
