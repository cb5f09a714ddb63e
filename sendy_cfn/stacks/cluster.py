"""An ECS cluster with its capacity and its public load balancer; nested once per cluster of an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Equals, GetAtt, Output, Ref, Sub, ecs, logs

from sendy_cfn import wires
from sendy_cfn.blocks import (
    access_log_table,
    alarms,
    boundary,
    buckets,
    cluster_alarms,
    ec2_capacity,
    firewall,
    load_balancer,
    skeleton,
)
from sendy_cfn.knobs import cluster as knobs
from sendy_cfn.knobs import common

if TYPE_CHECKING:
    from troposphere import Template, certificatemanager, cloudwatch
    from troposphere import elasticloadbalancingv2 as elb

    from sendy_cfn.config.model import Platform


def build(
    platform: Platform, *, throwaway: bool = False, test_listener: bool = False, commands: bool = False
) -> Template:
    """The template; a `throwaway` cluster has nothing that protects it from being deleted in one go.

    With `test_listener` new versions can be seen before customers reach them: some strategies move traffic that way.
    With `commands` people may run some in tasks.
    """
    template = skeleton.new(f"{platform.platform}: an ECS cluster, its capacity and its public load balancer")
    common.ENVIRONMENT.take(template)
    common.CLUSTER_ID.take(template)

    cluster = _cluster(template, platform)
    if commands:
        _log_commands(template, platform, cluster, throwaway=throwaway)
    certificate = _certificate(template, platform)
    fragile = [str(part.title) for part in (cluster, certificate) if part is not None]
    providers, made = _capacity(template, platform, cluster, fragile, throwaway=throwaway)
    template.add_resource(
        ecs.ClusterCapacityProviderAssociations(
            "CapacityProviders",
            Cluster=cluster.ref(),
            CapacityProviders=["FARGATE", "FARGATE_SPOT", *providers.values()],
            DefaultCapacityProviderStrategy=[ecs.CapacityProviderStrategy(CapacityProvider="FARGATE", Weight=1)],
        )
    )
    testers = knobs.TEST_TRAFFIC_CIDR.take(template) if test_listener else None
    balancer = _load_balancer(template, platform, fragile, testers, throwaway=throwaway)
    listener = _listeners(template, balancer, certificate)
    if platform.has_domain:
        _firewall(template, platform, balancer, throwaway=throwaway)
    if test_listener:
        test = template.add_resource(_test_listener(balancer, certificate))
        wires.publish(template, platform.platform, wires.TEST_LISTENER_ARN, test.ref())

    name = _name(platform)
    made += cluster_alarms.of_load_balancer(template, name, balancer)
    if certificate is not None:
        made.append(cluster_alarms.of_certificate(template, name, certificate))
    health = alarms.health(cluster_alarms.stem(platform.platform, "${ClusterId}"), "A cluster is not well", made)
    for alarm in (*made, health):
        template.add_resource(alarm)

    wires.publish(template, platform.platform, wires.CLUSTER_NAME, cluster.ref())
    for architecture, provider in providers.items():
        wires.publish(template, platform.platform, wires.capacity_provider(architecture), provider)
    wires.publish(template, platform.platform, wires.LISTENER_ARN, listener.ref())
    for wire, attribute in (
        (wires.LOAD_BALANCER_DNS_NAME, "DNSName"),
        (wires.LOAD_BALANCER_FULL_NAME, "LoadBalancerFullName"),
    ):
        wires.publish(template, platform.platform, wire, balancer.get_att(attribute))
    group_id = GetAtt("LoadBalancerSecurityGroup", "GroupId")
    wires.publish(template, platform.platform, wires.LOAD_BALANCER_SECURITY_GROUP_ID, group_id)
    return template


def _name(platform: Platform) -> str:
    """For Sub. People, dashboards and commands such as `aws ecs execute-command` name the cluster."""
    return f"{platform.platform}-${{Environment}}-${{ClusterId}}"


def _cluster(template: Template, platform: Platform) -> ecs.Cluster:
    name = _name(platform)
    # Container Insights makes this log group itself where it is missing, and keeps it for ever; hence the fixed name.
    # It holds only what the metrics are made of, and one that outlived its stack would be in the way of the next.
    insights = template.add_resource(
        logs.LogGroup(
            "InsightsLogGroup",
            **skeleton.keep(throwaway=True),
            LogGroupName=Sub(f"/aws/ecs/containerinsights/{name}/performance"),
            KmsKeyId=wires.KEY_ARN.take(template),
            RetentionInDays=common.LOG_RETENTION_DAYS.take(template),
        )
    )
    return template.add_resource(
        ecs.Cluster(
            "Cluster",
            DependsOn=insights.title,
            ClusterName=Sub(name),
            ClusterSettings=[ecs.ClusterSetting(Name="containerInsights", Value="enhanced")],
        )
    )


def _log_commands(template: Template, platform: Platform, cluster: ecs.Cluster, *, throwaway: bool) -> None:
    """Commands that people run in tasks are encrypted on their way, and logged with what they answered.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommandConfiguration.html
    """
    key = wires.KEY_ARN.take(template)
    policies = skeleton.keep(throwaway=throwaway)
    retention = common.LOG_RETENTION_DAYS.take(template)
    group = template.add_resource(logs.LogGroup("CommandLogGroup", **policies, KmsKeyId=key, RetentionInDays=retention))
    cluster.Configuration = ecs.ClusterConfiguration(
        ExecuteCommandConfiguration=ecs.ExecuteCommandConfiguration(
            KmsKeyId=key,
            Logging="OVERRIDE",
            LogConfiguration=ecs.ExecuteCommandLogConfiguration(
                CloudWatchLogGroupName=group.ref(), CloudWatchEncryptionEnabled=True
            ),
        )
    )
    wires.publish(template, platform.platform, wires.COMMAND_LOG_GROUP_ARN, group.get_att("Arn"))


def _certificate(template: Template, platform: Platform) -> certificatemanager.Certificate | None:
    """It waits until the domain's parent delegates to the hosted zone, up to 72 hours."""
    if not platform.has_domain:
        return None
    return template.add_resource(
        load_balancer.certificate(common.DOMAIN_NAME.take(template), wires.HOSTED_ZONE_ID.take(template))
    )


def _capacity(
    template: Template, platform: Platform, cluster: ecs.Cluster, after: list[str], *, throwaway: bool
) -> tuple[dict[str, Ref], list[cloudwatch.Alarm]]:
    """EC2 capacity: architecture -> capacity provider, and its alarms.

    CloudFormation can't delete a group with protected instances, so a throw-away one protects none: when it shrinks,
    instances with tasks may go too, and are drained first. https://github.com/aws/containers-roadmap/issues/2862
    """
    if not platform.cluster.ec2:
        return {}, []
    protected = not throwaway
    role, permission, profile = ec2_capacity.permissions(cluster, boundary.given(template))
    group = ec2_capacity.security_group(wires.VPC_ID.take(template), dual_stack=platform.network.dual_stack)
    for resource in (role, permission, profile, group):
        template.add_resource(resource)
    providers: dict[str, Ref] = {}
    watching: list[cloudwatch.Alarm] = []
    for architecture in platform.cluster.ec2:
        sizes = knobs.BY_ARCHITECTURE[architecture]
        launch = ec2_capacity.launch_template(
            architecture,
            image=sizes.image.take(template),
            instance_type=sizes.type.take(template),
            volume_gib=knobs.INSTANCE_VOLUME_GIB.take(template),
            group=group,
            profile=profile,
        )
        instances = ec2_capacity.auto_scaling_group(
            architecture,
            launch,
            permission,
            wires.PRIVATE_SUBNET_IDS.take(template),
            minimum=sizes.minimum.take(template),
            maximum=sizes.maximum.take(template),
            protected=protected,
            after=after,
        )
        provider = ec2_capacity.capacity_provider(
            architecture,
            instances,
            target_percent=knobs.INSTANCE_TARGET_PERCENT.take(template),
            protected=protected,
        )
        for part in (launch, instances, provider):
            template.add_resource(part)
        providers[architecture] = provider.ref()
        of = (architecture, cluster, provider, instances)
        watching += cluster_alarms.of_capacity(template, _name(platform), *of)
    return providers, watching


def _load_balancer(
    template: Template, platform: Platform, after: list[str], testers: Ref | None, *, throwaway: bool
) -> elb.LoadBalancer:
    dual_stack = platform.network.dual_stack
    bucket = buckets.bucket(
        "AccessLogBucket",  # without a KMS key: load balancers write only to SSE-S3
        throwaway=throwaway,
        expire_days=common.LOG_RETENTION_DAYS.take(template),
    )
    bucket_policy = buckets.policy("AccessLogBucketPolicy", bucket, load_balancer.deliver_logs(bucket))
    ports = {80: "Redirect to HTTPS", 443: "HTTPS"} if platform.has_domain else {80: "HTTP"}
    group = load_balancer.security_group(wires.VPC_ID.take(template), ports, dual_stack=dual_stack, testers=testers)
    balancer = load_balancer.load_balancer(
        wires.PUBLIC_SUBNET_IDS.take(template),
        group,
        bucket_policy,
        after=after,
        idle_seconds=knobs.IDLE_TIMEOUT_SECONDS.take(template),
        keep_alive_seconds=knobs.CLIENT_KEEP_ALIVE_SECONDS.take(template),
        dual_stack=dual_stack,
        throwaway=throwaway,
    )
    name = f"{platform.platform}-${{Environment}}-${{ClusterId}}"
    days = common.LOG_RETENTION_DAYS.take(template)
    queried = access_log_table.table(name, bucket, wires.KEY_ARN.take(template), days)
    for resource in (bucket, bucket_policy, group, balancer, *queried):
        template.add_resource(resource)
    template.add_output(
        Output("AccessLogBucketName", Description="Bucket with the load balancer's access logs", Value=bucket.ref())
    )
    return balancer


def _firewall(template: Template, platform: Platform, balancer: elb.LoadBalancer, *, throwaway: bool) -> None:
    acl = template.add_resource(firewall.web_acl(knobs.REQUESTS_PER_CLIENT.take(template)))
    template.add_resource(firewall.association(acl, balancer))
    name = _name(platform)
    retention = common.LOG_RETENTION_DAYS.take(template)
    template.add_condition(firewall.HAS_LOG, Equals(knobs.FIREWALL_LOG.take(template), "true"))
    for resource in firewall.log(acl, name, wires.KEY_ARN.take(template), retention, throwaway=throwaway):
        template.add_resource(resource)


def _listeners(
    template: Template, balancer: elb.LoadBalancer, certificate: certificatemanager.Certificate | None
) -> elb.Listener:
    """Adds the listeners; the one that services add their rules to."""
    http = template.add_resource(load_balancer.http_listener(balancer, redirect=certificate is not None))
    if certificate is None:
        url = Sub(f"http://${{{balancer.title}.DNSName}}")
        template.add_output(Output("LoadBalancerUrl", Description="Address that services are below", Value=url))
        template.add_output(
            Output(
                "PlainHttpWarning",
                Description="What to know about a load balancer without a certificate",
                Value="Without a domain there is no HTTPS: all requests can be read on their way. Not for production.",
            )
        )
        return http
    return template.add_resource(load_balancer.https_listener(balancer, certificate))


def _test_listener(balancer: elb.LoadBalancer, certificate: certificatemanager.Certificate | None) -> elb.Listener:
    if certificate is None:
        return load_balancer.plain_test_listener(balancer)
    return load_balancer.https_listener(balancer, certificate, "TestListener", load_balancer.TEST_PORT)
