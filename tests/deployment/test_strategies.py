"""Services of every release strategy, created and released again: what ECS, load balancers and Route 53 hold then."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from emulator import Emulator, Resolved
from tests.deployment.site import Site, digest
from tests.generated import generated
from tests.platforms import ROOT

PLACE = "live"
_NUMBERS = itertools.count(1)
OLD, NEW = digest("a"), digest("b")
RULES = ("ListenerRule", "TestListenerRule")
NATIVE = {
    "shifted": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5},
    "stepped": {
        "strategy": "LINEAR",
        "bakeTimeInMinutes": 5,
        "linearConfiguration": {"stepPercent": 20.0, "stepBakeTimeInMinutes": 5},
    },
    "canary": {
        "strategy": "CANARY",
        "bakeTimeInMinutes": 5,
        "canaryConfiguration": {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 7},
    },
}


@pytest.fixture(scope="module")
def site(emulator: Emulator) -> Site:
    """The environment with two clusters; each test brings services of its own."""
    made = Site(emulator, generated(ROOT / "tests/cases/strategies"))
    assert made.create(PLACE) == "CREATE_COMPLETE"
    return made


@pytest.fixture
def released(site: Site) -> Callable[[str], str]:
    """Makes a service's stack where there is none; its name."""

    def release(service: str) -> str:
        stack = site.stack(service, PLACE)
        if stack not in site.at(PLACE).statuses():
            assert site.release(service, PLACE, OLD) == "CREATE_COMPLETE", site.at(PLACE).failures(stack)
        return stack

    return release


@pytest.fixture
def new() -> str:
    """A digest that no other test releases."""
    return f"sha256:{next(_NUMBERS):064x}"


def touched(before: dict[str, Resolved], after: dict[str, Resolved]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def led_to(site: Site, stack: str, name: str) -> str:
    """The group that a rule leads to; the emulator's load balancers know one, and no weights."""
    arn = site.resolved(stack)[name].physical_id
    [found] = site.client("elbv2", PLACE).describe_rules(RuleArns=[arn])["Rules"]
    return str(found["Actions"][0]["TargetGroupArn"])


def lead(site: Site, stack: str, name: str, group: str) -> None:
    arn = site.resolved(stack)[name].physical_id
    site.client("elbv2", PLACE).modify_rule(RuleArn=arn, Actions=[{"Type": "forward", "TargetGroupArn": group}])


def groups(site: Site, stack: str) -> tuple[str, str]:
    resolved = site.resolved(stack)
    return resolved["TargetGroup"].physical_id, resolved["AlternateTargetGroup"].physical_id


def image(site: Site, stack: str) -> str:
    return str(site.task_definition(stack)["containerDefinitions"][0]["image"])


@pytest.mark.parametrize("service", ["rolled", *NATIVE])
def test_a_release_touches_only_the_task(site: Site, released: Callable[[str], str], service: str, new: str) -> None:
    before = site.resolved(stack := released(service))
    assert site.release(service, PLACE, new) == "UPDATE_COMPLETE"
    changed = touched(before, after := site.resolved(stack))
    assert {after[name].type for name in changed} == {"AWS::ECS::TaskDefinition", "AWS::ECS::Service"}
    assert image(site, stack) == site.image(service, new)


@pytest.mark.parametrize("service", NATIVE)
def test_ecs_knows_how_to_move_the_traffic(site: Site, released: Callable[[str], str], service: str) -> None:
    found = site.service(stack := released(service))
    resolved = site.resolved(stack)
    assert found["deploymentConfiguration"].items() >= NATIVE[service].items()
    names = set(found["deploymentConfiguration"]["alarms"]["alarmNames"])
    alarms = site.client("cloudwatch", PLACE).describe_alarms(AlarmNames=sorted(names))["MetricAlarms"]
    assert {alarm["AlarmName"] for alarm in alarms} == names
    assert len(names) == 4
    [balancer] = found["loadBalancers"]
    assert balancer["targetGroupArn"] == resolved["TargetGroup"].physical_id
    assert balancer["advancedConfiguration"] == {
        "alternateTargetGroupArn": resolved["AlternateTargetGroup"].physical_id,
        "productionListenerRule": resolved["ListenerRule"].physical_id,
        "testListenerRule": resolved["TestListenerRule"].physical_id,
        "roleArn": balancer["advancedConfiguration"]["roleArn"],
    }


@pytest.mark.parametrize("service", NATIVE)
def test_ecs_may_change_these_rules_and_no_others(site: Site, released: Callable[[str], str], service: str) -> None:
    resolved = site.resolved(stack := released(service))
    arn = site.service(stack)["loadBalancers"][0]["advancedConfiguration"]["roleArn"]
    role = site.client("iam", PLACE).get_role(RoleName=arn.rsplit("/", 1)[1])["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "ecs.amazonaws.com"}
    statements = resolved["InfrastructurePolicy"].properties["PolicyDocument"]["Statement"]
    [rules] = [s["Resource"] for s in statements if "elasticloadbalancing:ModifyRule" in s["Action"]]
    assert rules == [resolved[name].physical_id for name in RULES]
    assert resolved["InfrastructurePolicy"].properties["Roles"] == [role["RoleName"]]


@pytest.mark.parametrize("service", [*NATIVE, "deployed"])
def test_both_listeners_lead_to_the_first_group(site: Site, released: Callable[[str], str], service: str) -> None:
    first, second = groups(site, stack := released(service))
    found = [site.resolved(stack)[name].properties for name in RULES]
    environment = site.resolved(f"shop-{PLACE}")
    listeners = [environment[f"ClusterBlue/{name}"].physical_id for name in ("HttpsListener", "TestListener")]
    assert [properties["ListenerArn"] for properties in found] == listeners
    assert found[0]["Conditions"] == found[1]["Conditions"]
    forward = {"TargetGroups": [{"TargetGroupArn": first, "Weight": 1}, {"TargetGroupArn": second, "Weight": 0}]}
    assert [p["Actions"] for p in found] == [[{"Type": "forward", "ForwardConfig": forward}]] * 2
    assert [led_to(site, stack, name) for name in RULES] == [first] * 2


@pytest.mark.parametrize("service", [*NATIVE, "deployed"])
def test_a_release_leaves_the_traffic_where_it_was_moved(
    site: Site, released: Callable[[str], str], service: str, new: str
) -> None:
    """https://github.com/aws/aws-cdk/issues/36649."""
    first, second = groups(site, stack := released(service))
    for name in RULES:
        lead(site, stack, name, second)
    assert site.release(service, PLACE, new) == "UPDATE_COMPLETE"
    assert [led_to(site, stack, name) for name in RULES] == [second] * 2
    for name in RULES:
        lead(site, stack, name, first)


def test_for_codedeploy_a_stack_update_makes_a_revision_and_leaves_the_service_alone(
    site: Site, released: Callable[[str], str], new: str
) -> None:
    stack = released("deployed")
    before, service = site.resolved(stack), site.service(stack)
    assert service["deploymentController"] == {"type": "CODE_DEPLOY"}
    assert site.release("deployed", PLACE, new) == "UPDATE_COMPLETE"
    assert touched(before, site.resolved(stack)) == {"TaskDefinition"}
    assert site.service(stack)["taskDefinition"] == service["taskDefinition"]
    revision = site.at(PLACE).outputs(stack)["TaskDefinitionArn"]
    assert revision != service["taskDefinition"]
    made = site.client("ecs", PLACE).describe_task_definition(taskDefinition=revision)["taskDefinition"]
    assert made["containerDefinitions"][0]["image"] == site.image("deployed", new)


def test_codedeploy_is_told_the_service_and_both_groups(site: Site, released: Callable[[str], str]) -> None:
    resolved = site.resolved(stack := released("deployed"))
    group, service = resolved["DeploymentGroup"].properties, site.service(stack)
    assert group["ApplicationName"] == resolved["Application"].physical_id
    assert group["ECSServices"] == [
        {"ClusterName": service["clusterArn"].rsplit("/", 1)[1], "ServiceName": service["serviceName"]}
    ]
    [pair] = group["LoadBalancerInfo"]["TargetGroupPairInfoList"]
    described = site.client("elbv2", PLACE).describe_target_groups(TargetGroupArns=list(groups(site, stack)))
    assert {name["Name"] for name in pair["TargetGroups"]} == {g["TargetGroupName"] for g in described["TargetGroups"]}
    routes = [pair["ProdTrafficRoute"]["ListenerArns"], pair["TestTrafficRoute"]["ListenerArns"]]
    assert routes == [[resolved[f"{name}ListenerRule"].properties["ListenerArn"]] for name in ("", "Test")]
    outputs = site.at(PLACE).outputs(stack)
    assert outputs["Application"] == resolved["Application"].physical_id
    assert outputs["DeploymentGroup"] == resolved["DeploymentGroup"].physical_id


@pytest.mark.parametrize("service", ["switched", "switched-ec2"])
def test_a_switch_turns_dns_and_the_side_that_is_left_keeps_its_tasks(site: Site, service: str) -> None:
    stack, steps = site.stack(service, PLACE), site.switch
    assert steps(service, PLACE, (OLD, OLD), "blue", 1) == "CREATE_COMPLETE"
    assert steps(service, PLACE, (OLD, NEW), "blue", 3) == "UPDATE_COMPLETE"
    prepared = site.resolved(stack)
    assert records(site, service) == {"blue": 100, "green": 0}
    scaled(site, stack, "", 5)  # autoscaling has gone on meanwhile
    assert steps(service, PLACE, (OLD, NEW), "green", -1) == "UPDATE_COMPLETE"
    assert records(site, service) == {"blue": 0, "green": 100}
    switched = site.resolved(stack)
    assert {name: r.physical_id for name, r in prepared.items()} == {
        name: r.physical_id for name, r in switched.items()
    }
    both = {f"{side}{name}" for side in ("", "Green") for name in ("Record", "ScalableTarget")}
    # Alarms follow, but those of the log that both sides write, and of the other alarms.
    alarms = {
        name for name, one in prepared.items() if one.type == "AWS::CloudWatch::Alarm" and name != "ErrorLinesAlarm"
    }
    assert touched(prepared, switched) == {*both, *alarms, "GreenService"}
    assert "DesiredCount" not in switched["GreenService"].properties
    assert (desired(site, stack, ""), desired(site, stack, "Green")) == (5, 3)
    # A bad verdict: the records go back, and neither side has other tasks than before.
    assert steps(service, PLACE, (OLD, NEW), "blue", -1) == "UPDATE_COMPLETE"
    assert touched(switched, site.resolved(stack)) == both | alarms
    assert (desired(site, stack, ""), desired(site, stack, "Green")) == (5, 3)
    assert records(site, service) == {"blue": 100, "green": 0}
    # A good one, and the idle side shrinks.
    assert steps(service, PLACE, (OLD, NEW), "blue", 0) == "UPDATE_COMPLETE"
    assert (desired(site, stack, ""), desired(site, stack, "Green")) == (5, 0)


def scaled(site: Site, stack: str, side: str, tasks: int) -> None:
    """Play autoscaling."""
    service = site.resolved(stack)[f"{side}Service"]
    names = {"cluster": service.properties["Cluster"], "service": service.physical_id}
    site.client("ecs", PLACE).update_service(**names, desiredCount=tasks)


def desired(site: Site, stack: str, side: str) -> int:
    """Tasks that ECS is to keep running."""
    service = site.resolved(stack)[f"{side}Service"]
    names = {"cluster": service.properties["Cluster"], "services": [service.physical_id]}
    [found] = site.client("ecs", PLACE).describe_services(**names)["services"]
    return int(found["desiredCount"])


def records(site: Site, service: str) -> dict[str, int]:
    """Weights by the load balancer's side."""
    environment = site.resolved(f"shop-{PLACE}")
    balancers = site.client("elbv2", PLACE).describe_load_balancers()["LoadBalancers"]
    names = {
        balancer["DNSName"]: colour
        for colour in ("blue", "green")
        for balancer in balancers
        if balancer["LoadBalancerArn"] == environment[f"Cluster{colour.capitalize()}/LoadBalancer"].physical_id
    }
    zone = environment["Network/HostedZone"].physical_id
    found = site.client("route53", PLACE).list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {
        names[record["ResourceRecords"][0]["Value"]]: record["Weight"]
        for record in found
        if record["Name"] == f"{service}.{PLACE}.shop.example." and "Weight" in record
    }


def test_a_side_is_watched_under_its_own_name(site: Site) -> None:
    stack = site.stack("switched", PLACE)
    if stack not in site.at(PLACE).statuses():
        site.switch("switched", PLACE, (OLD, OLD), "blue", 1)
    resolved = site.resolved(stack)
    checks = {check["Id"]: check for check in site.client("route53", PLACE).list_health_checks()["HealthChecks"]}
    for side, colour in (("", "blue"), ("Green", "green")):
        check = checks[resolved[f"{side}Record"].properties["HealthCheckId"]]["HealthCheckConfig"]
        assert check["FullyQualifiedDomainName"] == resolved[f"{side}SideRecord"].properties["Name"]
        assert check["FullyQualifiedDomainName"].startswith(f"switched-{colour}.")
        assert check["ResourcePath"] == site.platform.services["switched"].health_path


def test_the_toolchain_signs_images_and_keeps_copies_of_others(site: Site) -> None:
    if f"shop-{(first := next(iter(site.platform.environments)))}" not in site.at(first).statuses():
        assert site.create(first) == "CREATE_COMPLETE"
    assert site.create("toolchain") == "CREATE_COMPLETE", site.stacks.failures("shop-toolchain")
    resolved = site.resolved("shop-toolchain")
    kinds: dict[str, list[Resolved]] = {}
    for resource in resolved.values():
        kinds.setdefault(resource.type, []).append(resource)
    [signing] = kinds["AWS::ECR::SigningConfiguration"]
    [profile] = kinds["AWS::Signer::SigningProfile"]
    [rule] = signing.properties["Rules"]
    assert profile.physical_id in rule["SigningProfileArn"]
    rules = kinds["AWS::ECR::PullThroughCacheRule"]
    prefixes = {rule.properties["EcrRepositoryPrefix"] for rule in rules}
    assert len(prefixes) == len(rules) == len(site.platform.toolchain.base_images)
    assert {template.properties["Prefix"] for template in kinds["AWS::ECR::RepositoryCreationTemplate"]} <= prefixes
