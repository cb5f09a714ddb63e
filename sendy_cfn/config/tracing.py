"""What a service has to be like for the collector of its traces, and an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.config.words import Vpc

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.config.model import Environment, Platform, Service

HTTPS = 443  # port
OTLP_HTTP = 4318  # port
# Ports of the collector, in the task's one network namespace: OTLP by gRPC and HTTP, its own metrics and health.
# https://github.com/open-telemetry/opentelemetry-collector/blob/main/docs/security-best-practices.md
TAKEN = (4317, OTLP_HTTP, 8888, 13133)


def broken(service: Service) -> Iterator[tuple[str, str]]:
    """Key of the service and what is wrong with it."""
    if not service.tracing:
        return
    if HTTPS not in service.outbound_ports:
        yield "tracing", f"needs {HTTPS} in 'outbound_ports', by which the collector reaches X-Ray"
    if service.port in TAKEN:
        yield "port", f"{service.port} is the collector's with 'tracing: true', as are {', '.join(map(str, TAKEN))}"


def unreachable(platform: Platform, environment: Environment, nat: str) -> str:
    """What is wrong with the environment's `Nat`, in words; "" where nothing is.

    A container whose image can't be pulled keeps the task from starting, and Amazon's public registry has no interface
    endpoint. https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    """
    traced = sorted(service.name for service in platform.services.values() if service.tracing)
    if nat != "none" or environment.vpc is not Vpc.NEW or not traced:
        return ""
    return (
        f"'none' with 'tracing: true' of {', '.join(traced)}: without NAT tasks can't pull the collector from "
        "public.ecr.aws, expected single or per-zone"
    )
