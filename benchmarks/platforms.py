"""Input folders of any size, varied as real ones are: every capacity, secrets, permissions, own and shared hosts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sendy_cfn.config.rules import SERVICES_PER_CELL

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENTS = ("test", "staging", "production")

_HEAD = """\
platform: courier
domain: courier.example
toolchain:
  region: eu-central-1
  source:
    repository: courier/platform
cluster:
  ec2: [arm64]
environments:
  test:
    region: eu-central-1
    tests: [smoke, regression]
  staging:
    region: eu-central-1
    tests: [smoke, load]
  production:
    region: eu-central-1
    approval: true{clusters}
services:
"""
# The root of an environment with two clusters in each cell has room for ten cells.
_TWO_CLUSTERS, _MOST_CELLS = "\n    clusters: [blue, green]", 10

# By turns, as in params/platform.yaml: a service with secrets on Fargate, one of a monorepo on Spot and a shared host,
# one on EC2 released by tag, and one that says as little as possible.
_KINDS = (
    """\
    read_only: true
    environment:
      LOG_LEVEL: info
    secrets:
      DATABASE_URL: /courier/{{environment}}/{name}/database-url
      PAYMENT_KEY: secretsmanager:courier/{{environment}}/payment:api-key
    permissions:
      - actions: [sqs:SendMessage, sqs:GetQueueAttributes]
        resources: ["arn:{{partition}}:sqs:{{region}}:{{account}}:courier-{{environment}}-{name}"]
    outbound_ports: [443, 5432]
""",
    """\
    dockerfile: services/{name}/Dockerfile
    context: services/{name}
    capacity: fargate-spot
    host: api
    paths: [/{name}, /{name}/*]
    health_path: /{name}/health
    version_path: /{name}/version
    scale_on: [cpu, requests]
    tests:
      regression: ["./services/{name}/regression.sh"]
""",
    """\
    architecture: arm64
    capacity: ec2
    user: "65532"
    health_command: [/{name}, health]
""",
    "",
)
_SOURCES = ("", "\n      paths: [services/{name}/**]", '\n      tags: ["v*"]', "")
_SIZES = (
    "    Cpu: 512\n    Memory: 1024\n    DeregistrationDelay: 60\n",
    "    RequestsTarget: 3000\n    OnDemandBase: 1\n",
    "    Cpu: 1024\n    Memory: 2048\n    MaxTasks: 40\n    MaxDecisionMinutes: 20\n",
    "    MinTasks: 1\n",
)


def write(params: Path, services: int) -> None:
    """Fill the folder with the input of a platform of that many services, as few load balancer cells as they need.

    Each has an explicit listener rule priority: among a thousand, derived ones would clash.
    """
    params.mkdir(parents=True, exist_ok=True)
    names = [f"parcels-{number:04}" for number in range(services)]
    head = _HEAD.format(clusters=_TWO_CLUSTERS if services <= _MOST_CELLS * SERVICES_PER_CELL else "")
    (params / "platform.yaml").write_text(head + "".join(_service(number, name) for number, name in enumerate(names)))
    for block, environment in enumerate(ENVIRONMENTS, 1):
        (params / f"{environment}.yaml").write_text(_values(block, names))
    (params / "toolchain.yaml").write_text("toolchain:\n  ArtifactDays: 90\n")


def change(params: Path, port: int) -> None:
    """Give the first service another port."""
    path = params / "platform.yaml"
    path.write_text(re.sub(r"(?<=port: )[0-9]+", str(port), path.read_text(), count=1))


def _service(number: int, name: str) -> str:
    kind = number % len(_KINDS)
    cell, place = divmod(number, SERVICES_PER_CELL)
    source, more = _SOURCES[kind].format(name=name), _KINDS[kind].format(name=name)
    return (
        f"  {name}:\n    kind: web\n    source:\n      repository: courier/{name}{source}\n"
        f"    port: {8000 + 2 * kind}\n    cell: {cell + 1}\n    priority: {place + 1}\n{more}"
    )


def _values(block: int, names: list[str]) -> str:
    own = "".join(f"  {name}:\n{_SIZES[number % len(_SIZES)]}" for number, name in enumerate(names))
    return (
        f"environment:\n  VpcCidr: 10.{block}0.0.0/16\n  Zones: 3\n  LogRetentionDays: 30\n"
        f"defaults:\n  MinTasks: 2\n  MaxTasks: 12\n  LogRetentionDays: 30\nservices:\n{own}"
    )
