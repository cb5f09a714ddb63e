"""What a built template takes and offers: all that roots, values files and roles have to know of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sendy_cfn.wires import SERVICE_BOUNDARY_ARN

if TYPE_CHECKING:
    from troposphere import Template


class Interface(NamedTuple):
    """Text only, so that it can be kept beside the emitted file."""

    parameters: tuple[str, ...]  # to be filled by whoever deploys it
    outputs: tuple[tuple[str, str], ...]  # name and description
    types: tuple[str, ...]  # resource types, sorted
    deployments: tuple[str, ...] = ()  # what its pipelines do with roles of environments, sorted
    allowed: tuple[str, ...] = ()  # actions that its policies allow to roles of a service, sorted

    @classmethod
    def of(cls, template: Template) -> Interface:
        """Read it off a template. What CloudFormation resolves from a default SSM parameter is nobody's to fill."""
        return cls(
            tuple(
                name for name, parameter in template.parameters.items() if not _resolves_itself(parameter.properties)
            ),
            tuple((name, str(output.properties["Description"])) for name, output in template.outputs.items()),
            tuple(
                sorted({resource.resource_type for resource in template.resources.values() if resource.resource_type})
            ),
            tuple(sorted(_deployments(template))),
            _allowed(template) if SERVICE_BOUNDARY_ARN.name in template.parameters else (),
        )


def _deployments(template: Template) -> set[str]:
    pipelines = [r for r in template.resources.values() if r.resource_type == "AWS::CodePipeline::Pipeline"]
    if not pipelines:
        return set()
    from sendy_cfn.blocks import pipeline_calls  # here: few templates have one

    return {what for pipeline in pipelines for what in pipeline_calls.deployments(pipeline.Stages)}


def _allowed(template: Template) -> tuple[str, ...]:
    policies = (r for r in template.resources.values() if r.resource_type == "AWS::IAM::ManagedPolicy")
    statements = (s for policy in policies for s in policy.properties["PolicyDocument"].properties["Statement"])
    return tuple(sorted({action.JSONrepr() for s in statements for action in s.properties["Action"]}))


def _resolves_itself(properties: dict[str, object]) -> bool:
    return str(properties["Type"]).startswith("AWS::SSM::Parameter::Value<") and "Default" in properties
