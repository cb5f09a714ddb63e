"""Stages of a service's pipeline: source, quality, image, and one per environment, in promotion order.

Nobody checks the keys of an action's Configuration before CodePipeline does; each function names AWS's page of its
action.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import codepipeline

from sendy_cfn.blocks import pipeline_sources as sources
from sendy_cfn.config.words import Test
from sendy_cfn.names import logical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troposphere import AWSHelperFn

    from sendy_cfn.blocks.pipeline_sources import Origin
    from sendy_cfn.config.model import Environment, Platform, Service

IMAGE = "Build"  # namespace of what the image build exports


@dataclass(frozen=True, slots=True)
class Line:
    """What all stages of a pipeline know."""

    platform: Platform
    service: Service
    code: Origin
    templates: Origin
    projects: Mapping[str, AWSHelperFn]  # CodeBuild projects by kind


@dataclass(frozen=True, slots=True)
class Access:
    """ARNs of an environment's roles: one that deploy actions take on, one that makes the stack's resources."""

    pipeline: AWSHelperFn
    cloudformation: AWSHelperFn


def source(line: Line, connection: AWSHelperFn | None) -> codepipeline.Stages:
    """The service's code and the templates; one action where both are in one repository."""
    origins = dict.fromkeys((line.code, line.templates))
    return codepipeline.Stages(Name="Source", Actions=[sources.action(origin, connection) for origin in origins])


def quality(line: Line) -> codepipeline.Stages:
    """Checks of the code, before anything is built from it."""
    return codepipeline.Stages(Name="Quality", Actions=[_build(line, "quality", "Test", {})])


def image(line: Line) -> codepipeline.Stages:
    """The image; what it exports is in the namespace `Build`."""
    return codepipeline.Stages(Name="Build", Actions=[_build(line, "image", "Build", {}, Namespace=IMAGE)])


def environment(line: Line, place: Environment, access: Access, topic: AWSHelperFn) -> list[codepipeline.Stages]:
    """The environment's stage: deployment and then tests, one after the other, the cheapest first.

    A stage that fails goes back to its last success: CodePipeline runs deployment and tests of that execution again,
    with its image, templates and values. It can't after a change of the pipeline's structure, until the stage has
    succeeded once more.
    https://docs.aws.amazon.com/codepipeline/latest/userguide/stage-rollback.html

    An approval is a stage of its own before it. Inside, a refusal would be a failure of the stage: it would roll back
    an environment that nothing was done to, and each rollback would wait for an approval.
    """
    actions = [_deploy(line, place, access)]
    actions += [_test(line, place, test, order) for order, test in enumerate(_tests(place), 2)]
    back = codepipeline.FailureConditions(Result="ROLLBACK")
    stage = codepipeline.Stages(Name=f"Deploy{logical(place.name)}", Actions=actions, OnFailure=back)
    if not place.approval:
        return [stage]
    return [codepipeline.Stages(Name=f"Approve{logical(place.name)}", Actions=[_approve(line, place, topic)]), stage]


def stack_name(platform: Platform, place: Environment, service: Service) -> str:
    """Name of the service's stack in an environment."""
    return f"{platform.platform}-{place.name}-{service.name}"


def _tests(place: Environment) -> list[Test]:
    return [test for test in Test if test in place.tests]


def _approve(line: Line, place: Environment, topic: AWSHelperFn) -> codepipeline.Actions:
    """A person's decision, asked for through the topic; refused after 7 days, which is AWS's default.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals-action-add.html
    """
    code = line.code
    about = f"{line.service.name} {_variable(IMAGE, 'IMAGE_TAG')} to {place.name}: {code.kind.revision} {code.revision}"
    if line.templates is not code:
        about += f", templates {line.templates.revision}"
    if code.kind.has_message:
        about += f", {code.variable('AuthorDate')}\n{code.variable('CommitMessage')}"
    configuration: dict[str, Any] = {"NotificationArn": topic, "CustomData": about}
    link = sources.commit_url(line.platform, code)
    if link is not None:
        configuration["ExternalEntityLink"] = link
    return codepipeline.Actions(
        Name="Approve",
        ActionTypeId=codepipeline.ActionTypeId(Category="Approval", Owner="AWS", Provider="Manual", Version="1"),
        Configuration=configuration,
    )


def _deploy(line: Line, place: Environment, access: Access) -> codepipeline.Actions:
    """Creates or updates the service's stack; its outputs become variables of the namespace `Deploy<Environment>`.

    They do without OutputFileName, which would make an artifact of them.
    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html
    """
    artifact, name = line.templates.name, line.service.name
    # AWS: at most 1 KB. What is known before the pipeline runs is in the template configuration.
    overrides = {"Image": _variable(IMAGE, "IMAGE_URI"), "Version": line.code.revision}
    more = {} if place.region == line.platform.toolchain.region else {"Region": place.region}
    return codepipeline.Actions(
        Name="Deploy",
        ActionTypeId=codepipeline.ActionTypeId(Category="Deploy", Owner="AWS", Provider="CloudFormation", Version="1"),
        Configuration={
            "ActionMode": "CREATE_UPDATE",
            "StackName": stack_name(line.platform, place, line.service),
            "TemplatePath": f"{artifact}::templates/service-{name}.yaml",
            "TemplateConfiguration": f"{artifact}::templates/config/{place.name}/service-{name}.json",
            "ParameterOverrides": json.dumps(overrides),
            "Capabilities": "CAPABILITY_IAM",
            "RoleArn": access.cloudformation,
        },
        InputArtifacts=[codepipeline.InputArtifacts(Name=artifact)],
        RoleArn=access.pipeline,
        Namespace=_namespace(place),
        **more,
    )


def _test(line: Line, place: Environment, test: Test, order: int) -> codepipeline.Actions:
    variables = {"ENVIRONMENT": place.name, "SERVICE_URL": _variable(_namespace(place), "ServiceUrl")}
    if test is Test.SMOKE:
        variables["EXPECTED_VERSION"] = line.code.revision
    return _build(line, test, "Test", variables, RunOrder=order)


def _build(line: Line, kind: str, category: str, variables: dict[str, str], **more: Any) -> codepipeline.Actions:
    """Runs the project of that kind on the service's code.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html
    """
    given = {"COMMIT_ID": line.code.revision, **variables}
    return codepipeline.Actions(
        Name=kind.capitalize(),
        ActionTypeId=codepipeline.ActionTypeId(Category=category, Owner="AWS", Provider="CodeBuild", Version="1"),
        Configuration={
            "ProjectName": line.projects[kind],
            # AWS: at most 1,000 characters. Texts with quotation marks, such as commit messages, would break the JSON.
            "EnvironmentVariables": json.dumps([{"name": name, "value": value} for name, value in given.items()]),
        },
        InputArtifacts=[codepipeline.InputArtifacts(Name=line.code.name)],
        **more,
    )


def _namespace(place: Environment) -> str:
    return f"Deploy{logical(place.name)}"


def _variable(namespace: str, key: str) -> str:
    return f"#{{{namespace}.{key}}}"
