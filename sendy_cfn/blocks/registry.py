"""ECR repositories of a service: released images, and BuildKit's cache."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from awacs import ecr as actions
from awacs.aws import Allow, Principal, Statement
from troposphere import ecr

from sendy_cfn.blocks.iam import document
from sendy_cfn.blocks.skeleton import DATA_LOSS, RETAINED
from sendy_cfn.blocks.suppress import suppress

if TYPE_CHECKING:
    from collections.abc import Collection

    from troposphere import AWSHelperFn

# Nobody knows from here which image an environment runs or may roll back to. So many that a production which lags half
# a year behind, at a few builds a day, keeps its own. Images share their layers: this costs little. An image counts
# several times: as its index, as what runs, as the index's SBOM and provenance, and each again with a signature.
KEPT_IMAGES = 500 * 6
UNTAGGED_DAYS = 14  # what a broken push leaves; what an index names stays with it
UNTAGGED_CACHE_DAYS = 1  # each build's cache replaces the one before


def images(name: str, key: AWSHelperFn, accounts: Collection[str]) -> ecr.Repository:
    """The repository `Repository` of released images: tags never move, other accounts of the platform may pull."""
    more: dict[str, Any] = {"RepositoryPolicyText": document(_pull(accounts))} if accounts else {}
    return ecr.Repository(
        "Repository",
        **RETAINED,
        RepositoryName=name,  # known to the pulling environments' execution roles
        ImageTagMutability="IMMUTABLE",
        **_protected(key),
        LifecyclePolicy=_expire(
            _rule("Leftovers of broken pushes", "untagged", "sinceImagePushed", UNTAGGED_DAYS),
            _rule("Released images", "any", "imageCountMoreThan", KEPT_IMAGES),
        ),
        **more,
    )


def cache(name: str, key: AWSHelperFn) -> ecr.Repository:
    """The repository `Cache` of build layers; its one tag per architecture moves, and losing it costs a slow build."""
    made = ecr.Repository(
        "Cache",
        **DATA_LOSS,
        RepositoryName=name,  # beside the images' repository in the console
        EmptyOnDelete=True,
        ImageTagMutability="MUTABLE",
        **_protected(key),
        LifecyclePolicy=_expire(_rule("Replaced cache", "untagged", "sinceImagePushed", UNTAGGED_CACHE_DAYS)),
    )
    suppress(
        made,
        "CKV_AWS_51",
        "It holds layers that builds replace under one tag; only the build's role writes it, and nothing is deployed "
        "from it",
    )
    return made


def _protected(key: AWSHelperFn) -> dict[str, Any]:
    return {
        "ImageScanningConfiguration": ecr.ImageScanningConfiguration(ScanOnPush=True),
        "EncryptionConfiguration": ecr.EncryptionConfiguration(EncryptionType="KMS", KmsKey=key),
    }


def _pull(accounts: Collection[str]) -> Statement:
    return Statement(
        Sid="PullFromEnvironments",
        Effect=Allow,
        Principal=Principal("AWS", sorted(accounts)),
        Action=[actions.BatchCheckLayerAvailability, actions.BatchGetImage, actions.GetDownloadUrlForLayer],
    )


def _rule(description: str, status: str, by: str, number: int) -> dict[str, Any]:
    """A rule of a lifecycle policy; https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html."""
    selection: dict[str, Any] = {"tagStatus": status, "countType": by, "countNumber": number}
    if by == "sinceImagePushed":
        selection["countUnit"] = "days"
    return {"description": description, "selection": selection, "action": {"type": "expire"}}


def _expire(*rules: dict[str, Any]) -> ecr.LifecyclePolicy:
    """The rules, the first one first; AWS: a rule for any tag comes last."""
    numbered = [{"rulePriority": number, **rule} for number, rule in enumerate(rules, 1)]
    return ecr.LifecyclePolicy(LifecyclePolicyText=json.dumps({"rules": numbered}))
