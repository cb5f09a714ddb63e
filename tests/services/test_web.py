"""What every service stack must be, and what each declared key does to it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sendy_cfn.config import routing
from sendy_cfn.config.model import Platform
from tests.platforms import built as build
from tests.platforms import platform

HEAD = """
platform: demo
domain: demo.example
toolchain:
  region: eu-west-1
  source: {repository: demo/platform}
cluster: {ec2: [amd64, arm64]}
environments:
  test: {region: eu-west-1}
services:
"""


def built(keys: str = "", head: str = HEAD) -> dict[str, Any]:
    text = f"{head}  shop: {{kind: web, source: {{repository: demo/shop}}{', ' if keys else ''}{keys}}}\n"
    found = platform(text)
    return build(found, found.services["shop"]).to_dict()


def only(template: dict[str, Any], kind: str) -> dict[str, Any]:
    (found,) = [r for r in template["Resources"].values() if r["Type"] == f"AWS::{kind}"]
    return dict(found["Properties"])


def container(template: dict[str, Any]) -> dict[str, Any]:
    (found,) = only(template, "ECS::TaskDefinition")["ContainerDefinitions"]
    return dict(found)


def statements(template: dict[str, Any], policy: str) -> dict[str, dict[str, Any]]:
    document = template["Resources"][policy]["Properties"]["PolicyDocument"]
    return {statement["Sid"]: statement for statement in document["Statement"]}


@pytest.fixture(scope="module", params=["orders", "pricing", "tracking"])
def shipped(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: Platform = platform()
    return build(found, found.services[request.param]).to_dict()


def test_no_task_is_root_or_privileged_and_each_has_an_init_process(shipped: dict[str, Any]) -> None:
    task = container(shipped)
    assert task["User"].partition(":")[0] not in ("0", "root", "")
    assert not task.get("Privileged", False)
    assert task["LinuxParameters"]["InitProcessEnabled"] is True
    assert task["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}


def test_logs_never_block_the_service(shipped: dict[str, Any]) -> None:
    options = container(shipped)["LogConfiguration"]["Options"]
    assert options["mode"] == "non-blocking"
    assert options["awslogs-group"] == {"Ref": "LogGroup"}
    group = shipped["Resources"]["LogGroup"]
    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert (group["DeletionPolicy"], group["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_scaling_owns_the_task_count(shipped: dict[str, Any]) -> None:
    assert "DesiredCount" not in only(shipped, "ECS::Service")
    target = only(shipped, "ApplicationAutoScaling::ScalableTarget")
    assert target["MinCapacity"] == {"Ref": "MinTasks"}
    assert target["MaxCapacity"] == {"Ref": "MaxTasks"}


def test_only_the_load_balancer_reaches_the_tasks(shipped: dict[str, Any]) -> None:
    (rule,) = only(shipped, "EC2::SecurityGroup")["SecurityGroupIngress"]
    assert rule["SourceSecurityGroupId"] == {"Ref": "LoadBalancerSecurityGroupId"}
    assert not {"CidrIp", "CidrIpv6"} & set(rule)
    network = only(shipped, "ECS::Service")["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["AssignPublicIp"] == "DISABLED"
    assert network["Subnets"] == {"Ref": "PrivateSubnetIds"}


def test_port_is_the_same_from_container_to_service(shipped: dict[str, Any]) -> None:
    task = container(shipped)
    (balancer,) = only(shipped, "ECS::Service")["LoadBalancers"]
    assert balancer["ContainerName"] == task["Name"]
    assert [mapping["ContainerPort"] for mapping in task["PortMappings"]] == [balancer["ContainerPort"]]


def test_a_changed_port_replaces_nothing_that_serves() -> None:
    """Target groups are replaced when their port changes, and a closed port cuts off the tasks that still run."""
    before, after = built("port: 8080"), built("port: 9090")
    for kind in ("ElasticLoadBalancingV2::TargetGroup", "ElasticLoadBalancingV2::ListenerRule", "EC2::SecurityGroup"):
        assert only(before, kind) == only(after, kind)
    assert container(before) != container(after)


def test_the_service_waits_for_its_listener_rule(shipped: dict[str, Any]) -> None:
    assert "ListenerRule" in shipped["Resources"]["Service"]["DependsOn"]


def test_a_failed_release_is_rolled_back_after_a_fixed_number_of_tasks(shipped: dict[str, Any]) -> None:
    deployment = only(shipped, "ECS::Service")["DeploymentConfiguration"]
    breaker = deployment["DeploymentCircuitBreaker"]
    assert breaker["Enable"] is True
    assert breaker["Rollback"] is True
    assert breaker["ThresholdConfiguration"] == {"Type": "COUNT", "Value": {"Ref": "FailedTasks"}}
    assert shipped["Parameters"]["FailedTasks"]["Default"] == 3
    assert breaker["ResetOnHealthyTask"] is False, "or a release of which some tasks work is never decided"
    assert deployment["MinimumHealthyPercent"] == 100
    assert deployment["MaximumPercent"] > 100  # both 100 would never replace a task


def test_the_name_has_a_ttl_of_its_own(shipped: dict[str, Any]) -> None:
    record = only(shipped, "Route53::RecordSet")
    assert record["TTL"] == "60"
    assert "AliasTarget" not in record
    (host,) = only(shipped, "ElasticLoadBalancingV2::ListenerRule")["Conditions"][0]["HostHeaderConfig"]["Values"]
    assert record["Name"] == host
    assert shipped["Outputs"]["ServiceUrl"]["Value"]["Fn::Sub"] == f"https://{host['Fn::Sub']}"


def test_image_has_no_default_and_must_be_a_digest(shipped: dict[str, Any]) -> None:
    image = shipped["Parameters"]["Image"]
    assert "Default" not in image
    assert "@sha256:" in image["AllowedPattern"]


def test_everything_in_policies_has_a_purpose_and_no_wildcard_action(shipped: dict[str, Any]) -> None:
    for resource in shipped["Resources"].values():
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                assert statement["Sid"]
                assert not [action for action in statement["Action"] if "*" in action]
                if statement["Resource"] == ["*"]:
                    assert statement["Action"] == ["ecr:GetAuthorizationToken"]


def test_a_service_that_declares_nothing_may_do_nothing() -> None:
    template = built()
    assert "TaskPolicy" not in template["Resources"]
    assert set(statements(template, "ExecutionPolicy")) == {"LogInToRegistry", "PullImage", "WriteLogs"}


def test_only_its_own_repository_is_pulled() -> None:
    (repository,) = statements(built(), "ExecutionPolicy")["PullImage"]["Resource"]
    assert repository["Fn::Sub"].endswith(":repository/demo/shop")


def test_permissions_are_those_declared() -> None:
    template = built(
        "permissions: [{actions: [s3:GetObject], resources: ['arn:{partition}:s3:::demo-{environment}/*']},"
        " {actions: [sqs:SendMessage], resources: ['arn:aws:sqs:eu-west-1:111122223333:q']}]"
    )
    found = statements(template, "TaskPolicy")
    assert [(s["Action"], s["Resource"]) for s in found.values()] == [
        (["s3:GetObject"], [{"Fn::Sub": "arn:${AWS::Partition}:s3:::demo-${Environment}/*"}]),
        (["sqs:SendMessage"], ["arn:aws:sqs:eu-west-1:111122223333:q"]),
    ]


ACCOUNT = "${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}"


@pytest.mark.parametrize(
    ("secret", "value_from", "sid", "resource"),
    [
        (
            "/demo/{environment}/db",
            {"Fn::Sub": f"arn:{ACCOUNT % 'ssm'}:parameter/demo/${{Environment}}/db"},
            "ReadParameters",
            {"Fn::Sub": f"arn:{ACCOUNT % 'ssm'}:parameter/demo/${{Environment}}/db"},
        ),
        (
            "secretsmanager:demo/db:password",
            {"Fn::Sub": f"arn:{ACCOUNT % 'secretsmanager'}:secret:demo/db:password::"},
            "ReadSecrets",
            {"Fn::Sub": f"arn:{ACCOUNT % 'secretsmanager'}:secret:demo/db-??????"},
        ),
        (
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf:user::",
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf:user::",
            "ReadSecrets",
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf",
        ),
        (
            "arn:aws:ssm:eu-west-1:111122223333:parameter/db",
            "arn:aws:ssm:eu-west-1:111122223333:parameter/db",
            "ReadParameters",
            "arn:aws:ssm:eu-west-1:111122223333:parameter/db",
        ),
    ],
)
def test_a_secret_is_a_reference_and_exactly_it_may_be_read(
    secret: str, value_from: Any, sid: str, resource: Any
) -> None:
    template = built(f"secrets: {{DB: '{secret}'}}")
    assert container(template)["Secrets"] == [{"Name": "DB", "ValueFrom": value_from}]
    allowed = statements(template, "ExecutionPolicy")
    assert allowed[sid]["Resource"] == [resource]
    assert allowed["DecryptSecrets"]["Action"] == ["kms:Decrypt"]
    assert "kms:ViaService" in allowed["DecryptSecrets"]["Condition"]["StringEquals"]


def resolved(value: Any) -> str:
    """What CloudFormation makes of a text: in Fn::Sub, only what it brings along itself is a reference to no other."""
    if isinstance(value, str):
        return value
    text, own = value["Fn::Sub"]
    return re.sub(r"\$\{([^}]*)\}", lambda match: str(own[match[1]]), text)


def test_text_of_the_user_stays_text() -> None:
    template = built(
        "environment: {A: '${AWS::AccountId}', B: 'yes', C: '#{x}'}, "
        "command: ['sh', '-c', 'echo ${HOME} ${!x}', '${A:-${B}}', '$${C', '${']"
    )
    task = container(template)
    values = {entry["Name"]: resolved(entry["Value"]) for entry in task["Environment"]}
    assert values == {"A": "${AWS::AccountId}", "B": "yes", "C": "#{x}"}
    words = ["sh", "-c", "echo ${HOME} ${!x}", "${A:-${B}}", "$${C", "${"]
    assert [resolved(word) for word in task["Command"]] == words


def test_read_only_root_has_a_writable_tmp() -> None:
    template = built()
    assert container(template)["ReadonlyRootFilesystem"] is True
    (mount,) = container(template)["LinuxParameters"]["Tmpfs"]
    assert mount["ContainerPath"] == "/tmp"
    assert mount["Size"] == {"Ref": "TmpSize"}
    assert "Tmpfs" not in container(built("read_only: false"))["LinuxParameters"]


@pytest.mark.parametrize(
    ("keys", "compatible", "providers", "parameters"),
    [
        ("capacity: fargate", "FARGATE", ["FARGATE"], set()),
        ("capacity: fargate-spot", "FARGATE", ["FARGATE", "FARGATE_SPOT"], {"OnDemandBase", "SpotWeight"}),
        ("capacity: ec2", "EC2", [{"Ref": "Amd64CapacityProvider"}], {"Amd64CapacityProvider"}),
        (
            "capacity: ec2, architecture: arm64",
            "EC2",
            [{"Ref": "Arm64CapacityProvider"}],
            {"Arm64CapacityProvider"},
        ),
    ],
)
def test_capacity(keys: str, compatible: str, providers: list[Any], parameters: set[str]) -> None:
    template = built(keys)
    assert only(template, "ECS::TaskDefinition")["RequiresCompatibilities"] == [compatible]
    strategy = only(template, "ECS::Service")["CapacityProviderStrategy"]
    assert [item["CapacityProvider"] for item in strategy] == providers
    own = {"OnDemandBase", "SpotWeight", "Amd64CapacityProvider", "Arm64CapacityProvider"}
    assert set(template["Parameters"]) & own == parameters
    assert ("PlacementStrategies" in only(template, "ECS::Service")) == (compatible == "EC2")


def test_architecture() -> None:
    assert only(built(), "ECS::TaskDefinition")["RuntimePlatform"]["CpuArchitecture"] == "X86_64"
    arm = only(built("architecture: arm64"), "ECS::TaskDefinition")
    assert arm["RuntimePlatform"]["CpuArchitecture"] == "ARM64"


def test_scaling_follows_what_is_declared() -> None:
    def followed(template: dict[str, Any]) -> set[str]:
        policies = [r for r in template["Resources"].values() if r["Type"].endswith("ScalingPolicy")]
        configurations = [p["Properties"]["TargetTrackingScalingPolicyConfiguration"] for p in policies]
        return {c["PredefinedMetricSpecification"]["PredefinedMetricType"] for c in configurations}

    assert len(followed(built())) == 3
    assert followed(built("scale_on: [requests]")) == {"ALBRequestCountPerTarget"}
    cpu = built("scale_on: [cpu]")
    assert followed(cpu) == {"ECSServiceAverageCPUUtilization"}
    assert set(cpu["Parameters"]).isdisjoint({"RequestsTarget", "MemoryTarget"})


def test_container_health_check_only_where_declared() -> None:
    assert "HealthCheck" not in container(built())
    check = container(built("health_command: [/shop, health]"))["HealthCheck"]
    assert check["Command"] == ["CMD", "/shop", "health"]


def test_paths_and_host_of_a_shared_name() -> None:
    template = built("host: api, paths: [/shop, '/shop/*']")
    rule = only(template, "ElasticLoadBalancingV2::ListenerRule")
    host, path = rule["Conditions"]
    assert host["HostHeaderConfig"]["Values"] == [{"Fn::Sub": "api.${DomainName}"}]
    assert path["PathPatternConfig"]["Values"] == ["/shop", "/shop/*"]


def test_the_priority_is_that_of_the_plan() -> None:
    found = platform()
    for service in found.services.values():
        rule = only(build(found, service).to_dict(), "ElasticLoadBalancingV2::ListenerRule")
        assert rule["Priority"] == routing.priority(service)


def test_outgoing_connections_are_to_declared_ports() -> None:
    rules = only(built("outbound_ports: [443, 5432]"), "EC2::SecurityGroup")["SecurityGroupEgress"]
    assert [(rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) for rule in rules] == [
        (443, 443, "tcp"),
        (5432, 5432, "tcp"),
    ]
    dual = HEAD.replace("cluster:", "network: {dual_stack: true}\ncluster:")
    rules = only(built(head=dual), "EC2::SecurityGroup")["SecurityGroupEgress"]
    assert {rule.get("CidrIp") or rule["CidrIpv6"] for rule in rules} == {"0.0.0.0/0", "::/0"}


def test_without_a_domain_the_url_is_the_load_balancers() -> None:
    head = HEAD.replace("domain: demo.example\n", "")
    template = built("paths: ['/shop*']", head)
    assert template["Outputs"]["ServiceUrl"]["Value"] == {"Fn::Sub": "http://${LoadBalancerDnsName}"}
    assert "plain HTTP" in template["Outputs"]["ServiceUrl"]["Description"]
    assert not [r for r in template["Resources"].values() if r["Type"] == "AWS::Route53::RecordSet"]
    assert "DomainName" not in template["Parameters"]
