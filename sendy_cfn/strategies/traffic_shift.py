"""What blue-green, linear and canary share: ECS starts the new tasks beside the old ones and moves the traffic.

ECS moves it between two target groups by changing the weights of listener rules. Customers reach the service through
the production rule; the test rule, on a listener of its own, shows the new tasks before customers get to them.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from awacs import elasticloadbalancing as balancing
from awacs.aws import Condition, StringEqualsIfExists
from troposphere import AccountId, Sub, ecs

from sendy_cfn import wires
from sendy_cfn.blocks import iam, release_alarms, role_paths
from sendy_cfn.blocks import web as pieces
from sendy_cfn.blocks.load_balancer import TEST_PORT
from sendy_cfn.blocks.scaling import scaling
from sendy_cfn.blocks.web import BLUE, Arrangement
from sendy_cfn.knobs import release as knobs
from sendy_cfn.strategies.rolling import watched

if TYPE_CHECKING:
    from troposphere import AWSObject
    from troposphere import elasticloadbalancingv2 as elb
    from troposphere import iam as roles

    from sendy_cfn.blocks.web import Outputs, Web


class Routes(NamedTuple):
    """Two target groups, and the rules that send customers and testers to one of them."""

    group: elb.TargetGroup
    alternate: elb.TargetGroup
    rule: elb.ListenerRule
    test_rule: elb.ListenerRule


def routes(web: Web, mover: str) -> Routes:
    """Target groups and rules whose weights `mover` changes during releases; templates must never."""
    template = web.template
    group, alternate = (pieces.target_group(web, title) for title in ("TargetGroup", "AlternateTargetGroup"))
    rules = [
        pieces.frozen(
            pieces.listener_rule(web, title, wire.look_up(template), pieces.forward_to_first(group, alternate)), mover
        )
        for title, wire in (("ListenerRule", wires.LISTENER_ARN), ("TestListenerRule", wires.TEST_LISTENER_ARN))
    ]
    return Routes(group, alternate, *rules)


def build(web: Web, configuration: ecs.DeploymentConfiguration) -> Arrangement:
    """The service, of which `configuration` says how the traffic moves."""
    found = routes(web, "ECS")
    groups = [found.group, found.alternate]
    role, permission = _infrastructure(web, found)
    name = pieces.service_name(web, "shift")
    of = release_alarms.watched(web, BLUE, *groups)
    alarms = [*release_alarms.release_alarms(web, of), release_alarms.tasks_alarm(web, of, name, "DeploymentCount")]
    configuration.Alarms = watched(alarms)
    configuration.BakeTimeInMinutes = knobs.BAKE_MINUTES.take(web.template)
    if web.variant.pause:
        configuration.LifecycleHooks = [_pause(web)]
    balancer = pieces.load_balancer(web, found.group)
    balancer.AdvancedConfiguration = ecs.AdvancedConfiguration(
        AlternateTargetGroupArn=found.alternate.ref(),
        ProductionListenerRule=found.rule.ref(),
        TestListenerRule=found.test_rule.ref(),
        RoleArn=role.get_att("Arn"),
    )
    after = [str(permission.title)]  # its references make it wait for the rules
    # A logical id of its own: AWS wants two updates to give a service that rolled this strategy, a new service one.
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/update-rolling-to-bluegreen.html
    service = pieces.ecs_service(web, BLUE, after, balancer, "TrafficShiftService")
    service.ServiceName = name
    service.DeploymentConfiguration = configuration
    resources: list[AWSObject] = [*found, role, permission, *alarms, service]
    resources += [*scaling(web, BLUE, service, groups), *pieces.records(web, BLUE)]
    return Arrangement(resources, test_url(web), of, alarms)


def test_url(web: Web) -> Outputs:
    """The output that says where test traffic goes."""
    return {"TestUrl": ("Where the new version answers before customers reach it", pieces.url(web, f":{TEST_PORT}"))}


def deployment(strategy: str) -> ecs.DeploymentConfiguration:
    """A configuration of ECS's own strategies. AWS: the circuit breaker works for rolling only; alarms decide here."""
    return ecs.DeploymentConfiguration(Strategy=strategy, MinimumHealthyPercent=100, MaximumPercent=200)


def _pause(web: Web) -> ecs.DeploymentLifecycleHook:
    """ECS waits until a person has looked at the new version and calls ContinueServiceDeployment; else it goes back.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/pause-lifecycle-hooks.html
    """
    return ecs.DeploymentLifecycleHook(
        TargetType="PAUSE",
        LifecycleStages=["POST_TEST_TRAFFIC_SHIFT"],  # once; the stages around production traffic come with each step
        TimeoutConfiguration=ecs.HookTimeoutConfig(
            TimeoutInMinutes=knobs.PAUSE_MINUTES.take(web.template), Action="ROLLBACK"
        ),
    )


def _infrastructure(web: Web, found: Routes) -> tuple[roles.Role, roles.ManagedPolicy]:
    """The role with which ECS registers tasks and moves weights: these groups and rules only.

    AWS's policy for this names every target group, listener and rule of the account.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AmazonECSInfrastructureRolePolicyForLoadBalancers.html
    """
    path = Sub(role_paths.of_services(web.platform.platform))
    role = iam.role(
        "InfrastructureRole",
        f"ECS moves the traffic of {web.service.name}",
        # IfExists: AWS's trust policy for it has no condition, and nowhere says whether the account is sent.
        iam.trust("ecs.amazonaws.com", Condition(StringEqualsIfExists("aws:SourceAccount", AccountId))),
        wires.SERVICE_BOUNDARY_ARN.look_up(web.template),
        Path=path,
    )
    permission = iam.policy(
        "InfrastructurePolicy",
        f"Move the traffic of {web.service.name}",
        [role.ref()],
        iam.allow(
            "ReadRouting",
            [
                balancing.DescribeListeners,
                balancing.DescribeRules,
                balancing.DescribeTargetGroups,
                balancing.DescribeTargetHealth,
            ],
            "*",
            condition=iam.HERE,
        ),
        iam.allow(
            "RegisterTasks",
            [balancing.DeregisterTargets, balancing.RegisterTargets],
            found.group.ref(),
            found.alternate.ref(),
        ),
        iam.allow("MoveTraffic", [balancing.ModifyRule], found.rule.ref(), found.test_rule.ref()),
    )
    permission.Path = path
    return role, permission
