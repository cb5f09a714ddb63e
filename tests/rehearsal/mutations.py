"""Faults in templates that no linter finds, each with what a rehearsal has to say about it."""

from __future__ import annotations

from typing import NamedTuple

PIPELINE = "pipeline-orders.yaml"
BUILDS = "builds-orders.yaml"
TOOLS = "release-tools.yaml"
SERVICE = "service-orders.yaml"
_PROJECT = "arn:${AWS::Partition}:codebuild:${AWS::Region}:${AWS::AccountId}:project"
SWITCH = "service-orders-cluster-switch.yaml"


class Fault(NamedTuple):
    """A change to a template."""

    name: str
    file: str
    old: str
    new: str
    stage: str  # where the rehearsal stops
    said: str  # part of the reason
    also: tuple[tuple[str, str], ...] = ()  # further changes of the same file


# Of service templates: the pipeline takes them from the platform's repository.
SERVICE_FAULTS = (
    Fault("health-check path", SERVICE, "HealthCheckPath: /health", "HealthCheckPath: /healthz", "DeployTest", "404"),
    Fault("container port", SERVICE, "ContainerPort: 8080", "ContainerPort: 8081", "DeployTest", "8081"),
    Fault(
        "port of the load balancer only",
        SERVICE,
        "ContainerPort: 8080\n          TargetGroupArn",
        "ContainerPort: 9090\n          TargetGroupArn",
        "DeployTest",
        "9090",
    ),
    Fault("secret", SERVICE, 'orders/database-url"', 'orders/databaseurl"', "DeployTest", "databaseurl"),
    Fault(
        "permission to pull",
        SERVICE,
        "              - ecr:BatchGetImage\n",
        "",
        "DeployTest",
        "does not allow ecr:BatchGetImage",
    ),
    Fault(
        "host of the rule",
        SERVICE,
        '"orders.${DomainName}"\n      Actions',
        '"order.${DomainName}"\n      Actions',
        "DeployTest",
        "503",
    ),
    Fault(
        "name of the record",
        SERVICE,
        'Name: !Sub "orders.${DomainName}"',
        'Name: !Sub "order.${DomainName}"',
        "DeployTest",
        "503",
    ),
    Fault("matcher", SERVICE, "HttpCode: '200'", "HttpCode: '204'", "DeployTest", "200"),
)
# Of the toolchain: they are deployed before the release.
TOOLCHAIN_FAULTS = (
    Fault("namespace", PIPELINE, "#{Build.IMAGE_URI}", "#{Image.IMAGE_URI}", "DeployTest", "#{Image.IMAGE_URI}"),
    Fault(
        "artifact",
        PIPELINE,
        "Platform::templates/service-orders.yaml",
        "Platforms::templates/service-orders.yaml",
        "DeployTest",
        "Platforms",
    ),
    Fault(
        "template path",
        PIPELINE,
        "Platform::templates/service-orders.yaml",
        "Platform::templates/service-order.yaml",
        "DeployTest",
        "no such file",
    ),
    Fault("parameter", PIPELINE, '{"Image":', '{"Images":', "DeployTest", "Images"),
    Fault(
        "project",
        PIPELINE,
        "ProjectName: !GetAtt Builds.Outputs.SmokeProject",
        "ProjectName: courier-order-smoke",
        "DeployTest",
        "courier-order-smoke",
    ),
    Fault(
        "output of the stack",
        PIPELINE,
        "#{DeployTest.ServiceUrl}",
        "#{DeployTest.Url}",
        "DeployTest",
        "#{DeployTest.Url}",
    ),
    Fault(
        "permission to start a build",
        PIPELINE,
        f'              - !Sub "{_PROJECT}/courier-orders-smoke"\n',
        "",
        "DeployTest",
        "does not allow codebuild:StartBuild",
    ),
    Fault(
        "permission of a build", BUILDS, "              - ecr:PutImage\n", "", "Build", "does not allow ecr:PutImage"
    ),
    Fault("exported variable", BUILDS, "              - IMAGE_URI\n", "", "DeployTest", "#{Build.IMAGE_URI}"),
    Fault("verdict", PIPELINE, "Value: good", "Value: well", "DeployProduction", "does not hold"),
    Fault(
        "permission of the reader",
        TOOLS,
        "deployment-roles/*-ReaderRole-*",
        "deployment-roles/*-Reader-*",
        "DeployProduction",
        "does not allow sts:AssumeRole",
    ),
)
# Seen only when customers are to go to the other cluster.
SWITCH_FAULTS = (
    Fault(
        # All of the weight stays where it was: with some of it on the new side, some answers would be right.
        "weight",
        SWITCH,
        "      Weight: !If [BlueIsLive, 0, 100]\n      HealthCheckId: !Ref GreenHealthCheck",
        "      Weight: !If [BlueIsLive, 0, 0]\n      HealthCheckId: !Ref GreenHealthCheck",
        "DeployProduction",
        "does not hold",
        (
            (
                "      Weight: !If [BlueIsLive, 100, 0]\n      HealthCheckId: !Ref HealthCheck",
                "      Weight: !If [BlueIsLive, 100, 100]\n      HealthCheckId: !Ref HealthCheck",
            ),
        ),
    ),
)
