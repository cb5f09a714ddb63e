"""The collector of traces beside a service: AWS Distro for OpenTelemetry, OTLP in, X-Ray out.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/trace-data.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import xray
from troposphere import ecs

from sendy_cfn.blocks.iam import HERE, allow
from sendy_cfn.config.tracing import OTLP_HTTP

if TYPE_CHECKING:
    from awacs.aws import Statement
    from troposphere import Ref

NAME = "otel_collector"  # no service can have it
# Comes with the image: OTLP by gRPC and HTTP, batches of a second, X-Ray; no metrics.
# https://github.com/aws-observability/aws-otel-collector/blob/v0.49.0/config/ecs/ecs-xray.yaml
CONFIGURATION = "/etc/ecs/ecs-xray.yaml"
# Of the image's own user.
# https://github.com/aws-observability/aws-otel-collector/blob/v0.49.0/cmd/awscollector/Dockerfile
USER = "4317"

# How SDKs and agents find it. Only traces have a way out, so they are told to send nothing else.
# https://opentelemetry.io/docs/specs/otel/protocol/exporter/
# https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
_VARIABLES = {
    # By address: `localhost` may be IPv6's, where it does not listen.
    "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{OTLP_HTTP}",
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
}


def variables(service: str) -> dict[str, str]:
    """Environment variables of the service's container, by which what is in it sends its traces here."""
    return {"OTEL_SERVICE_NAME": service, **_VARIABLES}


def container(image: Ref, memory: Ref, log: ecs.LogConfiguration) -> ecs.ContainerDefinition:
    """The container: without privileges, and none that a service waits for or goes down with.

    ECS starts it again when it ends. It has no share of the CPU of its own, the service's comes first.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-restart-policy.html
    """
    return ecs.ContainerDefinition(
        Name=NAME,
        Image=image,
        Essential=False,
        RestartPolicy=ecs.RestartPolicy(Enabled=True),
        Command=[f"--config={CONFIGURATION}"],
        User=USER,
        ReadonlyRootFilesystem=True,
        Memory=memory,
        LinuxParameters=ecs.LinuxParameters(Capabilities=ecs.KernelCapabilities(Drop=["ALL"])),
        LogConfiguration=log,
    )


def statement() -> Statement:
    """What it calls: the exporter sends segments, and telemetry of its own only where that is switched on.

    https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/awsxrayexporter
    """
    return allow("SendTraces", [xray.PutTraceSegments], "*", condition=HERE)
