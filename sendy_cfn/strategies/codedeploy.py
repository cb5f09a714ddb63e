"""CodeDeploy: it starts the new tasks beside the old ones and moves the traffic; CloudFormation makes revisions only.

    CloudFormation   registers a revision of the task definition; the ECS service stays as it is
    Revision         a build writes that revision, and what CodeDeploy has to know of it, as an artifact
    CodeDeploy       starts tasks of it, moves the traffic, waits, stops the old tasks, or goes back

Under this controller ECS refuses a service's task definition, load balancers and network from anybody else.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-bluegreen.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import cloudwatch
from awacs import ecs as ecs_actions
from awacs import elasticloadbalancing as balancing
from awacs import iam as iam_actions
from awacs.aws import Condition, StringEquals, StringEqualsIfExists
from troposphere import AccountId, Sub, codedeploy, ecs

from sendy_cfn import wires
from sendy_cfn.blocks import iam, release_alarms, role_paths
from sendy_cfn.blocks import web as pieces
from sendy_cfn.blocks.scaling import scaling
from sendy_cfn.blocks.web import BLUE, Arrangement
from sendy_cfn.knobs import release as knobs
from sendy_cfn.strategies.traffic_shift import Routes, routes, test_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSObject
    from troposphere import iam as roles

    from sendy_cfn.blocks.web import Outputs, Web

CONFIGURATION = "CodeDeployDefault.ECSAllAtOnce"
MARK = "codedeploy"  # in the name of the ECS service


def build(web: Web) -> Arrangement:
    """The service, with the application and the deployment group that release it."""
    found = routes(web, "CodeDeploy")
    groups = [found.group, found.alternate]
    service = _service(web, found)
    of = release_alarms.watched(web, BLUE, *groups)
    tasks = release_alarms.tasks_alarm(web, of, pieces.service_name(web, MARK), "TaskSetCount")
    alarms = [*release_alarms.release_alarms(web, of), tasks]
    role, permission = _role(web, found)
    application = codedeploy.Application("Application", ComputePlatform="ECS")
    group = _deployment_group(web, application, role, permission, service, found, alarms)
    resources: list[AWSObject] = [*found, *alarms, service, *scaling(web, BLUE, service, groups)]
    resources += [role, permission, application, group, *pieces.records(web, BLUE)]
    (definition,) = web.definitions.values()
    outputs: Outputs = {
        "TaskDefinitionArn": ("Revision of the task definition that a release brings", definition.ref()),
        "ContainerPort": ("Port of the container", str(web.service.port)),
        "Application": ("CodeDeploy application", application.ref()),
        "DeploymentGroup": ("CodeDeploy deployment group", group.ref()),
    }
    return Arrangement(resources, outputs | test_url(web), of, alarms)


def _service(web: Web, found: Routes) -> ecs.Service:
    """The family in place of a revision: its text never changes, so CloudFormation leaves the service alone.

    It is made with the family's newest revision; from then on CodeDeploy says which one runs. An update of any of its
    properties fails, as CloudFormation then sends the task definition along, which ECS refuses. So what can be is said
    here and no parameter. https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1529

    A logical id of its own: the controller of a service that another strategy released can't be changed in place.
    """
    (definition,) = web.definitions.values()
    after = [str(part.title) for part in (found.rule, found.test_rule, definition)]
    balancer = pieces.load_balancer(web, found.group)
    service = pieces.ecs_service(web, BLUE, after, balancer, "CodeDeployService", knobs.CODEDEPLOY_GRACE)
    service.Metadata = {
        "Frozen": "CodeDeploy releases this service. A change of it here fails: for another port, capacity or network "
        "release it under another name and host.",
        **service.resource.get("Metadata", {}),
    }
    service.ServiceName = pieces.service_name(web, MARK)
    service.DeploymentController = ecs.DeploymentController(Type="CODE_DEPLOY")
    service.TaskDefinition = definition.Family
    return service


def _deployment_group(
    web: Web,
    application: codedeploy.Application,
    role: roles.Role,
    permission: roles.ManagedPolicy,
    service: ecs.Service,
    found: Routes,
    alarms: Sequence[AWSObject],
) -> codedeploy.DeploymentGroup:
    template = web.template
    pair = codedeploy.TargetGroupPairInfo(
        TargetGroups=[
            codedeploy.TargetGroupInfo(Name=group.get_att("TargetGroupName"))
            for group in (found.group, found.alternate)
        ],
        ProdTrafficRoute=codedeploy.TrafficRoute(ListenerArns=[wires.LISTENER_ARN.look_up(template)]),
        TestTrafficRoute=codedeploy.TrafficRoute(ListenerArns=[wires.TEST_LISTENER_ARN.look_up(template)]),
    )
    return codedeploy.DeploymentGroup(
        "DeploymentGroup",
        DependsOn=permission.title,
        ApplicationName=application.ref(),
        ServiceRoleArn=role.get_att("Arn"),
        DeploymentConfigName=CONFIGURATION,
        DeploymentStyle=codedeploy.DeploymentStyle(
            DeploymentType="BLUE_GREEN", DeploymentOption="WITH_TRAFFIC_CONTROL"
        ),
        BlueGreenDeploymentConfiguration=codedeploy.BlueGreenDeploymentConfiguration(
            DeploymentReadyOption=codedeploy.DeploymentReadyOption(ActionOnTimeout="CONTINUE_DEPLOYMENT"),
            TerminateBlueInstancesOnDeploymentSuccess=codedeploy.BlueInstanceTerminationOption(
                Action="TERMINATE", TerminationWaitTimeInMinutes=knobs.BAKE_MINUTES.take(template)
            ),
        ),
        ECSServices=[
            codedeploy.ECSService(ClusterName=wires.CLUSTER_NAME.look_up(template), ServiceName=service.get_att("Name"))
        ],
        LoadBalancerInfo=codedeploy.LoadBalancerInfo(TargetGroupPairInfoList=[pair]),
        AutoRollbackConfiguration=codedeploy.AutoRollbackConfiguration(
            Enabled=True, Events=["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
        ),
        AlarmConfiguration=codedeploy.AlarmConfiguration(
            Enabled=True, Alarms=[codedeploy.Alarm(Name=alarm.ref()) for alarm in alarms]
        ),
    )


def _role(web: Web, found: Routes) -> tuple[roles.Role, roles.ManagedPolicy]:
    """What CodeDeploy may do: replace the tasks of this service, and move these rules' weights.

    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForECS.html
    """
    platform = web.platform.platform
    (definition,) = web.definitions.values()
    path = Sub(role_paths.of_services(platform))
    role = iam.role(
        "CodeDeployRole",
        f"CodeDeploy releases {web.service.name}",
        iam.trust("codedeploy.amazonaws.com", Condition(StringEqualsIfExists("aws:SourceAccount", AccountId))),
        wires.SERVICE_BOUNDARY_ARN.look_up(web.template),
        Path=path,
    )
    arn = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}"
    mine = f"{platform}-${{Environment}}-*/{platform}-${{Environment}}-{web.service.name}-*"
    permission = iam.policy(
        "CodeDeployPolicy",
        f"Release {web.service.name}",
        [role.ref()],
        iam.allow(
            "ReplaceTasks",
            [
                ecs_actions.CreateTaskSet,
                ecs_actions.DeleteTaskSet,
                ecs_actions.DescribeServices,
                ecs_actions.UpdateServicePrimaryTaskSet,
            ],
            Sub(f"{arn}:service/{mine}"),
            Sub(f"{arn}:task-set/{mine}"),
        ),
        iam.allow(
            "ReadRouting",
            [balancing.DescribeListeners, balancing.DescribeRules, balancing.DescribeTargetGroups],
            "*",
            condition=iam.HERE,
        ),
        iam.allow("MoveTraffic", [balancing.ModifyRule], found.rule.ref(), found.test_rule.ref()),
        iam.allow(
            "WatchAlarms",
            [cloudwatch.DescribeAlarms],
            Sub("arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:*"),
        ),
        iam.allow(
            "HandRolesToTasks",
            [iam_actions.PassRole],
            definition.ExecutionRoleArn,
            definition.TaskRoleArn,
            condition=Condition(StringEquals("iam:PassedToService", "ecs-tasks.amazonaws.com")),
        ),
    )
    permission.Path = path
    return role, permission
