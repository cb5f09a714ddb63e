"""Mistakes about who may do what, and what is said of them."""

from __future__ import annotations

from tests.config.mistakes import Case

ACTIONS = "actions: [sqs:SendMessage, sqs:GetQueueAttributes]"
PORT = "    port: 8080\n"
OF_PRICING = "    capacity: fargate-spot\n"

IN_SECURITY = (
    Case(
        "action that raises a role",
        ACTIONS,
        "actions: [iam:GetUser, iam:AttachRolePolicy]",
        (
            "{at} services.orders.permissions[0].actions[1]: 'iam:AttachRolePolicy', services may only read "
            "(Get…, List…) with 'iam'"
        ),
        at="iam:AttachRolePolicy",
    ),
    Case(
        "boundary that is no policy",
        "  VpcCidr:",
        "  PermissionsBoundaryArn: company-boundary\n  VpcCidr:",
        "{at} environment.PermissionsBoundaryArn: 'company-boundary', expected empty, or the ARN of a managed policy",
        at="company-boundary",
        file="test.yaml",
    ),
    Case(
        "commands where nothing can be written",
        PORT,
        f"{PORT}    exec: true\n",
        "{at} services.orders.exec: needs 'read_only: false': AWS's agent writes to the root file system",
        at="exec: true",
    ),
    Case(
        "commands without a way out",
        OF_PRICING,
        f"{OF_PRICING}    read_only: false\n    exec: true\n    outbound_ports: [5432]\n",
        "{at} services.pricing.exec: needs 443 in 'outbound_ports', by which the agent reaches AWS",
        at="exec: true",
    ),
    Case(
        "commands in a service that CodeDeploy releases",
        f"{OF_PRICING}    host: api\n    paths: [/pricing, /pricing/*]\n    strategies:\n      staging: canary ",
        "    read_only: false\n    exec: true\n    strategies:\n      staging: codedeploy ",
        "{at} services.pricing.exec: not with strategy 'codedeploy': CloudFormation can't change a service that it "
        "releases",
        at="exec: true",
    ),
    Case(
        "traces without a way out",
        OF_PRICING,
        f"{OF_PRICING}    tracing: true\n    outbound_ports: [5432]\n",
        "{at} services.pricing.tracing: needs 443 in 'outbound_ports', by which the collector reaches X-Ray",
        at="tracing: true",
    ),
    Case(
        "traces at a port that the collector has",
        PORT,
        "    port: 4318\n    tracing: true\n",
        "{at} services.orders.port: 4318 is the collector's with 'tracing: true', as are 4317, 4318, 8888, 13133",
        at="port: 4318",
    ),
    Case(
        "commands switched on where the service has none",
        "  MinTasks:",
        "  ExecuteCommand: true\n  MinTasks:",
        "{at} defaults.ExecuteCommand: no parameter of this stack: platform.yaml says nothing that uses it",
        at="ExecuteCommand:",
        file="test.yaml",
    ),
    Case(
        "a limit that the load test would meet",
        "  VpcCidr:",
        "  RequestsPerClient: 6000\n  VpcCidr:",
        (
            "{at} environment.RequestsPerClient: RequestsPerClient 6000 is less than the 6600 in five minutes that a "
            "release's tests send from one address: LoadRequestsPerSecond 100 (toolchain.yaml) for 60 s, and 600 by "
            "the others"
        ),
        at="RequestsPerClient: 6000",
        file="staging.yaml",
    ),
    Case(
        "more load than the environment lets in",
        "  ArtifactDays:",
        "  LoadRequestsPerSecond: 200\n  ArtifactDays:",
        "environment: RequestsPerClient 10000 is less than the 12600 in five minutes that a release's tests",
        file="toolchain.yaml",
    ),
)
