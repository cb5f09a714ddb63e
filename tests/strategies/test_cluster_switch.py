"""A service in two clusters: its stack evaluated with either side live."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from sendy_cfn import config, services, yamlfile
from sendy_cfn.config.releases import Variant
from sendy_cfn.config.words import Strategy
from tests.generated import generated
from tests.platforms import MINUTES, ROOT
from tests.strategies.deployed import CASE, NEW, OLD, STOPPING, Deployment, Stack, deployments, identity, stack
from tests.strategies.requests import create_service, refused

FOUND = {path: generated(path) for path in (ROOT / "params", CASE)}
MADE = [
    (path, one)
    for path, found in FOUND.items()
    for one in deployments(found)
    if one.file.endswith("-cluster-switch.yaml")
]
SIDES = {"blue": "", "green": "Green"}  # colour -> how names of its resources and parameters begin


@pytest.fixture(params=itertools.product(MADE, SIDES), ids=lambda p: f"{p[0][1].environment}-{p[0][1].file}-{p[1]}")
def switched(request: pytest.FixtureRequest) -> tuple[Any, Deployment, str]:
    (path, one), live = request.param
    return path, one, live


@pytest.fixture
def made(switched: tuple[Any, Deployment, str]) -> Stack:
    path, one, live = switched
    return stack(FOUND[path], one.environment, one.service, LiveCluster=live, IdleTasks="7")


@pytest.fixture
def live(switched: tuple[Any, Deployment, str]) -> str:
    return switched[2]


def test_there_is_something_to_look_at() -> None:
    assert len(MADE) >= 3


def test_ecs_takes_both_services_as_they_are(made: Stack) -> None:
    found = made.of_type("ECS::Service")
    assert set(found) == {f"{prefix}Service" for prefix in SIDES.values()}
    for service in found.values():
        assert refused(create_service(service)) == ""
        deployment = service["DeploymentConfiguration"]
        assert deployment["Strategy"] == "ROLLING"
        assert deployment["DeploymentCircuitBreaker"]["Rollback"] is True
        # An alarm is no reason to go back on one side: the verdict is that of both, and of the switch.
        assert not {"Alarms", "BakeTimeInMinutes", "LifecycleHooks"} & set(deployment)


def test_each_side_is_in_its_cluster_behind_its_load_balancer(made: Stack) -> None:
    for prefix in SIDES.values():
        service = made.resources[f"{prefix}Service"]
        assert service["Cluster"] == made.values[f"{prefix}ClusterName"]
        assert service["TaskDefinition"] == f"{prefix}TaskDefinition.id"
        assert [b["TargetGroupArn"] for b in service["LoadBalancers"]] == [f"{prefix}TargetGroup.id"]
        assert made.resources[f"{prefix}ListenerRule"]["ListenerArn"] == made.values[f"{prefix}ListenerArn"]
        assert f"{prefix}ListenerRule" in made.depends_on(f"{prefix}Service")
        for name in (f"{prefix}Record", f"{prefix}SideRecord"):
            assert made.resources[name]["ResourceRecords"] == [made.values[f"{prefix}LoadBalancerDnsName"]]
    values = {name: value for name, value in made.values.items() if name.startswith("Green") and str(value)[0] == "/"}
    assert values
    assert all("/cluster-green" in value and made.values[name.removeprefix("Green")] for name, value in values.items())


def test_sides_differ_in_image_version_and_family(made: Stack, switched: tuple[Any, Deployment, str]) -> None:
    path, one, _ = switched
    images = {"BlueImage": OLD["Image"], "BlueVersion": "b", "GreenImage": NEW["Image"], "GreenVersion": "g"}
    found = stack(FOUND[path], one.environment, one.service, **images).of_type("ECS::TaskDefinition")
    for colour, prefix in SIDES.items():
        container, *_ = found[f"{prefix}TaskDefinition"]["ContainerDefinitions"]
        assert container["Image"] == images[f"{colour.capitalize()}Image"]
        assert container["DockerLabels"]["org.opencontainers.image.revision"] == colour[0]
    families = [made.resources[f"{prefix}TaskDefinition"]["Family"] for prefix in SIDES.values()]
    assert families[1] == f"{families[0]}-green"


def test_dns_leads_to_the_live_side(made: Stack, live: str) -> None:
    names = set()
    for colour, prefix in SIDES.items():
        record = made.resources[f"{prefix}Record"]
        assert record["Weight"] == (100 if colour == live else 0)
        assert (record["Type"], record["TTL"]) == ("CNAME", "60")
        assert record["HealthCheckId"] == f"{prefix}HealthCheck.id"
        names.add(record["Name"])
    assert len(names) == 1
    assert made.outputs["ServiceUrl"] == f"https://{names.pop()}"
    identifiers = [made.resources[f"{prefix}Record"]["SetIdentifier"] for prefix in SIDES.values()]
    assert identifiers[0] != identifiers[1]


def test_each_side_has_a_name_that_never_moves(made: Stack) -> None:
    for colour, prefix in SIDES.items():
        record = made.resources[f"{prefix}SideRecord"]
        assert not {"Weight", "SetIdentifier", "HealthCheckId"} & set(record)
        main = made.resources["Record"]["Name"]
        host, _, domain = main.partition(".")
        assert record["Name"] == f"{host}-{colour}.{domain}"
        assert made.outputs[f"{colour.capitalize()}Url"] == f"https://{record['Name']}"


def test_route_53_looks_at_each_side_by_its_own_name(made: Stack) -> None:
    for prefix in SIDES.values():
        check = made.resources[f"{prefix}HealthCheck"]["HealthCheckConfig"]
        assert check["FullyQualifiedDomainName"] == made.resources[f"{prefix}SideRecord"]["Name"]
        assert check["ResourcePath"] == made.resources[f"{prefix}TargetGroup"]["HealthCheckPath"]
        assert (check["Type"], check["Port"], check["EnableSNI"]) == ("HTTPS", 443, True)
        assert check["RequestInterval"] * check["FailureThreshold"] <= 60  # sooner than records are forgotten


def test_each_side_answers_to_the_services_name_and_its_own(made: Stack) -> None:
    for prefix in SIDES.values():
        rule = made.resources[f"{prefix}ListenerRule"]
        (hosts,) = [c["HostHeaderConfig"]["Values"] for c in rule["Conditions"] if c["Field"] == "host-header"]
        assert set(hosts) == {made.resources[f"{prefix}{name}"]["Name"] for name in ("Record", "SideRecord")}
        assert rule["Actions"] == [{"Type": "forward", "TargetGroupArn": f"{prefix}TargetGroup.id"}]


def test_the_idle_side_has_as_many_tasks_as_the_release_says(made: Stack, live: str) -> None:
    for colour, prefix in SIDES.items():
        service, target = made.resources[f"{prefix}Service"], made.resources[f"{prefix}ScalableTarget"]
        limits = (target["MinCapacity"], target["MaxCapacity"])
        suspended = target["SuspendedState"]["DynamicScalingInSuspended"]
        assert set(target["SuspendedState"]) == {"DynamicScalingInSuspended"}  # growing is not
        assert target["ResourceId"] == f"service/{made.values[f'{prefix}ClusterName']}/{prefix}Service.Name"
        if colour == live:
            assert "DesiredCount" not in service  # scaling owns it: what it made of it stays
            assert limits == (made.values["MinTasks"], made.values["MaxTasks"])
            assert suspended is False
        else:
            assert service["DesiredCount"] == 7
            # It has customers until they all have left, and all of them when the live side dies; whatever the number
            # is, it does not get beyond the limits.
            assert limits == (0, made.values["MaxTasks"])
            assert suspended is True


def test_an_idle_side_that_is_left_keeps_the_tasks_that_it_has(switched: tuple[Any, Deployment, str]) -> None:
    path, one, live = switched
    found = stack(FOUND[path], one.environment, one.service, LiveCluster=live, IdleTasks="-1")
    for colour, prefix in SIDES.items():
        assert "DesiredCount" not in found.resources[f"{prefix}Service"]
        target = found.resources[f"{prefix}ScalableTarget"]
        assert target["MinCapacity"] == (found.values["MinTasks"] if colour == live else 0)
        assert target["SuspendedState"] == {"DynamicScalingInSuspended": colour != live}


def test_a_number_of_tasks_counts_even_when_it_is_none(switched: tuple[Any, Deployment, str]) -> None:
    path, one, live = switched
    found = stack(FOUND[path], one.environment, one.service, LiveCluster=live, IdleTasks="0")
    idle = next(prefix for colour, prefix in SIDES.items() if colour != live)
    assert found.resources[f"{idle}Service"]["DesiredCount"] == 0


@pytest.mark.parametrize(("path", "one"), MADE, ids=lambda part: getattr(part, "file", ""))
def test_the_pipeline_says_when_which_number_holds(path: Any, one: Deployment) -> None:
    """None is named until the verdict is there, and none after a bad one: both sides keep their tasks."""
    stages = FOUND[path].templates[f"pipeline-{one.service}.yaml"]["Resources"]["Pipeline"]["Properties"]["Stages"]
    (stage,) = [s for s in stages if any(a["Configuration"].get("StackName") == one.stack for a in s["Actions"])]
    actions = {action["Name"]: action for action in stage["Actions"]}
    given = {
        name: json.loads(actions[name]["Configuration"]["ParameterOverrides"])["IdleTasks"]
        for name in ("Prepare", "Switch", "Settle")
    }
    assert given["Prepare"] == f"#{{{actions['State']['Namespace']}.IDLE_TASKS}}"
    assert given["Switch"] == "-1"
    assert given["Settle"] == f"#{{{actions['Verify']['Namespace']}.IDLE_TASKS}}"
    text = actions["Verify"]["Configuration"]["EnvironmentVariables"]
    variables = json.loads(text if isinstance(text, str) else text["Fn::Sub"])
    assert {"name": "IDLE_TASKS", "value": "-1"} in variables


def test_each_side_scales_by_its_own_load(made: Stack) -> None:
    names = set()
    for name, policy in made.of_type("ApplicationAutoScaling::ScalingPolicy").items():
        prefix = "Green" if name.startswith("Green") else ""
        assert policy["ScalingTargetId"] == f"{prefix}ScalableTarget.id"
        specification = policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
        if name.endswith("Requests"):
            balancer = made.values[f"{prefix}LoadBalancerFullName"]
            assert specification["ResourceLabel"] == f"{balancer}/{prefix}TargetGroup.TargetGroupFullName"
        names.add(policy["PolicyName"])
    assert len(names) == len(made.of_type("ApplicationAutoScaling::ScalingPolicy"))


def test_both_load_balancers_reach_the_tasks(made: Stack) -> None:
    sources = {rule["SourceSecurityGroupId"] for rule in made.one("EC2::SecurityGroup")["SecurityGroupIngress"]}
    assert sources == {made.values[f"{prefix}LoadBalancerSecurityGroupId"] for prefix in SIDES.values()}
    assert len(sources) == 2


def test_outputs_are_those_of_the_live_side_and_of_each(made: Stack, live: str) -> None:
    mine = SIDES[live]
    assert made.outputs["LiveCluster"] == live
    assert made.outputs["ServiceName"] == f"{mine}Service.Name"
    assert made.outputs["Release"] == made.values[f"{live.capitalize()}Version"]
    assert set(made.outputs["LiveAlarms"].split(",")) == {f"{name}.id" for name in STOPPING}
    assert made.outputs["BakeMinutes"] == made.values["BakeMinutes"]
    assert made.outputs["StandbyTasks"] == made.values["StandbyTasks"]
    for colour, prefix in SIDES.items():
        assert made.outputs[f"{colour.capitalize()}ClusterName"] == made.values[f"{prefix}ClusterName"]
        assert made.outputs[f"{colour.capitalize()}ServiceName"] == f"{prefix}Service.Name"


def changed(before: Stack, after: Stack) -> set[str]:
    assert set(before.made) == set(after.made)
    return {name for name in before.resources if before.resources[name] != after.resources[name]}


@pytest.mark.parametrize(("path", "one"), MADE, ids=lambda part: getattr(part, "file", ""))
def test_no_step_of_a_release_touches_what_customers_reach_but_the_switch(path: Any, one: Deployment) -> None:
    """Blue is live and a release goes to green: what each step's update changes."""

    def step(**state: str) -> Stack:
        return stack(FOUND[path], one.environment, one.service, **state)

    new = {"GreenImage": NEW["Image"], "GreenVersion": "new"}
    rest = step(LiveCluster="blue", IdleTasks="1")
    prepared = step(LiveCluster="blue", IdleTasks="5", **new)
    switched = step(LiveCluster="green", IdleTasks="-1", **new)
    settled = step(LiveCluster="green", IdleTasks="1", **new)
    taken_back = step(LiveCluster="blue", IdleTasks="-1", **new)
    both = {f"{prefix}{name}" for prefix in SIDES.values() for name in ("ScalableTarget", "Record")}
    assert changed(rest, prepared) == {"GreenTaskDefinition", "GreenService"}
    # The side that is left has most customers still: its service is not touched. The other's count is scaling's now.
    # Alarms look at the live side: they follow with the same update.
    alarms = set(rest.of_type("CloudWatch::Alarm")) - {"ErrorLinesAlarm"}  # of the log that both sides write
    assert changed(prepared, switched) == {*both, "GreenService", *alarms}
    assert changed(switched, settled) == {"Service"}
    assert changed(switched, taken_back) == both | alarms
    for name in ("Service", "GreenService"):
        assert switched.resources[name]["TaskDefinition"] == prepared.resources[name]["TaskDefinition"]


GROWING = """
platform: demo
domain: demo.example
toolchain: {region: eu-west-1, source: {repository: demo/platform}}
cluster: {ec2: [amd64]}
environments: {live: {region: eu-west-1, clusters: [blue, green], strategy: rolling}}
services:
  shop: {kind: web, source: {repository: demo/shop}, health_command: [/check], read_only: true,
         environment: {A: b}, secrets: {B: /b}, permissions: [{actions: [s3:GetObject], resources: ["arn:aws:s3:::b"]}]}
  batch: {kind: web, source: {repository: demo/batch}, capacity: ec2, scale_on: [cpu, requests]}
"""


@pytest.mark.parametrize("name", ["shop", "batch"])
def test_a_service_that_rolled_keeps_what_it_has_as_its_blue_side(name: str) -> None:
    platform = config.read(yamlfile.parse(GROWING.encode(), "platform.yaml"), "platform.yaml")
    service = platform.services[name]

    def built(strategy: Strategy, **release: str) -> Stack:
        template = services.build(platform, service, Variant(strategy), MINUTES).to_dict()
        given = {n: f"/{n}" for n, p in template["Parameters"].items() if "Default" not in p and p["Type"] != "Number"}
        return Stack(template, given | {"Environment": "live", "DomainName": "live.demo.example"} | release)

    image = {"Image": OLD["Image"], "Version": "abc"}
    before = built(Strategy.ROLLING, **image)
    state = {f"{side}{key}": value for side in ("Blue", "Green") for key, value in image.items()}
    after = built(Strategy.CLUSTER_SWITCH, **state, LiveCluster="blue", IdleTasks="1")
    for resource in before.made:
        assert identity(before, resource) == identity(after, resource)
    assert before.resources["TaskDefinition"] == after.resources["TaskDefinition"]  # no new tasks by that alone
