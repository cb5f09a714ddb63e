"""Parameters of the service stacks: how a release of one service in one environment goes, and when it is given up."""

from __future__ import annotations

from sendy_cfn.knobs.service import IMAGE, RELEASE, VERSION
from sendy_cfn.parameters import Knob

STRATEGY, ALARMS = "Release strategy", "Alarms that stop a release"

# Bake times together, with all steps and the pause, in minutes. AWS: CloudFormation refuses more than 33 hours.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html
MOST_BAKE_MINUTES = 33 * 60

# Numbers that templates hold and nobody sets; the worst cases are made of them too.
RECORD_TTL = 60  # seconds that resolvers keep a service's address: how long a switch of clusters takes to be seen
SWITCH_GRACE = 30  # seconds beside it, for resolvers that are late
SMOKE_LIMIT = 120  # seconds that a smoke test waits for good answers
ALARM_PERIOD = 60  # seconds; load balancers report once a minute
START_PERIOD = 60  # seconds in which failures of a container's own health check don't count; then retries decide
CODEDEPLOY_GRACE = 60  # seconds that a new task has before failed health checks count; no parameter there

AS_MANY_AS_THERE_ARE = -1  # in place of a number of idle tasks

# What a two-cluster service remembers: the state of its releases is these parameters, and nothing else.
SIDES = {
    colour: (
        Knob(
            name=f"{colour}Image",
            description=f"Container image of the {colour.lower()} side by digest; set by the pipeline",
            group=RELEASE,
            pattern=IMAGE.pattern,
            shape=IMAGE.shape,
            computed=True,
        ),
        Knob(
            name=f"{colour}Version",
            description=f"Commit that the {colour.lower()} side's image was built from; set by the pipeline",
            group=RELEASE,
            pattern=VERSION.pattern,
            shape=VERSION.shape,
            computed=True,
        ),
    )
    for colour in ("Blue", "Green")
}
LIVE_CLUSTER = Knob(
    name="LiveCluster",
    description="Cluster that the service's DNS name points to; set by the pipeline",
    group=RELEASE,
    allowed=("blue", "green"),
    computed=True,
)
IDLE_TASKS = Knob(
    name="IdleTasks",
    description=(
        "Tasks in the other cluster, -1 for as many as there are; set by the pipeline, as many as are live while a "
        "release is on its way"
    ),
    group=RELEASE,
    type="Number",
    minimum=AS_MANY_AS_THERE_ARE,
    maximum=1000,
    computed=True,
)

FAILED_TASKS = Knob(
    name="FailedTasks",
    description="Failed tasks after which ECS gives a deployment up and goes back",
    group=STRATEGY,
    type="Number",
    default=3,
    minimum=3,
    maximum=200,
)
BAKE_MINUTES = Knob(
    name="BakeMinutes",
    description="Minutes that the old version stays ready after all traffic has moved, while alarms are watched",
    group=STRATEGY,
    label="Bake time (min)",
    type="Number",
    default=10,
    minimum=0,
    maximum=1440,
)
CANARY_PERCENT = Knob(
    name="CanaryPercent",
    description="Percent of the traffic that the new version gets first",
    group=STRATEGY,
    label="Canary traffic (%)",
    type="Number",
    default=10,
    minimum=1,
    maximum=99,
)
CANARY_BAKE_MINUTES = Knob(
    name="CanaryBakeMinutes",
    description="Minutes that the new version has the canary's share of the traffic, while alarms are watched",
    group=STRATEGY,
    label="Canary bake time (min)",
    type="Number",
    default=5,
    minimum=0,
    maximum=1440,
)
STEP_PERCENT = Knob(
    name="StepPercent",
    description="Percent of the traffic that moves with each step",
    group=STRATEGY,
    label="Step (%)",
    type="Number",
    default=25,
    minimum=3,
    maximum=100,
)
STEP_BAKE_MINUTES = Knob(
    name="StepBakeMinutes",
    description="Minutes between two steps, while alarms are watched",
    group=STRATEGY,
    label="Time between steps (min)",
    type="Number",
    default=4,
    minimum=0,
    maximum=1440,
)
PAUSE_MINUTES = Knob(
    name="PauseMinutes",
    description="Minutes that ECS waits for a person before production traffic moves; then it goes back",
    group=STRATEGY,
    label="Wait for a person (min)",
    type="Number",
    default=60,
    minimum=1,
    maximum=1440,  # ECS would wait for 14 days, CloudFormation does not
)
STANDBY_TASKS = Knob(
    name="StandbyTasks",
    description="Tasks that stay in the other cluster between releases; with 0 there is no fail-over",
    group=STRATEGY,
    type="Number",
    default=1,
    minimum=0,
    maximum=1000,
)
ALARM_ERROR_PERCENT = Knob(
    name="AlarmErrorPercent",
    description="Percent of the requests that may end with a server error before a release is stopped",
    group=ALARMS,
    label="Errors (%)",
    type="Number",
    default=5,
    minimum=1,
    maximum=100,
)
ALARM_P95_MILLISECONDS = Knob(
    name="AlarmP95Milliseconds",
    description="Milliseconds within which 95 % of the answers have to come, or a release is stopped",
    group=ALARMS,
    label="95 % of answers within (ms)",
    type="Number",
    default=2000,
    minimum=1,
    maximum=60000,
)
ALARM_P99_MILLISECONDS = Knob(
    name="AlarmP99Milliseconds",
    description="Milliseconds within which 99 % of the answers have to come, or a release is stopped",
    group=ALARMS,
    label="99 % of answers within (ms)",
    type="Number",
    default=5000,
    minimum=1,
    maximum=60000,
)
ALARM_REQUESTS = Knob(
    name="AlarmRequests",
    description="Requests per minute below which errors and latency say nothing",
    group=ALARMS,
    label="Fewest requests (per minute)",
    type="Number",
    default=20,
    minimum=1,
    maximum=1000000,
)
ALARM_TASK_MINUTES = Knob(
    name="AlarmTaskMinutes",
    description="Minutes in a row that tasks may be starting or unhealthy; more on EC2, where instances start first",
    group=ALARMS,
    label="Tasks not ready until alarm (min)",
    type="Number",
    default=7,
    minimum=3,
    maximum=60,
)
WATCH_MINUTES = Knob(
    name="WatchMinutes",
    description="Minutes that the pipeline watches the alarms after the tests; in the pipeline's template",
    group=ALARMS,
    label="Watch after the tests (min)",
    type="Number",
    default=5,
    minimum=1,
    maximum=60,
    offline=True,
)
ALARM_MINUTES = Knob(
    name="AlarmMinutes",
    description="Minutes in a row that a limit has to be exceeded",
    group=ALARMS,
    label="Time until alarm (min)",
    type="Number",
    default=2,
    minimum=1,
    maximum=60,
)
MAX_DECISION_MINUTES = Knob(
    name="MaxDecisionMinutes",
    description=(
        "Minutes that a release may take in the worst case until it is done or rolled back; checked when templates "
        "are made. Default by strategy: rolling 15, all others 90"
    ),
    group=STRATEGY,
    label="Longest time to a decision (min)",
    type="Number",
    minimum=1,
    maximum=2160,
    offline=True,
)

STATE = (*(knob for side in SIDES.values() for knob in side), LIVE_CLUSTER, IDLE_TASKS)
KNOBS = (
    *STATE, FAILED_TASKS, BAKE_MINUTES, CANARY_PERCENT, CANARY_BAKE_MINUTES, STEP_PERCENT, STEP_BAKE_MINUTES,
    PAUSE_MINUTES, STANDBY_TASKS, ALARM_ERROR_PERCENT, ALARM_P95_MILLISECONDS, ALARM_P99_MILLISECONDS,
    ALARM_REQUESTS, ALARM_MINUTES, ALARM_TASK_MINUTES, WATCH_MINUTES, MAX_DECISION_MINUTES,
)  # fmt: skip

# What the pipeline alone hands over, with each release.
FROM_PIPELINE = frozenset(knob.name for knob in (IMAGE, VERSION, *STATE))
