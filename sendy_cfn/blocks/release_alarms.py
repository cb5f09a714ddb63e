"""Alarms that stop a release: server errors and latency, as customers see them, and tasks that don't get ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Sub, cloudwatch

from sendy_cfn import wires
from sendy_cfn.blocks.web import BLUE
from sendy_cfn.knobs import release as knobs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from troposphere import Ref
    from troposphere import elasticloadbalancingv2 as elb

    from sendy_cfn.blocks.web import Side, Value, Web
    from sendy_cfn.parameters import Knob

# Per target group: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
ERRORS = ("HTTPCode_Target_5XX_Count", "TargetConnectionErrorCount")  # answers, and tasks that did not answer


def alarm_name(stack: str, kind: str, mark: str = "") -> str:
    """Name of an alarm of a service's stack; given, because the pipeline's stages name it before it exists.

    Args:
        stack: the stack's name, or a reference to it for Sub.
        kind: "errors", "latency" or "tasks".
        mark: the cluster's colour, where the service has an alarm in each.
    """
    return "-".join(filter(None, (stack, mark, kind)))


def release_alarms(
    web: Web, side: Side, groups: Sequence[elb.TargetGroup], mark: str = ""
) -> tuple[cloudwatch.Alarm, cloudwatch.Alarm]:
    """Errors and latency of the worse one of the target groups: a canary's few requests must not drown in the rest."""
    balancer = side.look_up(web.template, wires.LOAD_BALANCER_FULL_NAME)
    errors, latency, requests, failed, slow = [], [], [], [], []
    for n, group in enumerate(groups):
        requests.append(_metric(f"r{n}", "RequestCount", "Sum", balancer, group))
        of_group = [_metric(f"e{n}{k}", metric, "Sum", balancer, group) for k, metric in enumerate(ERRORS)]
        failed += of_group
        slow.append(_metric(f"t{n}", "TargetResponseTime", "p95", balancer, group))
        errors.append(f"100 * ({_sum(of_group)}) / {_filled(requests[n])}")
        latency.append(f"1000 * {_filled(slow[n])}")
    return (
        _alarm(
            web,
            f"{side.prefix}ErrorsAlarm",
            alarm_name("${AWS::StackName}", "errors", mark),
            f"{web.service.name}: too many requests end with a server error",
            [*requests, *failed],
            _worst(web, requests, errors),
            knobs.ALARM_ERROR_PERCENT,
        ),
        _alarm(
            web,
            f"{side.prefix}LatencyAlarm",
            alarm_name("${AWS::StackName}", "latency", mark),
            f"{web.service.name}: answers take too long",
            [*requests, *slow],
            _worst(web, requests, latency),
            knobs.ALARM_P95_MILLISECONDS,
        ),
    )


def _worst(web: Web, requests: Sequence[cloudwatch.MetricDataQuery], values: Sequence[str]) -> Sub:
    """The highest of the groups' values; a group with few requests says nothing."""
    fewest = knobs.ALARM_REQUESTS.take(web.template).data["Ref"]
    groups = [
        f"IF({_filled(count)} >= ${{{fewest}}}, {value}, 0)" for count, value in zip(requests, values, strict=True)
    ]
    return Sub(groups[0] if len(groups) == 1 else f"MAX([{', '.join(groups)}])")


def tasks_alarm(web: Web, groups: Sequence[elb.TargetGroup], service_name: Sub, count: str) -> cloudwatch.Alarm:
    """New tasks that don't get ready: they fail their health checks, or end, or find no room.

    Where ECS's circuit breaker does not work, nothing else ends a deployment whose tasks never get ready. While one is
    on its way beside another, `count` ("DeploymentCount", "TaskSetCount") is more than one, and old and new tasks
    together have to be twice as many as desired. With one, as in the first release of a service, it takes that no task
    serves: an alarm that is red when a deployment starts makes ECS ignore all of them.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-enhanced-observability-metrics-ECS.html
    """
    balancer = BLUE.look_up(web.template, wires.LOAD_BALANCER_FULL_NAME)
    cluster = BLUE.look_up(web.template, wires.CLUSTER_NAME)
    unhealthy = [_metric(f"u{n}", "UnHealthyHostCount", "Maximum", balancer, g) for n, g in enumerate(groups)]
    of_service = {"ClusterName": cluster, "ServiceName": service_name}
    tasks = [
        _query(name, "ECS/ContainerInsights", metric, "Average", of_service)
        for name, metric in (("d", count), ("r", "RunningTaskCount"), ("w", "DesiredTaskCount"))
    ]
    bad, running, wanted = _sum(unhealthy), "FILL(r, 0)", "FILL(w, 0)"
    beside = f"{bad} + IF({running} < 2 * {wanted}, 1, 0)"
    alone = f"IF({wanted} > 0 AND ({running} < 1 OR {bad} >= {wanted}), 1, 0)"
    minutes = knobs.ALARM_TASK_MINUTES.take(web.template)
    description = f"{web.service.name}: tasks don't get ready"
    return cloudwatch.Alarm(
        "TasksAlarm",
        AlarmName=Sub(alarm_name("${AWS::StackName}", "tasks")),
        AlarmDescription=description,
        Metrics=[
            cloudwatch.MetricDataQuery(
                Id="value", Label=description, Expression=f"IF(FILL(d, 1) > 1, {beside}, {alone})", ReturnData=True
            ),
            *unhealthy,
            *tasks,
        ],
        ComparisonOperator="GreaterThanThreshold",
        Threshold=0,
        EvaluationPeriods=minutes,
        DatapointsToAlarm=minutes,
        TreatMissingData="notBreaching",
    )


def _alarm(
    web: Web,
    title: str,
    name: str,
    description: str,
    metrics: list[cloudwatch.MetricDataQuery],
    expression: Sub,
    limit: Knob,
) -> cloudwatch.Alarm:
    minutes = knobs.ALARM_MINUTES.take(web.template)
    return cloudwatch.Alarm(
        title,
        AlarmName=Sub(name),
        AlarmDescription=description,
        Metrics=[
            cloudwatch.MetricDataQuery(Id="value", Label=description, Expression=expression, ReturnData=True),
            *metrics,
        ],
        ComparisonOperator="GreaterThanThreshold",
        Threshold=limit.take(web.template),
        EvaluationPeriods=minutes,
        DatapointsToAlarm=minutes,
        TreatMissingData="notBreaching",  # no requests, no complaint
    )


def _metric(
    name: str, metric: str, statistic: str, balancer: Ref, group: elb.TargetGroup
) -> cloudwatch.MetricDataQuery:
    of_group = {"LoadBalancer": balancer, "TargetGroup": group.get_att("TargetGroupFullName")}
    return _query(name, "AWS/ApplicationELB", metric, statistic, of_group)


def _query(
    name: str, namespace: str, metric: str, statistic: str, dimensions: Mapping[str, Value]
) -> cloudwatch.MetricDataQuery:
    return cloudwatch.MetricDataQuery(
        Id=name,
        ReturnData=False,
        MetricStat=cloudwatch.MetricStat(
            Metric=cloudwatch.Metric(
                Namespace=namespace,
                MetricName=metric,
                Dimensions=[cloudwatch.MetricDimension(Name=key, Value=value) for key, value in dimensions.items()],
            ),
            Period=knobs.ALARM_PERIOD,
            Stat=statistic,
        ),
    )


def _filled(metric: cloudwatch.MetricDataQuery) -> str:
    return f"FILL({metric.Id}, 0)"


def _sum(metrics: Sequence[cloudwatch.MetricDataQuery]) -> str:
    return " + ".join(map(_filled, metrics))
