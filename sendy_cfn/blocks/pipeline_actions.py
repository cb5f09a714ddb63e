"""Actions of a service's pipeline after its sources: builds, stack updates, CodeDeploy, and a person's decision.

Each function names AWS's page of its action; `checks.actions` holds what is emitted against the same pages.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import Sub, codepipeline

from sendy_cfn.blocks import pipeline_sources as sources
from sendy_cfn.blocks.builds import arn_of_project, project_name, report_page
from sendy_cfn.config import releases
from sendy_cfn.names import logical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troposphere import AWSHelperFn

    from sendy_cfn.blocks.pipeline_sources import Origin
    from sendy_cfn.config.model import Environment, Platform, Service
    from sendy_cfn.config.releases import Variant

    Variables = Mapping[str, AWSHelperFn | str]

IMAGE = "Build"  # namespace of what the image build exports
AUTHOR = "Author"  # namespace of who wrote the commit
RELEASE = "release"  # stands for a service in the names of the builds that all pipelines share


@dataclass(frozen=True, slots=True)
class Line:
    """What all stages of a pipeline know."""

    platform: Platform
    service: Service
    code: Origin
    templates: Origin
    projects: Mapping[str, AWSHelperFn]  # CodeBuild projects of the service, by kind
    repository: AWSHelperFn  # URI of the service's image repository
    watch: Mapping[str, int]  # minutes that alarms are watched after the tests, by environment

    def variant(self, place: Environment) -> Variant:
        """How the service is released in an environment."""
        return releases.variant(self.service, place)

    def shared_project(self, kind: str) -> str:
        """Name of a project that all pipelines share."""
        return project_name(f"{self.platform.platform}-{RELEASE}", kind)

    def project_arn(self, name: AWSHelperFn | str) -> Sub:
        """ARN of a project, by what an action calls it: the name, or one of `projects`."""
        if isinstance(name, str):
            return arn_of_project(name)
        kind = next(kind for kind, own in self.projects.items() if own is name)
        return arn_of_project(project_name(f"{self.platform.platform}-{self.service.name}", kind))


@dataclass(frozen=True, slots=True)
class Access:
    """ARNs of an environment's roles: for deploy actions, for the stack's resources, and to look at stacks."""

    pipeline: AWSHelperFn
    cloudformation: AWSHelperFn
    reader: AWSHelperFn | None = None  # where a release looks


def stack_name(platform: Platform, place: Environment, service: Service) -> str:
    """Name of the service's stack in an environment."""
    return f"{platform.platform}-{place.name}-{service.name}"


def namespace(step: str, place: Environment) -> str:
    """Namespace of the variables of a step in an environment."""
    return f"{step}{logical(place.name)}"


def variable(of: str, key: str) -> str:
    """A reference to a variable of a namespace."""
    return f"#{{{of}.{key}}}"


def build(
    line: Line,
    name: str,
    project: AWSHelperFn | str,
    variables: Variables,
    *,
    category: str = "Test",
    **more: Any,
) -> codepipeline.Actions:
    """Runs a project on the service's code. Values of variables may be references to the template's parameters.

    `variables` are those that differ by execution or environment.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html
    """
    return codepipeline.Actions(
        Name=name,
        ActionTypeId=codepipeline.ActionTypeId(Category=category, Owner="AWS", Provider="CodeBuild", Version="1"),
        Configuration={
            "ProjectName": project,
            # AWS: at most 1,000 characters. Texts with quotation marks, such as commit messages, would break the JSON.
            "EnvironmentVariables": _json([{"name": name, "value": value} for name, value in variables.items()]),
        },
        InputArtifacts=[codepipeline.InputArtifacts(Name=line.code.name)],
        **more,
    )


def _json(content: Any) -> Sub | str:
    """As JSON text, with references to parameters and attributes in it replaced by CloudFormation."""
    references = []

    def refer(value: AWSHelperFn) -> str:
        references.append(value)
        ((kind, target),) = value.to_dict().items()
        return f"${{{target if kind == 'Ref' else '.'.join(target)}}}"

    text = json.dumps(content, default=refer, separators=(",", ":"))
    return Sub(text) if references else text


def stack_update(
    line: Line, place: Environment, access: Access, name: str, overrides: Mapping[str, str], space: str
) -> codepipeline.Actions:
    """Creates or updates the service's stack; its outputs become variables of the namespace `space`.

    They do without OutputFileName, which would make an artifact of them.
    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CloudFormation.html
    """
    artifact, service = line.templates.name, line.service
    more = {} if place.region == line.platform.toolchain.region else {"Region": place.region}
    return codepipeline.Actions(
        Name=name,
        ActionTypeId=codepipeline.ActionTypeId(Category="Deploy", Owner="AWS", Provider="CloudFormation", Version="1"),
        Configuration={
            "ActionMode": "CREATE_UPDATE",
            "StackName": stack_name(line.platform, place, service),
            "TemplatePath": f"{artifact}::templates/{releases.service_file(service, line.variant(place))}",
            "TemplateConfiguration": f"{artifact}::templates/config/{place.name}/service-{service.name}.json",
            # AWS: at most 1 KB. What is known before the pipeline runs is in the template configuration.
            "ParameterOverrides": json.dumps(overrides, separators=(",", ":")),
            "Capabilities": "CAPABILITY_IAM",
            "RoleArn": access.cloudformation,
        },
        InputArtifacts=[codepipeline.InputArtifacts(Name=artifact)],
        RoleArn=access.pipeline,
        Namespace=space,
        **more,
    )


def shift(line: Line, place: Environment, access: Access, artifact: str, outputs: str) -> codepipeline.Actions:
    """CodeDeploy replaces the service's tasks by those of the revision in the artifact.

    It registers the revision once more, from the file, and puts that into the AppSpec. `outputs` is the namespace of
    the stack's outputs.
    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-ECSbluegreen.html
    """
    more = {} if place.region == line.platform.toolchain.region else {"Region": place.region}
    return codepipeline.Actions(
        Name="Shift",
        ActionTypeId=codepipeline.ActionTypeId(Category="Deploy", Owner="AWS", Provider="CodeDeployToECS", Version="1"),
        Configuration={
            "ApplicationName": variable(outputs, "Application"),
            "DeploymentGroupName": variable(outputs, "DeploymentGroup"),
            "TaskDefinitionTemplateArtifact": artifact,
            "TaskDefinitionTemplatePath": "taskdef.json",
            "AppSpecTemplateArtifact": artifact,
            "AppSpecTemplatePath": "appspec.yaml",
        },
        InputArtifacts=[codepipeline.InputArtifacts(Name=artifact)],
        RoleArn=access.pipeline,
        **more,
    )


def approval(
    line: Line, place: Environment, topic: AWSHelperFn | str, minutes: str, report: str
) -> codepipeline.Actions:
    """A person's decision, asked for through the topic; refused after 7 days, which is AWS's default.

    Args:
        line: the pipeline.
        place: the environment that the release would go to.
        topic: where people hear of it.
        minutes: how long the release takes in the worst case, or the variable that says it.
        report: the kind of test whose report people look at first.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals-action-add.html
    """
    code = line.code
    about = [
        f"{line.service.name} {variable(IMAGE, 'IMAGE_TAG')} to {place.name} ({line.variant(place).strategy})",
        f"Commit: {code.revision}",
    ]
    if line.templates is not code:
        about.append(f"Templates: {line.templates.revision}")
    if sources.tells_author(line.platform, code):
        about.append(f"Author: {variable(AUTHOR, 'COMMIT_AUTHOR')}")
    if code.kind.has_message:
        about += [f"Written: {code.variable('AuthorDate')}", f"Message: {code.variable('CommitMessage')}"]
    about += [
        f"Image: {variable(IMAGE, 'IMAGE_DIGEST')}",
        f"Tests: {report_page(f'{line.platform.platform}-{line.service.name}', report)}",
        f"Minutes in the worst case: {minutes}",
    ]
    configuration: dict[str, Any] = {"NotificationArn": topic, "CustomData": Sub("\n".join(about))}
    link = sources.commit_url(line.platform, code)
    if link is not None:
        configuration["ExternalEntityLink"] = link
    return codepipeline.Actions(
        Name="Approve",
        ActionTypeId=codepipeline.ActionTypeId(Category="Approval", Owner="AWS", Provider="Manual", Version="1"),
        Configuration=configuration,
    )


def rule(provider: str, name: str, configuration: dict[str, Any], **more: Any) -> codepipeline.RuleDeclaration:
    """A rule of a stage's condition.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/rule-reference.html
    """
    return codepipeline.RuleDeclaration(
        Name=name,
        RuleTypeId=codepipeline.RuleTypeId(Category="Rule", Owner="AWS", Provider=provider, Version="1"),
        Configuration=configuration,
        **more,
    )
