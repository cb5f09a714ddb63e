"""The words that platform.yaml may use where only certain ones mean something."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """Kinds of service; each has a builder in `services.KINDS`."""

    WEB = "web"


class Capacity(StrEnum):
    """Where tasks run."""

    FARGATE = "fargate"
    FARGATE_SPOT = "fargate-spot"
    EC2 = "ec2"


class Architecture(StrEnum):
    """CPU architecture of images and instances, in Docker's words."""

    AMD64 = "amd64"
    ARM64 = "arm64"


class Provider(StrEnum):
    """Where a repository is hosted."""

    CONNECTION = "connection"
    CODECOMMIT = "codecommit"
    S3 = "s3"


class Connection(StrEnum):
    """Git hosts that CodeConnections reaches."""

    GITHUB = "github"
    GITLAB = "gitlab"
    BITBUCKET = "bitbucket"


class Colour(StrEnum):
    """Clusters of an environment."""

    BLUE = "blue"
    GREEN = "green"


class Vpc(StrEnum):
    """Whether the network stack makes a VPC or takes one."""

    NEW = "new"
    EXISTING = "existing"


class Test(StrEnum):
    """Tests that run against the deployed service."""

    SMOKE = "smoke"
    REGRESSION = "regression"
    LOAD = "load"


class Strategy(StrEnum):
    """How a release reaches a service; each has a file in `strategies`."""

    ROLLING = "rolling"
    BLUE_GREEN = "blue-green"
    LINEAR = "linear"
    CANARY = "canary"
    CODEDEPLOY = "codedeploy"
    CLUSTER_SWITCH = "cluster-switch"


class Upstream(StrEnum):
    """Registries of base images that ECR can keep copies of."""

    DOCKER_HUB = "docker-hub"
    ECR_PUBLIC = "ecr-public"
    GITHUB = "github"
    KUBERNETES = "kubernetes"
    QUAY = "quay"


class Scale(StrEnum):
    """What a service's task count follows."""

    CPU = "cpu"
    MEMORY = "memory"
    REQUESTS = "requests"


class Alarms(StrEnum):
    """Which alarms a service has."""

    ALL = "all"
    RELEASE = "release"  # those that stop a release


class Endpoint(StrEnum):
    """Interface endpoints: the services that tasks in private subnets call."""

    ECR_API = "ecr.api"
    ECR_DKR = "ecr.dkr"
    LOGS = "logs"
    SECRETSMANAGER = "secretsmanager"
    SSM = "ssm"
    SSMMESSAGES = "ssmmessages"
    STS = "sts"
    KMS = "kms"
    MONITORING = "monitoring"
    SQS = "sqs"
    SNS = "sns"
    EVENTS = "events"
