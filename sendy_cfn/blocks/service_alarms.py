"""Alarms of a running service, and the one that says whether it is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Equals, If, Sub, cloudwatch, logs

from sendy_cfn import wires
from sendy_cfn.blocks import alarms, measures, task_measures
from sendy_cfn.blocks.release_alarms import (
    BALANCER,
    INSIGHTS,
    STACK,
    alarm_name,
    error_lines,
    log_page,
    log_space,
)
from sendy_cfn.blocks.web import BLUE_IS_LIVE
from sendy_cfn.config.words import Alarms
from sendy_cfn.knobs import alarms as knobs
from sendy_cfn.knobs import common, release
from sendy_cfn.knobs import service as sizes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from troposphere import AWSObject, ecs

    from sendy_cfn.blocks.release_alarms import Watched
    from sendy_cfn.blocks.web import Arrangement, Value, Web

WATCHES_FULLY = "WatchesFully"  # condition of what costs most

# Kinds of alarms of what may become trouble: they tell people and nothing else.
WARNINGS = ("cpu", "memory", "requests-band", "latency-band")


def service_alarms(web: Web, made: Arrangement, services: Sequence[ecs.Service]) -> list[AWSObject]:
    """A filter of error lines, and alarms beside those that stop releases; `services` are the sides' ECS services.

    The composite alarm has those that customers may notice. What only may become trouble stays out of it: CPU, memory
    and values out of the expected band.
    """
    all_of_them = web.service.alarms is Alarms.ALL
    serious = _serious(web, made.watched, services) if all_of_them else []
    health = alarms.health(STACK, f"{web.service.name} is not well", [*made.alarms, *serious])
    return [_error_lines(web), *serious, health, *(_costly(web, made.watched, services) if all_of_them else ())]


def _costly(web: Web, watched: Watched, services: Sequence[ecs.Service]) -> list[cloudwatch.Alarm]:
    web.template.add_condition(WATCHES_FULLY, Equals(common.FULL_MONITORING.take(web.template), "true"))
    found = [*_busy(web, watched, services), *_bands(web, watched)]
    for alarm in found:
        alarm.Condition = WATCHES_FULLY
    return found


def _error_lines(web: Web) -> logs.MetricFilter:
    return logs.MetricFilter(
        "ErrorLines",
        LogGroupName=web.log_group.ref(),
        FilterPattern=knobs.LOG_ERROR_PATTERN.take(web.template),
        MetricTransformations=[
            logs.MetricTransformation(
                MetricNamespace=log_space(web), MetricName=error_lines(), MetricValue="1", DefaultValue=0, Unit="Count"
            )
        ],
    )


def _of_services(watched: Watched, services: Sequence[ecs.Service]) -> dict[str, Value]:
    return {"ClusterName": watched.cluster, "ServiceName": _live(service.get_att("Name") for service in services)}


def _live(values: Iterable[Value]) -> Value:
    """The live side's one of the values, or the only one."""
    found = list(values)
    return found[0] if len(found) == 1 else If(BLUE_IS_LIVE, *found)


def _tasks_page(services: Sequence[ecs.Service]) -> str:
    """The page of the service's tasks, for Sub; with two sides, that of the clusters."""
    if len(services) > 1:
        return alarms.console("ecs/v2/clusters?")
    cluster = wires.CLUSTER_NAME.name
    return alarms.console(f"ecs/v2/clusters/${{{cluster}}}/services/${{{services[0].title}.Name}}/tasks?")


def _serious(web: Web, watched: Watched, services: Sequence[ecs.Service]) -> list[cloudwatch.Alarm]:
    name, template = web.service.name, web.template
    tasks = _tasks_page(services)
    minutes, least = release.ALARM_TASK_MINUTES.take(template), sizes.MIN_TASKS.take(template)
    group = {task_measures.GROUP: _live(Sub(f"service:${{{service.title}.Name}}") for service in services)}
    # Which the environment makes of ECS's events.
    ends = measures.namespace(web.platform.platform, task_measures.SPACE)
    return [
        _unhealthy(web, watched),
        alarms.of_metric(
            "TooFewTasksAlarm",
            alarm_name(STACK, "too-few-tasks"),
            f"{name} runs fewer than ${{MinTasks}} tasks. Look at the service's events first: {tasks}",
            (INSIGHTS, "RunningTaskCount", _of_services(watched, services)),
            least,
            Statistic="Minimum",
            Period=alarms.MINUTE,
            ComparisonOperator="LessThanThreshold",
            EvaluationPeriods=minutes,
            TreatMissingData="breaching",  # no data is no task
        ),
        alarms.of_metric(
            "RestartsAlarm",
            alarm_name(STACK, "restarts"),
            f"More than ${{AlarmRestarts}} tasks of {name} ended or failed to start within 10 minutes. "
            f"Look at the reasons of stopped tasks first: {tasks}",
            (ends, task_measures.FAILED.name, group),
            knobs.ALARM_RESTARTS.take(template),
            Period=knobs.RESTARTS_PERIOD,
        ),
        alarms.of_metric(
            "MemoryKillsAlarm",
            alarm_name(STACK, "memory-kills"),
            f"A task of {name} was killed, as it had used up its memory. Raise Memory or find the leak: {tasks}",
            (ends, task_measures.OUT_OF_MEMORY.name, group),
            0,
        ),
    ]


def _unhealthy(web: Web, watched: Watched) -> cloudwatch.Alarm:
    title, name = "UnhealthyAlarm", alarm_name(STACK, "unhealthy")
    minutes = release.ALARM_TASK_MINUTES.take(web.template)
    said = f"Tasks of {web.service.name} fail their health checks. Look at the log first: {log_page(web)}"
    metric = "UnHealthyHostCount"
    if len(watched.groups) == 1:
        return alarms.of_metric(
            title,
            name,
            said,
            (BALANCER, metric, watched.groups[0]),
            0,
            Statistic="Maximum",
            Period=alarms.MINUTE,
            EvaluationPeriods=minutes,
        )
    queries = [alarms.metric(f"u{n}", BALANCER, metric, "Maximum", of) for n, of in enumerate(watched.groups)]
    return alarms.of_formula(title, name, said, "FILL(u0, 0) + FILL(u1, 0)", queries, 0, EvaluationPeriods=minutes)


def _busy(web: Web, watched: Watched, services: Sequence[ecs.Service]) -> list[cloudwatch.Alarm]:
    tasks = _tasks_page(services)
    minutes = knobs.ALARM_BUSY_MINUTES.take(web.template)
    return [
        alarms.of_metric(
            f"{kind.capitalize()}Alarm",
            alarm_name(STACK, kind),
            f"{web.service.name} uses more than ${{{knob.name}}} % of its {what}. "
            f"Look at whether it has as many tasks as it may have first: {tasks}",
            ("AWS/ECS", metric, _of_services(watched, services)),
            knob.take(web.template),
            Statistic="Average",
            Period=alarms.MINUTE,
            EvaluationPeriods=minutes,
        )
        for kind, what, metric, knob in (
            ("cpu", "CPU", "CPUUtilization", knobs.ALARM_CPU_PERCENT),
            ("memory", "memory", "MemoryUtilization", knobs.ALARM_MEMORY_PERCENT),
        )
    ]


def _bands(web: Web, watched: Watched) -> list[cloudwatch.Alarm]:
    name, two = web.service.name, len(watched.groups) > 1
    found = []
    for kind, metric, statistic, leaves, said, both in (
        (
            *("requests", "RequestCount", "Sum", "LessThanLowerOrGreaterThanUpperThreshold"),
            *("gets more or fewer requests", "FILL(m0, 0) + FILL(m1, 0)"),
        ),
        (
            *("latency", "TargetResponseTime", "p95", "GreaterThanUpperThreshold"),
            *("answers slower", "MAX([FILL(m0, 0), FILL(m1, 0)])"),
        ),
    ):
        queries = [
            alarms.metric(f"m{n}", BALANCER, metric, statistic, of, alarms.FIVE_MINUTES)
            for n, of in enumerate(watched.groups)
        ]
        found.append(
            alarms.of_band(
                f"{kind.capitalize()}BandAlarm",
                alarm_name(STACK, f"{kind}-band"),
                f"{name} {said} than at this hour of the days and weeks before. Look at the last release first: "
                f"{log_page(web)}",
                both if two else "",
                queries,
                knobs.BAND_WIDTH.take(web.template),
                ComparisonOperator=leaves,
                EvaluationPeriods=knobs.BAND_PERIODS,
            )
        )
    return found
