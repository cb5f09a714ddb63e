"""IAM paths: who may make, pass or trust which roles, told by their ARNs.

CloudFormation shortens the names it makes for roles (64 characters at most: 25 of the stack's name, 25 of the logical
id, 12 of its own), so a name's beginning does not tell reliably which stack a role is of. A path is never shortened.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-friendly-names
"""

from __future__ import annotations

STACK_NAME_KEPT = 25  # characters of a stack's name that a role's name begins with, at least


def of_services(platform: str) -> str:
    """Roles and policies of service stacks, for Sub: the only ones that the CloudFormation role makes and passes."""
    return f"/{platform}/${{Environment}}/"


def of_deployment(platform: str) -> str:
    """The deploy roles and their policies. Longer than an environment's name can be, so never a service's path."""
    return f"/{platform}/deployment-roles/"


def role_arn(pattern: str, account: str = "${AWS::AccountId}") -> str:
    """The ARN of the roles whose path and name match the pattern, for Sub."""
    return f"arn:${{AWS::Partition}}:iam::{account}:role/{pattern.removeprefix('/')}"


def policy_arn(pattern: str) -> str:
    """The ARN of this account's managed policies whose path and name match the pattern, for Sub."""
    return f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/{pattern.removeprefix('/')}"


def of_pipelines(platform: str) -> str:
    """Pattern of the names of the pipelines' roles: `PipelineRole` of stacks under the root `<platform>-toolchain…`.

    The toolchain's other roles don't match: builds run the services' own code.
    """
    return _of_toolchain(platform, "PipelineRole")


def of_readers(platform: str) -> str:
    """Pattern of the name of the role with which releases look at service stacks; its builds run no other code."""
    return _of_toolchain(platform, "ReaderRole")


def _of_toolchain(platform: str, title: str) -> str:
    return f"{platform}-toolchain"[:STACK_NAME_KEPT] + f"*-{title}-*"
