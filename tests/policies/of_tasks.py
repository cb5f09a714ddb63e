"""What AWS's services call with the roles of tasks, instances, deployments and flow logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sendy_cfn.checks.policy_roles import Role
from sendy_cfn.checks.policy_stacks import Stack
from tests.policies.world import REGION, Call, World


def _definitions(stack: Stack, property_name: str, role: Role) -> Iterator[dict[str, Any]]:
    for title in stack.of("AWS::ECS::TaskDefinition"):
        if stack.properties(title)[property_name] == role.arn:
            yield stack.properties(title)


def execution(world: World, role: Role) -> Iterator[Call]:
    """ECS starts a task: image, logs, secrets.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
    """
    stack = role.stack
    for definition in _definitions(stack, "ExecutionRoleArn", role):
        for container in definition["ContainerDefinitions"]:
            if not container["Image"].startswith("public.ecr.aws/"):  # which ECS asks without the role
                repository = _repository(world, container["Name"])
                yield Call("ecr:GetAuthorizationToken", "*", ((REGION, repository.split(":")[3]),))
                for verb in ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"):
                    yield Call(f"ecr:{verb}", repository)
            options = container["LogConfiguration"]["Options"]
            stream = f"{options['awslogs-stream-prefix']}/{container['Name']}/0a1b2c3d"
            for verb in ("CreateLogStream", "PutLogEvents"):
                group = f"log-group:{options['awslogs-group']}:log-stream:{stream}"
                yield Call(f"logs:{verb}", stack.place.arn("logs", group))
            for secret in container.get("Secrets", []):
                yield from _secret(stack, secret["ValueFrom"])


def _repository(world: World, service: str) -> str:
    """Where pipelines push the service's images."""
    name = f"{world.made.platform.platform}/{service}"
    [arn] = [
        stack.called(title).arn
        for stack, title in world.of("AWS::ECR::Repository")
        if stack.properties(title)["RepositoryName"] == name
    ]
    return arn


def _secret(stack: Stack, source: str) -> Iterator[Call]:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html."""
    parts = source.split(":")
    service = parts[2]
    if service == "ssm":
        yield Call("ssm:GetParameters", source)
    else:
        # The name ends where the JSON key begins; AWS adds six characters to one that has none.
        arn = ":".join(parts[:7])
        drawn = len(arn) > 7 and arn[-7] == "-"
        yield Call("secretsmanager:GetSecretValue", arn if drawn else f"{arn}-a1B2c3")
    key = str(stack.ref("KeyArn"))
    via = f"{service}.{stack.place.region}.amazonaws.com"
    yield Call("kms:Decrypt", key, (("kms:ViaService", via),))


def task(world: World, role: Role) -> Iterator[Call]:
    """The service itself: what it declares in platform.yaml, on one resource that each ARN there means."""
    stack = role.stack
    for definition in _definitions(stack, "TaskRoleArn", role):
        service, *others = definition["ContainerDefinitions"]
        for permission in world.made.platform.services[service["Name"]].permissions:
            for action in permission.actions:
                for arn in permission.resources:
                    yield Call(action, _filled(stack, arn))
        for other in others:
            assert "aws-otel-collector" in other["Image"]
            yield from _traces(other["Command"])
    for title in stack.of("AWS::ECS::Service"):
        given = stack.properties(title)
        if given["EnableExecuteCommand"] is True:
            yield from _commands(world, role, given["Cluster"])


def _traces(command: list[str]) -> Iterator[Call]:
    """The collector, with a configuration that its image brings along, which exports to X-Ray and nowhere else.

    https://github.com/aws-observability/aws-otel-collector/blob/v0.49.0/config/ecs/ecs-xray.yaml
    """
    assert command == ["--config=/etc/ecs/ecs-xray.yaml"]
    yield Call("xray:PutTraceSegments")


def _commands(world: World, role: Role, cluster: str) -> Iterator[Call]:
    """AWS's agent in a task, when somebody runs a command in it.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html#ecs-exec-required-iam-permissions
    """
    for channel in ("ControlChannel", "DataChannel"):
        for verb in ("Create", "Open"):
            yield Call(f"ssmmessages:{verb}{channel}")
    yield Call("logs:DescribeLogGroups")
    [settings] = [
        stack.properties(title)["Configuration"]["ExecuteCommandConfiguration"]
        for stack, title in world.of("AWS::ECS::Cluster")
        if stack.place == role.stack.place and stack.called(title).name == cluster
    ]
    group = role.stack.place.arn("logs", f"log-group:{settings['LogConfiguration']['CloudWatchLogGroupName']}")
    yield Call("logs:DescribeLogStreams", f"{group}:log-stream:")
    for verb in ("CreateLogStream", "PutLogEvents"):
        yield Call(f"logs:{verb}", f"{group}:log-stream:ecs-execute-command-0a1b2c3d")
    yield Call("kms:Decrypt", settings["KmsKeyId"])


def _filled(stack: Stack, arn: str) -> str:
    places = {"partition": "aws", "region": stack.place.region, "account": stack.place.account}
    return arn.format(**places, environment=stack.given("Environment")).replace("*", "any").replace("?", "x")


def infrastructure(_world: World, role: Role) -> Iterator[Call]:
    """ECS moves a service's traffic.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AmazonECSInfrastructureRolePolicyForLoadBalancers.html
    """
    stack = role.stack
    for title in stack.of("AWS::ECS::Service"):
        for balancer in stack.properties(title)["LoadBalancers"]:
            advanced = balancer["AdvancedConfiguration"]
            assert advanced["RoleArn"] == role.arn
            for verb in ("DescribeListeners", "DescribeRules", "DescribeTargetGroups", "DescribeTargetHealth"):
                yield Call(f"elasticloadbalancing:{verb}")
            for group in (balancer["TargetGroupArn"], advanced["AlternateTargetGroupArn"]):
                for verb in ("RegisterTargets", "DeregisterTargets"):
                    yield Call(f"elasticloadbalancing:{verb}", group)
            for rule in ("ProductionListenerRule", "TestListenerRule"):
                yield Call("elasticloadbalancing:ModifyRule", advanced[rule])


def codedeploy(_world: World, role: Role) -> Iterator[Call]:
    """CodeDeploy replaces a service's tasks, moves its traffic and looks at its alarms.

    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForECS.html
    """
    stack = role.stack
    for title in stack.of("AWS::ECS::Service"):
        service = stack.called(title).arn
        for verb in ("DescribeServices", "UpdateServicePrimaryTaskSet"):
            yield Call(f"ecs:{verb}", service)
        for verb in ("CreateTaskSet", "DeleteTaskSet"):
            yield Call(f"ecs:{verb}", f"{service.replace(':service/', ':task-set/')}/ecs-svc/0123456789")
    for verb in ("DescribeListeners", "DescribeRules", "DescribeTargetGroups"):
        yield Call(f"elasticloadbalancing:{verb}")
    for title in stack.of("AWS::ElasticLoadBalancingV2::ListenerRule"):
        yield Call("elasticloadbalancing:ModifyRule", stack.called(title).arn)
    for title in stack.of("AWS::CloudWatch::Alarm"):
        yield Call("cloudwatch:DescribeAlarms", stack.called(title).arn)
    # AWS does not say that it looks at the names which are asked for.
    yield Call("cloudwatch:DescribeAlarms", stack.place.arn("cloudwatch", "alarm:*"))
    for title in stack.of("AWS::ECS::TaskDefinition"):
        given = stack.properties(title)
        for passed in (given["ExecutionRoleArn"], given["TaskRoleArn"]):
            yield Call("iam:PassRole", passed, (("iam:PassedToService", "ecs-tasks.amazonaws.com"),))


def instances(_world: World, role: Role) -> Iterator[Call]:
    """The ECS agent of a cluster's instances.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/instance_IAM_role.html
    """
    stack = role.stack
    [title] = stack.of("AWS::ECS::Cluster")
    cluster = stack.called(title).arn
    yield Call("ecs:DiscoverPollEndpoint")
    for verb in (
        *("RegisterContainerInstance", "DeregisterContainerInstance", "SubmitAttachmentStateChanges"),
        *("SubmitContainerStateChange", "SubmitTaskStateChange"),
    ):
        yield Call(f"ecs:{verb}", cluster)
    instance = f"{cluster.replace(':cluster/', ':container-instance/')}/0a1b2c3d"
    for verb in ("Poll", "StartTelemetrySession"):
        yield Call(f"ecs:{verb}", instance, (("ecs:cluster", cluster),))


def flow_logs(_world: World, role: Role) -> Iterator[Call]:
    """VPC flow logs, into a group that exists.

    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    """
    stack = role.stack
    for title in stack.of("AWS::EC2::FlowLog"):
        given = stack.properties(title)
        assert given["DeliverLogsPermissionArn"] == role.arn
        group = stack.place.arn("logs", f"log-group:{given['LogGroupName']}")
        yield Call("logs:DescribeLogGroups")
        yield Call("logs:DescribeLogStreams", f"{group}:log-stream:")
        for verb in ("CreateLogStream", "PutLogEvents"):
            yield Call(f"logs:{verb}", f"{group}:log-stream:eni-0a1b2c3d-all")
