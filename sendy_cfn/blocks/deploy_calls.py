"""What pipelines call with an environment's PipelineRole, for each of their actions and rules that have that role.

The pipelines' templates say which those are: a provider that none has any more is allowed nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awacs import cloudformation as stacks
from awacs import cloudwatch, codedeploy, ec2, ecs, iam, kms, route53, s3, ssm
from awacs.aws import Condition, ForAnyValueStringEquals, StringEquals
from troposphere import Sub

from sendy_cfn import wires
from sendy_cfn.blocks import artifact_names, role_paths
from sendy_cfn.blocks.deploy_scopes import RECORD
from sendy_cfn.blocks.iam import HERE, allow

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from awacs.aws import Statement
    from troposphere import AWSHelperFn

# Below /<platform>/<environment>/: what service stacks look up.
PUBLISHED = ("network/*", "cluster-*", wires.SERVICE_BOUNDARY_ARN.path)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the statements name."""

    platform: str
    types: Collection[str]  # of the resources in service stacks
    owner: str  # the parameter with the account of the toolchain
    elsewhere: bool  # whether that is another account
    cloudformation: AWSHelperFn  # ARN of the role with which CloudFormation makes service stacks


def statements(deployments: Iterable[str], around: Surroundings) -> dict[str, list[Statement]]:
    """Logical id of a managed policy -> what it allows, one statement for each purpose.

    Args:
        deployments: what the pipelines do with the role, as their interfaces have it.
        around: what the statements name.

    Raises:
        LookupError: of one of them nothing here says what it calls.
    """
    found: dict[str, list[Statement]] = {}
    known: set[str] = set()
    for what in deployments:
        try:
            policy, calls = CALLS[what]
        except KeyError:
            raise LookupError(f"{what}: say in blocks/deploy_calls.py what it calls with PipelineRole") from None
        for statement in calls(around):
            if statement.Sid not in known:
                known.add(statement.Sid)
                found.setdefault(policy, []).append(statement)
    return found


def own(service: str, resource: str) -> Sub:
    """The ARN of something in this account and region."""
    return Sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")


def mine(platform: str) -> str:
    """Names of an environment's service stacks, and of what is named after them."""
    return f"{platform}-${{Environment}}-*"


def read_parameters(platform: str, types: Collection[str]) -> list[Statement]:
    """For both roles: as caller and as role, CloudFormation resolves SSM parameters and checks AWS-specific types.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
    """
    # Not below services' names, where their secrets are.
    published = [own("ssm", f"parameter/{platform}/${{Environment}}/{part}") for part in PUBLISHED]
    finds = [ec2.DescribeSecurityGroups, ec2.DescribeSubnets, ec2.DescribeVpcs]
    found = [
        allow("ReadParameters", [ssm.GetParameters], *published),
        allow("FindParameterValues", finds, "*", condition=HERE),
    ]
    if RECORD in types:  # their stacks have a hosted zone as parameter
        zone = Sub(f"arn:${{AWS::Partition}}:route53:::hostedzone/${{{wires.HOSTED_ZONE_ID.name}}}")
        found += [
            allow("FindParameterZone", [route53.ListHostedZones], "*"),
            allow("ReadParameterZone", [route53.GetHostedZone], zone),
        ]
    return found


def _create_or_update(around: Surroundings) -> list[Statement]:
    """CloudFormation's action in the mode CREATE_UPDATE, which makes no change sets.

    Nothing deletes a stack: a first release that fails leaves ROLLBACK_COMPLETE, which a person looks at and deletes.
    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html
    """
    theirs = own("cloudformation", f"stack/{mine(around.platform)}/*")
    with_role = Condition(StringEquals("cloudformation:RoleArn", around.cloudformation))
    to_cloudformation = Condition(StringEquals("iam:PassedToService", "cloudformation.amazonaws.com"))
    return [
        allow("ChangeServiceStacks", [stacks.CreateStack, stacks.UpdateStack], theirs, condition=with_role),
        allow(
            "FollowServiceStacks",
            [
                stacks.DescribeStacks,
                stacks.DescribeStackEvents,  # without it a failed release shows no reason in the pipeline
                stacks.DescribeStackResources,
                stacks.GetTemplate,
                stacks.TagResource,
                stacks.UntagResource,
            ],
            theirs,
        ),
        allow("ValidateTemplates", [stacks.ValidateTemplate], "*", condition=HERE),
        allow("HandOverRole", [iam.PassRole], around.cloudformation, condition=to_cloudformation),
        *_read_artifacts(around),
        *read_parameters(around.platform, around.types),
    ]


def _shift_traffic(around: Surroundings) -> list[Statement]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECSbluegreen.html."""
    names = mine(around.platform)
    to_tasks = Condition(StringEquals("iam:PassedToService", "ecs-tasks.amazonaws.com"))
    roles_of_services = Sub(role_paths.role_arn(role_paths.of_services(around.platform) + "*"))
    return [
        allow(
            "StartDeployments",
            [codedeploy.CreateDeployment, codedeploy.GetDeployment],
            own("codedeploy", f"deploymentgroup:{names}/{names}"),
        ),
        allow(
            "RegisterRevisions",
            [codedeploy.GetApplication, codedeploy.GetApplicationRevision, codedeploy.RegisterApplicationRevision],
            own("codedeploy", f"application:{names}"),
        ),
        allow(
            "ReadConfigurations",
            [codedeploy.GetDeploymentConfig],
            own("codedeploy", "deploymentconfig:CodeDeployDefault.*"),
        ),
        allow("RegisterTasks", [ecs.RegisterTaskDefinition], own("ecs", f"task-definition/{names}:*")),
        allow("HandRolesToTasks", [iam.PassRole], roles_of_services, condition=to_tasks),
        *_read_artifacts(around),
    ]


def _watch_alarms(_around: Surroundings) -> list[Statement]:
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/rule-reference-CloudWatchAlarm.html."""
    return [allow("WatchAlarms", [cloudwatch.DescribeAlarms], own("cloudwatch", "alarm:*"))]


def _read_artifacts(around: Surroundings) -> list[Statement]:
    """The toolchain's bucket and key in this region. Nothing is written: the actions have no output artifacts."""
    account = f"${{{around.owner}}}"
    bucket = artifact_names.bucket_arn(around.platform, account=account)
    objects = Sub(f"{bucket.data['Fn::Sub']}/*")
    # A policy can't name a key by its alias, only ask for the alias; AWS does not say whether that is told of another
    # account's key. There the key's own policy admits these roles.
    # https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    by_alias = Condition(ForAnyValueStringEquals("kms:ResourceAliases", artifact_names.key_alias(around.platform)))
    through_s3 = Condition(StringEquals("kms:ViaService", Sub("s3.${AWS::Region}.${AWS::URLSuffix}")))
    return [
        allow("ReadArtifacts", [s3.GetObject, s3.GetObjectVersion], objects),
        allow("LocateArtifacts", [s3.GetBucketLocation, s3.GetBucketVersioning], bucket),
        allow(
            "DecryptArtifacts",
            [kms.Decrypt, kms.DescribeKey],
            Sub(f"arn:${{AWS::Partition}}:kms:${{AWS::Region}}:{account}:key/*"),
            condition=through_s3 if around.elsewhere else by_alias,
        ),
    ]


# Provider, for CloudFormation with the mode -> policy, and what it calls.
CALLS: dict[str, tuple[str, Callable[[Surroundings], list[Statement]]]] = {
    "CloudFormation CREATE_UPDATE": ("DeployPolicy", _create_or_update),
    # A stage's condition asks for the alarms of the service that it released.
    "CloudWatchAlarm": ("DeployPolicy", _watch_alarms),
    "CodeDeployToECS": ("CodeDeployPolicy", _shift_traffic),
}
ABOUT = {
    "DeployPolicy": "Start service stacks with the CloudFormation role, from the pipelines' artifacts",
    "CodeDeployPolicy": "Release services by CodeDeploy",
}
