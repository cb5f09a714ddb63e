"""The deploy roles of a platform, evaluated for its environment `test`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from sendy_cfn.config.model import Platform
from sendy_cfn.stacks import deploy_roles
from sendy_cfn.stacks.interface import Interface
from tests import platforms
from tests.stacks.authorization import Statements
from tests.stacks.evaluate import Stack

VALUES = {"Environment": "test", "ToolchainAccountId": "111111111111", "VpcId": "vpc-1", "HostedZoneId": "Z1"}


def from_account(chosen: Platform, account: str) -> Platform:
    """The same platform with its pipelines in the account."""
    return dataclasses.replace(chosen, toolchain=dataclasses.replace(chosen.toolchain, account=account))


# What pipelines do with roles of environments.
UPDATE, SHIFT, WATCH = "CloudFormation CREATE_UPDATE", "CodeDeployToECS", "CloudWatchAlarm"
LOOKS = ("CodeBuild revision", "CodeBuild state", "CodeBuild verify")


def of_pipelines(*deployments: str) -> dict[str, Interface]:
    return {"pipeline-x.yaml": Interface((), (), ("AWS::CodePipeline::Pipeline",), deployments)}


def of_types(*types: str, pipelines: Iterable[str] = (UPDATE, WATCH)) -> dict[str, Interface]:
    return {"service-x.yaml": Interface((), (), types)} | of_pipelines(*pipelines)


def of_services(chosen: Platform) -> dict[str, Interface]:
    """The first environment's services; their pipelines release by CloudFormation."""
    found = {name: Interface.of(platforms.built(chosen, service)) for name, service in chosen.services.items()}
    return found | of_pipelines(UPDATE, WATCH)


def built(chosen: Platform, interfaces: dict[str, Interface], **values: str) -> Stack:
    return Stack(deploy_roles.build(chosen, interfaces=interfaces).to_dict(), VALUES | values)


def policies(stack: Stack, role: str) -> dict[str, Statements]:
    return {
        name: policy["PolicyDocument"]["Statement"]
        for name, policy in stack.of_type("IAM::ManagedPolicy").items()
        if policy.get("Roles") == [f"{role}.id"]
    }


def statements(stack: Stack, role: str) -> Statements:
    return [statement for policy in policies(stack, role).values() for statement in policy]


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:eu-central-1:123456789012:{resource}"


def iam_arn(resource: str) -> str:
    return f"arn:aws:iam::123456789012:{resource}"
