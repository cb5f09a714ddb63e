"""The web ACL in front of a cluster's load balancer: AWS's managed rules, a limit for each client, and a log.

https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Select, Split, StackId, Sub, logs, wafv2

from sendy_cfn.blocks.skeleton import keep

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, AWSObject, Ref
    from troposphere import elasticloadbalancingv2 as elb

WINDOW_SECONDS = 300  # AWS: 60, 120, 300 or 600
# Of the common rules: counted, not refused. WAF sees the first 8 KB of a body at a load balancer, and this rule refuses
# whatever is longer: uploads, and most larger JSON. (Another one, NoUserAgent_HEADER, is why load tests have a name.)
# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
COUNTED = "SizeRestrictions_BODY"
# In the order in which they are asked; the first two are cheap and refuse most of what is unwanted.
_GROUPS = (
    ("IpReputation", "AWSManagedRulesAmazonIpReputationList", 10, ()),
    ("KnownBadInputs", "AWSManagedRulesKnownBadInputsRuleSet", 30, ()),
    ("Common", "AWSManagedRulesCommonRuleSet", 40, (COUNTED,)),
)
_RATE_PRIORITY = 20
_LOGGED = ("BLOCK", "COUNT", "EXCLUDED_AS_COUNT")  # all but what passed without a match
HAS_LOG = "HasFirewallLog"  # condition
_SECRET_HEADERS = ("authorization", "cookie")


def web_acl(limit: Ref) -> wafv2.WebACL:
    """The rules; `limit` is how many requests a client's address may send in WINDOW_SECONDS.

    Literal apart from that, for all environments.
    """
    rate = wafv2.RateBasedStatement(Limit=limit, AggregateKeyType="IP", EvaluationWindowSec=WINDOW_SECONDS)
    rules = [
        *(_managed(name, group, priority, counted) for name, group, priority, counted in _GROUPS),
        wafv2.WebACLRule(
            Name="RequestsPerClient",
            Priority=_RATE_PRIORITY,
            Action=wafv2.RuleAction(Block=wafv2.BlockAction()),
            Statement=wafv2.Statement(RateBasedStatement=rate),
            VisibilityConfig=_metrics("RequestsPerClient"),
        ),
    ]
    return wafv2.WebACL(
        "WebAcl",
        Description="What the load balancer refuses before a service sees it",
        Scope="REGIONAL",
        DefaultAction=wafv2.DefaultAction(Allow=wafv2.AllowAction()),
        Rules=sorted(rules, key=lambda rule: int(rule.Priority)),
        VisibilityConfig=_metrics("WebAcl"),
    )


def _managed(name: str, group: str, priority: int, counted: tuple[str, ...]) -> wafv2.WebACLRule:
    overrides = [
        wafv2.RuleActionOverride(Name=rule, ActionToUse=wafv2.RuleAction(Count=wafv2.CountAction())) for rule in counted
    ]
    more: dict[str, Any] = {"RuleActionOverrides": overrides} if overrides else {}
    as_the_group_says: dict[str, Any] = {"None": {}}  # no word for a keyword argument
    statement = wafv2.ManagedRuleGroupStatement(VendorName="AWS", Name=group, **more)
    return wafv2.WebACLRule(
        Name=name,
        Priority=priority,
        OverrideAction=wafv2.OverrideAction(**as_the_group_says),
        Statement=wafv2.Statement(ManagedRuleGroupStatement=statement),
        VisibilityConfig=_metrics(name),
    )


def _metrics(name: str) -> wafv2.VisibilityConfig:
    return wafv2.VisibilityConfig(CloudWatchMetricsEnabled=True, MetricName=name, SampledRequestsEnabled=True)


def association(acl: wafv2.WebACL, balancer: elb.LoadBalancer) -> wafv2.WebACLAssociation:
    """Puts the rules in front of the load balancer."""
    return wafv2.WebACLAssociation("WebAclAssociation", ResourceArn=balancer.ref(), WebACLArn=acl.get_att("Arn"))


def log(acl: wafv2.WebACL, name: str, key: Ref, retention_days: AWSHelperFn, *, throwaway: bool) -> list[AWSObject]:
    """What was refused or counted, without credentials, in an encrypted log group; there with the condition HAS_LOG.

    WAF wants a name that begins so. Its end is the stack's own, so that the group can outlive the stack and not stand
    in the next one's way. `name` is for Sub.
    https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
    """
    policies: dict[str, Any] = keep(throwaway=throwaway)
    unique = Select(0, Split("-", Select(2, Split("/", StackId))))
    group = logs.LogGroup(
        "WebAclLogGroup",
        Condition=HAS_LOG,
        **policies,
        LogGroupName=Sub(f"aws-waf-logs-{name}-${{Unique}}", Unique=unique),
        KmsKeyId=key,
        RetentionInDays=retention_days,
    )
    wanted = [wafv2.Condition(ActionCondition=wafv2.ActionCondition(Action=action)) for action in _LOGGED]
    keeps = wafv2.Filter(Behavior="KEEP", Requirement="MEETS_ANY", Conditions=wanted)
    # Not the group's Arn, which ends in ":*": WAF wants it without.
    arn = Sub(f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:${{{group.title}}}")
    return [
        group,
        wafv2.LoggingConfiguration(
            "WebAclLogging",
            Condition=HAS_LOG,
            ResourceArn=acl.get_att("Arn"),
            LogDestinationConfigs=[arn],
            LoggingFilter=wafv2.LoggingFilter(DefaultBehavior="DROP", Filters=[keeps]),
            RedactedFields=[
                wafv2.LoggingConfigurationFieldToMatch(SingleHeader=wafv2.SingleHeader(Name=header))
                for header in _SECRET_HEADERS
            ],
        ),
    ]
