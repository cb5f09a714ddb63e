"""What is right in other ways, or can't be known, is not reported; what is accepted neither."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sendy_cfn.checks import house
from sendy_cfn.checks.action_templates import Library
from sendy_cfn.checks.findings import Finding
from tests.checks.house.samples import SAMPLES
from tests.platforms import ROOT

SHIPPED = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "templates").glob("*.yaml")}
SERVICE, CLUSTER, NETWORK = "service-orders.yaml", "cluster.yaml", "network.yaml"

# Template, what is replaced, by what.
FINE = [
    (SERVICE, r"(ExecutionRoleArn: ).*", r"\1!ImportValue role"),
    (SERVICE, r"(ExecutionRoleArn: .*)", r"ExecutionRoleArn: !If [HasRole, !Ref Role, !Ref AWS::NoValue]"),
    (SERVICE, r" *ExecutionRoleArn: .*\n *TaskRole(.*)\n(.*)", r"      Fn::Transform: {Name: AWS::Include}\n\2"),
    (SERVICE, r"ContainerName: orders", "ContainerName: !Ref Environment"),
    (SERVICE, r"ContainerPort: 8080", "ContainerPort: '8080'"),
    (SERVICE, r"- ContainerPort: 8080", "- ContainerPort: !Ref Cpu"),
    (SERVICE, r"- ContainerPort: 8080", "- ContainerPortRange: 8000-8100"),
    (SERVICE, r"DependsOn:\n *- ListenerRule", "DependsOn: ListenerRule"),
    (SERVICE, r"DependsOn:\n *- ListenerRule\n", "DependsOn: ErrorsAlarm\n"),  # which is made after it
    (SERVICE, r"TargetType: ip", "TargetType: !Ref Kind"),
    (SERVICE, r"TargetType: ip", "TargetType: !If [A, ip, ip]"),
    (SERVICE, r"MaximumPercent: 200", "MaximumPercent: !Ref MaxTasks"),
    (SERVICE, r"HealthyPercent: 100\n *MaximumPercent: 200", "HealthyPercent: !If [A, 100, 50]\n        "
     "MaximumPercent: !If [A, 200, 100]"),
    (SERVICE, r"HealthyPercent: 100\n *MaximumPercent: 200", "HealthyPercent: !If [A, 100, 50]\n        "
     "MaximumPercent: !If [B, 200, 100]"),
    (SERVICE, r"Strategy: ROLLING\n(.*)\n *MaximumPercent: 200", r"Strategy: CANARY\n\1\n        MaximumPercent: 100"),
    (SERVICE, r"      DeploymentConfiguration:\n", "      DeploymentController: {Type: !Ref Kind}\n\\g<0>"),
    (SERVICE, r"(Properties:\n      Cluster)", r"Properties:\n      PlatformVersion: 1.4.0\n      Cluster"),
    (SERVICE, r"ecs-tasks\.amazonaws\.com", "ecs-tasks.amazonaws.com.cn"),
    (SERVICE, r"ecs-tasks\.amazonaws\.com", '!Sub "ecs-tasks.${AWS::URLSuffix}"'),
    (SERVICE, r"Service: ecs-tasks\.amazonaws\.com", "Service: [ecs-tasks.amazonaws.com, new-thing.amazonaws.com]"),
    (CLUSTER, r"SslPolicy: .*", "SslPolicy: !Ref Policy"),
    (CLUSTER, r"Value: !Ref AccessLogBucket", "Value: !ImportValue bucket"),
    (CLUSTER, r"(access_logs\.s3\.enabled\n *Value: )'true'", r"\1'false'"),
    (CLUSTER, r"Resources:\n", "Transform: Company::Policies\nResources:\n"),
    (NETWORK, r"CidrBlock: !Ref VpcCidr", 'CidrBlock: !Join ["/", [10.0.0.0, !Ref Environment]]'),
    (NETWORK, r"(  PublicDefaultRoute:\n.*\n)    DependsOn: .*\n",
     r"\1    DependsOn: [InternetGatewayAttachment, Vpc]\n"),
    (NETWORK, r"logs\.\$\{AWS::Region\}\.\$\{AWS::URLSuffix\}", "logs.eu-central-1.amazonaws.com"),
    (NETWORK, r'Service: !Sub "logs\.\$\{AWS::Region\}\.\$\{AWS::URLSuffix\}"', "Service: !ImportValue logs"),
    (NETWORK, r"- kms:PutKeyPolicy", "- kms:Put*"),
    (NETWORK, r"- kms:PutKeyPolicy", "- !Ref Actions"),
    (NETWORK, r"- kms:PutKeyPolicy\n", "- kms:GetKeyPolicy\n            # none\n          - !If [A, {Effect: Allow, "
     "Principal: {AWS: 1}, Action: 'kms:*', Resource: '*'}, !Ref AWS::NoValue]\n          - Effect: Deny\n            "
     "Principal: '*'\n            Resource: '*'\n            Action:\n"),
    (NETWORK, r'"com\.amazonaws\.\$\{AWS::Region\}\.ecr\.dkr"', '"com.amazonaws.vpce.us-east-1.vpce-svc-0123456789"'),
    (NETWORK, r'"com\.amazonaws\.\$\{AWS::Region\}\.ecr\.dkr"', '"cn.com.amazonaws.cn-north-1.ecr.dkr"'),
    (NETWORK, r'"com\.amazonaws\.\$\{AWS::Region\}\.ecr\.dkr"', '"com.amazonaws.${AWS::Region}.${Environment}"'),
    ("builds-orders.yaml", r"x86_64-standard:5\.0", "x86_64-standard:5.0-24.10.29"),
    ("builds-orders.yaml", r"aws/codebuild/amazonlinux-x86_64-standard:5\.0",
     "aws/codebuild/amazonlinux2-x86_64-standard:5.0"),
    ("builds-orders.yaml", r"aws/codebuild/amazonlinux-x86_64-standard:5\.0",
     "public.ecr.aws/docker/library/python:3.13"),
    ("pipeline-orders.yaml", r"Version: '1'", "Version: 1"),
    ("pipeline-orders.yaml", r"DetectChanges: 'false'", "DetectChanges: false"),
    ("pipeline-orders.yaml", r"Owner: AWS\n( *)Provider: CodeBuild", r"Owner: Custom\n\1Provider: Jenkins"),
    ("pipeline-orders.yaml", r"BranchName: main", "BranchName: !Ref Branch"),
    ("firewall.yaml", r"Priority: 1", "Priority: !Ref Priority"),
    ("firewall.yaml", r"LogGroupName: aws-waf-logs-courier", 'LogGroupName: !Sub "aws-waf-logs-${AWS::StackName}"'),
    ("firewall.yaml", r"LogGroupName: aws-waf-logs-courier", 'LogGroupName: !Sub "${Prefix}-courier"'),
    ("firewall.yaml", r"!GetAtt WafLogs\.Arn", '!Sub "arn:aws:logs:${AWS::Region}:1:log-group:${WafLogs}"'),
    ("firewall.yaml", r"!GetAtt WafLogs\.Arn", '!Sub "arn:aws:logs:${AWS::Region}:1:log-group:${Elsewhere}"'),
    ("firewall.yaml", r"lastStatus: \[STOPPED\]", 'lastStatus: !Ref States'),
    ("firewall.yaml", r"EventPattern: .*", "EventPattern: !Ref Pattern"),
    ("network.yaml", r"^", ""),
]  # fmt: skip


def check(folder: Path, name: str, text: str) -> list[Finding]:
    (folder / name).write_text(text, encoding="utf-8")
    return house.check(Library(folder), name)


@pytest.mark.parametrize(("name", "old", "new"), FINE, ids=[f"{n}-{case[0]}" for n, case in enumerate(FINE)])
def test_what_may_be_right_is_not_reported(tmp_path: Path, name: str, old: str, new: str) -> None:
    text = SAMPLES[name] if name == "firewall.yaml" else SHIPPED[name]
    changed = re.sub(old, new, text, count=1)
    assert changed != text or old == r"^"
    if "DependsOn: ErrorsAlarm" in new:
        changed = changed.replace("  ErrorsAlarm:\n", "  ErrorsAlarm:\n    DependsOn: ListenerRule\n")
    assert check(tmp_path, name, changed) == []


def test_json_is_read_alike(tmp_path: Path) -> None:
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"Service": {"Fn::Join": ["", ["ecs-task.", {"Ref": "AWS::URLSuffix"}]]}},
                    "Action": "sts:AssumeRole",
                }
            }
        },
    }
    text = json.dumps({"Resources": {"Role": role}}, indent="\t")

    (found,) = check(tmp_path, "role.json", text)

    assert (found.rule, found.resource) == ("house-service-principal", "Role")
    assert found.line == next(n for n, line in enumerate(text.splitlines(), 1) if "Principal" in line) + 1


ROUTE = """\
Resources:
  Gateway: {Type: AWS::EC2::InternetGateway}
  Attachment: {Type: AWS::EC2::VPCGatewayAttachment, Properties: {VpcId: vpc-1, InternetGatewayId: !Ref Gateway}}
  Route:
    Type: AWS::EC2::Route
    Metadata: {sendy-cfn: {accept: ACCEPT}}
    Properties: {RouteTableId: rtb-1, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}
"""
GATEWAY = "{rule: house-gateway-route, reason: attached by hand before}"


@pytest.mark.parametrize(
    ("accept", "rules", "said"),
    [
        (f"[{GATEWAY}]", set(), ""),
        ("[]", {"house-gateway-route"}, "no DependsOn Attachment"),
        ("[{rule: house-gateway-route}]", {"house-accept", "house-gateway-route"}, "needs a rule and a reason"),
        ("[{rule: house-gateway-route, reason: ' '}]", {"house-accept", "house-gateway-route"}, "a reason"),
        ("[house-gateway-route]", {"house-accept", "house-gateway-route"}, "needs a rule and a reason"),
        (
            f"[{GATEWAY}, {{rule: house-vpc-size, reason: big}}]",
            {"house-accept"},
            "house-vpc-size is accepted, but not",
        ),
        ("[{rule: house-accept, reason: why not}]", {"house-accept", "house-gateway-route"}, "not found here"),
    ],
)
def test_a_finding_is_accepted_with_a_reason_and_only_where_it_is(
    tmp_path: Path, accept: str, rules: set[str], said: str
) -> None:
    found = check(tmp_path, "route.yaml", ROUTE.replace("ACCEPT", accept))

    assert {one.rule for one in found} == rules
    assert any(said in one.message for one in found) or not said
