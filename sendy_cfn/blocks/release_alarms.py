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
        kind: "errors" or "latency".
        mark: the cluster's colour, where the service has an alarm in each.
    """
    return "-".join(filter(None, (stack, mark, kind)))


def release_alarms(
    web: Web, side: Side, groups: Sequence[elb.TargetGroup], mark: str = ""
) -> tuple[cloudwatch.Alarm, cloudwatch.Alarm]:
    """Errors and latency over the target groups together, as a release moves requests between them."""
    balancer = side.look_up(web.template, wires.LOAD_BALANCER_FULL_NAME)
    requests = [_metric(f"r{n}", "RequestCount", "Sum", balancer, g) for n, g in enumerate(groups)]
    failed = [
        _metric(f"e{n}{kind}", metric, "Sum", balancer, group)
        for n, group in enumerate(groups)
        for kind, metric in enumerate(ERRORS)
    ]
    slow = [_metric(f"t{n}", "TargetResponseTime", "p95", balancer, g) for n, g in enumerate(groups)]
    total, errors = _sum(requests), _sum(failed)
    longest = f"MAX([{', '.join(_filled(metric) for metric in slow)}])"
    return (
        _alarm(
            web,
            f"{side.prefix}ErrorsAlarm",
            alarm_name("${AWS::StackName}", "errors", mark),
            f"{web.service.name}: too many requests end with a server error",
            [*requests, *failed],
            total,
            f"100 * ({errors}) / ({total})",
            knobs.ALARM_ERROR_PERCENT,
        ),
        _alarm(
            web,
            f"{side.prefix}LatencyAlarm",
            alarm_name("${AWS::StackName}", "latency", mark),
            f"{web.service.name}: answers take too long",
            [*requests, *slow],
            total,
            f"1000 * {longest}",
            knobs.ALARM_P95_MILLISECONDS,
        ),
    )


def tasks_alarm(web: Web, groups: Sequence[elb.TargetGroup], service_name: Sub, count: str) -> cloudwatch.Alarm:
    """New tasks that don't get ready: they fail their health checks, or end, or find no room.

    Where ECS's circuit breaker does not work, nothing else ends a deployment whose tasks never get ready. While one is
    on its way beside another, `count` ("DeploymentCount", "TaskSetCount") is more than one, and old and new tasks
    together have to be twice as many as desired; in a service's first one as many as desired.
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
    lacking = "IF(FILL(r, 0) < FILL(w, 0) * IF(FILL(d, 1) > 1, 2, 1), 1, 0)"
    minutes = knobs.ALARM_TASK_MINUTES.take(web.template)
    description = f"{web.service.name}: tasks don't get ready"
    return cloudwatch.Alarm(
        "TasksAlarm",
        AlarmName=Sub(alarm_name("${AWS::StackName}", "tasks")),
        AlarmDescription=description,
        Metrics=[
            cloudwatch.MetricDataQuery(
                Id="value", Label=description, Expression=f"{_sum(unhealthy)} + {lacking}", ReturnData=True
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
    requests: str,
    value: str,
    limit: Knob,
) -> cloudwatch.Alarm:
    fewest = knobs.ALARM_REQUESTS.take(web.template).data["Ref"]
    expression = Sub(f"IF({requests} >= ${{{fewest}}}, {value}, 0)")
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
