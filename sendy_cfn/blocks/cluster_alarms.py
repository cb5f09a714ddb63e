"""Alarms of a cluster: its load balancer, EC2 capacity and certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Sub

from sendy_cfn.blocks.alarms import MINUTE, console, metric, of_formula, of_metric
from sendy_cfn.knobs import cluster as knobs

if TYPE_CHECKING:
    from troposphere import Template, autoscaling, certificatemanager, cloudwatch, ecs
    from troposphere import elasticloadbalancingv2 as elb

ERROR_MINUTES = 5
DAY = 24 * 60 * MINUTE


def stem(platform: str, cluster: str, environment: str = "${Environment}") -> str:
    """What the name of a cluster's composite alarm has before its end; with a `_`, as no service's alarm has it."""
    return f"{platform}-{environment}-cluster_{cluster}"


def of_load_balancer(template: Template, name: str, balancer: elb.LoadBalancer) -> list[cloudwatch.Alarm]:
    """Errors that the load balancer answers itself, and connections that it rejects; `name` begins the alarms' names.

    RequestCount has only requests for which a target was chosen: errors of the load balancer are added to it.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    """
    of = {"LoadBalancer": balancer.get_att("LoadBalancerFullName")}
    page = console(f"ec2/home?#LoadBalancer:loadBalancerArn=${{{balancer.title}}}")
    fewest = knobs.LOAD_BALANCER_ALARM_REQUESTS.take(template).data["Ref"]
    total = "FILL(r, 0) + FILL(e, 0)"
    return [
        of_formula(
            "LoadBalancerErrorsAlarm",
            f"{name}-elb-5xx",
            "The load balancer itself answers too many requests with a server error: no healthy task, no answer in"
            f" time, or a refused connection. Look first at the targets' health in the resource map: {page}",
            Sub(f"IF({total} >= ${{{fewest}}}, 100 * FILL(e, 0) / ({total}), 0)"),
            [
                metric("e", "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum", of),
                metric("r", "AWS/ApplicationELB", "RequestCount", "Sum", of),
            ],
            knobs.LOAD_BALANCER_ERROR_PERCENT.take(template),
            EvaluationPeriods=ERROR_MINUTES,
        ),
        of_metric(
            "RejectedConnectionsAlarm",
            f"{name}-rejected",
            "The load balancer rejects connections because it has reached its maximum. Look first at its new and"
            f" active connections, then at who opens them, in the access logs: {page}",
            ("AWS/ApplicationELB", "RejectedConnectionCount", of),
            knobs.REJECTED_CONNECTIONS.take(template),
        ),
    ]


def of_capacity(
    template: Template,
    name: str,
    architecture: str,
    cluster: ecs.Cluster,
    provider: ecs.CapacityProvider,
    group: autoscaling.AutoScalingGroup,
) -> list[cloudwatch.Alarm]:
    """Tasks that wait for instances, and a group that can't grow any more. One of fixed size is always at its maximum.

    CapacityProviderReservation is what is needed in percent of what runs.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html
    """
    minutes = knobs.CAPACITY_MINUTES.take(template)
    of_group = {"AutoScalingGroupName": group.ref()}
    of_provider = {"ClusterName": cluster.ref(), "CapacityProviderName": provider.ref()}
    page = console(f"ec2/home?#AutoScalingGroupDetails:id=${{{group.title}}};view=activity")
    title = architecture.capitalize()
    return [
        of_metric(
            f"{title}CapacityAlarm",
            f"{name}-capacity-{architecture}",
            f"Tasks have waited too long for {architecture} instances. Look first at the group's activity, for launches"
            f" that failed and for its maximum: {page}",
            ("AWS/ECS/ManagedScaling", "CapacityProviderReservation", of_provider),
            100,
            Statistic="Maximum",
            Period=MINUTE,
            EvaluationPeriods=minutes,
        ),
        of_formula(
            f"{title}InstancesAlarm",
            f"{name}-instances-{architecture}",
            f"There are as many {architecture} instances as there may be; further tasks will wait. Look first at what"
            f" grew, on the environment's dashboard, then raise {knobs.BY_ARCHITECTURE[architecture].maximum.name} in"
            f" the environment's values: {page}",
            "IF(FILL(most, 0) > FILL(least, 0) AND FILL(there, 0) >= FILL(most, 0), 1, 0)",
            [
                metric(key, "AWS/AutoScaling", metric_name, "Maximum", of_group)
                for key, metric_name in (
                    ("there", "GroupInServiceInstances"),
                    ("most", "GroupMaxSize"),
                    ("least", "GroupMinSize"),
                )
            ],
            0,
            EvaluationPeriods=minutes,
        ),
    ]


def of_certificate(template: Template, name: str, certificate: certificatemanager.Certificate) -> cloudwatch.Alarm:
    """A certificate that was not renewed.

    It goes on when there is no metric any more, which is so after the certificate's end.
    https://docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html
    """
    return of_metric(
        "CertificateAlarm",
        f"{name}-certificate",
        "The certificate ends soon and was not renewed. Look first at its renewal status and whether its record is"
        f" still in the hosted zone: {console('acm/home?#/certificates/list')}",
        ("AWS/CertificateManager", "DaysToExpiry", {"CertificateArn": certificate.ref()}),
        knobs.CERTIFICATE_DAYS.take(template),
        ComparisonOperator="LessThanThreshold",
        Statistic="Minimum",
        Period=DAY,
        TreatMissingData="ignore",
    )
