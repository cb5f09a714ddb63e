"""Task count: follows CPU, memory and requests, between two limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Sub
from troposphere import applicationautoscaling as scale

from sendy_cfn import wires
from sendy_cfn.config.words import Scale
from sendy_cfn.knobs import service as knobs

if TYPE_CHECKING:
    from troposphere import AWSObject, Template, ecs
    from troposphere import elasticloadbalancingv2 as elb

    from sendy_cfn.config.model import Service

# What is followed -> logical id, AWS's name of the metric, the value it is kept at.
_METRICS = {
    Scale.CPU: ("ScaleOnCpu", "ECSServiceAverageCPUUtilization", knobs.CPU_TARGET),
    Scale.MEMORY: ("ScaleOnMemory", "ECSServiceAverageMemoryUtilization", knobs.MEMORY_TARGET),
    Scale.REQUESTS: ("ScaleOnRequests", "ALBRequestCountPerTarget", knobs.REQUESTS_TARGET),
}


def scaling(
    template: Template, service: Service, ecs_service: ecs.Service, target_group: elb.TargetGroup
) -> list[AWSObject]:
    """The scalable target and one policy per metric; the highest count that any of them asks for wins."""
    cluster = wires.CLUSTER_NAME.look_up(template)
    target = scale.ScalableTarget(
        "ScalableTarget",
        ServiceNamespace="ecs",
        ScalableDimension="ecs:service:DesiredCount",
        ResourceId=Sub(f"service/${{{cluster.data['Ref']}}}/${{{ecs_service.title}.Name}}"),
        MinCapacity=knobs.MIN_TASKS.take(template),
        MaxCapacity=knobs.MAX_TASKS.take(template),
    )
    return [target, *(_policy(template, target, metric, target_group) for metric in service.scale_on)]


def _policy(
    template: Template, target: scale.ScalableTarget, metric: Scale, target_group: elb.TargetGroup
) -> scale.ScalingPolicy:
    title, name, knob = _METRICS[metric]
    specification = scale.PredefinedMetricSpecification(PredefinedMetricType=name)
    if metric is Scale.REQUESTS:
        balancer = wires.LOAD_BALANCER_FULL_NAME.look_up(template)
        specification.ResourceLabel = Sub(f"${{{balancer.data['Ref']}}}/${{{target_group.title}.TargetGroupFullName}}")
    return scale.ScalingPolicy(
        title,
        PolicyName=Sub(f"${{AWS::StackName}}-{metric}"),
        PolicyType="TargetTrackingScaling",
        ScalingTargetId=target.ref(),
        TargetTrackingScalingPolicyConfiguration=scale.TargetTrackingScalingPolicyConfiguration(
            PredefinedMetricSpecification=specification,
            TargetValue=knob.take(template),
            ScaleInCooldown=knobs.SCALE_IN_COOLDOWN.take(template),
            ScaleOutCooldown=knobs.SCALE_OUT_COOLDOWN.take(template),
        ),
    )
