"""The public application load balancer of a cluster, its listeners and where it logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import s3 as s3_actions
from awacs.aws import Allow, Principal, Statement
from troposphere import Sub, certificatemanager, ec2
from troposphere import elasticloadbalancingv2 as elb

from sendy_cfn.blocks.buckets import objects
from sendy_cfn.blocks.suppress import suppress
from sendy_cfn.blocks.tags import tags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn, Ref, s3

# TLS 1.3 and 1.2 with forward secrecy, and post-quantum key exchange for clients that know it; the console's default.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"

TEST_PORT = 8443  # of the listener on which a new version is seen before customers reach it

# Why port 80 is open to everybody.
_OPEN_FOR_REDIRECT = "Port 80 answers with a redirect to HTTPS and nothing else; without it, typed addresses would fail"
_OPEN_FOR_HTTP = "Without a domain there is no certificate, and HTTP is all that there is; an output of the stack warns"

# What VPCs take their addresses from (RFC 1918, RFC 6598). Only the services' own stacks know the tasks' ports and
# security groups, and let the load balancer in; here is said that it calls nobody outside.
PRIVATE_BLOCKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")

NOT_FOUND = elb.FixedResponseConfig(StatusCode="404", ContentType="text/plain", MessageBody="Not found")


def security_group(
    vpc_id: Ref, ports: dict[int, str], *, dual_stack: bool, testers: Ref | None = None
) -> ec2.SecurityGroup:
    """Lets the internet in on the ports, each with the reason why, and itself out to private addresses only.

    `testers` is the address block that reaches the test listener.
    """
    test_traffic = ec2.SecurityGroupRule(
        Description="New versions, for those who test them", IpProtocol="tcp", FromPort=TEST_PORT, ToPort=TEST_PORT
    )
    if testers is not None:
        test_traffic.CidrIp = testers
    anywhere = {"IPv4": {"CidrIp": "0.0.0.0/0"}} | ({"IPv6": {"CidrIpv6": "::/0"}} if dual_stack else {})
    made = ec2.SecurityGroup(
        "LoadBalancerSecurityGroup",
        GroupDescription="Public load balancer",
        VpcId=vpc_id,
        SecurityGroupIngress=[
            ec2.SecurityGroupRule(
                Description=f"{why} from the internet over {version}",
                IpProtocol="tcp",
                FromPort=port,
                ToPort=port,
                **source,
            )
            for port, why in ports.items()
            for version, source in anywhere.items()
        ]
        + ([] if testers is None else [test_traffic]),
        SecurityGroupEgress=[
            ec2.SecurityGroupRule(
                Description="Tasks, on whatever port they listen",
                IpProtocol="tcp",
                FromPort=1,
                ToPort=65535,
                CidrIp=block,
            )
            for block in PRIVATE_BLOCKS
        ],
        Tags=tags(Sub("${AWS::StackName}-load-balancer")),
    )
    suppress(made, "CKV_AWS_260", _OPEN_FOR_REDIRECT if 443 in ports else _OPEN_FOR_HTTP)
    return made


def deliver_logs(bucket: s3.Bucket) -> Statement:
    """For the bucket's policy: load balancers of this account may log to it.

    The service sends no source account; the path, which has the account in it, is what binds it.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    """
    return Statement(
        Sid="DeliverLoadBalancerLogs",
        Effect=Allow,
        Principal=Principal("Service", "logdelivery.elasticloadbalancing.amazonaws.com"),
        Action=[s3_actions.PutObject],
        Resource=[objects(bucket, "AWSLogs/${AWS::AccountId}/")],
    )


def load_balancer(
    subnet_ids: Ref,
    group: ec2.SecurityGroup,
    logs: s3.BucketPolicy,
    *,
    after: Sequence[str],
    idle_seconds: Ref,
    keep_alive_seconds: Ref,
    dual_stack: bool,
    throwaway: bool,
) -> elb.LoadBalancer:
    """The load balancer; `logs` is the policy of the bucket for its access logs: AWS tries to write there at once.

    `after` are resources that may fail or wait for people: deletion protection would make their rollback fail.
    """
    attributes: dict[str, AWSHelperFn | str] = {
        "deletion_protection.enabled": "false" if throwaway else "true",
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": logs.Bucket,
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "routing.http.desync_mitigation_mode": "defensive",
        "routing.http2.enabled": "true",
        "idle_timeout.timeout_seconds": idle_seconds,
        "client_keep_alive.seconds": keep_alive_seconds,
    }
    return elb.LoadBalancer(
        "LoadBalancer",
        DependsOn=[logs.title, *after],
        Type="application",
        Scheme="internet-facing",
        IpAddressType="dualstack" if dual_stack else "ipv4",
        Subnets=subnet_ids,
        SecurityGroups=[group.get_att("GroupId")],
        LoadBalancerAttributes=[elb.LoadBalancerAttributes(Key=key, Value=value) for key, value in attributes.items()],
        Tags=tags(Sub("${AWS::StackName}")),
    )


def certificate(domain_name: Ref, hosted_zone_id: Ref) -> certificatemanager.Certificate:
    """For the domain and every name directly below it, proven by one record: both names have the same one."""
    made = certificatemanager.Certificate(
        "Certificate",
        DomainName=domain_name,
        SubjectAlternativeNames=[Sub("*.${DomainName}")],
        ValidationMethod="DNS",
        DomainValidationOptions=[
            certificatemanager.DomainValidationOption(DomainName=domain_name, HostedZoneId=hosted_zone_id)
        ],
        Tags=tags(domain_name),
    )
    suppress(
        made,
        "CKV2_AWS_71",
        "Services come and go as names below the environment's own domain, and a certificate that lists them would be "
        "replaced with each; its key never leaves ACM",
    )
    return made


def https_listener(
    balancer: elb.LoadBalancer, proof: certificatemanager.Certificate, title: str = "HttpsListener", port: int = 443
) -> elb.Listener:
    """Services add their rules to it, all else is not found."""
    return elb.Listener(
        title,
        LoadBalancerArn=balancer.ref(),
        Port=port,
        Protocol="HTTPS",
        SslPolicy=TLS_POLICY,
        Certificates=[elb.Certificate(CertificateArn=proof.ref())],
        DefaultActions=[elb.Action(Type="fixed-response", FixedResponseConfig=NOT_FOUND)],
    )


def http_listener(balancer: elb.LoadBalancer, *, redirect: bool) -> elb.Listener:
    """Port 80: sends everybody to HTTPS, or is what services add their rules to.

    One logical id for both, so that a platform that gets its domain later keeps the listener: two can't share a port.
    """
    if redirect:
        to_https = elb.RedirectConfig(Protocol="HTTPS", Port="443", StatusCode="HTTP_301")
        action = elb.Action(Type="redirect", RedirectConfig=to_https)
    else:
        action = elb.Action(Type="fixed-response", FixedResponseConfig=NOT_FOUND)
    return _plain("HttpListener", balancer, 80, action)


def plain_test_listener(balancer: elb.LoadBalancer) -> elb.Listener:
    """The test listener where there is no certificate."""
    return _plain("TestListener", balancer, TEST_PORT, elb.Action(Type="fixed-response", FixedResponseConfig=NOT_FOUND))


def _plain(title: str, balancer: elb.LoadBalancer, port: int, action: elb.Action) -> elb.Listener:
    made = elb.Listener(title, LoadBalancerArn=balancer.ref(), Port=port, Protocol="HTTP", DefaultActions=[action])
    if action.Type != "redirect":
        suppress(made, ("CKV_AWS_2", "CKV_AWS_103"), _OPEN_FOR_HTTP)
    return made
