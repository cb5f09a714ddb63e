"""Tasks that log, pull or read secrets through AWS name an execution role.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
On EC2 capacity the instance's role pulls images and writes logs; secrets need an execution role everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendy_cfn.checks.action_templates import section, strings
from sendy_cfn.checks.house.rule import Found, Rule
from sendy_cfn.checks.house.values import blocks, choices, items, mentions, target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendy_cfn.checks.action_templates import Block
    from sendy_cfn.checks.house.view import Resource, View

WHERE = ("FARGATE", "FARGATE_SPOT", "EXTERNAL")


def _find(view: View) -> Iterator[Found]:
    for task in view.of("AWS::ECS::TaskDefinition"):
        if not task.lacks("ExecutionRoleArn") and any(True for _ in choices(task.given.get("ExecutionRoleArn"))):
            continue
        for container in blocks(task.given.get("ContainerDefinitions")):
            if reason := _reason(view, container, _on_fargate(view, task)):
                names = list(view.texts(container.get("Name"))) or ["?"]
                message = f"no ExecutionRoleArn, but container {names[0]} {reason}"
                yield Found(container.line, task.id, message)


def _on_fargate(view: View, task: Resource) -> bool:
    wanted = items(task.given.get("RequiresCompatibilities"))
    services = [s.given for s in view.of("AWS::ECS::Service") if target(s.given.get("TaskDefinition")) == task.id]
    launched = (service.get("LaunchType") for service in services)
    provided = (one.get("CapacityProvider") for s in services for one in blocks(s.get("CapacityProviderStrategy")))
    return any(text in WHERE for value in (*wanted, *launched, *provided) for text in view.texts(value))


def _reason(view: View, container: Block, fargate: bool) -> str:
    log = section(container, "LogConfiguration")
    if any(True for key in (container.get("Secrets"), log.get("SecretOptions")) for _ in items(key)):
        return "reads secrets"
    if "RepositoryCredentials" in container:
        return "pulls with credentials from Secrets Manager"
    if fargate and "awslogs" in view.texts(log.get("LogDriver")):
        return "logs with awslogs"
    image = container.get("Image")
    ours = any(view.one(name, "AWS::ECR::Repository") for name in mentions(image))
    if fargate and (ours or any(".dkr.ecr." in text for text in strings(image))):
        return "has its image in ECR"
    return ""


RULE = Rule(
    "house-execution-role",
    "A task definition names an execution role if a container reads secrets or, on Fargate, logs with awslogs or has "
    "its image in ECR",
    "ECS refuses the task definition (ClientException), or tasks stop before they start",
    "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
    _find,
)
