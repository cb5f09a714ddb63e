"""The two roles by which a pipeline deploys to an environment; nested in the environment's root.

    pipeline, in the toolchain's account
      takes on PipelineRole, which starts service stacks with
        CloudFormationRole, which makes their resources

The pipeline role can only start stacks that are made with the other role. What a release can do is what that one may:
computed from the resource types in the service templates. What the pipeline role may follows from the actions that the
pipelines do with it.

Where a release has to look at a service's stack before it can go on, there is a third role, which only reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs.aws import Allow, ArnLike, Condition, Principal, Statement, StringEqualsIfExists
from awacs.sts import AssumeRole
from troposphere import AccountId, Sub

from sendy_cfn import wires
from sendy_cfn.blocks import boundary, build_calls, deploy_calls, role_paths, skeleton
from sendy_cfn.blocks.build_calls import Place
from sendy_cfn.blocks.deploy_calls import Surroundings, mine, own, read_parameters
from sendy_cfn.blocks.deploy_scopes import RECORD
from sendy_cfn.blocks.deploy_statements import statements
from sendy_cfn.blocks.iam import HERE, document, policies, role, trust
from sendy_cfn.knobs import common

if TYPE_CHECKING:
    from collections.abc import Collection

    from awacs.aws import PolicyDocument
    from troposphere import Template
    from troposphere import iam as roles

    from sendy_cfn.config.model import Platform
    from sendy_cfn.stacks.interface import Interface

BUILD = "CodeBuild "  # begins what is done by builds that look at stacks
MAKES = {
    "TasksPolicy": "Task definitions, ECS services and their scaling",
    "TrafficPolicy": "Target groups, listener rules, records and health checks",
    "ShiftPolicy": "CodeDeploy applications and deployment groups",
    "NetworkPolicy": "Security groups in the environment's VPC",
    "IdentityPolicy": "The services' own roles and policies",
    "ObservationPolicy": "Log groups, alarms and parameters",
}


def build(platform: Platform, *, interfaces: dict[str, Interface]) -> Template:
    """The template; `interfaces` are those of all service and pipeline templates.

    Raises:
        LookupError: nothing says what a type of resource needs, or what an action of a pipeline calls.
    """
    services = [interface for interface in interfaces.values() if not interface.deployments]
    types = sorted({resource_type for service in services for resource_type in service.types})
    deployments = sorted({what for interface in interfaces.values() for what in interface.deployments})
    looking = [what.removeprefix(BUILD) for what in deployments if what.startswith(BUILD)]
    template = skeleton.new(f"{platform.platform}: roles by which pipelines deploy services to an environment")
    common.ENVIRONMENT.take(template)

    allowed = {action for interface in interfaces.values() for action in interface.allowed}
    template.add_resource(boundary.service_boundary(platform.platform, allowed))
    cloudformation = _cloudformation_role(template, platform, types)
    pipeline = _pipeline_role(
        template, platform, cloudformation, types, [what for what in deployments if not what.startswith(BUILD)]
    )
    wires.publish(template, platform.platform, wires.SERVICE_BOUNDARY_ARN, boundary.in_use())
    wires.publish(template, platform.platform, wires.PIPELINE_ROLE_ARN, pipeline.get_att("Arn"))
    wires.publish(template, platform.platform, wires.CLOUDFORMATION_ROLE_ARN, cloudformation.get_att("Arn"))
    if looking:
        reader = _reader_role(template, platform, looking)
        wires.publish(template, platform.platform, wires.READER_ROLE_ARN, reader.get_att("Arn"))
    return template


def _cloudformation_role(template: Template, platform: Platform, types: Collection[str]) -> roles.Role:
    if any(resource_type.startswith("AWS::EC2::SecurityGroup") for resource_type in types):
        wires.VPC_ID.take(template)
    if RECORD in types:
        wires.HOSTED_ZONE_ID.take(template)
    made = template.add_resource(
        role(
            "CloudFormationRole",
            "CloudFormation makes service stacks with it",
            # IfExists: AWS documents the key for stack sets only. No other account can pass this role anyway.
            # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
            trust("cloudformation.amazonaws.com", Condition(StringEqualsIfExists("aws:SourceAccount", AccountId))),
            boundary.given(template),
            Path=role_paths.of_deployment(platform.platform),
        )
    )
    reading = read_parameters(platform.platform, types)
    _attach(template, platform, made, "ParametersPolicy", "Read the parameters of service stacks", reading)
    # Finding values takes the same reads, on the same resources, as making some of the resources.
    granted = {action.JSONrepr() for one in reading if one.Sid != "ReadParameters" for action in one.Action}
    for title, needed in statements(platform.platform, types, granted).items():
        _attach(template, platform, made, title, MAKES[title], needed)
    return made


def _pipeline_role(
    template: Template,
    platform: Platform,
    cloudformation: roles.Role,
    types: Collection[str],
    deployments: Collection[str],
) -> roles.Role:
    account = common.toolchain_account(template, platform.toolchain.account)
    made = template.add_resource(
        role(
            "PipelineRole",
            "Pipelines take it on to deploy service stacks",
            _trust("PipelinesOfToolchain", role_paths.of_pipelines(platform.platform), account),
            boundary.given(template),
            Path=role_paths.of_deployment(platform.platform),
        )
    )
    elsewhere = bool(platform.toolchain.account)
    around = Surroundings(platform.platform, types, account, elsewhere, cloudformation.get_att("Arn"))
    for title, allowed in deploy_calls.statements(deployments, around).items():
        _attach(template, platform, made, title, deploy_calls.ABOUT[title], allowed)
    return made


def _reader_role(template: Template, platform: Platform, kinds: list[str]) -> roles.Role:
    """What builds of these kinds ask of a service: what its stack says, its tasks, its revision, its alarms."""
    account = common.toolchain_account(template, platform.toolchain.account)
    made = template.add_resource(
        role(
            "ReaderRole",
            "Releases look at service stacks with it",
            _trust("ReleasesOfToolchain", role_paths.of_readers(platform.platform), account),
            boundary.given(template),
            Path=role_paths.of_deployment(platform.platform),
        )
    )
    names = mine(platform.platform)
    places = {
        "stacks": Place("ReadStacks", (own("cloudformation", f"stack/{names}/*"),)),
        "services": Place("ReadServices", (own("ecs", f"service/{names}/{names}"),)),
        "task definitions": Place("ReadTaskDefinitions", ("*",), HERE),
        "alarms": Place("WatchAlarms", (own("cloudwatch", "alarm:*"),)),
    }
    looks = build_calls.statements(kinds, places, as_reader=True)
    _attach(template, platform, made, "ReaderPolicy", "Look at service stacks", looks)
    return made


def _attach(
    template: Template, platform: Platform, to: roles.Role, title: str, description: str, allowed: list[Statement]
) -> None:
    # Out of reach of the policies that service stacks may change.
    path = role_paths.of_deployment(platform.platform)
    for made in policies(title, description, [to.ref()], *allowed, Path=path):
        template.add_resource(made)


def _trust(sid: str, names: str, account: str) -> PolicyDocument:
    """Roles that the toolchain's stacks made, told by name: the environment exists before they do.

    (A principal that a trust policy names has to exist.) The toolchain's root is deployed as `<platform>-toolchain`,
    so the names of its roles begin with that.
    """
    pattern = role_paths.role_arn(names, f"${{{account}}}")
    return document(
        Statement(
            Sid=sid,
            Effect=Allow,
            Principal=Principal("AWS", Sub(f"arn:${{AWS::Partition}}:iam::${{{account}}}:root")),
            Action=[AssumeRole],
            Condition=Condition(ArnLike("aws:PrincipalArn", Sub(pattern))),
        )
    )
