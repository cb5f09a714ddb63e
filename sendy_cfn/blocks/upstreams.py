"""Copies of base images in ECR: pulled through from their registries when a build first asks for them.

BuildKit asks the copy in place of the registry, so Dockerfiles stay as they are.
https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from troposphere import Sub, ecr

from sendy_cfn.config.words import Upstream
from sendy_cfn.knobs import toolchain as knobs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from troposphere import AWSObject, Template

    from sendy_cfn.parameters import Knob

COPY_DAYS = 30  # then a copy goes, and is made again when it is asked for


class Registry(NamedTuple):
    """An upstream registry."""

    aws_name: str
    url: str  # that ECR asks
    host: str  # in image names, for BuildKit
    secret: Knob | None  # with credentials, where ECR wants some


REGISTRIES = {
    Upstream.DOCKER_HUB: Registry("docker-hub", "registry-1.docker.io", "docker.io", knobs.DOCKER_HUB_CREDENTIAL_ARN),
    Upstream.ECR_PUBLIC: Registry("ecr-public", "public.ecr.aws", "public.ecr.aws", None),
    Upstream.GITHUB: Registry("github-container-registry", "ghcr.io", "ghcr.io", knobs.GITHUB_CREDENTIAL_ARN),
    Upstream.KUBERNETES: Registry("k8s", "registry.k8s.io", "registry.k8s.io", None),
    Upstream.QUAY: Registry("quay", "quay.io", "quay.io", None),
}


def prefix(platform: str, upstream: Upstream) -> str:
    """What names of the copies' repositories begin with; services' begin with `<platform>/`."""
    return f"{platform}-{upstream}"


def rules(template: Template, platform: str, upstreams: Iterable[Upstream]) -> list[AWSObject]:
    """For each registry a rule that copies from it, and what repositories made by it are like."""
    found: list[AWSObject] = []
    for upstream in upstreams:
        registry = REGISTRIES[upstream]
        title = "".join(part.capitalize() for part in upstream.split("-"))
        rule = ecr.PullThroughCacheRule(
            f"{title}Cache",
            EcrRepositoryPrefix=prefix(platform, upstream),
            UpstreamRegistry=registry.aws_name,
            UpstreamRegistryUrl=registry.url,
        )
        if registry.secret is not None:
            rule.CredentialArn = registry.secret.take(template)
        creation = ecr.RepositoryCreationTemplate(
            f"{title}CacheRepositories",
            Prefix=prefix(platform, upstream),
            AppliedFor=["PULL_THROUGH_CACHE"],
            Description=f"Copies of images from {registry.host}",
            ImageTagMutability="MUTABLE",  # tags of base images move
            LifecyclePolicy=json.dumps({"rules": [_old()]}),
        )
        found += [creation, rule]
    return found


def mirrors(platform: str, upstreams: Iterable[Upstream]) -> Sub:
    """For the image build: which registry is asked at which copy."""
    host = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}"
    return Sub(" ".join(f"{REGISTRIES[u].host}={host}/{prefix(platform, u)}" for u in upstreams))


def copies(platform: str, upstreams: Iterable[Upstream]) -> list[Sub]:
    """ARNs of the copies' repositories; the first pull makes them."""
    arn = "arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository"
    return [Sub(f"{arn}/{prefix(platform, upstream)}/*") for upstream in upstreams]


def _old() -> dict[str, object]:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html."""
    selection = {"tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": COPY_DAYS}
    return {"rulePriority": 1, "description": "Old copies", "selection": selection, "action": {"type": "expire"}}
