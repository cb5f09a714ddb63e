"""The cluster stack's load balancer, its listeners and its logs."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest

from sendy_cfn import wires
from tests.stacks.clusters import attributes, built, named, of_type, only, text, types

ACCOUNT = "111122223333"

# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#load-balancer-attributes
ATTRIBUTES = {
    "deletion_protection.enabled",
    "idle_timeout.timeout_seconds",
    "client_keep_alive.seconds",
    "access_logs.s3.enabled",
    "access_logs.s3.bucket",
    "access_logs.s3.prefix",
    "connection_logs.s3.enabled",
    "connection_logs.s3.bucket",
    "connection_logs.s3.prefix",
    "routing.http.desync_mitigation_mode",
    "routing.http.drop_invalid_header_fields.enabled",
    "routing.http.preserve_host_header.enabled",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
    "routing.http.xff_client_port.enabled",
    "routing.http.xff_header_processing.mode",
    "routing.http2.enabled",
    "waf.fail_open.enabled",
    "zonal_shift.config.enabled",
}
# Those without TLS 1.0 and 1.1:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
TLS_POLICIES = {
    f"ELBSecurityPolicy-TLS13-{version}{ciphers}-{date}"
    for version, ciphers in (("1-3", ""), ("1-2", ""), ("1-2", "-Res"))
    for date in ("2021-06", "PQ-2025-09")
}


def listeners(template: dict[str, Any]) -> dict[int, dict[str, Any]]:
    return {item["Port"]: item for item in of_type(template, "ElasticLoadBalancingV2::Listener").values()}


def test_load_balancer_may_write_its_logs_and_nobody_else() -> None:
    template = built()
    settings = attributes(template)
    bucket = settings["access_logs.s3.bucket"]["Ref"]
    policy = only(template, "S3::BucketPolicy")
    assert policy["Bucket"] == {"Ref": bucket}
    allowed = [item for item in policy["PolicyDocument"]["Statement"] if item["Effect"] == "Allow"]
    (statement,) = allowed
    assert statement["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert statement["Action"] == ["s3:PutObject"]
    (resource,) = statement["Resource"]
    pattern = text(resource, **{f"{bucket}.Arn": "arn:aws:s3:::b", "AWS_AccountId": ACCOUNT})
    prefix = settings.get("access_logs.s3.prefix", "")
    written = f"arn:aws:s3:::b/{prefix}AWSLogs/{{}}/elasticloadbalancing/eu-central-1/2026/11/23/log.gz"
    assert fnmatchcase(written.format(ACCOUNT), pattern)
    assert not fnmatchcase(written.format("444455556666"), pattern)


def test_log_bucket_takes_what_load_balancers_write_and_only_over_tls() -> None:
    template = built()
    bucket = only(template, "S3::Bucket")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}  # AWS: load balancers take no KMS key
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    statements = only(template, "S3::BucketPolicy")["PolicyDocument"]["Statement"]
    (deny,) = [item for item in statements if item["Effect"] == "Deny"]
    assert (deny["Principal"], deny["Action"]) == ("*", ["s3:*"])
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(deny["Resource"]) == 2
    assert all(named(resource) == {"AccessLogBucket"} for resource in deny["Resource"])


def test_load_balancer_attributes_exist_and_are_hardened() -> None:
    settings = attributes(built())
    assert settings.keys() <= ATTRIBUTES
    assert settings["access_logs.s3.enabled"] == "true"
    assert settings["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert settings["routing.http.desync_mitigation_mode"] in {"defensive", "strictest"}


def test_with_a_domain_services_are_reached_over_https_only() -> None:
    template = built()
    https = listeners(template)[443]
    assert https["Protocol"] == "HTTPS"
    assert https["SslPolicy"] in TLS_POLICIES
    certificate = only(template, "CertificateManager::Certificate")
    assert https["Certificates"] == [{"CertificateArn": {"Ref": "Certificate"}}]
    names = [text(name, DomainName="courier.example") for name in certificate["SubjectAlternativeNames"]]
    assert any(fnmatchcase("orders.courier.example", name) for name in names)
    assert certificate["DomainName"] == {"Ref": "DomainName"}
    assert certificate["ValidationMethod"] == "DNS"
    assert {"HostedZoneId": {"Ref": "HostedZoneId"}, "DomainName": {"Ref": "DomainName"}} in certificate[
        "DomainValidationOptions"
    ]
    (redirect,) = listeners(template)[80]["DefaultActions"]
    assert redirect["RedirectConfig"] == {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    assert template["Outputs"][wires.LISTENER_ARN.name]["Value"] == {"Ref": "HttpsListener"}
    assert "PlainHttpWarning" not in template["Outputs"]


def test_without_a_domain_there_is_plain_http_with_a_warning() -> None:
    template = built(domain=False)
    assert "AWS::CertificateManager::Certificate" not in types(template)
    assert set(listeners(template)) == {80}
    assert template["Outputs"][wires.LISTENER_ARN.name]["Value"] == {"Ref": "HttpListener"}
    assert "HTTPS" in template["Outputs"]["PlainHttpWarning"]["Value"]
    assert not {"DomainName", "HostedZoneId"} & set(template["Parameters"])


def test_port_80_keeps_its_listener_when_a_domain_is_added() -> None:
    # CloudFormation makes the new listener before it deletes the old one, and one port takes only one
    ids = [
        next(k for k, v in of_type(built(domain=domain), "ElasticLoadBalancingV2::Listener").items() if v["Port"] == 80)
        for domain in (False, True)
    ]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("domain", [False, True])
def test_requests_that_no_service_wants_are_not_found(domain: bool) -> None:
    template = built(domain=domain)
    logical_id = template["Outputs"][wires.LISTENER_ARN.name]["Value"]["Ref"]
    (action,) = template["Resources"][logical_id]["Properties"]["DefaultActions"]
    assert action["Type"] == "fixed-response"
    assert action["FixedResponseConfig"]["StatusCode"] == "404"


@pytest.mark.parametrize("dual_stack", [False, True])
@pytest.mark.parametrize("domain", [False, True])
def test_internet_reaches_the_listeners_and_nothing_else(domain: bool, dual_stack: bool) -> None:
    template = built(domain=domain, dual_stack=dual_stack)
    groups = of_type(template, "EC2::SecurityGroup")
    balancer = only(template, "ElasticLoadBalancingV2::LoadBalancer")
    assert balancer["IpAddressType"] == ("dualstack" if dual_stack else "ipv4")
    (group,) = balancer["SecurityGroups"]
    public = groups.pop(group["Fn::GetAtt"][0])
    anywhere = {"0.0.0.0/0", "::/0"} if dual_stack else {"0.0.0.0/0"}
    opened = {(r.get("CidrIp") or r["CidrIpv6"], r["FromPort"], r["ToPort"]) for r in public["SecurityGroupIngress"]}
    assert opened == {(source, port, port) for source in anywhere for port in listeners(template)}
    assert not any("SecurityGroupIngress" in private for private in groups.values())


def test_security_group_rules_are_explicit_and_explained() -> None:
    for group in of_type(built(dual_stack=True), "EC2::SecurityGroup").values():
        assert group["SecurityGroupEgress"]
        for rule in (*group.get("SecurityGroupIngress", []), *group["SecurityGroupEgress"]):
            assert rule["IpProtocol"] != "-1"
            assert rule["Description"]


def test_load_balancer_reaches_every_task_port_and_nothing_outside() -> None:
    rules = only(built(ec2=()), "EC2::SecurityGroup")["SecurityGroupEgress"]
    assert all((rule["FromPort"], rule["ToPort"]) == (1, 65535) for rule in rules)
    assert not {"0.0.0.0/0", "::/0"} & {rule["CidrIp"] for rule in rules}
