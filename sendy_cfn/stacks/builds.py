"""What a service's pipeline builds and tests with: image repository, CodeBuild projects, their logs, reports and roles.

Nested in the pipeline's stack: in one template, the build specifications would leave too little of 51,200 bytes for the
stages of many environments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Output

from sendy_cfn import wires
from sendy_cfn.blocks import (
    boundary,
    build_variables,
    builds,
    iam,
    measures,
    pipeline_sources,
    registry,
    skeleton,
    upstreams,
)
from sendy_cfn.blocks.build_calls import Place
from sendy_cfn.config.words import Architecture, Test
from sendy_cfn.knobs import common
from sendy_cfn.names import logical

if TYPE_CHECKING:
    from troposphere import Template

    from sendy_cfn.config.model import Platform, Service
    from sendy_cfn.parameters import Knob
    from sendy_cfn.wires import Wire

BUCKET_ARN = f"arn:${{AWS::Partition}}:s3:::${{{wires.ARTIFACT_BUCKET.name}}}"  # for Sub


def build(platform: Platform, service: Service) -> Template:
    """The stack of one service's builds; it offers the names of the projects, `ImageProject` and so on."""
    template = skeleton.new(f"{platform.platform}: builds and tests of {service.name}, with its image repository")
    checks = [kind for kind in kinds(platform) if kind != "image"]

    wires.ARTIFACT_BUCKET.take(template)
    key = wires.ARTIFACT_KEY_ARN.take(template)

    images = template.add_resource(registry.images(f"{platform.platform}/{service.name}", key, _accounts(platform)))
    # Not "<service>-cache": that is how another service may be called.
    cache = template.add_resource(registry.cache(f"{platform.platform}/{service.name}/cache", key))

    logs = template.add_resource(builds.log_group(key, common.LOG_RETENTION_DAYS.take(template)))
    for made in measures.test_filters(platform.platform, logs.ref()) if platform.toolchain.monitoring else ():
        template.add_resource(made)
    shop = builds.Workshop(f"{platform.platform}-{service.name}", BUCKET_ARN, key, logs)

    code = builds.artifacts_of(BUCKET_ARN, shop.prefix, f"{pipeline_sources.CODE}/*")
    bound, trusted = boundary.given(template), builds.trust(shop.prefix, ["image"])
    builder = template.add_resource(iam.role("ImageRole", "Builds and pushes images", trusted, bound))
    variables = build_variables.image(platform, service, images, cache)
    copies = upstreams.copies(platform.platform, platform.toolchain.base_images)
    profiles = [wires.SIGNING_PROFILE_ARN.take(template)] if platform.toolchain.sign else []
    places = {
        "registry": Place("LogInToRegistry", ("*",), iam.HERE),
        "images": Place("PushImages", (images.get_att("Arn"), cache.get_att("Arn"))),
        "base images": Place("PullBaseImages", tuple(copies)),
        "signatures": Place("SignImages", tuple(profiles)),
    }
    building = builds.statements(shop, {"image": variables}, code, places)
    for policy in iam.policies("ImagePolicy", "Build and push images", [builder.ref()], *building):
        template.add_resource(policy)
    project = template.add_resource(builds.project(shop, "image", builder, variables, service.architecture))
    template.add_output(Output(offers("image"), Description=project.Description, Value=project.ref()))

    tester = template.add_resource(iam.role("TestRole", "Checks and tests", builds.trust(shop.prefix, checks), bound))
    tests = {kind: build_variables.test(platform, service, kind) for kind in checks}
    testing = builds.statements(shop, tests, code, places={})
    for policy in iam.policies("TestPolicy", "Check and test", [tester.ref()], *testing):
        template.add_resource(policy)
    for kind, variables in tests.items():
        project = template.add_resource(builds.project(shop, kind, tester, variables, Architecture.AMD64))
        template.add_output(Output(offers(kind), Description=project.Description, Value=project.ref()))
        template.add_resource(builds.report_group(shop, kind))

    uri = images.get_att("RepositoryUri")
    template.add_output(Output("RepositoryUri", Description=f"Images of {service.name}", Value=uri))
    return template


def file(service: Service) -> str:
    """The template's file."""
    return f"builds-{service.name}.yaml"


def kinds(platform: Platform) -> tuple[str, ...]:
    """Kinds of builds that the pipelines run: tests only where some environment has them."""
    places = platform.environments.values()
    return ("quality", "image", *(test.value for test in Test if any(test in place.tests for place in places)))


def takes(platform: Platform) -> tuple[Wire | Knob, ...]:
    """The template's parameters, for the stack that fills them."""
    own = (wires.ARTIFACT_BUCKET, wires.ARTIFACT_KEY_ARN, common.LOG_RETENTION_DAYS, common.PERMISSIONS_BOUNDARY_ARN)
    return (*own, wires.SIGNING_PROFILE_ARN) if platform.toolchain.sign else own


def offers(kind: str) -> str:
    """Name of the output with the name of a kind's project."""
    return f"{logical(kind)}Project"


def _accounts(platform: Platform) -> set[str]:
    """The environments' accounts other than the pipelines': they pull images."""
    accounts = {place.account for place in platform.environments.values()} - {platform.toolchain.account}
    return {account for account in accounts if account}
