"""What `params/platform.yaml` may say: one frozen dataclass per mapping, one declared field per key.

Data without behaviour, apart from names derived from it. Rules that involve more than one key live in `rules`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sendy_cfn.config import patterns
from sendy_cfn.config.fields import key
from sendy_cfn.config.regions import REGIONS
from sendy_cfn.config.words import (
    Alarms,
    Architecture,
    Capacity,
    Colour,
    Connection,
    Endpoint,
    Kind,
    Provider,
    Scale,
    Strategy,
    Test,
    Upstream,
    Vpc,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a repository is and what of it matters."""

    provider: Provider = key("connection | codecommit | s3", default=Provider.CONNECTION)
    repository: str | None = key(
        "owner/name on the Git host, or the CodeCommit repository's name",
        default=None,
        pattern=patterns.REPOSITORY,
        allowed="owner/name",
    )
    branch: str = key("branch that is released", default="main", pattern=patterns.REFERENCE, allowed="a branch name")
    paths: tuple[str, ...] = key(
        "monorepo: only pushes that touch these paths start the pipeline",
        default=(),
        pattern=patterns.GLOB,
        allowed="a glob such as 'services/orders/**'",
        max_items=8,
    )
    tags: tuple[str, ...] = key(
        "release tags instead of a branch: a push of a matching tag starts the pipeline",
        default=(),
        pattern=patterns.GLOB,
        allowed="a glob such as 'v*'",
        max_items=8,
    )
    bucket: str | None = key(
        "provider s3: bucket that holds the source archive",
        default=None,
        pattern=r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        allowed="a bucket name",
    )
    object_key: str | None = key(
        "provider s3: key of the archive (zip)",
        default=None,
        pattern=r"[A-Za-z0-9._/-]{1,500}",
        allowed="an object key",
    )


def _account(doc: str) -> Any:
    return key(doc, default=None, pattern=patterns.ACCOUNT, allowed="12 digits in quotes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """Where the pipelines live."""

    region: str = key("AWS region of the pipelines", choices=REGIONS, allowed="an AWS region")
    account: str | None = _account("account of the pipelines, where environments have others")
    connection: Connection = key("Git host: github | gitlab | bitbucket", default=Connection.GITHUB)
    source: Source = key("repository that holds this folder: pipelines read templates/ from it")
    monitoring: bool = key("events, metrics and dashboard of delivery", default=True)
    sign: bool = key("the registry signs each image that is pushed; one platform per account and region", default=False)
    base_images: tuple[Upstream, ...] = key("registries whose base images come from a copy in ECR", default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What every environment's network has."""

    endpoints: tuple[Endpoint, ...] = key("interface endpoints beside NAT; without NAT all exist", default=())
    dual_stack: bool = key("IPv6 beside IPv4", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """What every cluster has beyond Fargate."""

    ec2: tuple[Architecture, ...] = key("EC2 capacity: one auto scaling group per architecture", default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When releases may begin."""

    cron: str = key(
        "minutes in which a release may begin: seconds minutes hours day-of-month month day-of-week [year]",
        pattern=patterns.CRON,
        allowed="6 or 7 fields, seconds '*', such as '* * 8-15 ? * MON-THU *'",
    )
    time_zone: str = key(
        "time zone of `cron`", default="UTC", pattern=patterns.TIME_ZONE, allowed="a name such as 'Europe/Berlin'"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One stop of the promotion path."""

    name: str = ""  # its key
    region: str = key("AWS region", choices=REGIONS, allowed="an AWS region")
    account: str | None = _account("AWS account, where it differs from the pipelines'")
    domain: str | None = key(
        "hosted zone; default <environment>.<domain>", default=None, pattern=patterns.DOMAIN, allowed="a domain name"
    )
    clusters: tuple[Colour, ...] = key(
        "[blue], or [blue, green] for a second cluster", default=(Colour.BLUE,), min_items=1
    )
    vpc: Vpc = key("new, or existing: ids come from the values file", default=Vpc.NEW)
    throwaway: bool = key("true: no deletion protection, data is deleted with the stacks", default=False)
    approval: bool = key("a person approves each release to it", default=False)
    tests: tuple[Test, ...] = key("tests after each deployment", default=(Test.SMOKE,))
    strategy: Strategy = key("how releases reach its services", default=Strategy.ROLLING)
    pause: bool = key(
        "ECS waits for a person between test traffic and production traffic: blue-green, linear, canary", default=False
    )
    window: Window | None = key("when releases may begin; default always", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """A statement of the task role."""

    actions: tuple[str, ...] = key(
        "IAM actions", pattern=patterns.ACTION, allowed=patterns.ONE_ACTION, min_items=1, max_items=200
    )
    resources: tuple[str, ...] = key(
        "ARNs; {partition}, {region}, {account} and {environment} are filled in",
        pattern=patterns.RESOURCE_ARN,
        allowed="an ARN that says more than '*' of the resource",
        min_items=1,
        max_items=200,
    )


def _commands(doc: str) -> Any:
    return key(doc, default=(), pattern=patterns.COMMAND, allowed="a shell command", unique=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """A service's own test commands; each replaces the default of its step."""

    quality: tuple[str, ...] = _commands("before the image is built")
    smoke: tuple[str, ...] = _commands("after the default smoke test")
    regression: tuple[str, ...] = _commands("instead of the default regression test")
    load: tuple[str, ...] = _commands("instead of the default load test")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One micro-service: one repository, one image, one stack per environment."""

    NOT_OFFERED: ClassVar[dict[str, str]] = {
        "service_connect": "AWS rejects it with strategy 'codedeploy'; services call each other at their URLs"
    }
    name: str = ""  # its key

    kind: Kind = key("kind of service: web")
    source: Source = key("the service's repository")
    dockerfile: str = key(
        "Dockerfile in the repository", default="Dockerfile", pattern=patterns.FILE, allowed="a relative path"
    )
    context: str = key("build context in the repository", default=".", pattern=patterns.FILE, allowed="a relative path")
    architecture: Architecture = key("amd64 | arm64", default=Architecture.AMD64)
    capacity: Capacity = key("fargate | fargate-spot | ec2", default=Capacity.FARGATE)
    port: int = key("port the container listens on", default=8080, minimum=1, maximum=65535)
    host: str | None = key(
        "host name below the environment's domain; default the service's name",
        default=None,
        pattern=patterns.HOST,
        allowed="a DNS label",
    )
    paths: tuple[str, ...] = key(
        "paths that reach the service; default all of the host",
        default=(),
        pattern=patterns.RULE_PATH,
        allowed="a path such as '/orders*'",
        max_items=4,
    )
    priority: int | None = key(
        "listener rule priority; default derived from the name", default=None, minimum=1, maximum=50000
    )
    cell: int = key("load balancer the service is on, for platforms beyond one", default=1, minimum=1, maximum=99)
    health_path: str = key(
        "answers 200 when the task can serve",
        default="/health",
        pattern=patterns.URL_PATH,
        allowed="a path such as '/health'",
    )
    version_path: str = key(
        "answers with the released commit; '' where there is none: an old task that answers then passes the smoke test",
        default="/version",
        pattern=f"({patterns.URL_PATH})?",
        allowed="a path such as '/version', or ''",
    )
    health_command: tuple[str, ...] = key(
        "container health check, run inside the container",
        default=(),
        pattern=patterns.TEXT,
        allowed="text",
        unique=False,
    )
    command: tuple[str, ...] = key(
        "replaces the image's command", default=(), pattern=patterns.TEXT, allowed="text", unique=False
    )
    user: str = key(
        "user id in the container, not root",
        default="10001",
        pattern=r"[1-9][0-9]{0,8}(:[0-9]{1,9})?",
        allowed="a numeric user id other than 0, in quotes",
    )
    read_only: bool = key("read-only root file system with a writable /tmp", default=True)
    exec: bool = key("commands in running tasks by ECS Exec, where ExecuteCommand switches it on", default=False)
    tracing: bool = key("a collector beside the service sends its traces to X-Ray", default=False)
    environment: dict[str, str] = key(
        "environment variables",
        default={},
        pattern=patterns.TEXT,
        allowed="text",
        key_pattern=patterns.VARIABLE,
        key_allowed="a variable name such as LOG_LEVEL",
        max_items=60,
    )
    secrets: dict[str, str] = key(
        "environment variable -> '/ssm/path', 'secretsmanager:name[:json-key]' or ARN; {environment} is filled in",
        default={},
        pattern=patterns.SECRET,
        allowed="'/ssm/path', 'secretsmanager:name' or an ARN of either",
        key_pattern=patterns.VARIABLE,
        key_allowed="a variable name such as DATABASE_URL",
        max_items=30,
    )
    permissions: tuple[Permission, ...] = key("what the service itself may do on AWS", default=(), max_items=20)
    outbound_ports: tuple[int, ...] = key(
        "TCP ports that the service connects to", default=(443,), minimum=1, maximum=65535, max_items=20
    )
    strategies: dict[str, Strategy] = key(
        "environment -> strategy, where it differs from the environment's",
        default={},
        key_pattern=patterns.ENVIRONMENT_NAME,
        key_allowed="an environment's name",
        max_items=8,
    )
    scale_on: tuple[Scale, ...] = key(
        "cpu | memory | requests", default=(Scale.CPU, Scale.MEMORY, Scale.REQUESTS), min_items=1
    )
    alarms: Alarms = key("all | release: those that stop releases only, for a smaller template", default=Alarms.ALL)
    scan: bool = key("a scan's findings stop a release; false for images that the registry can't scan", default=True)
    tests: Commands = key("own test commands", default=Commands())


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """params/platform.yaml: what exists."""

    platform: str = key(
        "prefix of stacks, roles and parameters; can't change later",
        pattern=patterns.PLATFORM_NAME,
        allowed="2 to 16 of a-z, 0-9 and single '-', a letter first, not one of AWS's names such as 'aws' or 'ecs'",
    )
    domain: str | None = key(
        "parent domain; without it load balancers speak plain HTTP",
        default=None,
        pattern=patterns.DOMAIN,
        allowed="a domain name",
    )
    toolchain: Toolchain = key("where the pipelines live")
    network: Network = key("what every network has", default=Network())
    cluster: Cluster = key("what every cluster has", default=Cluster())
    environments: dict[str, Environment] = key(
        "name -> environment, in promotion order",
        key_pattern=patterns.ENVIRONMENT_NAME,
        key_allowed="1 to 12 of a-z, 0-9 and single '-', a letter first",
        min_items=1,
        max_items=8,
    )
    services: dict[str, Service] = key(
        "name -> service",
        key_pattern=patterns.SERVICE_NAME,
        key_allowed="2 to 24 of a-z, 0-9 and single '-', a letter first",
        min_items=1,
    )

    @property
    def regions(self) -> tuple[str, ...]:
        """Every region the platform names, the toolchain's first."""
        return tuple(dict.fromkeys((self.toolchain.region, *(e.region for e in self.environments.values()))))

    @property
    def cells(self) -> tuple[int, ...]:
        """Load balancer cells in use, ascending; at least cell 1."""
        return tuple(sorted({1, *(service.cell for service in self.services.values())}))

    @property
    def has_domain(self) -> bool:
        """Whether load balancers speak HTTPS under a domain."""
        return self.domain is not None
