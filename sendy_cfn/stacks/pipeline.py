"""A service's pipeline: from a push to its repository to production.

The toolchain's root nests one of these per service and has to stay under 51,200 bytes with 60 of them. So the
parameters are few, and what is known here is said here.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from troposphere import Output, Region, Sub, cloudformation, codepipeline

from sendy_cfn import wires
from sendy_cfn.blocks import (
    artifact_names,
    boundary,
    iam,
    pipeline_calls,
    pipeline_events,
    pipeline_roles,
    pipeline_sources,
    pipeline_stages,
    skeleton,
)
from sendy_cfn.blocks.pipeline_actions import Access, Line
from sendy_cfn.blocks.suppress import suppress
from sendy_cfn.config import releases
from sendy_cfn.config.words import Provider
from sendy_cfn.knobs import toolchain
from sendy_cfn.names import logical
from sendy_cfn.stacks import builds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troposphere import AWSHelperFn, Template

    from sendy_cfn.config.model import Environment, Platform, Service

    Value = AWSHelperFn | str


def build(
    platform: Platform, service: Service, watch: Mapping[str, int], minutes: tuple[tuple[str, int], ...] = ()
) -> Template:
    """The stack of one service's pipeline; it nests `builds-<service>.yaml`.

    `watch` has the minutes that a stage watches alarms after its tests, by environment. `minutes` are those until a
    release is decided in the worst case, by environment. Only an approval of the first environment needs them here:
    later ones have them from the stack of the environment before.
    """
    template = skeleton.new(f"{platform.platform}: pipeline of {service.name}")
    name = f"{platform.platform}-{service.name}"
    places = list(platform.environments.values())
    code, templates = pipeline_sources.origins(platform, service)

    bucket = wires.ARTIFACT_BUCKET.take(template)
    key = wires.ARTIFACT_KEY_ARN.take(template)
    asked = any(place.approval for place in places)
    topic: Value = wires.NOTIFICATION_TOPIC_ARN.take(template) if asked else ""
    connection = None
    if Provider.CONNECTION in (code.source.provider, templates.source.provider):
        connection = wires.CONNECTION_ARN.take(template)
    access = [_access(template, platform, service, place) for place in places]

    stack = template.add_resource(
        cloudformation.Stack(
            "Builds",
            **skeleton.DATA_LOSS,  # what is to be kept, keeps itself
            TemplateURL=builds.file(service),
            Parameters={value.name: value.take(template) for value in builds.takes(platform)},
        )
    )
    projects = {kind: stack.get_att(f"Outputs.{builds.offers(kind)}") for kind in builds.kinds(platform)}

    elsewhere = [region for region in platform.regions if region != platform.toolchain.region]
    buckets = [builds.BUCKET_ARN]
    buckets += [artifact_names.bucket_arn(platform.platform, region).data["Fn::Sub"] for region in elsewhere]
    uri = stack.get_att("Outputs.RepositoryUri")
    line = Line(platform, service, code, templates, projects, uri, watch)
    stages = [pipeline_stages.source(line, connection), pipeline_stages.quality(line), pipeline_stages.image(line)]
    about = ", ".join(f"{place} {count}" for place, count in minutes)
    for place, roles in zip(places, access, strict=True):
        stages += pipeline_stages.environment(line, place, roles, topic, about)
        about = pipeline_stages.minutes_from(place)

    statements = [
        *pipeline_roles.artifacts(buckets, key, name),
        *pipeline_roles.keys_elsewhere(elsewhere, artifact_names.key_alias(platform.platform)),
        *pipeline_calls.statements(stages, line.project_arn),
    ]
    bound, trusted = boundary.given(template), pipeline_roles.trust(name)
    role = template.add_resource(iam.role("PipelineRole", f"Pipeline of {service.name}", trusted, bound))
    policies = iam.policies("PipelinePolicy", f"Deliver {service.name}", [role.ref()], *statements)
    for policy in policies:
        template.add_resource(policy)
    pipeline = codepipeline.Pipeline(
        "Pipeline",
        DependsOn=[policy.title for policy in policies],  # a new pipeline runs at once
        Name=name,  # part of the artifacts' paths, which roles name
        PipelineType="V2",
        # An execution that waits for a stage gives way to a newer one, which has its commits too: of ten that wait, one
        # is released. In a queue each would be, one after the other. Either way a stage runs one execution at a time.
        ExecutionMode="SUPERSEDED",
        RoleArn=role.get_att("Arn"),
        Stages=stages,
        **_stores(platform, bucket, key, elsewhere),
    )
    triggers = pipeline_sources.triggers(platform, service, code, templates)
    if triggers:
        pipeline.Triggers = triggers
    template.add_resource(pipeline)
    if elsewhere:
        for owner in (*policies, pipeline):
            suppress(owner, "I3042", "It names the other regions that environments are in, on purpose")
    for resource in pipeline_events.starter(code, name, bound):
        template.add_resource(resource)

    template.add_output(Output("PipelineUrl", Description=f"Pipeline of {service.name}", Value=_console(name)))
    template.add_output(Output("RepositoryUri", Description=f"Images of {service.name}", Value=uri))
    return template


def _access(template: Template, platform: Platform, service: Service, place: Environment) -> Access:
    """The environment's roles: looked up where it publishes them beside the pipeline, else copied by people."""
    here = platform.toolchain
    beside = (place.account or here.account, place.region) == (here.account, here.region)
    arns = []
    looks = releases.variant(service, place).strategy in releases.LOOKS
    for wire in (wires.PIPELINE_ROLE_ARN, wires.CLOUDFORMATION_ROLE_ARN, *((wires.READER_ROLE_ARN,) if looks else ())):
        name = f"{logical(place.name)}{wire.name}"
        if beside:
            found = dataclasses.replace(wire, name=name)
            arns.append(found.look_up(template, wire.ssm_name(platform.platform, place.name)))
        else:
            arns.append(toolchain.environment_role(name).take(template))
    return Access(*arns)


def _stores(platform: Platform, bucket: Value, key: Value, elsewhere: list[str]) -> dict[str, Any]:
    """Where artifacts are kept: one store, or where environments are in other regions, one in each."""
    here = _store(bucket, key)
    if not elsewhere:
        return {"ArtifactStore": here}
    stores = [codepipeline.ArtifactStoreMap(Region=Region, ArtifactStore=here)]
    for region in elsewhere:
        there = artifact_names.bucket_name(platform.platform, region)
        store = _store(there, artifact_names.key_alias_arn(platform.platform, region))
        stores.append(codepipeline.ArtifactStoreMap(Region=region, ArtifactStore=store))
    return {"ArtifactStores": stores}


def _store(bucket: Value, key: Value) -> codepipeline.ArtifactStore:
    encryption = codepipeline.EncryptionKey(Type="KMS", Id=key)
    return codepipeline.ArtifactStore(Type="S3", Location=bucket, EncryptionKey=encryption)


def _console(name: str) -> Sub:
    page = f"codesuite/codepipeline/pipelines/{name}/view?region=${{AWS::Region}}"
    return Sub(f"https://${{AWS::Region}}.console.aws.amazon.com/{page}")
