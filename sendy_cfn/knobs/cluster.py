"""Parameters of the cluster stacks."""

from __future__ import annotations

from dataclasses import dataclass

from sendy_cfn.knobs.network import IPV4_BLOCK
from sendy_cfn.parameters import Knob

LOAD_BALANCER = "Load balancer"
INSTANCES = "EC2 capacity"
ALARMS = "Alarms of the cluster"

# Limits of both: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
IDLE_TIMEOUT_SECONDS = Knob(
    name="IdleTimeoutSeconds",
    description="Seconds without data after which a connection is closed; longer than the slowest answer takes",
    group=LOAD_BALANCER,
    label="Idle timeout (seconds)",
    type="Number",
    default=60,
    minimum=1,
    maximum=4000,
)
CLIENT_KEEP_ALIVE_SECONDS = Knob(
    name="ClientKeepAliveSeconds",
    description=(
        "Seconds for which a client may reuse a connection; clients stay on a cluster that is being left for as long"
    ),
    group=LOAD_BALANCER,
    label="Client keep-alive (seconds)",
    type="Number",
    default=300,
    minimum=60,
    maximum=604800,
)
REQUESTS_PER_CLIENT = Knob(
    name="RequestsPerClient",
    description=(
        "Requests that one client's address may send in five minutes; more are refused. Offices and mobile networks"
        " send those of many people from one address"
    ),
    group=LOAD_BALANCER,
    label="Requests per client (in 5 minutes)",
    type="Number",
    default=10_000,
    minimum=1_000,  # AWS: 10; with fewer than 600 a release's own tests would be refused
    maximum=2_000_000_000,
)
TEST_TRAFFIC_CIDR = Knob(
    name="TestTrafficCidr",
    description="IPv4 addresses from which new versions can be seen before customers reach them, such as an office's",
    group=LOAD_BALANCER,
    label="Testers' addresses",
    pattern=IPV4_BLOCK,
    shape="an IPv4 block such as 203.0.113.0/24",
)
INSTANCE_VOLUME_GIB = Knob(
    name="InstanceVolumeGiB",
    description="Size of each instance's encrypted gp3 volume, which holds images and containers (GiB)",
    group=INSTANCES,
    label="Volume (GiB)",
    type="Number",
    default=30,
    minimum=30,  # the ECS-optimised image's own size
    maximum=16384,
)
INSTANCE_TARGET_PERCENT = Knob(
    name="InstanceTargetPercent",
    description="Percent of the instances that ECS keeps in use; below 100 there is room for tasks to start at once",
    group=INSTANCES,
    label="Instances in use (percent)",
    type="Number",
    default=100,
    minimum=1,
    maximum=100,
)
FIREWALL_LOG = Knob(
    name="FirewallLog",
    description="Whether it is logged what the web ACL refuses or counts; the log costs by the gigabyte",
    group=LOAD_BALANCER,
    label="Log of the web ACL",
    default="true",
    allowed=("true", "false"),
)
LOAD_BALANCER_ERROR_PERCENT = Knob(
    name="LoadBalancerErrorPercent",
    description=(
        "Percent of a minute's requests that the load balancer itself answers with a server error; more, for five"
        " minutes, set off an alarm"
    ),
    group=ALARMS,
    label="Errors of the load balancer (percent)",
    type="Number",
    default=5,
    minimum=0,
    maximum=99,
)
LOAD_BALANCER_ALARM_REQUESTS = Knob(
    name="LoadBalancerAlarmRequests",
    description="Requests in a minute below which errors of the load balancer set off no alarm",
    group=ALARMS,
    label="Fewest requests (per minute)",
    type="Number",
    default=20,
    minimum=1,
    maximum=1_000_000,
)
REJECTED_CONNECTIONS = Knob(
    name="RejectedConnections",
    description=(
        "Connections in five minutes that the load balancer may reject because it has reached its maximum; more set off"
        " an alarm"
    ),
    group=ALARMS,
    label="Rejected connections (in 5 minutes)",
    type="Number",
    default=0,
    minimum=0,
    maximum=1_000_000,
)
CAPACITY_MINUTES = Knob(
    name="CapacityMinutes",
    description=(
        "Minutes for which tasks may wait for EC2 instances, or there be as many instances as there may, before an"
        " alarm goes off; longer than an instance takes to start"
    ),
    group=ALARMS,
    label="EC2 capacity is short (minutes)",
    type="Number",
    default=15,
    minimum=5,
    maximum=1440,  # AWS: alarms look back a day
)
CERTIFICATE_DAYS = Knob(
    name="CertificateDays",
    description="Days before the end of the certificate at which an alarm goes off, if it was not renewed by then",
    group=ALARMS,
    label="Certificate ends (days)",
    type="Number",
    default=30,
    minimum=1,
    maximum=44,  # ACM renews earlier than that
)


@dataclass(frozen=True, slots=True)
class Instances:
    """The parameters of one architecture's auto scaling group."""

    type: Knob
    minimum: Knob
    maximum: Knob
    image: Knob

    @property
    def all(self) -> tuple[Knob, ...]:
        """All of them."""
        return (self.type, self.minimum, self.maximum, self.image)


def _instances(architecture: str, type_default: str, type_pattern: str, image_path: str) -> Instances:
    title = architecture.capitalize()
    return Instances(
        type=Knob(
            name=f"{title}InstanceType",
            description=(
                f"Type of the {architecture} instances; each task takes one of an instance's network interfaces, and"
                " small types have 2 to spare, more where the account has the ECS setting awsvpcTrunking"
            ),
            group=INSTANCES,
            label=f"{architecture}: instance type",
            default=type_default,
            pattern=type_pattern,
            shape=f"an {architecture} instance type, for example {type_default}",
        ),
        minimum=Knob(
            name=f"{title}InstancesMin",
            description=(
                f"Lowest number of {architecture} instances; with 0 the group shrinks to nothing when no task needs it,"
                " which it has to before its stack can be deleted"
            ),
            group=INSTANCES,
            label=f"{architecture}: fewest instances",
            type="Number",
            default=0,
            minimum=0,
            maximum=1000,
        ),
        maximum=Knob(
            name=f"{title}InstancesMax",
            description=f"Highest number of {architecture} instances",
            group=INSTANCES,
            label=f"{architecture}: most instances",
            type="Number",
            default=4,
            minimum=1,
            maximum=1000,
        ),
        image=Knob(
            name=f"{title}InstanceImage",
            description=(
                f"SSM parameter that holds the machine image of the {architecture} instances. AWS keeps it at its"
                " newest ECS-optimised one; an update of the stack takes that and replaces the instances, few at a time"
            ),
            group=INSTANCES,
            label=f"{architecture}: machine image",
            type="AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
            computed=True,  # by CloudFormation, from the default
            default=f"/aws/service/ecs/optimized-ami/amazon-linux-2023/{image_path}recommended/image_id",
        ),
    )


# Both default types are on offer in every region. Graviton types have a 'g' after the generation.
BY_ARCHITECTURE = {
    "amd64": _instances("amd64", "t3.large", r"(?!a1\.|[a-z]+[0-9]+g)[a-z0-9-]+\.[a-z0-9-]+", ""),
    "arm64": _instances("arm64", "m6g.large", r"[a-z]+[0-9]+g[a-z0-9-]*\.[a-z0-9-]+", "arm64/"),
}
KNOBS: tuple[Knob, ...] = (
    IDLE_TIMEOUT_SECONDS,
    CLIENT_KEEP_ALIVE_SECONDS,
    REQUESTS_PER_CLIENT,
    TEST_TRAFFIC_CIDR,
    INSTANCE_VOLUME_GIB,
    INSTANCE_TARGET_PERCENT,
    FIREWALL_LOG,
    LOAD_BALANCER_ERROR_PERCENT,
    LOAD_BALANCER_ALARM_REQUESTS,
    REJECTED_CONNECTIONS,
    CAPACITY_MINUTES,
    CERTIFICATE_DAYS,
    *(knob for instances in BY_ARCHITECTURE.values() for knob in instances.all),
)
