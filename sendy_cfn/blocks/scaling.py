"""Task count: follows CPU, memory and requests, between two limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Sub
from troposphere import applicationautoscaling as scale

from sendy_cfn import wires
from sendy_cfn.config.words import Scale
from sendy_cfn.knobs import service as knobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn, AWSObject, ecs
    from troposphere import elasticloadbalancingv2 as elb

    from sendy_cfn.blocks.web import Side, Web

# What is followed -> logical id, AWS's name of the metric, the value it is kept at.
_METRICS = {
    Scale.CPU: ("ScaleOnCpu", "ECSServiceAverageCPUUtilization", knobs.CPU_TARGET),
    Scale.MEMORY: ("ScaleOnMemory", "ECSServiceAverageMemoryUtilization", knobs.MEMORY_TARGET),
    Scale.REQUESTS: ("ScaleOnRequests", "ALBRequestCountPerTarget", knobs.REQUESTS_TARGET),
}


def scaling(
    web: Web,
    side: Side,
    ecs_service: ecs.Service,
    groups: Sequence[elb.TargetGroup],
    limits: tuple[AWSHelperFn, AWSHelperFn] | None = None,
) -> list[AWSObject]:
    """The scalable target and one policy per metric; the highest count that any of them asks for wins.

    `groups` are those that the service's tasks can be in. `limits` are fewest and most tasks.
    """
    template = web.template
    cluster = side.look_up(template, wires.CLUSTER_NAME)
    least, most = limits or (knobs.MIN_TASKS.take(template), knobs.MAX_TASKS.take(template))
    target = scale.ScalableTarget(
        f"{side.prefix}ScalableTarget",
        ServiceNamespace="ecs",
        ScalableDimension="ecs:service:DesiredCount",
        ResourceId=Sub(f"service/${{{cluster.data['Ref']}}}/${{{ecs_service.title}.Name}}"),
        MinCapacity=least,
        MaxCapacity=most,
    )
    return [target, *(_policy(web, side, target, metric, groups) for metric in web.service.scale_on)]


def _policy(
    web: Web, side: Side, target: scale.ScalableTarget, metric: Scale, groups: Sequence[elb.TargetGroup]
) -> scale.ScalingPolicy:
    template = web.template
    title, name, knob = _METRICS[metric]
    return scale.ScalingPolicy(
        f"{side.prefix}{title}",
        PolicyName=Sub(f"${{AWS::StackName}}-{f'{side.colour}-' if side.prefix else ''}{metric}"),
        PolicyType="TargetTrackingScaling",
        ScalingTargetId=target.ref(),
        TargetTrackingScalingPolicyConfiguration=scale.TargetTrackingScalingPolicyConfiguration(
            TargetValue=knob.take(template),
            ScaleInCooldown=knobs.SCALE_IN_COOLDOWN.take(template),
            ScaleOutCooldown=knobs.SCALE_OUT_COOLDOWN.take(template),
            **_metric(web, side, name, groups if metric is Scale.REQUESTS else ()),
        ),
    )


def _metric(web: Web, side: Side, name: str, groups: Sequence[elb.TargetGroup]) -> dict[str, Any]:
    if len(groups) > 1:
        return {"CustomizedMetricSpecification": _requests_of_all(groups)}
    specification = scale.PredefinedMetricSpecification(PredefinedMetricType=name)
    for group in groups:
        balancer = side.look_up(web.template, wires.LOAD_BALANCER_FULL_NAME)
        specification.ResourceLabel = Sub(f"${{{balancer.data['Ref']}}}/${{{group.title}.TargetGroupFullName}}")
    return {"PredefinedMetricSpecification": specification}


def _requests_of_all(groups: Sequence[elb.TargetGroup]) -> scale.CustomizedMetricSpecification:
    """Requests per task and minute, in whichever group the tasks are.

    The predefined metric knows one group only, and a release moves all tasks to the other one.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html
    """
    metrics = [
        scale.TargetTrackingMetricDataQuery(
            Id=f"r{number}",
            ReturnData=False,
            MetricStat=scale.TargetTrackingMetricStat(
                Metric=scale.TargetTrackingMetric(
                    Namespace="AWS/ApplicationELB",
                    MetricName="RequestCountPerTarget",
                    Dimensions=[
                        scale.TargetTrackingMetricDimension(
                            Name="TargetGroup", Value=group.get_att("TargetGroupFullName")
                        )
                    ],
                ),
                Stat="Sum",
            ),
        )
        for number, group in enumerate(groups)
    ]
    total = " + ".join(f"FILL(r{number}, 0)" for number in range(len(groups)))
    return scale.CustomizedMetricSpecification(
        Metrics=[*metrics, scale.TargetTrackingMetricDataQuery(Id="total", Expression=total, ReturnData=True)]
    )
