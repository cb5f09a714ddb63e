from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.authorize import trusts
from sendy_cfn import wires
from sendy_cfn.blocks import deploy_scopes, resource_actions, resource_schemas, role_paths
from sendy_cfn.config.model import Platform
from sendy_cfn.stacks import artifacts
from tests import platforms
from tests.generated import generated
from tests.platforms import platform
from tests.stacks.authorization import Statements, allows, made_name
from tests.stacks.deployment import arn, built, from_account, iam_arn, of_services, of_types, policies, statements
from tests.stacks.evaluate import Stack

POLICY_CHARACTERS = 6144  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
POLICIES_PER_ROLE = 10
LONGEST = """
platform: abcdefghijklmnop
domain: courier.example
toolchain:
  region: ap-southeast-1
  source: {repository: courier/platform}
environments:
  abcdefghijkl: {region: ap-southeast-1}
services:
  orders: {kind: web, source: {repository: courier/orders}}
"""


@pytest.fixture(scope="module")
def shipped() -> Stack:
    return built(platform(), of_services(platform()))


@pytest.fixture(scope="module")
def cloudformation(shipped: Stack) -> Statements:
    return statements(shipped, "CloudFormationRole")


@pytest.fixture(scope="module")
def pipeline(shipped: Stack) -> Statements:
    return statements(shipped, "PipelineRole")


def test_every_action_of_the_types_is_there_and_no_other() -> None:
    services = of_services(platform()).values()
    types = {kind for interface in services if not interface.deployments for kind in interface.types}
    needed = {action for kind in types for action in resource_actions.needed(kind)}
    made = policies(built(platform(), of_types(*types)), "CloudFormationRole")
    given = {name: {action for one in found for action in one["Action"]} for name, found in made.items()}
    of_parameters = given.pop("ParametersPolicy")
    assert set().union(*given.values()) <= needed <= set().union(*given.values(), of_parameters)


def test_the_stored_actions_are_those_of_the_schemas() -> None:
    assert resource_actions.DATA.read_text(encoding="utf-8") == resource_schemas.text()


def test_actions_left_out_are_ones_that_the_schemas_name() -> None:
    stored = json.loads(resource_actions.DATA.read_text(encoding="utf-8"))
    for kind, left_out in resource_actions.NOT_USED.items():
        assert set(left_out) <= set(stored[kind])


def test_every_known_type_has_its_scopes() -> None:
    everything = built(platform(), of_types(*resource_schemas.TYPES))
    granted = {action for one in statements(everything, "CloudFormationRole") for action in one["Action"]}
    assert granted >= {action for kind in resource_schemas.TYPES for action in resource_actions.needed(kind)}


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(LookupError, match="AWS::RDS::DBInstance"):
        built(platform(), of_types("AWS::RDS::DBInstance"))


def test_an_action_without_a_scope_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(resource_actions._schemas(), "AWS::ECS::Service", ["ecs:CreateCluster"])
    with pytest.raises(LookupError, match="ecs:CreateCluster"):
        built(platform(), of_types("AWS::ECS::Service"))


def test_only_what_the_types_need_is_allowed() -> None:
    logs_only = built(platform(), of_types("AWS::Logs::LogGroup"))
    actions = {action for one in statements(logs_only, "CloudFormationRole") for action in one["Action"]}
    assert {action.split(":")[0] for action in actions} == {
        "logs",
        "ssm",
        "ec2",
    }  # the last two: parameters
    assert not set(logs_only.template["Parameters"]) & {"VpcId", "HostedZoneId"}


def test_policies_fit_with_the_longest_names() -> None:
    chosen = platform(LONGEST)
    stack = built(
        chosen,
        of_types(*resource_schemas.TYPES),
        **{
            "Environment": "abcdefghijkl",
            "VpcId": "vpc-" + 17 * "0",
            "HostedZoneId": 32 * "Z",
            "AWS::Region": "ap-southeast-1",
        },
    )
    for role in ("CloudFormationRole", "PipelineRole"):
        attached = policies(stack, role)
        assert len(attached) <= POLICIES_PER_ROLE
        for name in attached:
            document = stack.resources[name]["PolicyDocument"]
            assert len(json.dumps(document, separators=(",", ":"))) <= POLICY_CHARACTERS, name


def test_the_deploy_roles_are_where_services_cant_reach(shipped: Stack) -> None:
    for made in (*shipped.of_type("IAM::Role").values(), *shipped.of_type("IAM::ManagedPolicy").values()):
        assert made["Path"] == role_paths.of_deployment("courier")
    for name in ("test", "deploy", "a" * 12):  # 12: the longest name of an environment
        assert role_paths.of_services("courier").replace("${Environment}", name) != role_paths.of_deployment("courier")


@pytest.mark.parametrize("name", sorted(platform().services))
def test_service_templates_make_their_roles_where_the_role_may(name: str) -> None:
    chosen = platform()
    template = platforms.built(chosen, chosen.services[name]).to_dict()
    owned = {
        title: body["Properties"].get("Path")
        for title, body in template["Resources"].items()
        if body["Type"] in (deploy_scopes.ROLE, deploy_scopes.POLICY)
    }
    assert owned
    assert all(path == {"Fn::Sub": role_paths.of_services(chosen.platform)} for path in owned.values()), owned


@pytest.mark.parametrize("cluster", ["blue", "green-2"])
def test_both_roles_read_what_service_templates_look_up(
    cloudformation: Statements, pipeline: Statements, cluster: str
) -> None:
    chosen = platform()
    looked_up = {
        wires.BY_NAME[name].ssm_name("courier", "test", cluster)
        for service in chosen.services.values()
        for name, parameter in platforms.built(chosen, service).to_dict()["Parameters"].items()
        if parameter["Type"].startswith("AWS::SSM::Parameter::Value<")
    }
    assert looked_up
    for name in looked_up:
        for allowed in (cloudformation, pipeline):
            assert allows(allowed, "ssm:GetParameters", arn("ssm", f"parameter{name}"))


def test_the_pipeline_starts_service_stacks_with_the_cloudformation_role_only(pipeline: Statements) -> None:
    mine = arn("cloudformation", "stack/courier-test-orders/1")
    ours, other = (
        {"cloudformation__RoleArn": "CloudFormationRole.Arn"},
        {"cloudformation__RoleArn": iam_arn("role/Admin")},
    )
    for action in ("CreateStack", "UpdateStack"):
        assert allows(pipeline, f"cloudformation:{action}", mine, **ours)
        assert not allows(pipeline, f"cloudformation:{action}", mine, **other)
        assert not allows(pipeline, f"cloudformation:{action}", mine)
        assert not allows(pipeline, f"cloudformation:{action}", mine.replace("test", "production"), **ours)
    for action in ("DescribeStacks", "DescribeStackEvents"):
        assert allows(pipeline, f"cloudformation:{action}", mine)
    for action in ("DeleteStack", "CreateChangeSet", "ExecuteChangeSet"):
        assert not allows(pipeline, f"cloudformation:{action}", mine, **ours)
    service = {"iam__PassedToService": "cloudformation.amazonaws.com"}
    assert allows(pipeline, "iam:PassRole", "CloudFormationRole.Arn", **service)
    assert not allows(
        pipeline, "iam:PassRole", "CloudFormationRole.Arn", iam__PassedToService="ecs-tasks.amazonaws.com"
    )
    assert not allows(pipeline, "iam:PassRole", iam_arn("role/Admin"), **service)


# Also for the parameters of stacks.
BY_BOTH = {"ec2:DescribeSecurityGroups", "ec2:DescribeVpcs", "ec2:DescribeSubnets", "ssm:GetParameters"}
OWN, OTHER = "123456789012", "111111111111"  # the environment's account, and one that only has the pipelines
PLACES = [(platform(), OWN), (platform(LONGEST), OWN), (from_account(platform(), OTHER), OTHER)]


@pytest.mark.parametrize("region", ["eu-central-1", "us-east-1"])
@pytest.mark.parametrize(("chosen", "account"), PLACES, ids=["shipped", "longest names", "another account"])
def test_the_pipeline_role_reads_the_toolchains_artifacts_of_its_region(
    chosen: Platform, account: str, region: str
) -> None:
    deployed = built(chosen, of_types("AWS::Logs::LogGroup"), **{"AWS::Region": region})
    role = statements(deployed, "PipelineRole")
    toolchain = Stack(
        artifacts.build(chosen).to_dict(),
        {"AWS::AccountId": account, "AWS::Region": region, "ArtifactDays": 9}
        | {"LogRetentionDays": 9, "ArtifactBucket.Arn": "a", "AccessLogBucket.Arn": "b"},
    )
    bucket = "arn:aws:s3:::" + toolchain.resources["ArtifactBucket"]["BucketName"]
    alias: dict[str, Any] = {"kms__ResourceAliases": [toolchain.resources["KeyAlias"]["AliasName"]]}
    if account == OTHER:  # the alias of another account's key may not be told
        alias = {"kms__ViaService": f"s3.{region}.amazonaws.com"}
    key = f"arn:aws:kms:{region}:{account}:key/1"
    assert allows(role, "s3:GetObject", f"{bucket}/orders/Source/1.zip")
    assert allows(role, "s3:GetBucketVersioning", bucket)
    assert not allows(role, "s3:PutObject", f"{bucket}/orders/Source/1.zip")
    assert allows(role, "kms:Decrypt", key, **alias)
    assert not allows(role, "kms:Decrypt", key, kms__ResourceAliases=["alias/payroll"])
    assert not allows(role, "kms:Decrypt", key)


@pytest.mark.parametrize(("chosen", "account"), PLACES, ids=["shipped", "longest names", "another account"])
def test_the_pipeline_role_trusts_the_pipelines_of_the_toolchain(chosen: Platform, account: str) -> None:
    trust = built(chosen, of_types("AWS::Logs::LogGroup")).resources["PipelineRole"]["AssumeRolePolicyDocument"]
    nested = f"{chosen.platform}-toolchain-PipelineOrders-1A2B3C4D5E6F"

    def of(owner: str, name: str) -> str:
        return f"arn:aws:iam::{owner}:role/{name}"

    assert trusts(trust, of(account, made_name(nested, "PipelineRole", 64)))
    assert not trusts(trust, of("222222222222", made_name(nested, "PipelineRole", 64)))
    assert not trusts(trust, of(account, made_name("other-toolchain-Pipeline", "PipelineRole", 64)))
    for stack, role in ((nested, "BuildRole"), (f"{chosen.platform}-test-orders", "PipelineRole")):
        assert not trusts(trust, of(account, made_name(stack, role, 64)))


def granted(case: str) -> set[str]:
    """Services of the actions that the generated CloudFormation role may, ssm, ec2 and iam aside: all have these."""
    folder = platforms.ROOT / ("params" if case == "params" else f"tests/cases/{case}")
    made = generated(folder)
    found = {
        action.split(":")[0]
        for name, resource in made.templates["deploy-roles.yaml"]["Resources"].items()
        if resource["Type"] == "AWS::IAM::ManagedPolicy"
        and {"Ref": "CloudFormationRole"} in resource["Properties"].get("Roles", ())
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
        for action in statement["Action"]
    }
    return found - {"ssm", "ec2", "iam"}


def test_what_a_platform_has_decides_what_its_role_may() -> None:
    always = {"ecs", "application-autoscaling", "cloudwatch", "elasticloadbalancing", "logs"}
    assert granted("bare") == always  # no domain, so no records
    assert granted("params") == always | {"route53"}
    assert granted("strategies") == always | {"route53", "codedeploy"}


def test_a_type_more_allows_more_and_a_type_less_less() -> None:
    types = {kind for one in of_services(platform()).values() if not one.deployments for kind in one.types}
    before = statements(built(platform(), of_types(*types)), "CloudFormationRole")
    for kind in sorted(types):
        without = statements(built(platform(), of_types(*types - {kind})), "CloudFormationRole")
        gone = {a for s in before for a in s["Action"]} - {a for s in without for a in s["Action"]}
        others = {action for other in types - {kind} for action in resource_actions.needed(other)}
        assert gone >= resource_actions.needed(kind) - others - BY_BOTH, kind
        assert not gone & others, kind


def test_both_roles_are_published(shipped: Stack) -> None:
    published = {one["Name"]: one["Value"] for one in shipped.of_type("SSM::Parameter").values()}
    for wire, role in (
        (wires.PIPELINE_ROLE_ARN, "PipelineRole"),
        (wires.CLOUDFORMATION_ROLE_ARN, "CloudFormationRole"),
    ):
        assert published[wire.ssm_name("courier", "test")] == shipped.outputs[wire.name] == f"{role}.Arn"
