"""Parameters of the service stacks: sizes, counts and thresholds of one service in one environment."""

from __future__ import annotations

from sendy_cfn.parameters import Knob

RELEASE, SIZE, SCALING, HEALTH, TRACING = "Release", "Size", "Scaling", "Health and shutdown", "Tracing"

# CPU units -> MiB that Fargate has with them.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
FARGATE_MEMORY: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4096 + 1, 1024)),
    1024: tuple(range(2048, 8192 + 1, 1024)),
    2048: tuple(range(4096, 16384 + 1, 1024)),
    4096: tuple(range(8192, 30720 + 1, 1024)),
    8192: tuple(range(16384, 61440 + 1, 4096)),
    16384: tuple(range(32768, 122880 + 1, 8192)),
}

IMAGE = Knob(
    name="Image",
    description="Container image by digest; set by the pipeline",
    group=RELEASE,
    pattern=r"[^\s@]+@sha256:[0-9a-f]{64}",
    shape="registry/repository@sha256:<64 hex digits>; a tag is not enough",
    computed=True,
)
VERSION = Knob(
    name="Version",
    description="Commit that the image was built from; set by the pipeline",
    group=RELEASE,
    pattern=r"[A-Za-z0-9._-]{1,64}",
    shape="a commit id",
    computed=True,
)
CPU = Knob(
    name="Cpu",
    description="CPU units of a task, 1024 = 1 vCPU",
    group=SIZE,
    label="CPU (units)",
    type="Number",
    default=256,
    allowed=tuple(FARGATE_MEMORY),
)
MEMORY = Knob(
    name="Memory",
    description=(
        "Memory of a task in MiB. Fargate: 512, 1024 or 2048 with 256 CPU units, "
        "1024 to 4096 with 512, 2048 to 8192 with 1024"
    ),
    group=SIZE,
    label="Memory (MiB)",
    type="Number",
    default=512,
    minimum=512,
    maximum=122880,
)
MIN_TASKS = Knob(
    name="MinTasks",
    description="Tasks that always run",
    group=SCALING,
    label="Fewest tasks",
    type="Number",
    default=2,
    minimum=1,
    maximum=1000,
)
MAX_TASKS = Knob(
    name="MaxTasks",
    description="Tasks that run at most",
    group=SCALING,
    label="Most tasks",
    type="Number",
    default=4,
    minimum=1,
    maximum=1000,
)
CPU_TARGET = Knob(
    name="CpuTarget",
    description="Percent of CPU that scaling keeps the service at",
    group=SCALING,
    label="CPU target (%)",
    type="Number",
    default=60,
    minimum=10,
    maximum=90,
)
MEMORY_TARGET = Knob(
    name="MemoryTarget",
    description="Percent of memory that scaling keeps the service at",
    group=SCALING,
    label="Memory target (%)",
    type="Number",
    default=70,
    minimum=10,
    maximum=90,
)
REQUESTS_TARGET = Knob(
    name="RequestsTarget",
    description="Requests per task and minute that scaling keeps the service at",
    group=SCALING,
    label="Requests target (per task and minute)",
    type="Number",
    default=1000,
    minimum=1,
    maximum=1000000,
)
SCALE_IN_COOLDOWN = Knob(
    name="ScaleInCooldown",
    description="Seconds between two steps down",
    group=SCALING,
    label="Scale-in cooldown (s)",
    type="Number",
    default=300,
    minimum=0,
    maximum=3600,
)
SCALE_OUT_COOLDOWN = Knob(
    name="ScaleOutCooldown",
    description="Seconds between two steps up",
    group=SCALING,
    label="Scale-out cooldown (s)",
    type="Number",
    default=60,
    minimum=0,
    maximum=3600,
)
TMP_SIZE = Knob(
    name="TmpSize",
    description="MiB that /tmp holds beside a read-only root file system; part of the task's memory",
    group=SIZE,
    label="Size of /tmp (MiB)",
    type="Number",
    default=64,
    minimum=1,
    maximum=16384,
)
ON_DEMAND_BASE = Knob(
    name="OnDemandBase",
    description="Tasks that run on Fargate before Fargate Spot is used",
    group=SCALING,
    label="On-demand base (tasks)",
    type="Number",
    default=1,
    minimum=0,
    maximum=1000,
)
SPOT_WEIGHT = Knob(
    name="SpotWeight",
    description="Tasks on Fargate Spot for each further task on Fargate",
    group=SCALING,
    label="Spot weight",
    type="Number",
    default=3,
    minimum=0,
    maximum=1000,
)
HEALTH_INTERVAL = Knob(
    name="HealthInterval",
    description="Seconds between health checks of a task",
    group=HEALTH,
    label="Health check interval (s)",
    type="Number",
    default=10,
    minimum=5,
    maximum=300,
)
HEALTH_TIMEOUT = Knob(
    name="HealthTimeout",
    description="Seconds after which a health check has failed; less than the interval",
    group=HEALTH,
    label="Health check timeout (s)",
    type="Number",
    default=5,
    minimum=2,
    maximum=60,  # AWS: load balancers take 120, containers' own checks 60
)
HEALTHY_CHECKS = Knob(
    name="HealthyChecks",
    description="Good health checks in a row until a task gets requests",
    group=HEALTH,
    label="Healthy threshold",
    type="Number",
    default=2,
    minimum=2,
    maximum=10,
)
UNHEALTHY_CHECKS = Knob(
    name="UnhealthyChecks",
    description="Failed health checks in a row until a task is replaced",
    group=HEALTH,
    label="Unhealthy threshold",
    type="Number",
    default=3,
    minimum=2,
    maximum=10,
)
GRACE_PERIOD = Knob(
    name="GracePeriod",
    description="Seconds a new task has before failed health checks count",
    group=HEALTH,
    label="Grace period (s)",
    type="Number",
    default=60,
    minimum=0,
    maximum=3600,
)
DEREGISTRATION_DELAY = Knob(
    name="DeregistrationDelay",
    description="Seconds a leaving task has to finish its requests",
    group=HEALTH,
    label="Deregistration delay (s)",
    type="Number",
    default=30,
    minimum=0,
    maximum=3600,
)
STOP_TIMEOUT = Knob(
    name="StopTimeout",
    description="Seconds between SIGTERM and SIGKILL; at most 120 on Fargate",
    group=HEALTH,
    label="Stop timeout (s)",
    type="Number",
    default=30,
    minimum=2,
    maximum=120,
)
EXECUTE_COMMAND = Knob(
    name="ExecuteCommand",
    description="Whether people with the right to may run commands in tasks, as root; logged. For new tasks only",
    group="Access",
    label="ECS Exec",
    default="false",
    allowed=("true", "false"),
)
COLLECTOR_IMAGE = Knob(
    name="CollectorImage",
    description="Image of the collector of traces",
    group=TRACING,
    default="public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0",
    pattern=r"public\.ecr\.aws/[a-z0-9._/-]+(:v?[0-9][A-Za-z0-9._-]*|@sha256:[0-9a-f]{64})",
    shape="public.ecr.aws/… with a version or a digest",
)
COLLECTOR_MEMORY = Knob(
    name="CollectorMemory",
    description="MiB of the task's memory that the collector of traces takes at most",
    group=TRACING,
    label="Collector's memory (MiB)",
    type="Number",
    default=200,
    minimum=64,
    maximum=4096,
)
KNOBS = (
    IMAGE, VERSION, CPU, MEMORY, MIN_TASKS, MAX_TASKS, CPU_TARGET, MEMORY_TARGET, REQUESTS_TARGET, SCALE_IN_COOLDOWN,
    SCALE_OUT_COOLDOWN, TMP_SIZE, ON_DEMAND_BASE, SPOT_WEIGHT, HEALTH_INTERVAL, HEALTH_TIMEOUT, HEALTHY_CHECKS,
    UNHEALTHY_CHECKS, GRACE_PERIOD, DEREGISTRATION_DELAY, STOP_TIMEOUT,
    EXECUTE_COMMAND, COLLECTOR_IMAGE, COLLECTOR_MEMORY,
)  # fmt: skip
