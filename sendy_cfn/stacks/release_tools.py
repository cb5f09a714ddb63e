"""What all pipelines share: the settings of their builds, the builds with which releases look at stacks, the registry.

Nested once, in the toolchain's first root.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import codeconnections, codestar_connections, s3
from troposphere import Sub, ecr, signer

from sendy_cfn import wires
from sendy_cfn.blocks import (
    boundary,
    build_variables,
    builds,
    buildspecs,
    iam,
    pipeline_sources,
    role_paths,
    settings,
    skeleton,
    upstreams,
)
from sendy_cfn.blocks.artifact_names import bucket_arn
from sendy_cfn.blocks.build_calls import Place
from sendy_cfn.blocks.pipeline_actions import RELEASE
from sendy_cfn.blocks.suppress import suppress
from sendy_cfn.config.words import Architecture, Strategy
from sendy_cfn.knobs import common

if TYPE_CHECKING:
    from collections.abc import Mapping

    from awacs.aws import Statement
    from troposphere import Template

    from sendy_cfn.config.model import Platform

# The builds that a strategy's releases run.
NEEDS = {Strategy.CLUSTER_SWITCH: ("state", "verify"), Strategy.CODEDEPLOY: ("revision",)}


def build(
    platform: Platform,
    *,
    strategies: tuple[Strategy, ...],
    connection: bool = False,
    scan: bool = True,
    shared: bool = False,
) -> Template:
    """The template.

    `strategies` are those that some service uses, `connection` whether some service is on a Git host, `scan` whether
    images of some are scanned, `shared` whether the roots of further cells use it too.
    """
    template = skeleton.new(f"{platform.platform}: what all pipelines share")
    for variable, knob in settings.SETTINGS.items():
        value = knob.take(template)
        template.add_resource(settings.parameter(platform.platform, variable, knob.description, value))
    if platform.toolchain.base_images:
        for resource in upstreams.rules(template, platform.platform, platform.toolchain.base_images):
            template.add_resource(resource)
        copies = upstreams.mirrors(platform.platform, platform.toolchain.base_images)
        about = "Registries, and where ECR keeps copies of their images"
        template.add_resource(settings.parameter(platform.platform, "MIRRORS", about, copies))
    if platform.toolchain.sign:
        _sign(template, platform, shared=shared)
    key = wires.ARTIFACT_KEY_ARN.take(template)
    log_group = template.add_resource(builds.log_group(key, common.LOG_RETENTION_DAYS.take(template)))
    bucket = bucket_arn(platform.platform).data["Fn::Sub"]
    shop = builds.Workshop(f"{platform.platform}-{RELEASE}", bucket, key, log_group)
    if scan:
        _builds(template, platform, shop, "ScanRole", "Reads scan findings", ["scan"], _scanned(platform))
    if connection and any(place.approval for place in platform.environments.values()):
        # They get a clone: https://docs.aws.amazon.com/codepipeline/latest/userguide/troubleshooting.html#codebuild-role-connections
        use = [codeconnections.UseConnection, codestar_connections.UseConnection]
        clone = iam.allow("CloneRepositories", use, wires.CONNECTION_ARN.take(template))
        _builds(template, platform, shop, "AuthorRole", "Reads who wrote a commit", ["author"], {}, clone)
    kinds = [kind for strategy, needed in NEEDS.items() if strategy in strategies for kind in needed]
    if kinds:
        looks = {"readers": Place("EnterEnvironments", _readers(platform))}
        handed_on = [_hand_on(shop, platform)] if any(buildspecs.has_artifacts(kind) for kind in kinds) else []
        _builds(template, platform, shop, "ReaderRole", "Releases look at service stacks", kinds, looks, *handed_on)
    return template


def _sign(template: Template, platform: Platform, *, shared: bool) -> None:
    """ECR signs what is pushed, in the name of whoever pushes. There is one configuration per account and region.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/managed-signing.html
    """
    profile = template.add_resource(
        signer.SigningProfile("SigningProfile", **skeleton.ALWAYS_RETAINED, PlatformId="Notation-OCI-SHA384-ECDSA")
    )
    images = ecr.RepositoryFilter(Filter=f"{platform.platform}/*", FilterType="WILDCARD_MATCH")
    template.add_resource(
        ecr.SigningConfiguration(
            "SigningConfiguration",
            Rules=[ecr.Rule(SigningProfileArn=profile.get_att("Arn"), RepositoryFilters=[images])],
        )
    )
    offer = wires.toolchain_offer(template, platform.platform, shared=shared)
    offer(wires.SIGNING_PROFILE_ARN, profile.get_att("Arn"))


def _builds(
    template: Template,
    platform: Platform,
    shop: builds.Workshop,
    title: str,
    description: str,
    kinds: list[str],
    places: Mapping[str, Place],
    *more: Statement,
) -> None:
    """Projects of these kinds, with a role of theirs that may do what they call, and `more`."""
    role = template.add_resource(
        iam.role(title, description, builds.trust(shop.prefix, kinds), boundary.given(template))
    )
    # Of every pipeline: these builds start with a source, and look at none of it but the author.
    artifact = pipeline_sources.HISTORY if kinds == ["author"] else pipeline_sources.CODE
    sources = builds.artifacts_of(shop.bucket_arn, f"{platform.platform}-*", f"{artifact}/*")
    variables = {kind: build_variables.shared(platform, kind) for kind in kinds}
    statements = [*builds.statements(shop, variables, sources, places), *more]
    for policy in iam.policies(title.replace("Role", "Policy"), description, [role.ref()], *statements):
        template.add_resource(policy)
        if title == "ReaderRole" and any(place.account for place in platform.environments.values()):
            suppress(policy, "I3042", "It names the accounts that environments are in, on purpose")
    for kind in kinds:
        template.add_resource(builds.project(shop, kind, role, variables[kind], Architecture.AMD64))
        if buildspecs.reports(kind):
            template.add_resource(builds.report_group(shop, kind))


def _scanned(platform: Platform) -> dict[str, Place]:
    repositories = f"arn:${{AWS::Partition}}:ecr:${{AWS::Region}}:${{AWS::AccountId}}:repository/{platform.platform}/*"
    return {
        "images": Place("ReadFindings", (Sub(repositories),)),
        "findings": Place("ReadInspector", ("*",), iam.HERE),
    }


def _readers(platform: Platform) -> tuple[Sub, ...]:
    """The environments' roles that look at service stacks."""
    accounts = dict.fromkeys(place.account or "${AWS::AccountId}" for place in platform.environments.values())
    names = role_paths.of_deployment(platform.platform) + "*-ReaderRole-*"
    return tuple(Sub(role_paths.role_arn(names, account)) for account in accounts)


def _hand_on(shop: builds.Workshop, platform: Platform) -> Statement:
    """The revision that a build writes goes to CodeDeploy."""
    revisions = builds.artifacts_of(shop.bucket_arn, f"{platform.platform}-*", "Revision*")
    return iam.allow("HandOnRevisions", [s3.PutObject], revisions)
