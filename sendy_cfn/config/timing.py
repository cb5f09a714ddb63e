"""How long a release takes in the worst case until it is decided: done, or rolled back.

Computed from the numbers that the templates and values files hold, by the model below; AWS promises none of it. What no
number says (how fast a task starts, how late a metric is) has a constant here. Not in it: the environment's tests and
`WatchMinutes` after the release, and what people are waited for before it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from sendy_cfn.config.words import Capacity, Strategy
from sendy_cfn.knobs import release
from sendy_cfn.knobs.release import CODEDEPLOY_GRACE, RECORD_TTL, SMOKE_LIMIT, START_PERIOD, SWITCH_GRACE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sendy_cfn.config.model import Service
    from sendy_cfn.config.releases import Variant

    Values = Mapping[str, int]  # parameter -> value

# Seconds that were seen to be enough on Fargate, for images of some hundred MB; the first on EC2 waits for an instance.
START = 90
INSTANCE_START = 180
METRIC_DELAY = 120  # seconds until CloudWatch has a minute's metrics, and has evaluated an alarm
UPDATE = 60  # seconds that CloudFormation takes for all but waiting
BUILD = 90  # seconds until CodeBuild has started, and has ended, around what a build does
SHIFT = 30  # seconds until changed weights of a listener rule hold everywhere

DEFAULT_LIMITS = {Strategy.ROLLING: 15}  # minutes
OTHER_LIMIT = 90  # minutes


class WorstCase(NamedTuple):
    """The steps of a release that takes longest, in seconds."""

    steps: tuple[tuple[str, int], ...]

    @property
    def minutes(self) -> int:
        """All steps together, rounded up."""
        return math.ceil(sum(seconds for _, seconds in self.steps) / 60)


def worst_case(service: Service, variant: Variant, values: Values) -> WorstCase:
    """The longer of: the new version fails as late as it can and is rolled back; it is good, as late as it can be.

    Args:
        service: what is released.
        variant: by which strategy.
        values: all numbers of the service in the environment, with the templates' defaults filled in.
    """
    return WorstCase(_MODELS[variant.strategy](_Numbers(service, variant, values)))


def in_between(service: Service, variant: Variant, values: Values) -> tuple[int, int]:
    """Seconds that good tasks take at most until they get requests, and until they have left."""
    numbers = _Numbers(service, variant, values)
    return numbers.instance + numbers.ready, numbers.drain


def limit(variant: Variant, values: Values) -> int:
    """Minutes that the worst case may take."""
    default = DEFAULT_LIMITS.get(variant.strategy, OTHER_LIMIT)
    return values.get(release.MAX_DECISION_MINUTES.name) or default


Steps = tuple[tuple[str, int], ...]


class _Numbers:
    """What the models are made of, in seconds."""

    def __init__(self, service: Service, variant: Variant, values: Values) -> None:
        self.values = values
        self.pause = variant.pause
        self.instance = INSTANCE_START if service.capacity is Capacity.EC2 else 0
        interval, timeout = values["HealthInterval"], values["HealthTimeout"]
        good, bad = values["HealthyChecks"], values["UnhealthyChecks"]
        grace = CODEDEPLOY_GRACE if variant.strategy is Strategy.CODEDEPLOY else values["GracePeriod"]
        own = START_PERIOD + bad * interval + timeout if service.health_command else 0
        # From its start until a good task gets requests: failures don't count in its grace period.
        self.ready = START + max(good * interval, grace, START_PERIOD if service.health_command else 0)
        self.unfit = START + max(grace, bad * interval, own) + timeout + interval  # until a task counts as failed
        self.drain = values["DeregistrationDelay"] + values["StopTimeout"]  # until a task that leaves is gone
        self.alarm = values["AlarmMinutes"] * 60 + METRIC_DELAY
        self.tasks_alarm = values["AlarmTaskMinutes"] * 60 + METRIC_DELAY
        self.bake = values["BakeMinutes"] * 60

    def replace(self) -> Steps:
        """New tasks beside the old ones, which then leave."""
        return (("start an instance", self.instance), ("new tasks get ready", self.ready), ("drain", self.drain))

    def give_up(self) -> Steps:
        """The circuit breaker's path: tasks fail one after the other, or as many at once as always run.

        A failed task's successor starts while it drains: tasks that leave are in neither of the states that count.
        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
        """
        rounds = math.ceil(self.values["FailedTasks"] / self.values["MinTasks"])
        failing = (f"{rounds} x failing tasks", rounds * self.unfit)
        back = (("old tasks get ready again", self.ready), ("drain again", self.drain))
        return (("start an instance", self.instance), failing, ("drain", self.drain), *back)


def _longest(*paths: Steps) -> Steps:
    return max(paths, key=lambda path: sum(seconds for _, seconds in path))


def _rolling(numbers: _Numbers) -> Steps:
    """Failing tasks, or good ones and an alarm when the last old task has left."""
    back = (("old tasks get ready again", numbers.ready), ("drain again", numbers.drain))
    late = (*numbers.replace(), ("an alarm goes off", numbers.alarm), *back)
    return (("update the stack", UPDATE), *_longest(numbers.give_up(), late))


def _shift(numbers: _Numbers, steps: int) -> Steps:
    """Tasks that never get ready, or a shift of traffic with an alarm at its very end; `steps` are seconds of it."""
    never = (
        ("start an instance", numbers.instance),
        ("new tasks start", START),
        ("the alarm on tasks goes off", numbers.tasks_alarm),
        ("drain", numbers.drain),
    )
    pause = numbers.values["PauseMinutes"] * 60 if numbers.pause else 0
    late = (
        ("start an instance", numbers.instance),
        ("new tasks get ready", numbers.ready),
        ("wait for a person", pause),
        ("traffic moves", SHIFT + steps),
        ("bake", numbers.bake),
        ("traffic moves back", SHIFT),
        ("drain", numbers.drain),
    )
    return (("update the stack", UPDATE), *_longest(never, late))


def linear_waits(percent: int) -> int:
    """How often ECS waits between steps of so many percent: not after the last.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-linear.html
    """
    return math.ceil(100 / percent) - 1


def _linear(numbers: _Numbers) -> Steps:
    waits = linear_waits(numbers.values["StepPercent"])
    return _shift(numbers, waits * numbers.values["StepBakeMinutes"] * 60)


def _canary(numbers: _Numbers) -> Steps:
    return _shift(numbers, numbers.values["CanaryBakeMinutes"] * 60)


def _codedeploy(numbers: _Numbers) -> Steps:
    return (("write the revision", BUILD), *_shift(numbers, 0))


def _cluster_switch(numbers: _Numbers) -> Steps:
    """An idle side that never gets ready, or a switch that is taken back at the end of the bake."""
    watch = max(RECORD_TTL + SWITCH_GRACE + SMOKE_LIMIT, numbers.bake)
    late = (
        *numbers.replace(),
        ("test the idle side", BUILD + SMOKE_LIMIT),
        ("switch", UPDATE),
        ("watch", BUILD + watch),
        ("settle", UPDATE + numbers.drain),
    )
    state = (("read the state", BUILD), ("update the stack", UPDATE))
    return (*state, *_longest(numbers.give_up(), late))


_MODELS: dict[Strategy, Callable[[_Numbers], Steps]] = {
    Strategy.ROLLING: _rolling,
    Strategy.BLUE_GREEN: lambda numbers: _shift(numbers, 0),
    Strategy.LINEAR: _linear,
    Strategy.CANARY: _canary,
    Strategy.CODEDEPLOY: _codedeploy,
    Strategy.CLUSTER_SWITCH: _cluster_switch,
}
