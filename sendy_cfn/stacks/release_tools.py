"""What all pipelines share: the settings of their builds, the builds with which releases look at stacks, the registry.

Nested once, in the toolchain's first root.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs import codeconnections, codestar_connections, inspector2, kms, logs, s3, sts
from awacs import ecr as actions
from troposphere import Sub, ecr, signer

from sendy_cfn import wires
from sendy_cfn.blocks import build_variables, builds, iam, role_paths, settings, skeleton, upstreams
from sendy_cfn.blocks.artifact_names import bucket_arn
from sendy_cfn.blocks.pipeline_actions import RELEASE
from sendy_cfn.blocks.suppress import suppress
from sendy_cfn.config.words import Architecture, Strategy
from sendy_cfn.knobs import common

if TYPE_CHECKING:
    from awacs.aws import Statement
    from troposphere import Template

    from sendy_cfn.config.model import Platform

# The builds that a strategy's releases run.
NEEDS = {Strategy.CLUSTER_SWITCH: ("state", "verify"), Strategy.CODEDEPLOY: ("revision",)}


def build(
    platform: Platform, *, strategies: tuple[Strategy, ...], connection: bool = False, shared: bool = False
) -> Template:
    """The template; `strategies` are those that some service uses, `connection` whether there is one to a Git host.

    `shared`: the roots of further cells use it too.
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
    _builds(template, platform, shop, "ScanRole", "Reads scan findings", ["scan"], _findings(platform))
    if connection and any(place.approval for place in platform.environments.values()):
        use = [codeconnections.UseConnection, codestar_connections.UseConnection]
        clone = iam.allow("CloneRepositories", use, wires.CONNECTION_ARN.take(template))
        _builds(template, platform, shop, "AuthorRole", "Reads who wrote a commit", ["author"], [clone])
    kinds = [kind for strategy, needed in NEEDS.items() if strategy in strategies for kind in needed]
    if kinds:
        looks = _environments(platform, shop, kinds)
        _builds(template, platform, shop, "ReaderRole", "Releases look at service stacks", kinds, looks)
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
    more: list[Statement],
) -> None:
    """Projects of these kinds, with a role of theirs that may do `more`."""
    role = template.add_resource(iam.role(title, description, builds.trust(shop, kinds)))
    statements = [
        iam.allow("WriteLogs", [logs.CreateLogStream, logs.PutLogEvents], shop.logs.get_att("Arn")),
        # Of every pipeline's source: these builds start with it, and look at none of it.
        iam.allow("ReadArtifacts", [s3.GetObject, s3.GetObjectVersion], Sub(f"{shop.bucket_arn}/*")),
        iam.allow("UseKey", [kms.Decrypt, kms.DescribeKey, kms.GenerateDataKey], shop.key),
        *builds.report_statements(shop, kinds),
        *more,
    ]
    policy = iam.policy(title.replace("Role", "Policy"), description, [role.ref()], *statements)
    template.add_resource(policy)
    if title == "ReaderRole" and any(place.account for place in platform.environments.values()):
        suppress(policy, "I3042", "It names the accounts that environments are in, on purpose")
    for kind in kinds:
        variables = build_variables.shared(platform, kind)
        template.add_resource(builds.project(shop, kind, role, variables, Architecture.AMD64))
        if builds.RELEASE_BUILDS[kind].reports:
            template.add_resource(builds.report_group(shop, kind))


def _findings(platform: Platform) -> list[Statement]:
    repositories = f"arn:${{AWS::Partition}}:ecr:${{AWS::Region}}:${{AWS::AccountId}}:repository/{platform.platform}/*"
    look = [actions.BatchGetImage, actions.DescribeImageScanFindings, actions.StartImageScan]
    return [
        iam.allow("ReadFindings", look, Sub(repositories)),
        # Where Inspector scans, ECR asks it in the caller's name.
        iam.allow("ReadInspector", [inspector2.ListFindings], "*", condition=iam.HERE),
        settings.reading(platform.platform),
    ]


def _environments(platform: Platform, shop: builds.Workshop, kinds: list[str]) -> list[Statement]:
    """Take on the environments' readers; the revision that a build writes goes to CodeDeploy."""
    accounts = dict.fromkeys(place.account or "${AWS::AccountId}" for place in platform.environments.values())
    readers = role_paths.of_deployment(platform.platform) + "*-ReaderRole-*"
    arns = [Sub(role_paths.role_arn(readers, account)) for account in accounts]
    found = [iam.allow("EnterEnvironments", [sts.AssumeRole], *arns)]
    if "revision" in kinds:
        # CodePipeline files artifacts under the beginnings of the pipeline's and the artifact's name.
        found.append(iam.allow("HandOnRevisions", [s3.PutObject], Sub(f"{shop.bucket_arn}/*/Revision*")))
    return found
