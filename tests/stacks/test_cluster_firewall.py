"""The web ACL in front of load balancers: where there is one, what it refuses, and what it writes down."""

from __future__ import annotations

from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from sendy_cfn.blocks.buildspecs import load
from sendy_cfn.blocks.firewall import WINDOW_SECONDS
from sendy_cfn.knobs import cluster as knobs
from tests.generated import CASES, Document, Generated, generated
from tests.stacks.clusters import built, only

ACL = "WAFv2::WebACL"


@pytest.fixture(scope="module", params=CASES, ids=lambda path: path.name)
def made(request: pytest.FixtureRequest) -> Generated:
    return generated(request.param)


def found(template: Document, kind: str) -> list[tuple[str, dict[str, Any]]]:
    return [(name, one["Properties"]) for name, one in template["Resources"].items() if one["Type"] == f"AWS::{kind}"]


def rules() -> dict[str, dict[str, Any]]:
    return {rule["Name"]: rule for rule in only(built(), ACL)["Rules"]}


def test_every_load_balancer_with_https_is_behind_one(made: Generated) -> None:
    seen = 0
    for template in made.templates.values():
        for balancer, _ in found(template, "ElasticLoadBalancingV2::LoadBalancer"):
            protected = [one for _, one in found(template, "WAFv2::WebACLAssociation")]
            speaks_https = any(
                one["Protocol"] == "HTTPS" for _, one in found(template, "ElasticLoadBalancingV2::Listener")
            )
            assert speaks_https == made.platform.has_domain
            if speaks_https:
                ((acl, _),) = found(template, ACL)
                assert protected == [{"ResourceArn": {"Ref": balancer}, "WebACLArn": {"Fn::GetAtt": [acl, "Arn"]}}]
            else:
                assert not protected
                assert not found(template, ACL)
            seen += 1
    assert seen


def test_amazons_rules_say_what_is_refused() -> None:
    groups = {
        rule["Statement"]["ManagedRuleGroupStatement"]["Name"]: rule
        for rule in rules().values()
        if "ManagedRuleGroupStatement" in rule["Statement"]
    }
    assert set(groups) == {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesCommonRuleSet",
        "AWSManagedRulesKnownBadInputsRuleSet",
    }
    for name, rule in groups.items():
        assert rule["OverrideAction"] == {"None": {}}, "as the group says, not only counted"
        overrides = rule["Statement"]["ManagedRuleGroupStatement"].get("RuleActionOverrides", [])
        counted = [one["Name"] for one in overrides if one["ActionToUse"] == {"Count": {}}]
        assert counted == (["SizeRestrictions_BODY"] if name == "AWSManagedRulesCommonRuleSet" else [])


def test_each_client_has_a_limit() -> None:
    rate = rules()["RequestsPerClient"]
    assert rate["Action"] == {"Block": {}}
    assert rate["Statement"]["RateBasedStatement"] == {
        "Limit": {"Ref": "RequestsPerClient"},
        "AggregateKeyType": "IP",
        "EvaluationWindowSec": WINDOW_SECONDS,
    }
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", "AWS::WAFv2::WebACL").schema
    limits = schema["definitions"]["RateLimit"]
    assert limits["minimum"] <= int(knobs.REQUESTS_PER_CLIENT.minimum or 0)
    assert limits["maximum"] == knobs.REQUESTS_PER_CLIENT.maximum


def test_rules_have_priorities_and_metrics_of_their_own() -> None:
    acl = only(built(), ACL)
    views = [acl["VisibilityConfig"], *(rule["VisibilityConfig"] for rule in acl["Rules"])]
    assert len({rule["Priority"] for rule in acl["Rules"]}) == len(acl["Rules"]) == 4
    assert len({view["MetricName"] for view in views}) == len(views)
    assert all(view["CloudWatchMetricsEnabled"] is view["SampledRequestsEnabled"] is True for view in views)


@pytest.mark.parametrize("throwaway", [False, True])
def test_what_was_refused_is_logged_encrypted_and_without_credentials(throwaway: bool) -> None:
    template = built(throwaway=throwaway)
    logging = only(template, "WAFv2::LoggingConfiguration")
    (destination,) = logging["LogDestinationConfigs"]
    assert destination["Fn::Sub"].endswith(":log-group:${WebAclLogGroup}"), "WAF wants no ':*' behind it"
    assert logging["LoggingFilter"]["DefaultBehavior"] == "DROP"
    (keeps,) = logging["LoggingFilter"]["Filters"]
    assert (keeps["Behavior"], keeps["Requirement"]) == ("KEEP", "MEETS_ANY")
    actions = {one["ActionCondition"]["Action"] for one in keeps["Conditions"]}
    assert actions == {"BLOCK", "COUNT", "EXCLUDED_AS_COUNT"}
    assert {one["SingleHeader"]["Name"] for one in logging["RedactedFields"]} == {"authorization", "cookie"}
    group = template["Resources"]["WebAclLogGroup"]
    name, own = group["Properties"]["LogGroupName"]["Fn::Sub"]
    assert name.startswith("aws-waf-logs-")
    assert "AWS::StackId" in str(own), "the group of an earlier stack is not in the way"
    assert group["Properties"]["KmsKeyId"] == {"Ref": "KeyArn"}
    assert group["UpdateReplacePolicy"] == ("Delete" if throwaway else "Retain")


def test_the_load_test_names_itself_as_the_common_rules_want() -> None:
    assert '"User-Agent"' in load("load")
