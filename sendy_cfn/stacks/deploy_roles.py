"""The two roles by which a pipeline deploys to an environment; nested in the environment's root.

    pipeline, in the toolchain's account
      takes on PipelineRole, which starts service stacks with
        CloudFormationRole, which makes their resources

The pipeline role can only start stacks that are made with the other role. What a release can do is what that one may:
computed from the resource types in the service templates.

Where a release has to look at a service's stack before it can go on, there is a third role, which only reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import cloudformation as stacks
from awacs import cloudwatch, codedeploy, ec2, ecs, iam, kms, route53, s3, ssm
from awacs.aws import (
    Allow,
    ArnLike,
    Condition,
    ForAnyValueStringEquals,
    Principal,
    Statement,
    StringEquals,
    StringEqualsIfExists,
)
from awacs.sts import AssumeRole
from troposphere import AccountId, Sub

from sendy_cfn import wires
from sendy_cfn.blocks import artifact_names, role_paths, skeleton
from sendy_cfn.blocks.deploy_scopes import DEPLOYMENT_GROUP, HEALTH_CHECK, RECORD
from sendy_cfn.blocks.deploy_statements import statements
from sendy_cfn.blocks.iam import HERE, allow, document, policy, role, trust
from sendy_cfn.knobs import common

if TYPE_CHECKING:
    from collections.abc import Collection

    from awacs.aws import PolicyDocument
    from troposphere import Template
    from troposphere import iam as roles

    from sendy_cfn.config.model import Platform
    from sendy_cfn.stacks.interface import Interface

# Below /<platform>/<environment>/: what network and cluster stacks publish.
PUBLISHED = ("network/*", "cluster-*")

MAKES = {
    "TasksPolicy": "Task definitions, ECS services and their scaling",
    "TrafficPolicy": "Target groups, listener rules, records and health checks",
    "ShiftPolicy": "CodeDeploy applications and deployment groups",
    "NetworkPolicy": "Security groups in the environment's VPC",
    "IdentityPolicy": "The services' own roles and policies",
    "ObservationPolicy": "Log groups, alarms and parameters",
}


def build(platform: Platform, *, interfaces: dict[str, Interface]) -> Template:
    """The template; `interfaces` are those of all service templates."""
    types = sorted({resource_type for interface in interfaces.values() for resource_type in interface.types})
    template = skeleton.new(f"{platform.platform}: roles by which pipelines deploy services to an environment")
    common.ENVIRONMENT.take(template)

    cloudformation = _cloudformation_role(template, platform, types)
    pipeline = _pipeline_role(template, platform, cloudformation, types)
    wires.publish(template, platform.platform, wires.PIPELINE_ROLE_ARN, pipeline.get_att("Arn"))
    wires.publish(template, platform.platform, wires.CLOUDFORMATION_ROLE_ARN, cloudformation.get_att("Arn"))
    if {DEPLOYMENT_GROUP, HEALTH_CHECK} & set(types):
        reader = _reader_role(template, platform)
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
            Path=role_paths.of_deployment(platform.platform),
        )
    )
    _attach(
        template,
        platform,
        made,
        "ParametersPolicy",
        "Read the parameters of service stacks",
        _read_parameters(platform, types),
    )
    for title, needed in statements(platform.platform, types).items():
        _attach(template, platform, made, title, MAKES[title], needed)
    return made


def _pipeline_role(
    template: Template, platform: Platform, cloudformation: roles.Role, types: Collection[str]
) -> roles.Role:
    account = common.toolchain_account(template, platform.toolchain.account)
    made = template.add_resource(
        role(
            "PipelineRole",
            "Pipelines take it on to deploy service stacks",
            _trust("PipelinesOfToolchain", role_paths.of_pipelines(platform.platform), account),
            Path=role_paths.of_deployment(platform.platform),
        )
    )
    _attach(
        template,
        platform,
        made,
        "DeployPolicy",
        "Start service stacks with the CloudFormation role, from the pipelines' artifacts",
        [
            *_change_stacks(platform.platform, cloudformation),
            *_read_artifacts(platform, account),
            *_read_parameters(platform, types),
            _watch_alarms(),  # a stage's condition asks for those of the service that it released
        ],
    )
    if DEPLOYMENT_GROUP in types:
        shift = _shift_traffic(platform)
        _attach(template, platform, made, "CodeDeployPolicy", "Release services by CodeDeploy", shift)
    return made


def _mine(platform: Platform) -> str:
    return f"{platform.platform}-${{Environment}}-*"


def _shift_traffic(platform: Platform) -> list[Statement]:
    """What the pipelines' CodeDeployToECS action calls.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECSbluegreen.html
    """
    mine = _mine(platform)
    to_tasks = Condition(StringEquals("iam:PassedToService", "ecs-tasks.amazonaws.com"))
    roles_of_services = Sub(role_paths.role_arn(role_paths.of_services(platform.platform) + "*"))
    return [
        allow(
            "StartDeployments",
            [codedeploy.CreateDeployment, codedeploy.GetDeployment],
            _own("codedeploy", f"deploymentgroup:{mine}/{mine}"),
        ),
        allow(
            "RegisterRevisions",
            [codedeploy.GetApplication, codedeploy.GetApplicationRevision, codedeploy.RegisterApplicationRevision],
            _own("codedeploy", f"application:{mine}"),
        ),
        allow(
            "ReadConfigurations",
            [codedeploy.GetDeploymentConfig],
            _own("codedeploy", "deploymentconfig:CodeDeployDefault.*"),
        ),
        allow("RegisterTasks", [ecs.RegisterTaskDefinition], _own("ecs", f"task-definition/{mine}:*")),
        allow("HandRolesToTasks", [iam.PassRole], roles_of_services, condition=to_tasks),
    ]


def _reader_role(template: Template, platform: Platform) -> roles.Role:
    """What a release has to know of a service: what its stack says, how many tasks run, which revision, its alarms."""
    account = common.toolchain_account(template, platform.toolchain.account)
    made = template.add_resource(
        role(
            "ReaderRole",
            "Releases look at service stacks with it",
            _trust("ReleasesOfToolchain", role_paths.of_readers(platform.platform), account),
            Path=role_paths.of_deployment(platform.platform),
        )
    )
    mine = _mine(platform)
    looks = [
        allow("ReadStacks", [stacks.DescribeStacks], _own("cloudformation", f"stack/{mine}/*")),
        allow("ReadServices", [ecs.DescribeServices], _own("ecs", f"service/{mine}/{mine}")),
        allow("ReadTaskDefinitions", [ecs.DescribeTaskDefinition], "*", condition=HERE),
        _watch_alarms(),
    ]
    _attach(template, platform, made, "ReaderPolicy", "Look at service stacks", looks)
    return made


def _attach(
    template: Template, platform: Platform, to: roles.Role, title: str, description: str, allowed: list[Statement]
) -> None:
    made = policy(title, description, [to.ref()], *allowed)
    # Out of reach of the policies that service stacks may change.
    made.Path = role_paths.of_deployment(platform.platform)
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


def _change_stacks(platform: str, cloudformation: roles.Role) -> list[Statement]:
    """What CodePipeline's CloudFormation action calls, in the modes CREATE_UPDATE and CHANGE_SET_….

    Nothing deletes a stack: a first release that fails leaves ROLLBACK_COMPLETE, which a person looks at and deletes.
    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html
    """
    mine = _own("cloudformation", f"stack/{platform}-${{Environment}}-*/*")
    with_role = Condition(StringEquals("cloudformation:RoleArn", cloudformation.get_att("Arn")))
    to_cloudformation = Condition(StringEquals("iam:PassedToService", "cloudformation.amazonaws.com"))
    return [
        allow(
            "ChangeServiceStacks",
            [stacks.CreateStack, stacks.UpdateStack, stacks.CreateChangeSet],
            mine,
            condition=with_role,
        ),
        allow(
            "FollowServiceStacks",
            [
                stacks.DescribeChangeSet,
                stacks.ExecuteChangeSet,
                stacks.DeleteChangeSet,
                stacks.DescribeStacks,
                stacks.DescribeStackEvents,  # without it a failed release shows no reason in the pipeline
                stacks.DescribeStackResources,
                stacks.GetTemplate,
                stacks.TagResource,
                stacks.UntagResource,
            ],
            mine,
        ),
        allow("ValidateTemplates", [stacks.ValidateTemplate], "*", condition=HERE),
        allow("HandOverRole", [iam.PassRole], cloudformation.get_att("Arn"), condition=to_cloudformation),
    ]


def _watch_alarms() -> Statement:
    """Read the states of alarms."""
    return allow("WatchAlarms", [cloudwatch.DescribeAlarms], _own("cloudwatch", "alarm:*"))


def _read_artifacts(platform: Platform, owner: str) -> list[Statement]:
    """The toolchain's bucket and key in this region. Nothing is written: the action has no output artifact."""
    account = f"${{{owner}}}"
    bucket = artifact_names.bucket_arn(platform.platform, account=account)
    objects = Sub(f"{bucket.data['Fn::Sub']}/*")
    # A policy can't name a key by its alias, only ask for the alias; AWS does not say whether that is told of another
    # account's key. There the key's own policy admits these roles.
    # https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    by_alias = Condition(ForAnyValueStringEquals("kms:ResourceAliases", artifact_names.key_alias(platform.platform)))
    through_s3 = Condition(StringEquals("kms:ViaService", Sub("s3.${AWS::Region}.${AWS::URLSuffix}")))
    return [
        allow("ReadArtifacts", [s3.GetObject, s3.GetObjectVersion], objects),
        allow("LocateArtifacts", [s3.GetBucketLocation, s3.GetBucketVersioning], bucket),
        allow(
            "DecryptArtifacts",
            [kms.Decrypt, kms.DescribeKey],
            Sub(f"arn:${{AWS::Partition}}:kms:${{AWS::Region}}:{account}:key/*"),
            condition=through_s3 if platform.toolchain.account else by_alias,
        ),
    ]


def _read_parameters(platform: Platform, types: Collection[str]) -> list[Statement]:
    """For both roles: as caller and as role, CloudFormation resolves SSM parameters and checks AWS-specific types.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
    """
    # Not below services' names, where their secrets are.
    published = [_own("ssm", f"parameter/{platform.platform}/${{Environment}}/{part}") for part in PUBLISHED]
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


def _own(service: str, resource: str) -> Sub:
    """The ARN of something in this account and region."""
    return Sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")
