from __future__ import annotations

from typing import Any

import pytest

from sendy_cfn.blocks.pipeline_actions import variable
from tests.generated import generated
from tests.stacks.authorization import Statements, allows, made_name
from tests.stacks.deliveries import policy_statements
from tests.strategies.deployed import CASE, NEW, STOPPING, Stack, deployments, stack
from tests.strategies.requests import create_service, refused

FOUND = generated(CASE)
MADE = [one for one in deployments(FOUND) if one.file.endswith("-codedeploy.yaml")]
RULES, GROUPS = ("ListenerRule", "TestListenerRule"), ("TargetGroup", "AlternateTargetGroup")


@pytest.fixture(params=MADE, ids=[one.environment for one in MADE])
def made(request: pytest.FixtureRequest) -> Stack:
    return stack(FOUND, request.param.environment, request.param.service)


def test_ecs_takes_the_service_as_it_is(made: Stack) -> None:
    assert refused(create_service(made.one("ECS::Service"))) == ""


def test_codedeploy_is_the_controller_and_says_how_it_deploys(made: Stack) -> None:
    service = made.one("ECS::Service")
    assert service["DeploymentController"] == {"Type": "CODE_DEPLOY"}
    # Each of these is ECS's own controller's, or refused with a load balancer of CodeDeploy's.
    foreign = {"DeploymentConfiguration", "DesiredCount", "CapacityProviderStrategy", "AvailabilityZoneRebalancing"}
    assert not foreign & set(service)
    assert service["LaunchType"] == "FARGATE"
    (balancer,) = service["LoadBalancers"]  # with both groups CodeDeploy waits for ever
    assert balancer["TargetGroupArn"] == "TargetGroup.id"
    assert "AdvancedConfiguration" not in balancer


def test_the_service_names_a_family_and_no_revision(made: Stack) -> None:
    family = made.one("ECS::TaskDefinition")["Family"]
    assert made.one("ECS::Service")["TaskDefinition"] == family
    assert ":" not in family
    (name,) = made.of_type("ECS::Service")
    assert "TaskDefinition" in made.depends_on(name)  # ECS takes the family's newest revision: there has to be one


def test_nothing_that_people_or_pipelines_set_reaches_the_service(made: Stack) -> None:
    """CloudFormation sends the task definition along with any update of it, which ECS refuses."""
    (name,) = made.of_type("ECS::Service")
    found: set[str] = set()

    def look(node: Any) -> None:
        if isinstance(node, dict):
            found.update([node["Ref"]] if "Ref" in node else [])
            found.update([node["Fn::Sub"]] if "Fn::Sub" in node else [])
        for item in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
            look(item)

    look(made.template["Resources"][name])
    family = "shop-${Environment}-deployed"
    assert found == {"ClusterName", "PrivateSubnetIds", "TargetGroup", family, f"{family}-codedeploy"}


@pytest.mark.parametrize("one", MADE, ids=[one.environment for one in MADE])
def test_a_release_registers_a_revision_and_no_more(one: Any) -> None:
    before = stack(FOUND, one.environment, one.service)
    after = stack(FOUND, one.environment, one.service, **NEW)
    changed = [name for name in before.resources if before.resources[name] != after.resources[name]]
    assert changed == ["TaskDefinition"]


def test_the_deployment_group_has_both_groups_listeners_and_alarms(made: Stack) -> None:
    group = made.one("CodeDeploy::DeploymentGroup")
    assert group["DeploymentStyle"] == {
        "DeploymentType": "BLUE_GREEN",
        "DeploymentOption": "WITH_TRAFFIC_CONTROL",
    }
    (pair,) = group["LoadBalancerInfo"]["TargetGroupPairInfoList"]
    assert [one["Name"] for one in pair["TargetGroups"]] == [f"{name}.TargetGroupName" for name in GROUPS]
    assert pair["ProdTrafficRoute"] == {"ListenerArns": [made.values["ListenerArn"]]}
    assert pair["TestTrafficRoute"] == {"ListenerArns": [made.values["TestListenerArn"]]}
    (service,) = group["ECSServices"]
    assert service == {"ClusterName": made.values["ClusterName"], "ServiceName": "CodeDeployService.Name"}
    stops = group["AlarmConfiguration"]
    assert stops["Enabled"] is True
    assert {alarm["Name"] for alarm in stops["Alarms"]} == {f"{name}.id" for name in (*STOPPING, "TasksAlarm")}
    assert len(stops["Alarms"]) <= 10  # AWS
    back = group["AutoRollbackConfiguration"]
    assert back["Enabled"] is True
    assert {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"} <= set(back["Events"])
    green = group["BlueGreenDeploymentConfiguration"]["TerminateBlueInstancesOnDeploymentSuccess"]
    assert green == {"Action": "TERMINATE", "TerminationWaitTimeInMinutes": made.values["BakeMinutes"]}


def test_both_rules_lead_to_the_pair_and_start_with_the_same_group(made: Stack) -> None:
    rules = made.of_type("ElasticLoadBalancingV2::ListenerRule")
    assert set(rules) == set(RULES)
    for rule in rules.values():
        (action,) = rule["Actions"]
        weights = {group["TargetGroupArn"]: group["Weight"] for group in action["ForwardConfig"]["TargetGroups"]}
        assert weights == {"TargetGroup.id": 1, "AlternateTargetGroup.id": 0}
    (name,) = made.of_type("ECS::Service")
    assert set(RULES) <= set(made.depends_on(name))


CLUSTER = "shop-{environment}-blue"
ACCOUNT, REGION = "123456789012", "eu-central-1"  # those that stacks are evaluated with


def calls(environment: str) -> list[tuple[str, tuple[str, ...], dict[str, str]]]:
    """What CodeDeploy does during a deployment.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/codedeploy_IAM_role.html
    """
    stack_name = f"shop-{environment}-deployed"
    name = stack(FOUND, environment, "deployed").one("ECS::Service")["ServiceName"]
    place = f"{CLUSTER.format(environment=environment)}/{name}"
    ecs = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
    handed = {"iam__PassedToService": "ecs-tasks.amazonaws.com"}
    return [
        ("ecs:DescribeServices", (f"{ecs}:service/{place}",), {}),
        ("ecs:CreateTaskSet", (f"{ecs}:task-set/{place}/ecs-svc/1234567890123456789",), {}),
        ("ecs:UpdateServicePrimaryTaskSet", (f"{ecs}:service/{place}",), {}),
        ("ecs:DeleteTaskSet", (f"{ecs}:task-set/{place}/ecs-svc/1234567890123456789",), {}),
        *((f"elasticloadbalancing:Describe{what}", ("*",), {}) for what in ("TargetGroups", "Listeners", "Rules")),
        *(("elasticloadbalancing:ModifyRule", (f"{rule}.id",), {}) for rule in RULES),
        ("cloudwatch:DescribeAlarms", (f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{stack_name}-errors",), {}),
        *(("iam:PassRole", (f"{name}.Arn",), handed) for name in ("ExecutionRole", "TaskRole")),
    ]


def granted(made: Stack) -> Statements:
    return policy_statements(made, "CodeDeployRole")


def test_the_role_suffices_for_a_deployment(made: Stack) -> None:
    for action, resources, context in calls(made.values["Environment"]):
        assert allows(granted(made), action, *resources, **context), (action, resources)


def test_and_reaches_no_other_service(made: Stack) -> None:
    mine = made.values["Environment"]
    for action, resources, context in calls(mine):
        for part, other in ((f"-{mine}-deployed", f"-{mine}-canary"), (f"shop-{mine}-", "shop-other-")):
            if action.startswith("ecs:") and part in resources[0]:
                assert not allows(granted(made), action, resources[0].replace(part, other), **context)
    assert not allows(granted(made), "elasticloadbalancing:ModifyRule", "OtherRule.id")
    assert not allows(granted(made), "elasticloadbalancing:ModifyListener", made.values["ListenerArn"])
    assert not allows(granted(made), "iam:PassRole", "TaskRole.Arn", iam__PassedToService="lambda.amazonaws.com")
    for path, owner in ((f"shop/{mine}", f"shop-{mine}-canary"), ("shop/deployment-roles", f"shop-{mine}-DeployRoles")):
        role = f"arn:aws:iam::{ACCOUNT}:role/{path}/{made_name(owner, 'TaskRole', 64)}"
        assert not allows(granted(made), "iam:PassRole", role, iam__PassedToService="ecs-tasks.amazonaws.com")


def test_codedeploy_alone_takes_on_the_role(made: Stack) -> None:
    (statement,) = made.resources["CodeDeployRole"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "codedeploy.amazonaws.com"}
    assert "CodeDeployPolicy" in made.depends_on("DeploymentGroup")


def test_the_pipeline_finds_in_the_outputs_what_it_asks_for(made: Stack) -> None:
    template = FOUND.templates["pipeline-deployed.yaml"]["Resources"]["Pipeline"]["Properties"]
    text = str(template["Stages"])
    environment = made.values["Environment"].capitalize()
    for output in ("Application", "DeploymentGroup", "TaskDefinitionArn", "ContainerPort", "ServiceUrl"):
        assert variable(f"Deploy{environment}", output) in text
        assert made.outputs[output]
    assert made.outputs["TaskDefinitionArn"] == "TaskDefinition.id"
