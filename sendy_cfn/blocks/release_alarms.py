"""Alarms that stop a release: server errors, latency and error lines, and tasks that don't get ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from troposphere import Sub

from sendy_cfn import wires
from sendy_cfn.blocks import alarms
from sendy_cfn.knobs import alarms as limits
from sendy_cfn.knobs import release as knobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import cloudwatch
    from troposphere import elasticloadbalancingv2 as elb

    from sendy_cfn.blocks.web import Side, Value, Web
    from sendy_cfn.parameters import Knob

# Per target group: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
BALANCER = "AWS/ApplicationELB"
ERRORS = ("HTTPCode_Target_5XX_Count", "TargetConnectionErrorCount")  # answers, and tasks that did not answer
INSIGHTS = "ECS/ContainerInsights"

STACK = "${AWS::StackName}"


class Watched(NamedTuple):
    """What alarms of a service look at: all its tasks, or those of the live one of its two sides."""

    groups: tuple[dict[str, Value], ...]  # dimensions of its target groups
    cluster: Value


def watched(web: Web, side: Side, *groups: elb.TargetGroup) -> Watched:
    """What there is of a side."""
    balancer = side.look_up(web.template, wires.LOAD_BALANCER_FULL_NAME)
    found: list[dict[str, Value]] = [
        {"LoadBalancer": balancer, "TargetGroup": group.get_att("TargetGroupFullName")} for group in groups
    ]
    return Watched(tuple(found), side.look_up(web.template, wires.CLUSTER_NAME))


def alarm_name(stack: str, kind: str) -> str:
    """Name of an alarm of a service's stack; given, because the pipeline's stages name it before it exists.

    Args:
        stack: the stack's name, or a reference to it for Sub.
        kind: "errors", "latency", "error-lines", "new-tasks" and those of the running service.
    """
    return f"{stack}-{kind}"


def log_page(web: Web) -> str:
    """Where the service's log is, for Sub."""
    return alarms.console(f"cloudwatch/home?#logsV2:log-groups/log-group/${{{web.log_group.title}}}")


def release_alarms(web: Web, of: Watched) -> list[cloudwatch.Alarm]:
    """Errors and latency of the worse one of the target groups: a canary's few requests must not drown in the rest."""
    errors, latency, requests, failed, slow = [], [], [], [], []
    limit = {95: _named(web, knobs.ALARM_P95_MILLISECONDS), 99: _named(web, knobs.ALARM_P99_MILLISECONDS)}
    for n, group in enumerate(of.groups):
        requests.append(_metric(f"r{n}", "RequestCount", "Sum", group))
        of_group = [_metric(f"e{n}{k}", metric, "Sum", group) for k, metric in enumerate(ERRORS)]
        failed += of_group
        times = [_metric(f"p{share}x{n}", "TargetResponseTime", f"p{share}", group) for share in limit]
        slow += times
        errors.append(f"100 * ({_sum(of_group)}) / {_filled(requests[n])}")
        parts = (f"{_filled(time)} / {most}" for time, most in zip(times, limit.values(), strict=True))
        latency.append(f"100000 * MAX([{', '.join(parts)}])")  # seconds to milliseconds, and percent
    name, minutes = web.service.name, knobs.ALARM_MINUTES.take(web.template)
    log = f"Look at the log first: {log_page(web)}"
    return [
        alarms.of_formula(
            "ErrorsAlarm",
            alarm_name(STACK, "errors"),
            f"{name}: more than {_named(web, knobs.ALARM_ERROR_PERCENT)} % of the requests end with a server error. "
            f"{log}",
            _worst(web, requests, errors),
            [*requests, *failed],
            knobs.ALARM_ERROR_PERCENT.take(web.template),
            EvaluationPeriods=minutes,
        ),
        alarms.of_formula(
            "LatencyAlarm",
            alarm_name(STACK, "latency"),
            f"{name}: 95 % of the answers take longer than {limit[95]} ms, or 99 % longer than {limit[99]} ms; "
            f"in percent of these. {log}",
            _worst(web, requests, latency),
            [*requests, *slow],
            100,
            EvaluationPeriods=minutes,
        ),
        alarms.of_metric(
            "ErrorLinesAlarm",
            alarm_name(STACK, "error-lines"),
            f"{name} logs more than {_named(web, limits.ALARM_LOG_ERRORS)} errors per minute. {log}",
            (log_space(web), error_lines(), {}),
            limits.ALARM_LOG_ERRORS.take(web.template),
            Period=alarms.MINUTE,
            EvaluationPeriods=minutes,
        ),
    ]


def log_space(web: Web) -> str:
    """Namespace of metrics from the logs of services."""
    return f"{web.platform.platform}/Logs"


def error_lines() -> Sub:
    """Name of the metric that counts the service's error lines: dimensions of filters come from lines only."""
    return Sub(alarm_name(STACK, "error-lines"))


def _worst(web: Web, requests: Sequence[cloudwatch.MetricDataQuery], values: Sequence[str]) -> str:
    """The highest of the groups' values; a group with few requests says nothing."""
    fewest = _named(web, knobs.ALARM_REQUESTS)
    groups = [f"IF({_filled(count)} >= {fewest}, {value}, 0)" for count, value in zip(requests, values, strict=True)]
    return groups[0] if len(groups) == 1 else f"MAX([{', '.join(groups)}])"


def tasks_alarm(web: Web, of: Watched, service_name: Sub, count: str) -> cloudwatch.Alarm:
    """New tasks that don't get ready: they fail their health checks, or end, or find no room.

    Where ECS's circuit breaker does not work, nothing else ends a deployment whose tasks never get ready. While one is
    on its way beside another, `count` ("DeploymentCount", "TaskSetCount") is more than one, and old and new tasks
    together have to be twice as many as desired. With one, as in the first release of a service, it takes that no task
    serves: an alarm that is red when a deployment starts makes ECS ignore all of them.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-enhanced-observability-metrics-ECS.html
    """
    unhealthy = [_metric(f"u{n}", "UnHealthyHostCount", "Maximum", group) for n, group in enumerate(of.groups)]
    of_service = {"ClusterName": of.cluster, "ServiceName": service_name}
    tasks = [
        alarms.metric(name, INSIGHTS, metric, "Average", of_service)
        for name, metric in (("d", count), ("r", "RunningTaskCount"), ("w", "DesiredTaskCount"))
    ]
    bad, running, wanted = _sum(unhealthy), "FILL(r, 0)", "FILL(w, 0)"
    beside = f"{bad} + IF({running} < 2 * {wanted}, 1, 0)"
    alone = f"IF({wanted} > 0 AND ({running} < 1 OR {bad} >= {wanted}), 1, 0)"
    name = service_name.data["Fn::Sub"]
    page = alarms.console(f"ecs/v2/clusters/${{{wires.CLUSTER_NAME.name}}}/services/{name}/tasks?")
    return alarms.of_formula(
        "TasksAlarm",
        alarm_name(STACK, "new-tasks"),
        f"{web.service.name}: new tasks don't get ready. Look at why they stop or fail health checks first: {page}",
        f"IF(FILL(d, 1) > 1, {beside}, {alone})",
        [*unhealthy, *tasks],
        0,
        EvaluationPeriods=knobs.ALARM_TASK_MINUTES.take(web.template),
    )


def _metric(name: str, metric: str, statistic: str, group: dict[str, Value]) -> cloudwatch.MetricDataQuery:
    return alarms.metric(name, BALANCER, metric, statistic, group)


def _named(web: Web, knob: Knob) -> str:
    """A reference to the parameter in texts."""
    return f"${{{knob.take(web.template).data['Ref']}}}"


def _filled(metric: cloudwatch.MetricDataQuery) -> str:
    return f"FILL({metric.Id}, 0)"


def _sum(metrics: Sequence[cloudwatch.MetricDataQuery]) -> str:
    return " + ".join(map(_filled, metrics))
