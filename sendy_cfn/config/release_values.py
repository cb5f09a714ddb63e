"""Values of a service's releases that can't go together, and values that its strategy has no use for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.config import timing
from sendy_cfn.config.releases import NATIVE, TEST_TRAFFIC
from sendy_cfn.config.words import Strategy
from sendy_cfn.knobs import release as knobs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sendy_cfn.config.model import Service
    from sendy_cfn.config.releases import Variant

    Finding = tuple[tuple[str, ...], str]  # parameters, the one to blame first, and what is wrong with them

LONGEST_SWITCH_BAKE = 60  # minutes; a build waits through it

# Parameters that only some strategies have -> these, and why the others don't.
_ONLY: dict[str, tuple[tuple[Strategy, ...], str]] = {
    "FailedTasks": (
        (Strategy.ROLLING, Strategy.CLUSTER_SWITCH),
        "the circuit breaker works for rolling deployments only, here alarms decide",
    ),
    "BakeMinutes": (
        (*TEST_TRAFFIC, Strategy.CLUSTER_SWITCH),
        "with a bake time CloudFormation waits up to 36 hours for a rolling deployment; WatchMinutes lets the pipeline "
        "watch instead",
    ),
    "CanaryPercent": ((Strategy.CANARY,), "only 'canary' moves a share of the traffic first"),
    "CanaryBakeMinutes": ((Strategy.CANARY,), "only 'canary' moves a share of the traffic first"),
    "StepPercent": ((Strategy.LINEAR,), "only 'linear' moves the traffic in steps"),
    "StepBakeMinutes": ((Strategy.LINEAR,), "only 'linear' moves the traffic in steps"),
    "PauseMinutes": (NATIVE, "only blue-green, linear and canary have pause hooks"),
    "StandbyTasks": ((Strategy.CLUSTER_SWITCH,), "only 'cluster-switch' has a second side"),
    "GracePeriod": (
        tuple(s for s in Strategy if s is not Strategy.CODEDEPLOY),
        f"CloudFormation can't change a service that CodeDeploy releases; it is {knobs.CODEDEPLOY_GRACE} s there",
    ),
    "WatchMinutes": (
        tuple(s for s in Strategy if s is not Strategy.CLUSTER_SWITCH),
        "a switch is watched for BakeMinutes",
    ),
}


def why_not(parameter: str, strategy: Strategy) -> str:
    """Why a service of the strategy has no such parameter; "" where that is not the reason."""
    strategies, why = _ONLY.get(parameter, ((), ""))
    return f"not with strategy '{strategy}': {why}" if why and strategy not in strategies else ""


def broken(service: Service, variant: Variant, values: Mapping[str, int]) -> Iterator[Finding]:
    """What AWS would refuse, what can't work, and what takes longer than its limit; `values` has every number."""
    total = knobs.MOST_BAKE_MINUTES
    bakes = _bakes(variant, values)
    if sum(bakes.values()) > total:
        parts = " + ".join(f"{name} {minutes}" for name, minutes in bakes.items())
        names = tuple(name.rpartition(" x ")[2] for name in bakes)
        yield names, f"{parts} is more than {total} minutes, CloudFormation waits no longer than 33 hours"
        return
    yield from _alarms_in_time(variant, values)
    if variant.strategy is Strategy.CLUSTER_SWITCH:
        yield from _switch(values)
    if variant.strategy in TEST_TRAFFIC:
        yield from _readiness(service, variant, values)
    worst, limit = timing.worst_case(service, variant, values), timing.limit(variant, values)
    if worst.minutes > limit:
        steps = ", ".join(f"{name} {seconds} s" for name, seconds in worst.steps if seconds)
        yield (
            ("MaxDecisionMinutes", *bakes, "GracePeriod", "UnhealthyChecks", "HealthInterval", "DeregistrationDelay"),
            f"a release by '{variant.strategy}' takes up to {worst.minutes} minutes to be done or rolled back "
            f"({steps}), at most {limit} are allowed; lower these, or raise MaxDecisionMinutes",
        )


def _alarms_in_time(variant: Variant, values: Mapping[str, int]) -> Iterator[Finding]:
    """Alarms have to be able to go off in the time in which they are watched."""
    needed = values["AlarmMinutes"] + timing.METRIC_DELAY // 60
    for name, why in _WATCHED:
        if not why_not(name, variant.strategy) and values[name] < needed:
            yield (
                (name, "AlarmMinutes"),
                f"{name} {values[name]} is less than an alarm needs ({needed}: AlarmMinutes {values['AlarmMinutes']} "
                f"and {needed - values['AlarmMinutes']} for the metrics): {why}",
            )


# Times in which alarms are watched -> what happens when they can't go off in it.
_WATCHED = (
    ("CanaryBakeMinutes", "all traffic would move before the canary's errors are seen"),
    ("StepBakeMinutes", "more traffic would move before a step's errors are seen"),
    ("BakeMinutes", "the old version would be gone before errors are seen"),
    ("WatchMinutes", "the stage would end before errors are seen"),
)


def _readiness(service: Service, variant: Variant, values: Mapping[str, int]) -> Iterator[Finding]:
    """While new tasks start and old ones leave, there are fewer than both together; that must not raise the alarm."""
    minutes, ready, drain = values["AlarmTaskMinutes"], *timing.in_between(service, variant, values)
    if minutes * 60 < max(ready, drain) + knobs.ALARM_PERIOD:
        yield (
            (
                "AlarmTaskMinutes",
                "GracePeriod",
                "HealthInterval",
                "HealthyChecks",
                "DeregistrationDelay",
                "StopTimeout",
            ),
            f"AlarmTaskMinutes {minutes} is too short for good releases: tasks may take {ready} s to get ready and "
            f"{drain} s to leave, and the alarm needs a minute more",
        )


def _bakes(variant: Variant, values: Mapping[str, int]) -> dict[str, int]:
    """Minutes that CloudFormation waits beside the deployment's own time, by where they come from."""
    if variant.strategy not in NATIVE:
        return {}
    found = {"BakeMinutes": values["BakeMinutes"]}
    if variant.strategy is Strategy.CANARY:
        found["CanaryBakeMinutes"] = values["CanaryBakeMinutes"]
    if variant.strategy is Strategy.LINEAR:
        waits = timing.linear_waits(values["StepPercent"])
        found[f"{waits} x StepBakeMinutes"] = waits * values["StepBakeMinutes"]
    if variant.pause:
        found["PauseMinutes"] = values["PauseMinutes"]
    return found


def _switch(values: Mapping[str, int]) -> Iterator[Finding]:
    bake, keep_alive = values["BakeMinutes"], values["ClientKeepAliveSeconds"]
    if bake > LONGEST_SWITCH_BAKE:
        yield ("BakeMinutes",), f"BakeMinutes {bake}, at most {LONGEST_SWITCH_BAKE} with 'cluster-switch'"
    # Clients learn of the switch when their resolver asks again, and use a connection until the load balancer ends it.
    left = knobs.RECORD_TTL + keep_alive
    if bake * 60 < left:
        yield (
            ("BakeMinutes",),
            f"BakeMinutes {bake} ({bake * 60} s) is less than clients stay on the side that is being left: "
            f"{knobs.RECORD_TTL} s in DNS and ClientKeepAliveSeconds {keep_alive}; its tasks would go too early",
        )
