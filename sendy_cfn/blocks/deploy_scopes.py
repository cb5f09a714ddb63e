"""What CloudFormation's actions for service stacks work on: ARNs and conditions, as narrow as AWS has them.

Where a scope names no resource, or all of a kind, `unlimited` has the reason. What a scope can name is on the service's
page below https://docs.aws.amazon.com/service-authorization/latest/reference/.
"""

from __future__ import annotations

from dataclasses import dataclass

from awacs.aws import ArnLike, Condition, ForAllValuesStringEquals, StringEquals, StringEqualsIfExists, StringLike
from troposphere import Ref, Sub

from sendy_cfn.blocks import boundary, role_paths, unlimited
from sendy_cfn.blocks.iam import HERE

SCALABLE_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
SCALING_POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
ALARM, COMPOSITE_ALARM = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
APPLICATION, DEPLOYMENT_GROUP = "AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup"
GROUPS = tuple(f"AWS::EC2::SecurityGroup{part}" for part in ("", "Egress", "Ingress"))
SERVICE, TASK_DEFINITION = "AWS::ECS::Service", "AWS::ECS::TaskDefinition"
LISTENER_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"
TARGET_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
POLICY, ROLE = "AWS::IAM::ManagedPolicy", "AWS::IAM::Role"
LOG_GROUP, METRIC_FILTER = "AWS::Logs::LogGroup", "AWS::Logs::MetricFilter"
PARAMETER = "AWS::SSM::Parameter"
HEALTH_CHECK, RECORD = "AWS::Route53::HealthCheck", "AWS::Route53::RecordSet"

# Names of load balancers and target groups have at most 32 characters: CloudFormation keeps little of the stack's name.
SHORT_NAME_KEPT = 5
SCALING = "ecs.application-autoscaling.amazonaws.com"
SCALING_ROLE = f"aws-service-role/{SCALING}/AWSServiceRoleForApplicationAutoScaling_ECSService"
ANY = ("*",)


@dataclass(frozen=True, slots=True)
class Scope:
    """Actions that resources of some types need, and what they work on."""

    sid: str
    types: tuple[str, ...]
    actions: str  # "service:A B C service:D"
    resources: tuple[str, ...]  # for Sub
    condition: Condition | None = None

    @property
    def allowed(self) -> list[str]:
        """The actions, each with its service."""
        found, service = [], ""
        for word in self.actions.split():
            before, colon, name = word.rpartition(":")
            service = before if colon else service
            found.append(f"{service}:{name}")
        return found

    @property
    def reasons(self) -> list[unlimited.Reason]:
        """Why it is as wide as it is, where it names no resource or all of a kind.

        Raises:
            LookupError: nothing says why.
        """
        return [reason for resource in self.resources for reason in unlimited.reasons(self.allowed, resource)]


def scopes(platform: str) -> dict[str, list[Scope]]:
    """Logical id of a managed policy -> its scopes. One policy can't hold them all: AWS allows 6,144 characters.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    mine = f"{platform}-${{Environment}}-*"  # service stacks, and what is named after them
    return {
        "TasksPolicy": [*_tasks(mine), *_scaling(mine, _tagged(platform))],
        "TrafficPolicy": [*_balancing(platform, _tagged(platform)), *_records(), *_health_checks()],
        "ShiftPolicy": _shifting(mine),
        "NetworkPolicy": _network(mine),
        "IdentityPolicy": _identity(platform),
        "ObservationPolicy": [*_observation(mine), _parameters(platform)],
    }


def _arn(service: str, resource: str) -> str:
    return f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}"


def _tagged(platform: str) -> StringEqualsIfExists:
    """What names can't tell: that something is of this environment. CloudFormation hands a stack's tags on.

    IfExists: what was just made may have none yet.
    """
    ours = {"aws:ResourceTag/platform": platform, "aws:ResourceTag/environment": Ref("Environment")}
    return StringEqualsIfExists(ours)


def _tasks(mine: str) -> list[Scope]:
    services = (_arn("ecs", f"service/{mine}/{mine}"), _arn("ecs", f"service-deployment/{mine}/{mine}/*"))
    definitions = (_arn("ecs", f"task-definition/{mine}:*"),)
    run = (
        "ecs:CreateService UpdateService DeleteService DescribeServices DescribeServiceDeployments"
        " ListServiceDeployments StopServiceDeployment TagResource UntagResource ListTagsForResource"
    )
    register = "ecs:RegisterTaskDefinition TagResource UntagResource ListTagsForResource"
    read = "ecs:DescribeTaskDefinition DeregisterTaskDefinition"
    return [
        Scope("RunServices", (SERVICE,), run, services),
        Scope("RegisterTaskDefinitions", (TASK_DEFINITION,), register, definitions),
        Scope("ReadTaskDefinitions", (TASK_DEFINITION,), read, ANY, HERE),
    ]


def _scaling(mine: str, ours: StringEqualsIfExists) -> list[Scope]:
    both = (SCALABLE_TARGET, SCALING_POLICY)
    targets = (_arn("application-autoscaling", "scalable-target/*"),)
    ecs_only = Condition([StringEquals("application-autoscaling:service-namespace", "ecs"), ours])
    change = (
        "application-autoscaling:RegisterScalableTarget DeregisterScalableTarget PutScalingPolicy DeleteScalingPolicy"
        " PutScheduledAction DeleteScheduledAction"
    )
    tag = "application-autoscaling:TagResource UntagResource ListTagsForResource"
    read = (
        "application-autoscaling:DescribeScalableTargets DescribeScalingPolicies DescribeScheduledActions"
        " cloudwatch:GetMetricData"
    )
    # Application Auto Scaling makes them in the caller's name; theirs begins with TargetTracking-service/<cluster>/.
    # https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
    alarms = (_arn("cloudwatch", f"alarm:TargetTracking-service/{mine}/*"),)
    any_alarm = (_arn("cloudwatch", "alarm:*"),)
    first = Condition(StringEquals("iam:AWSServiceName", SCALING))
    return [
        Scope("ScaleServices", both, change, targets, ecs_only),
        Scope("TagScalableTargets", both, tag, targets, Condition(ours)),
        Scope("ReadScaling", both, read, ANY, HERE),
        Scope("ReadScalingAlarms", both, "cloudwatch:DescribeAlarms", any_alarm),
        Scope("ScalingAlarms", both, "cloudwatch:PutMetricAlarm DeleteAlarms", alarms),
        Scope("StartScaling", both, "iam:CreateServiceLinkedRole", (role_paths.role_arn(SCALING_ROLE),), first),
    ]


def _balancing(platform: str, ours: StringEqualsIfExists) -> list[Scope]:
    """Load balancers and target groups are told by the few characters of the stack's name that theirs begin with.

    Those may be another environment's or platform's, too: the tags tell.
    """
    short = platform[:SHORT_NAME_KEPT].rstrip("-") + "*"
    groups = (_arn("elasticloadbalancing", f"targetgroup/{short}"),)
    listeners = (_arn("elasticloadbalancing", f"listener/app/{short}"),)
    rules = (_arn("elasticloadbalancing", f"listener-rule/app/{short}"),)
    group = (
        "elasticloadbalancing:CreateTargetGroup ModifyTargetGroup ModifyTargetGroupAttributes DeleteTargetGroup"
        " RegisterTargets DeregisterTargets AddTags RemoveTags"
    )
    rule = "elasticloadbalancing:ModifyRule DeleteRule SetRulePriorities AddTags RemoveTags"
    read = (
        "elasticloadbalancing:DescribeTargetGroups DescribeTargetGroupAttributes DescribeTargetHealth"
        " DescribeRules DescribeTags ec2:DescribeVpcs"
    )
    tagged = Condition(ours)
    return [
        Scope("TargetGroups", (TARGET_GROUP,), group, groups, tagged),
        Scope("NewRules", (LISTENER_RULE,), "elasticloadbalancing:CreateRule", listeners, tagged),
        Scope("Rules", (LISTENER_RULE,), rule, rules, tagged),
        Scope("ReadRouting", (TARGET_GROUP, LISTENER_RULE), read, ANY, HERE),
    ]


def _records() -> list[Scope]:
    zone = ("arn:${AWS::Partition}:route53:::hostedzone/${HostedZoneId}",)
    changes = ("arn:${AWS::Partition}:route53:::change/*",)
    # Not NS, MX, TXT or CAA: a release never touches delegation, mail or proofs of ownership.
    hosts = Condition(ForAllValuesStringEquals("route53:ChangeResourceRecordSetsRecordTypes", ["A", "AAAA", "CNAME"]))
    return [
        Scope("Records", (RECORD,), "route53:ChangeResourceRecordSets", zone, hosts),
        Scope("ReadRecords", (RECORD,), "route53:GetHostedZone ListResourceRecordSets", zone),
        Scope("ReadChanges", (RECORD,), "route53:GetChange", changes),
        Scope("FindZones", (RECORD,), "route53:ListHostedZones", ANY),
    ]


def _health_checks() -> list[Scope]:
    checks = ("arn:${AWS::Partition}:route53:::healthcheck/*",)
    change = "route53:GetHealthCheck UpdateHealthCheck DeleteHealthCheck ChangeTagsForResource ListTagsForResource"
    return [
        Scope("NewHealthChecks", (HEALTH_CHECK,), "route53:CreateHealthCheck", ANY),
        Scope("HealthChecks", (HEALTH_CHECK,), change, checks),
    ]


def _shifting(mine: str) -> list[Scope]:
    applications = (_arn("codedeploy", f"application:{mine}"),)
    groups = (_arn("codedeploy", f"deploymentgroup:{mine}/{mine}"),)
    configurations = (_arn("codedeploy", "deploymentconfig:CodeDeployDefault.*"),)
    tag = "TagResource UntagResource ListTagsForResource"
    group = (
        "codedeploy:CreateDeploymentGroup UpdateDeploymentGroup DeleteDeploymentGroup GetDeploymentGroup"
        f" GetDeployment ListDeployments {tag}"
    )
    application = f"codedeploy:CreateApplication DeleteApplication GetApplication {tag}"
    return [
        Scope("Applications", (APPLICATION,), application, applications),
        Scope("DeploymentGroups", (DEPLOYMENT_GROUP,), group, groups),
        Scope("ReadConfigurations", (DEPLOYMENT_GROUP,), "codedeploy:GetDeploymentConfig", configurations),
    ]


def _network(mine: str) -> list[Scope]:
    # The VPC's account is left open, because a shared VPC is another account's; its id says which one it is.
    vpc = "arn:${AWS::Partition}:ec2:${AWS::Region}:*:vpc/${VpcId}"
    groups, rules = _arn("ec2", "security-group/*"), _arn("ec2", "security-group-rule/*")
    in_vpc = Condition(ArnLike("ec2:Vpc", Sub(vpc)))
    new = Condition(StringEquals("ec2:CreateAction", "CreateSecurityGroup"))
    # AWS tells DeleteTags no VPC. CloudFormation tags what it makes with the stack's name.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-resource-tags.html
    of_mine = Condition(StringLike("aws:ResourceTag/aws:cloudformation:stack-name", Sub(mine)))
    open_ = "ec2:AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress"
    change = (
        "UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress"
        " RevokeSecurityGroupIngress RevokeSecurityGroupEgress DeleteSecurityGroup CreateTags"
    )
    read = "ec2:DescribeSecurityGroups DescribeSecurityGroupRules DescribeInstances"
    return [
        # Needs both resources, so it works in this VPC only.
        Scope("NewSecurityGroups", GROUPS, "ec2:CreateSecurityGroup", (groups, vpc)),
        Scope("TagNewSecurityGroups", GROUPS, "ec2:CreateTags", (groups,), new),
        Scope("SecurityGroups", GROUPS, f"{open_} {change}", (groups,), in_vpc),
        Scope("UntagSecurityGroups", GROUPS, "ec2:DeleteTags", (groups,), of_mine),
        Scope("SecurityGroupRules", GROUPS, open_, (rules,)),
        Scope("ReadNetwork", GROUPS, read, ANY, HERE),
    ]


def _identity(platform: str) -> list[Scope]:
    roles = (role_paths.role_arn(role_paths.of_services(platform) + "*"),)
    policies = (role_paths.policy_arn(role_paths.of_services(platform) + "*"),)
    own = ArnLike("iam:PolicyARN", Sub(policies[0]))
    # Of actions that could give a role more: on roles that have the boundary, or are getting it.
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
    bounded = StringEquals("iam:PermissionsBoundary", boundary.in_use())
    # ECS itself moves the traffic of some services, with a role of theirs.
    to_ecs = Condition(StringEquals("iam:PassedToService", ["ecs-tasks.amazonaws.com", "ecs.amazonaws.com"]))
    to_codedeploy = Condition(StringEquals("iam:PassedToService", "codedeploy.amazonaws.com"))
    role = (
        "iam:GetRole UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy DeleteRole"
        " GetRolePolicy ListRolePolicies ListAttachedRolePolicies TagRole UntagRole ListRoleTags"
    )
    policy = (
        "iam:CreatePolicy GetPolicy DeletePolicy CreatePolicyVersion GetPolicyVersion DeletePolicyVersion"
        " ListPolicyVersions ListEntitiesForPolicy"
    )
    attached = (ROLE, POLICY)
    return [
        Scope("ServiceRoles", (ROLE, TASK_DEFINITION), role, roles),
        Scope("BoundedRoles", (ROLE,), "iam:CreateRole PutRolePermissionsBoundary", roles, Condition(bounded)),
        Scope("ServicePolicies", (POLICY,), policy, policies),
        Scope("AttachServicePolicies", attached, "iam:AttachRolePolicy", roles, Condition([own, bounded])),
        Scope("DetachServicePolicies", attached, "iam:DetachRolePolicy", roles, Condition(own)),
        Scope("HandRolesToEcs", (SERVICE, TASK_DEFINITION), "iam:PassRole", roles, to_ecs),
        Scope("HandRolesToCodeDeploy", (DEPLOYMENT_GROUP,), "iam:PassRole", roles, to_codedeploy),
    ]


def _observation(mine: str) -> list[Scope]:
    groups, alarms = (_arn("logs", f"log-group:{mine}"),), (_arn("cloudwatch", f"alarm:{mine}"),)
    group = (
        "logs:CreateLogGroup DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy AssociateKmsKey DisassociateKmsKey"
        " GetDataProtectionPolicy PutDataProtectionPolicy DeleteDataProtectionPolicy PutLogGroupDeletionProtection"
        " PutBearerTokenAuthentication TagResource UntagResource ListTagsForResource"
    )
    read = "logs:DescribeLogGroups DescribeIndexPolicies DescribeResourcePolicies"
    count = "logs:PutMetricFilter DeleteMetricFilter DescribeMetricFilters"
    tag = "cloudwatch:TagResource UntagResource ListTagsForResource"
    return [
        Scope("LogGroups", (LOG_GROUP,), group, groups),
        Scope("ReadLogGroups", (LOG_GROUP,), read, ANY, HERE),
        Scope("MetricFilters", (METRIC_FILTER,), count, groups),
        Scope("Alarms", (ALARM,), "cloudwatch:PutMetricAlarm", alarms),
        Scope("TagAlarms", (ALARM, COMPOSITE_ALARM), tag, alarms),
        Scope("CompositeAlarms", (COMPOSITE_ALARM,), "cloudwatch:PutCompositeAlarm", ANY, HERE),
        Scope("AnyAlarm", (ALARM, COMPOSITE_ALARM), "cloudwatch:DeleteAlarms DescribeAlarms", ANY, HERE),
    ]


def _parameters(platform: str) -> Scope:
    # Below services/: what the environment's own stacks published stays theirs.
    own = (_arn("ssm", f"parameter/{platform}/${{Environment}}/services/*"),)
    change = (
        "ssm:PutParameter GetParameters DeleteParameter AddTagsToResource RemoveTagsFromResource ListTagsForResource"
    )
    return Scope("Parameters", (PARAMETER,), change, own)
