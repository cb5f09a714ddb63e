"""What all kinds of service share: the task definition, its two roles and its log group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from awacs import aws, ecr, kms, logs, secretsmanager, ssmmessages
from awacs import ssm as parameter_store
from troposphere import AccountId, Equals, Ref, Region, Sub, ecs, iam
from troposphere import logs as cloudwatch_logs

from sendy_cfn import wires
from sendy_cfn.blocks import collector, role_paths
from sendy_cfn.blocks.iam import HERE, allow, declared, policies, role, trust
from sendy_cfn.blocks.skeleton import RETAINED
from sendy_cfn.blocks.suppress import suppress
from sendy_cfn.blocks.text import literal
from sendy_cfn.blocks.web import ALLOWS_COMMANDS
from sendy_cfn.config.words import Architecture, Capacity, Colour
from sendy_cfn.knobs import common
from sendy_cfn.knobs import release as releases
from sendy_cfn.knobs import service as knobs

if TYPE_CHECKING:
    from awacs.aws import Statement
    from troposphere import AWSObject, Template

    from sendy_cfn.config.model import Platform, Service

_CPU_ARCHITECTURE = {Architecture.AMD64: "X86_64", Architecture.ARM64: "ARM64"}
_LOG_BUFFER = (
    "25m"  # a burst that CloudWatch can't take is dropped, the service keeps answering; Docker's default is 1m
)


@dataclass(frozen=True, slots=True)
class Task:
    """The resources of a task, in the order they are emitted."""

    log_group: cloudwatch_logs.LogGroup
    execution_role: iam.Role
    execution_policies: list[iam.ManagedPolicy]
    task_role: iam.Role
    task_policies: list[iam.ManagedPolicy]
    command_policies: list[iam.ManagedPolicy]  # where people may run commands
    definitions: dict[Colour, ecs.TaskDefinition]  # one per side of the service

    def resources(self) -> list[AWSObject]:
        """All of them, for `Template.add_resource`."""
        return [
            self.log_group,
            self.execution_role,
            *self.execution_policies,
            self.task_role,
            *self.task_policies,
            *self.command_policies,
            *self.definitions.values(),
        ]


def task(template: Template, platform: Platform, service: Service, *, two_sides: bool = False) -> Task:
    """The task: non-root, init process, logs that never block, secrets by reference, only declared permissions.

    With `two_sides` there are two definitions, which differ in image and version.
    """
    key = wires.KEY_ARN.look_up(template)
    log_group = cloudwatch_logs.LogGroup(
        "LogGroup", **RETAINED, KmsKeyId=key, RetentionInDays=common.LOG_RETENTION_DAYS.take(template)
    )
    assume = trust(
        "ecs-tasks.amazonaws.com",
        aws.Condition(
            [
                aws.StringEquals("aws:SourceAccount", AccountId),
                aws.ArnLike("aws:SourceArn", Sub("arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:*")),
            ]
        ),
    )
    path = Sub(role_paths.of_services(platform.platform))  # where the environment's CloudFormation role may make roles
    bound = wires.SERVICE_BOUNDARY_ARN.look_up(template)
    does = f"Starts tasks of {service.name}: image, secrets, logs"
    execution_role = role("ExecutionRole", does, assume, bound, Path=path)
    task_role = role("TaskRole", f"What {service.name} itself may do", assume, bound, Path=path)
    execution_policies = policies(
        "ExecutionPolicy",
        f"Pull the image, read the secrets and write the logs of {service.name}",
        [execution_role.ref()],
        *_execution(template, platform, service, log_group, key),
        Path=path,
    )
    about = f"Permissions that {service.name} declares in platform.yaml"
    own = [*_declared(service), *([collector.statement()] if service.tracing else [])]
    if len(platform.regions) > 1:
        for made in execution_policies:
            suppress(made, "I3042", "It names the toolchain's region, where the images are, on purpose")
    task_policies = policies("TaskPolicy", about, [task_role.ref()], *own, Path=path) if own else []
    command_policies = _commands(template, service, task_role, key, path, two_sides=two_sides) if service.exec else []
    definitions = {}
    for colour in (Colour.BLUE, Colour.GREEN) if two_sides else (Colour.BLUE,):
        definition = _definition(platform, service, execution_role, task_role, green=colour is Colour.GREEN)
        side = releases.SIDES[colour.capitalize()] if two_sides else (knobs.IMAGE, knobs.VERSION)
        image, version = (knob.take(template) for knob in side)
        definition.Cpu, definition.Memory = knobs.CPU.take(template), knobs.MEMORY.take(template)
        definition.ContainerDefinitions = [_container(template, service, log_group, image, version)]
        if service.tracing:
            image, memory = knobs.COLLECTOR_IMAGE.take(template), knobs.COLLECTOR_MEMORY.take(template)
            definition.ContainerDefinitions.append(collector.container(image, memory, _log(log_group, collector.NAME)))
        definition.DependsOn = [policy.title for policy in (*execution_policies, *task_policies)]
        definitions[colour] = definition
    return Task(log_group, execution_role, execution_policies, task_role, task_policies, command_policies, definitions)


def _definition(
    platform: Platform, service: Service, execution_role: iam.Role, task_role: iam.Role, *, green: bool
) -> ecs.TaskDefinition:
    on_ec2 = service.capacity is Capacity.EC2
    return ecs.TaskDefinition(
        f"{'Green' if green else ''}TaskDefinition",
        Family=Sub(f"{platform.platform}-${{Environment}}-{service.name}{'-green' if green else ''}"),
        RequiresCompatibilities=["EC2" if on_ec2 else "FARGATE"],
        RuntimePlatform=ecs.RuntimePlatform(
            CpuArchitecture=_CPU_ARCHITECTURE[service.architecture], OperatingSystemFamily="LINUX"
        ),
        NetworkMode="awsvpc",
        ExecutionRoleArn=execution_role.get_att("Arn"),
        TaskRoleArn=task_role.get_att("Arn"),
    )


def _container(
    template: Template, service: Service, log_group: cloudwatch_logs.LogGroup, image: Ref, version: Ref
) -> ecs.ContainerDefinition:
    # Beside a collector, whose memory is limited, the service may use what the task has left, and all of its CPU: the
    # collector, which has no share, gets what is idle. Reserved for containers, AWS takes at most the task's in total.
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#container_definition_environment
    size: dict[str, Any] = (
        {"Cpu": knobs.CPU.take(template)} if service.tracing else {"Memory": knobs.MEMORY.take(template)}
    )
    container = ecs.ContainerDefinition(
        Name=service.name,
        Image=image,
        Essential=True,
        User=service.user,
        ReadonlyRootFilesystem=service.read_only,
        **size,
        PortMappings=[ecs.PortMapping(ContainerPort=service.port, Protocol="tcp")],
        # An init process passes SIGTERM on and reaps children: without it a PID 1 that ignores SIGTERM is killed
        # mid-request.
        LinuxParameters=ecs.LinuxParameters(InitProcessEnabled=True, Capabilities=ecs.KernelCapabilities(Drop=["ALL"])),
        StopTimeout=knobs.STOP_TIMEOUT.take(template),
        DockerLabels={"org.opencontainers.image.revision": version},
        LogConfiguration=_log(log_group, service.name),
    )
    if service.command:
        container.Command = [literal(word) for word in service.command]
    if service.health_command:
        container.HealthCheck = ecs.HealthCheck(
            Command=["CMD", *map(literal, service.health_command)],
            Interval=knobs.HEALTH_INTERVAL.take(template),
            Timeout=knobs.HEALTH_TIMEOUT.take(template),
            Retries=knobs.UNHEALTHY_CHECKS.take(template),
            StartPeriod=releases.START_PERIOD,
        )
    if service.read_only:
        # Not a volume: those belong to root, and the service does not. On Fargate since January 2026.
        # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tmpfs.html
        container.LinuxParameters.Tmpfs = [ecs.Tmpfs(ContainerPath="/tmp", Size=knobs.TMP_SIZE.take(template))]
    traced = collector.variables(service.name) if service.tracing else {}
    if variables := {k: v for k, v in traced.items() if k not in service.secrets} | service.environment:
        container.Environment = [ecs.Environment(Name=k, Value=literal(v)) for k, v in variables.items()]
    if service.secrets:
        container.Secrets = [ecs.Secret(Name=k, ValueFrom=_value_from(v)) for k, v in service.secrets.items()]
    return container


def _log(group: cloudwatch_logs.LogGroup, prefix: str) -> ecs.LogConfiguration:
    return ecs.LogConfiguration(
        LogDriver="awslogs",
        Options={
            "awslogs-group": group.ref(),
            "awslogs-region": Region,
            "awslogs-stream-prefix": prefix,
            "mode": "non-blocking",
            "max-buffer-size": _LOG_BUFFER,
        },
    )


def _execution(
    template: Template, platform: Platform, service: Service, log_group: cloudwatch_logs.LogGroup, key: Ref
) -> list[Statement]:
    # The repository is in the toolchain's region; ${AWS::Region} says so only where all regions are that one.
    one_region = len(platform.regions) == 1
    region = "${AWS::Region}" if one_region else platform.toolchain.region
    there = HERE if one_region else aws.Condition(aws.StringEquals("aws:RequestedRegion", region))
    owner = common.toolchain_account(template, platform.toolchain.account)
    repository = f"arn:${{AWS::Partition}}:ecr:{region}:${{{owner}}}:repository/{platform.platform}/{service.name}"
    statements = [
        allow("LogInToRegistry", [ecr.GetAuthorizationToken], "*", condition=there),
        allow(
            "PullImage",
            [ecr.BatchCheckLayerAvailability, ecr.BatchGetImage, ecr.GetDownloadUrlForLayer],
            Sub(repository),
        ),
        allow("WriteLogs", [logs.CreateLogStream, logs.PutLogEvents], log_group.get_att("Arn")),
    ]
    stored = [_secret_arn(value) for value in service.secrets.values()]
    if in_ssm := [arn for arn in stored if ":ssm:" in arn]:
        statements.append(allow("ReadParameters", [parameter_store.GetParameters], *map(_resource, in_ssm)))
    if in_manager := [arn for arn in stored if ":secretsmanager:" in arn]:
        statements.append(allow("ReadSecrets", [secretsmanager.GetSecretValue], *map(_resource, in_manager)))
    if stored:
        stores = {"secretsmanager": in_manager, "ssm": in_ssm}
        used = [Sub(f"{store}.${{AWS::Region}}.${{AWS::URLSuffix}}") for store, arns in stores.items() if arns]
        through = aws.Condition(aws.StringEquals("kms:ViaService", used))
        statements.append(allow("DecryptSecrets", [kms.Decrypt], key, condition=through))
    return statements


def _commands(
    template: Template, service: Service, task_role: iam.Role, key: Ref, path: Sub, *, two_sides: bool
) -> list[iam.ManagedPolicy]:
    """What AWS's agent needs in a task, for commands and their log, where the environment lets people run some.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html#ecs-exec-required-iam-permissions
    """
    template.add_condition(ALLOWS_COMMANDS, Equals(knobs.EXECUTE_COMMAND.take(template), "true"))
    wire = wires.COMMAND_LOG_GROUP_ARN
    groups = [wire.look_up(template), *([wires.of_green(wire).look_up(template)] if two_sides else [])]
    streams = [
        ssmmessages.CreateControlChannel,
        ssmmessages.CreateDataChannel,
        ssmmessages.OpenControlChannel,
        ssmmessages.OpenDataChannel,
    ]
    made = policies(
        "CommandPolicy",
        f"Commands in tasks of {service.name}, and their log",
        [task_role.ref()],
        allow("OpenChannels", streams, "*", condition=HERE),
        allow("WriteLog", [logs.CreateLogStream, logs.DescribeLogStreams, logs.PutLogEvents], *groups),
        allow("FindLogGroup", [logs.DescribeLogGroups], "*", condition=HERE),
        allow("DecryptChannel", [kms.Decrypt], key),
        Path=path,
    )
    for policy in made:
        policy.Condition = ALLOWS_COMMANDS
    return made


def _declared(service: Service) -> list[Statement]:
    return [
        declared(
            f"Declared{number}",
            [aws.Action(*action.split(":", 1)) for action in permission.actions],
            *(_resource(arn) for arn in permission.resources),
        )
        for number, permission in enumerate(service.permissions, 1)
    ]


def _secret_arn(value: str) -> str:
    """The ARN that IAM sees, with placeholders; Secrets Manager adds six random characters to a name."""
    if value.startswith("/"):
        return f"arn:{{partition}}:ssm:{{region}}:{{account}}:parameter{value}"
    if value.startswith("secretsmanager:"):
        name = value.split(":")[1]
        return f"arn:{{partition}}:secretsmanager:{{region}}:{{account}}:secret:{name}-??????"
    return ":".join(value.split(":")[:7]) if ":secretsmanager:" in value else value


def _value_from(value: str) -> Sub | str:
    """What ECS reads a secret by: the ARN, for Secrets Manager with the JSON key."""
    if value.startswith("/"):
        return _resource(_secret_arn(value))
    if value.startswith("secretsmanager:"):
        _, name, *json_key = value.split(":")
        arn = f"arn:{{partition}}:secretsmanager:{{region}}:{{account}}:secret:{name}"
        return _resource(f"{arn}:{json_key[0]}::" if json_key else arn)
    return value


_PLACEHOLDERS = {
    "{partition}": "${AWS::Partition}",
    "{region}": "${AWS::Region}",
    "{account}": "${AWS::AccountId}",
    "{environment}": "${Environment}",
}


def _resource(arn: str) -> Sub | str:
    """An ARN whose placeholders CloudFormation fills in. The input's patterns admit no '$', so nothing else is."""
    text = arn
    for placeholder, reference in _PLACEHOLDERS.items():
        text = text.replace(placeholder, reference)
    return Sub(text) if text != arn else arn
